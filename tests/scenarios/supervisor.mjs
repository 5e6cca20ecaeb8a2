// Runs the cases of supervisor.json: a supervisor that is itself wasm, in this JavaScript runtime.
// Node and the page use it; the README here defines the file.

/** The pages of a `u64` that a region packs: `ptr << 32 | len`. */
const region = (packed) => [Number(BigInt.asUintN(32, packed >> 32n)), Number(BigInt.asUintN(32, packed))];
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const unhex = (digits) => Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/**
 * Runs a case with a supervisor and a store of its own. Returns `{ outcome, trace }` for each step;
 * the outcome of a step on which the supervisor trapped is `null`.
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
  const take = (packed) => {
    const [ptr, length] = region(packed);
    const bytes = bytesIn(ptr, length).slice();
    exports.release(ptr, length);
    return bytes;
  };
  const call = ({ call: name, numbers = [], guest, input = "" }) => {
    const given = guest === undefined ? unhex(input) : bytesOf(guest);
    const ptr = exports.alloc(given.length);
    bytesIn(ptr, given.length).set(given);
    try {
      return hex(take(exports[name](...numbers.map(BigInt), ptr, given.length)));
    } catch (error) {
      if (error.name === "PoisonedError") throw error;
      return null;
    }
  };
  return steps.map((step) => {
    const outcome = call(step);
    const trace = new TextDecoder().decode(take(exports.log())).split("\n").slice(0, -1);
    return { outcome, trace };
  });
}

/** What is not as the file has it, in words; nothing where all is. */
export function difference({ steps }, results) {
  for (const [at, { call, outcome, trace }] of steps.entries()) {
    const result = results[at];
    const where = `step ${at + 1} (${call})`;
    if (result.outcome !== outcome) return `${where}: the outcome is ${result.outcome}, expected ${outcome}`;
    const length = Math.max(trace.length, result.trace.length);
    for (let line = 0; line < length; line++) {
      if (result.trace[line] !== trace[line]) {
        return `${where}, line ${line + 1} of the trace: ${result.trace[line]}, expected ${trace[line]}`;
      }
    }
  }
  return undefined;
}
