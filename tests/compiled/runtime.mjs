// The smallest runtime of modules that the core rewrote for a host, by the host's own WebAssembly: it instantiates
// them, serves their imports, gives fuel, lets memories and tables grow, and says what a trap is. Calls are
// synchronous. What the rewritten module has for this is said in core/src/wasm/rewrite/host.

/** Fuel that a call of an export costs before the guest begins: `costs::EXPORT_CALL`. */
const EXPORT_CALL = 64n;

/** The most fuel that a guest's counter holds. */
const MOST_GRANTED = 2n ** 30n;

/** Frames are counted above this bit, and below words of 8 bytes of the host's stack, of which there are at most so many. */
const FRAME_BIT = 18;
const MOST_WORDS = 2 ** 16;
const MOST_FRAMES = 2 ** 13 - 1;

/** What is set where a function had not the words for its frame. */
const NO_WORDS = 2 ** 17;

/** Words that the host's own frames take between a guest's call of an import and a call nested in it. */
const CROSSING_WORDS = 256;

/** How a guest's call has ended, in the global that says so. */
const OVERFLOWN = 1;
const ENDED = 2;

/** What growth is asked for. */
const MEMORY = 0;

/** What puts two functions of JavaScript into a table: it imports them and exports them again. */
const ADAPTER = new WebAssembly.Module(
  Uint8Array.of(
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    // Types: (i32) -> i32, (i32, i32, i32) -> i32
    ...[1, 13, 2, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 3, 0x7f, 0x7f, 0x7f, 1, 0x7f],
    // Imports and exports: a.f, a.g
    ...[2, 13, 2, 1, 0x61, 1, 0x66, 0, 0, 1, 0x61, 1, 0x67, 0, 1],
    ...[7, 9, 2, 1, 0x66, 0, 0, 1, 0x67, 0, 1],
  ),
);

/** V8's messages, and which traps they are. */
const MESSAGES = new Map([
  ["data segment out of bounds", "memory-out-of-bounds"],
  ["divide by zero", "integer-division-by-zero"],
  ["divide result unrepresentable", "integer-overflow"],
  ["element segment out of bounds", "table-out-of-bounds"],
  ["memory access out of bounds", "memory-out-of-bounds"],
  ["remainder by zero", "integer-division-by-zero"],
  ["table index is out of bounds", "table-out-of-bounds"],
  ["unreachable", "unreachable"],
]);

/** What an import returns whose call has ended: the guest traps before it looks at it. */
const NOTHING = { i32: 0, i64: 0n, f32: 0, f64: 0 };

/** What guests have in common: their limits, and the call that is under way. */
export class Space {
  /** The innermost call. */
  call = undefined;
  /** Host calls that are being served, each nested in the one before. */
  levels = 0;
  /** Whether a call ended for want of words, of which each engine has its own bound. */
  lackedWords = false;
  memories = new Set();

  constructor(limits) {
    this.limits = limits;
  }

  /** Whether a memory may have so many pages more. */
  letsGrow(memory, more) {
    let pages = more;
    for (const one of this.memories) pages += pagesOf(one);
    return pagesOf(memory) + more <= this.limits.memoryPages && pages <= this.limits.totalPages;
  }
}

const pagesOf = (memory) => memory.buffer.byteLength / 65_536;

/** Thrown by what serves an import: ends the call by a trap. */
export class Ended extends Error {
  constructor(trap) {
    super(trap);
    this.trap = trap;
  }
}

/** A call, and those that it is nested in. Calls that are nested in another draw on its fuel. */
class Call {
  /** How it has ended, if it was ended. */
  end = undefined;

  constructor(guest, outer, fuel) {
    this.guest = guest;
    this.outer = outer;
    this.account = fuel === undefined ? outer.account : { left: fuel };
    this.words = outer === undefined ? MOST_WORDS : Math.max(0, outer.guest.wordsLeft() - CROSSING_WORDS);
  }
}

/** An instance of a rewritten module. */
export class Guest {
  #space;
  #facts;
  #exports;
  #fuel;
  #stack;
  #ended;
  #note;
  #nesting;
  /** Pages that its memories may have more, and what of these was granted last. */
  #pages;
  #grown = {};
  /** What stands before exported functions. */
  #adapted = new Map();

  /**
   * Makes an instance, whose start function has not run. `imports` is as of WebAssembly, but that functions are
   * `{ serve, results }`, and `adapt` where what serves is to be put behind something; what is thrown otherwise
   * is what WebAssembly throws. Host calls may be nested in `nesting` others, and the guest's memories and what it
   * lets others grow have `pages`, as far as the space lets them.
   */
  constructor(space, module, facts, imports, { nesting = Infinity, pages = Infinity } = {}) {
    this.#space = space;
    this.#facts = facts;
    this.#nesting = Math.min(nesting, space.limits.nesting);
    const wrapped = {};
    for (const [name, fields] of Object.entries(imports)) {
      wrapped[name] = {};
      for (const [field, value] of Object.entries(fields)) {
        wrapped[name][field] = value.serve === undefined ? value : (value.adapt ?? ((f) => f))(this.#import(value));
      }
    }
    this.#exports = new WebAssembly.Instance(module, wrapped).exports;
    const [fuel, stack, ended, note] = facts.accounts.map((name) => this.#exports[name]);
    [this.#fuel, this.#stack, this.#ended, this.#note] = [fuel, stack, ended, note];
    const asked = new WebAssembly.Instance(ADAPTER, {
      a: { f: (units) => this.#askFuel(units >>> 0), g: (kind, index, more) => this.#askGrowth(kind, index, more >>> 0) },
    }).exports;
    const table = this.#exports[facts.asked];
    table.set(0, asked.f);
    table.set(1, asked.g);
    this.#pages = pages;
    for (const name of facts.memories) {
      const memory = this.#exports[name];
      if (!space.memories.has(memory)) this.#pages -= pagesOf(memory);
      space.memories.add(memory);
    }
  }

  memory(name) {
    return this.#exports[name];
  }

  global(name) {
    return this.#exports[name];
  }

  /** Puts something before an exported function. */
  adapt(name, adapt) {
    this.#adapted.set(name, adapt(this.#exports[name]));
  }

  /** Runs the start function, if there is one. */
  start(fuel) {
    return this.#facts.start === null ? { values: [], fuelUsed: 0n } : this.call(this.#facts.start, [], fuel);
  }

  /**
   * Calls an export: its `values`, or the `trap` that it ended with and what an import threw; and the fuel used. Without fuel of its own it draws
   * on that of the call that it is nested in.
   */
  call(name, args, fuel) {
    const call = new Call(this, this.#space.call, fuel);
    const { account } = call;
    const before = account.left;
    const used = () => before - account.left;
    if (account.left < EXPORT_CALL) return { trap: "out-of-fuel", fuelUsed: 0n };
    account.left -= EXPORT_CALL;
    const [stack, ended] = [this.#stack.value, this.#ended.value];
    const pointer = this.#pointer?.value;
    this.#space.call = call;
    this.#ended.value = 0;
    this.#stack.value = Math.min(this.#space.limits.frames, MOST_FRAMES) * 2 ** FRAME_BIT + call.words;
    this.#grant(account);
    try {
      const values = (this.#adapted.get(name) ?? this.#exports[name])(...args);
      this.#collect(account);
      return { values: values === undefined ? [] : Array.isArray(values) ? values : [values], fuelUsed: used() };
    } catch (error) {
      this.#collect(account);
      if (pointer !== undefined) this.#pointer.value = pointer;
      const { trap, reason } = call.end ?? { trap: this.#trapOf(error) };
      return { trap, reason, fuelUsed: used() };
    } finally {
      this.#space.call = call.outer;
      [this.#stack.value, this.#ended.value] = [stack, ended];
    }
  }

  /** Whether it was words that a call lacked whose stack is used up, or the host's stack itself, and not frames. */
  #lacksWords() {
    const stack = this.#stack.value;
    // A function that calls none takes nothing, so that what there was is still there.
    if (stack >= 0 && (stack & NO_WORDS) === 0) return stack >> FRAME_BIT > 0;
    return (stack & NO_WORDS) !== 0;
  }

  /** Words of the host's stack that are left for what is called from here. */
  wordsLeft() {
    return this.#stack.value & (2 ** FRAME_BIT - 1);
  }

  /** The pointer of the stack that the guest keeps in its memory, if it does: a call that ends early puts it back. */
  get #pointer() {
    return this.#exports[this.#facts.stackPointer];
  }

  #grant(account) {
    const granted = account.left < MOST_GRANTED ? account.left : MOST_GRANTED;
    account.left -= granted;
    this.#fuel.value = Number(granted);
  }

  #collect(account) {
    account.left += BigInt(this.#fuel.value);
    this.#fuel.value = 0;
  }

  /** Ends the call that is under way: the guest traps once it goes on. */
  #end(call, trap, reason) {
    call.end ??= { trap, reason };
    this.#ended.value = ENDED;
  }

  /** What a region costs was taken of the counter, which is below zero: whether the call ends. */
  #askFuel(units) {
    const { call } = this.#space;
    // Numbers of 32 bits wrap around, and so does what takes them.
    this.#fuel.value = (this.#fuel.value + units) | 0;
    const { account } = call;
    this.#collect(account);
    if (this.#ended.value !== 0 || account.left < BigInt(units)) {
      this.#end(call, "out-of-fuel");
      return 1;
    }
    account.left -= BigInt(units);
    this.#grant(account);
    return 0;
  }

  #askGrowth(kind, index, more) {
    const { limits } = this.#space;
    if (kind !== MEMORY) return Number(this.#exports[this.#facts.tables[index]].length + more <= limits.tableElements);
    // What was granted before may not have come about: there may not have been the fuel.
    const { memory: before, pages, granted } = this.#grown;
    if (before !== undefined && pagesOf(before) === pages) this.#pages += granted;
    this.#grown = {};
    const memory = this.#exports[this.#facts.memories[index]];
    if (more > this.#pages || !this.#space.letsGrow(memory, more)) return 0;
    this.#grown = { memory, pages: pagesOf(memory), granted: more };
    this.#pages -= more;
    return 1;
  }

  #import({ serve, results }) {
    return (...args) => {
      const space = this.#space;
      const { call, levels } = space;
      this.#collect(call.account);
      try {
        if (levels >= this.#nesting) throw new Ended("nesting-too-deep");
        space.levels = levels + 1;
        const values = serve(args, this).map((value, at) => coerced(results[at], value));
        return results.length > 1 ? values : values[0];
      } catch (error) {
        if (error instanceof Ended) this.#end(call, error.trap);
        else this.#end(call, "host-error", error);
        return results.length > 1 ? results.map((type) => NOTHING[type]) : NOTHING[results[0]];
      } finally {
        space.levels = levels;
        this.#grant(call.account);
      }
    };
  }

  /** Which trap an error is that came out of the guest's code. */
  #trapOf(error) {
    if (this.#ended.value === OVERFLOWN || error instanceof RangeError) {
      this.#space.lackedWords ||= this.#lacksWords();
      return "stack-overflow";
    }
    if (!(error instanceof WebAssembly.RuntimeError)) throw error;
    const note = this.#note.value;
    switch (error.message) {
      case "float unrepresentable in integer range":
        return note === 0 ? "integer-overflow" : "bad-conversion-to-integer";
      case "null function or function signature mismatch": {
        const { tables } = this.#facts;
        const [table, index] = tables.length > 1 ? [note & 127, note >>> 7] : [0, note >>> 0];
        return this.#exports[tables[table]].get(index) === null ? "indirect-call-to-null" : "bad-signature";
      }
      default: {
        const trap = MESSAGES.get(error.message);
        if (trap === undefined) throw error;
        return trap;
      }
    }
  }
}

/** A value as the guest is to have it. It is never left to the engine, whose error the guest's call could not end with. */
function coerced(type, value) {
  const isLong = type === "i64";
  if (type in NOTHING && typeof value !== (isLong ? "bigint" : "number")) {
    throw new TypeError(`${String(value)} is not a value of type ${type}`);
  }
  return isLong ? BigInt.asIntN(64, value) : value;
}
