// Runs the sessions in this JavaScript runtime, by the public `guestbox/wasi`. Node and the page use it; the README here
// defines the files.

/** Fuel of a call that is given none. */
const FUEL = 1_000_000;
/** Where what a call is told and what it gives is put. */
const PLACES = 1_024;
const MEMORY_BYTES = 2 * 65_536;

const encoder = new TextEncoder();

/** The names of error numbers. */
const ERRNO = new Map(
  Object.entries({
    ...{ SUCCESS: 0, AGAIN: 6, BADF: 8, BUSY: 10, EXIST: 20, FAULT: 21, FBIG: 22, ILSEQ: 25, INVAL: 28, IO: 29, ISDIR: 31, LOOP: 32 },
    ...{ MFILE: 33, NAMETOOLONG: 37, NOENT: 44, NOMEM: 48, NOSPC: 51, NOTDIR: 54, NOTEMPTY: 55, NOTSOCK: 57, PERM: 63, ROFS: 69 },
    ...{ SPIPE: 70, XDEV: 75, NOTCAPABLE: 76 },
  }).map(([name, number]) => [number, name]),
);

/**
 * Runs a session and returns its trace. It is run again from snapshots, in the same system and in another one, from its
 * beginning and from its half on; what then is another trace, or are other bytes, is an error.
 *
 * `api` has `Sandbox` of the package and `wasi`, all of `guestbox/wasi`; `bytes` are those of the guest of all sessions.
 */
export async function runSession(api, session, bytes) {
  const sandbox = await api.Sandbox.load();
  try {
    const module = sandbox.compile(bytes);
    const running = new Running(api, session, module);
    const beginning = running.keep();
    const first = await running.firstHalf();
    const half = running.keep();
    const second = await running.secondHalf();
    for (let again = 0; again < 2; again++) {
      running.restore(beginning);
      same(session, "again", first, await running.firstHalf());
      same(session, "the snapshot, again", [hex(half.system.bytes)], [hex(running.keep().system.bytes)]);
    }
    const elsewhere = new Running(api, session, module, half);
    same(session, "elsewhere, from the half on", second, await elsewhere.secondHalf());
    elsewhere.restore(beginning);
    same(session, "elsewhere", [...first, ...second], [...(await elsewhere.firstHalf()), ...(await elsewhere.secondHalf())]);
    return [...first, ...second];
  } finally {
    sandbox.dispose();
  }
}

/** Runs a program, which makes its own calls, and returns its trace. */
export async function runProgram({ Sandbox, wasi }, given, bytes) {
  const sandbox = await Sandbox.load();
  const world = new World(wasi, given);
  const { exitCode, fuelUsed, files } = await wasi.run(sandbox.compile(bytes), world.options);
  sandbox.dispose();
  return [...world.traced(), ...world.filesOf(files), `exit ${exitCode}, fuel ${fuelUsed}`];
}

function same(session, where, expected, lines) {
  const at = expected.findIndex((line, index) => line !== lines[index]);
  if (at >= 0) throw new Error(`${session.name}, ${where}, line ${at + 1}: \`${lines[at]}\`, the first time \`${expected[at]}\``);
  if (lines.length !== expected.length) throw new Error(`${session.name}, ${where}: ${lines.length} lines, not ${expected.length}`);
}

/** A session that is being run: from its beginning, or from where another one of it was. */
class Running {
  #session;
  #wasi;
  #module;
  #guest;
  #system;
  #world;
  #lines = [];

  constructor({ wasi }, session, module, kept) {
    this.#session = session;
    this.#wasi = wasi;
    this.#module = module;
    this.#world = new World(wasi, session, kept?.input);
    this.#system = new wasi.Wasi(module, this.#world.options);
    this.#guest = module.instantiate(this.#system.imports(), kept === undefined ? {} : { snapshot: kept.guest });
    // Elsewhere it is the bytes that arrive.
    if (kept !== undefined) this.#system.restore(kept.system.bytes);
  }

  /** Where it is. */
  keep() {
    return { guest: this.#guest.snapshot(), system: this.#system.snapshot(), input: [...this.#world.input] };
  }

  /** Puts it back to where it was. */
  restore({ guest, system, input }) {
    this.#guest.restore(guest);
    this.#system.restore(system);
    this.#world.input = [...input];
  }

  /** Makes the first half of the calls, and traces them. */
  firstHalf() {
    return this.#calls(0, this.#session.calls.length >> 1);
  }

  /** Makes the second half of them. */
  secondHalf() {
    return this.#calls(this.#session.calls.length >> 1);
  }

  async #calls(from, to) {
    for (const call of this.#session.calls.slice(from, to)) await this.#call(call);
    this.#lines.push(...this.#world.filesOf(this.#system.files));
    this.#lines.push(`memory ${number32(fnv(this.#guest.exports.memory.read(0, MEMORY_BYTES)))}`);
    this.#lines.push(`system ${number32(fnv(this.#system.snapshot().bytes))}`);
    return this.#lines.splice(0);
  }

  async #call(call) {
    const [[name, ...words], fuel] = Array.isArray(call) ? [call, FUEL] : [call.call, call.fuel];
    const type = this.#module.exports.find((one) => one.name === name);
    const [args, shown] = this.#place(words);
    const values = args.map((arg, at) => (type.params[at] === "i64" ? arg : Number(BigInt.asIntN(32, arg))));
    let line = await this.#outcome(name, values, fuel);
    for (const [at, length] of shown) {
      const bytes = this.#guest.exports.memory.read(at, length);
      const digits = hex(bytes).replace(/(?:00)+$/, "");
      line += ` ${digits === "" ? "0" : digits}`;
    }
    this.#lines.push(`${name} -> ${line}`);
    this.#lines.push(...this.#world.traced());
  }

  async #outcome(name, args, fuel) {
    const { WasiError } = this.#wasi;
    let outcome;
    try {
      outcome = await this.#guest.tryCall(name, args, { fuel });
    } catch (error) {
      if (WasiError.is(error, "exit")) return `exit ${error.exitCode}, fuel ${error.fuelUsed}`;
      if (WasiError.is(error, "stuck")) return "stuck";
      throw error;
    }
    const { fuelUsed } = outcome;
    switch (outcome.status) {
      case "ok":
        return `${ERRNO.get(outcome.value) ?? `errno ${outcome.value}`}, fuel ${fuelUsed}`;
      case "trap":
        return `trap ${outcome.trap.code}, fuel ${outcome.trap.fuelUsed}`;
      default:
        outcome.abort();
        return `trap out-of-fuel, fuel ${fuelUsed}`;
    }
  }

  /** Puts what a call is told into the memory: the arguments, and the places to be shown after the call with their lengths. */
  #place(words) {
    const [args, shown] = [[], []];
    let next = PLACES;
    const put = (bytes) => {
      const at = next;
      this.#guest.exports.memory.write(at, bytes);
      next = (at + bytes.length + 7) & ~7;
      return at;
    };
    const show = (length) => {
      const at = put(new Uint8Array(length));
      shown.push([at, length]);
      return at;
    };
    for (const word of words) {
      if (typeof word !== "object") {
        args.push(BigInt.asUintN(64, BigInt(word)));
      } else if (word.out !== undefined) {
        args.push(BigInt(show(word.out)));
      } else if (word.room !== undefined) {
        args.push(BigInt(show(word.room)), BigInt(word.room));
      } else if (word.pieces !== undefined) {
        const vector = word.pieces.flatMap((piece) => {
          if (typeof piece === "number") return [show(piece), piece];
          const bytes = encoder.encode(piece);
          return [put(bytes), bytes.length];
        });
        args.push(BigInt(put(new Uint8Array(Uint32Array.from(vector).buffer))), BigInt(word.pieces.length));
      } else if (word.poll !== undefined) {
        const all = new Uint8Array(word.poll.length * 48);
        word.poll.forEach((one, at) => all.set(subscription(one), at * 48));
        args.push(BigInt(put(all)));
      } else {
        const bytes = word.hex === undefined ? encoder.encode(word.text) : bytesOf(word.hex);
        args.push(BigInt(put(bytes)), BigInt(bytes.length));
      }
    }
    return [args, shown];
  }
}

/** What a program is given, and what it gives. */
class World {
  /** Pieces of input that were not read. */
  input;
  /** What a system or a run is made with. */
  options;
  #wasi;
  #mounts;
  /** What was written, of which what goes to one stream in a row is one piece. */
  #output = [];
  /** Files that were handed over, as lines. */
  #written = [];

  constructor(wasi, { args = [], env = [], mounts = [], stdin, terminal = false, seed = 0, clock, limits }, input = stdin) {
    this.input = [...(input ?? [])];
    this.#wasi = wasi;
    this.#mounts = mounts;
    this.options = {
      ...{ args, env: new Map(env), files: this.#files(), terminal, random: seed },
      ...{ stdout: this.#sink("stdout"), stderr: this.#sink("stderr") },
      ...(stdin === undefined ? {} : { stdin: this.#pieces() }),
      ...(clock === undefined ? {} : { clock }),
      ...(limits === undefined ? {} : { limits }),
    };
  }

  /** Traces what was written, and forgets it. */
  traced() {
    return [...this.#output.splice(0).map(([stream, bytes]) => `${stream} ${hex(bytes)}`), ...this.#written.splice(0)];
  }

  /** Traces what files have become. */
  filesOf(files) {
    const writable = this.#mounts.filter(({ access }) => access !== "read-only");
    return writable.map(({ name }) => `files ${name} ${number32(hashOf(this.#wasi, files[name]))}`);
  }

  #files() {
    const mounted = ({ name, access, tree }) => {
      const onWrite = (path, bytes) => void this.#written.push(`written ${name} ${path} ${hex(bytes)}`);
      const options = access === "write-back" ? { onWrite } : { readOnly: access === "read-only" };
      return [name, this.#wasi.mount(plant(this.#wasi, tree), options)];
    };
    return new Map(this.#mounts.map(mounted));
  }

  #sink(stream) {
    return (bytes) => {
      const last = this.#output.at(-1);
      if (last?.[0] === stream) for (const byte of bytes) last[1].push(byte);
      else this.#output.push([stream, [...bytes]]);
    };
  }

  /** Input piece by piece, each only when it is asked for. Where there is none left now, there may be again after a restore. */
  #pieces() {
    const next = async () => (this.input.length === 0 ? { done: true } : { value: this.input.shift() });
    return { [Symbol.asyncIterator]: () => ({ next }) };
  }
}

function plant(wasi, tree) {
  const entry = (given) => {
    if (typeof given === "string") return given;
    if (given.link !== undefined) return wasi.symbolicLink(given.link);
    if (given.lazy !== undefined) return wasi.lazyFile(given.size ?? encoder.encode(given.lazy).length, async () => given.lazy);
    return plant(wasi, given.tree);
  };
  // In the order of the names, by which lazy files are numbered natively.
  const names = Object.keys(tree).sort();
  return new Map(names.map((name) => [name, entry(tree[name])]));
}

/** A subscription: to a clock, or to a descriptor that can be read or written. By `tag` it is of any other kind. */
function subscription({ data = 0, clock, time, absolute = 0, read, write, tag }) {
  const bytes = new Uint8Array(48);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt.asUintN(64, BigInt(data)), true);
  if (clock !== undefined) {
    view.setUint32(16, clock, true);
    view.setBigUint64(24, BigInt.asUintN(64, BigInt(time)), true);
    view.setUint16(40, absolute, true);
  }
  for (const [kind, fd] of [
    [1, read],
    [2, write],
  ]) {
    if (fd === undefined) continue;
    bytes[8] = kind;
    view.setUint32(16, fd, true);
  }
  if (tag !== undefined) bytes[8] = tag;
  return bytes;
}

/** A number for all that programs may have made of a mount: its paths and what is there. */
function hashOf(wasi, files) {
  let hash;
  for (const path of Object.keys(files).sort()) {
    const [kind, contents] = described(wasi, files[path]);
    for (const part of [path, kind, contents]) {
      const bytes = typeof part === "string" ? encoder.encode(part) : part;
      hash = fnv(bytes, fnv(new Uint8Array(Uint32Array.of(bytes.length).buffer), hash));
    }
  }
  return fnv([], hash);
}

function described(wasi, entry) {
  if (entry instanceof Uint8Array) return ["file", entry];
  if (entry instanceof wasi.LazyFile) return ["lazy", ""];
  return entry instanceof wasi.SymbolicLink ? ["link", entry.target] : ["directory", ""];
}

/** FNV-1a of 32 bits, on from what came before. */
function fnv(bytes, hash = 0x811c9dc5) {
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

const number32 = (number) => number.toString(16).padStart(8, "0");
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const bytesOf = (digits) => Uint8Array.from(digits.match(/../g) ?? [], (byte) => parseInt(byte, 16));
