// Runs the cases of supervisor.json: a supervisor that is itself wasm, in this JavaScript runtime.
// Node and the page use it; the README here defines the file.

/** The address and the length that a region packs: `ptr << 32 | len`. */
const region = (packed) => [Number(BigInt.asUintN(32, packed >> 32n)), Number(BigInt.asUintN(32, packed))];
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const unhex = (digits) => Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/**
 * Runs a case with a supervisor and a store of its own. Returns for each step its `trace` and its
 * `outcome`, or in its place `trap`, the code of the error that the supervisor ended with.
 *
 * `Substrate` is the class of guestbox/substrate, `supervisor` a compiled module, `bytesOf` gives a
 * guest's bytes by its name.
 */
export async function runCase({ Substrate, supervisor, limits, bytesOf }, { steps }) {
  const host = await Substrate.load({ limits });
  const instance = await WebAssembly.instantiate(supervisor, { env: host.imports });
  host.attach(instance);
  const { exports } = instance;
  const bytesIn = (ptr, length) => new Uint8Array(exports.memory.buffer, ptr, length);
  const copy = (packed) => bytesIn(...region(packed)).slice();
  const call = ({ call: name, numbers = [], guest, input = "" }) => {
    const given = guest === undefined ? unhex(input) : bytesOf(guest);
    const ptr = exports.alloc(given.length);
    bytesIn(ptr, given.length).set(given);
    try {
      const packed = exports[name](...numbers.map(BigInt), ptr, given.length);
      const bytes = copy(packed);
      exports.release(...region(packed));
      return { outcome: hex(bytes) };
    } catch (error) {
      if (error.code === undefined) throw error;
      return { trap: error.code };
    }
  };
  return steps.map((step) => {
    const came = call(step);
    const trace = new TextDecoder().decode(copy(exports.log())).split("\n").slice(0, -1);
    return { ...came, trace };
  });
}

/** What is not as the file has it, in words; nothing where all is. */
export function difference({ steps }, results) {
  for (const [at, { call, outcome, trap, trace }] of steps.entries()) {
    const result = results[at];
    const where = `step ${at + 1} (${call})`;
    if (result.outcome !== outcome) return `${where}: the outcome is ${result.outcome}, expected ${outcome}`;
    if (result.trap !== trap) return `${where}: the supervisor's trap is ${result.trap}, expected ${trap}`;
    const length = Math.max(trace.length, result.trace.length);
    for (let line = 0; line < length; line++) {
      if (result.trace[line] !== trace[line]) {
        return `${where}, line ${line + 1} of the trace: ${result.trace[line]}, expected ${trace[line]}`;
      }
    }
  }
  return undefined;
}
