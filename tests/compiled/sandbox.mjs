// As much of the package's interface as the recorded traces need, over the host's WebAssembly.

import { forGuest, fromGuest, globalBits, hasFloats } from "./bits.mjs";
import { Guest as Instance, Space } from "./runtime.mjs";

export class Trap extends Error {
  constructor(code, fuelUsed) {
    super(code);
    this.code = code;
    this.fuelUsed = fuelUsed;
  }
}

const WITH_CONTEXT = Symbol("with context");

/** An import that wants a context. */
export const call = (serve) => Object.assign(serve, { [WITH_CONTEXT]: true });

/** What was asked of a memory and is refused. */
class Refused extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

const DEFAULTS = {
  fuel: 10n ** 8n,
  guestFrames: 4_000,
  memoryPages: 4_096,
  totalMemoryPages: 8_192,
  tableElements: 100_000,
  nesting: 32,
};

export class Sandbox {
  constructor(limits) {
    this.limits = { ...DEFAULTS, ...limits };
    const { guestFrames: frames, memoryPages, totalMemoryPages: totalPages, tableElements, nesting } = this.limits;
    this.space = new Space({ frames, memoryPages, totalPages, tableElements, nesting });
  }

  static load({ limits }) {
    return new Sandbox(limits);
  }

  /** A module by what stands for it, which `rewritten` is asked for. */
  compile(module) {
    return new Module(this, Sandbox.rewritten(module));
  }

  /** What the core made of a module: its bytes and facts, and its imports and exports with their types. */
  static rewritten = (module) => module;

  memory({ initial, maximum }) {
    const memory = new WebAssembly.Memory(maximum === undefined ? { initial } : { initial, maximum });
    this.space.memories.add(memory);
    return new Memory(this.space, memory);
  }

  dispose() {}
}

class Module {
  constructor(sandbox, { bytes, facts, imports, exports }) {
    this.sandbox = sandbox;
    this.facts = facts;
    this.imports = imports;
    this.exports = exports;
    this.code = new WebAssembly.Module(Buffer.from(bytes, "hex"));
  }

  instantiate(imports, options) {
    return new Guest(this, imports, options);
  }
}

class Memory {
  constructor(space, memory) {
    this.space = space;
    this.memory = memory;
  }

  get size() {
    return this.memory.buffer.byteLength / 65_536;
  }

  read(offset, length) {
    return this.#view(offset, length).slice();
  }

  write(offset, bytes) {
    this.#view(offset, bytes.length).set(bytes);
  }

  grow(pages) {
    if (!this.space.letsGrow(this.memory, pages)) throw new Refused("limit");
    try {
      return this.memory.grow(pages);
    } catch {
      throw new Refused("maximum");
    }
  }

  #view(offset, length) {
    if (offset + length > this.memory.buffer.byteLength) throw new Refused("out-of-bounds");
    return new Uint8Array(this.memory.buffer, offset, length);
  }
}

/** What an import that wants it is told of its call. */
class Context {
  #guest;

  constructor(guest) {
    this.#guest = guest;
  }

  get #account() {
    return this.#guest.module.sandbox.space.call.account;
  }

  get fuel() {
    return this.#account.left;
  }

  get memory() {
    return this.#guest.memory;
  }

  charge(units) {
    const { left } = this.#account;
    this.#account.left = left < units ? 0n : left - units;
    if (left < units) throw new Trap("out-of-fuel");
  }
}

/** How values cross the border: as what they are, or floats as integers that have their bits, which have a sign there. */
const NUMBERS = { given: (_, value) => value, taken: (_, value) => value, hasFloats: () => false, type: (type) => type };
const BITS = {
  given: (type, value) => (type === "f32" ? value | 0 : type === "f64" ? BigInt.asIntN(64, value) : value),
  taken: (type, value) => (type === "f32" ? value >>> 0 : type === "f64" ? BigInt.asUintN(64, value) : value),
  hasFloats,
  type: (type) => ({ f32: "i32", f64: "i64" })[type] ?? type,
};

/** What is under a name in a map, or an object. */
const under = (named, name) => (named instanceof Map ? named.get(name) : named[name]);

class Guest {
  exports = {};

  constructor(module, imports, { fuel, floats, maxCallDepth: nesting, maxMemoryPages: pages } = {}) {
    this.module = module;
    this.fuel = fuel;
    this.border = floats === "bits" ? BITS : NUMBERS;
    const { sandbox, facts } = module;
    const found = {};
    for (const { module: from, name, kind, ...type } of module.imports) {
      const value = under(under(imports, from), name);
      (found[from] ??= {})[name] = kind === "function" ? this.#import(type, value) : value.memory;
      if (kind === "memory") this.memory ??= value;
    }
    this.instance = new Instance(sandbox.space, module.code, facts, found, { nesting, pages });
    for (const { name, kind, ...type } of module.exports) this.exports[name] = this.#export(name, kind, type);
    const { trap, reason, fuelUsed } = this.instance.start(this.#budget());
    if (trap !== undefined) throw reason ?? new Trap(trap, fuelUsed);
  }

  #import(type, value) {
    const { params, results } = type;
    const { given, taken, hasFloats, type: crossing } = this.border;
    const context = new Context(this);
    const serve = (args) => {
      const shown = args.map((arg, at) => taken(params[at], arg));
      const answer = value[WITH_CONTEXT] === true ? value(context, ...shown) : value(...shown);
      const answers = results.length === 1 ? [answer] : (answer ?? []);
      return answers.map((value, at) => given(results[at], value));
    };
    const adapt = hasFloats(type) ? (served) => forGuest(type, served) : undefined;
    return { serve, results: results.map(crossing), adapt };
  }

  #export(name, kind, type) {
    const { taken, hasFloats } = this.border;
    switch (kind) {
      case "function":
        if (hasFloats(type)) this.instance.adapt(name, (exported) => fromGuest(type, exported));
        return (...args) => this.#finished(type, this.#run(type, name, args));
      case "memory": {
        const memory = new Memory(this.module.sandbox.space, this.instance.memory(name));
        this.memory ??= memory;
        return memory;
      }
      case "global": {
        const global = this.instance.global(name);
        if (!hasFloats({ params: [type.type], results: [] })) return global;
        const bits = globalBits(type, global);
        return Object.defineProperty({}, "value", { get: () => taken(type.type, bits()) });
      }
      default:
        return undefined;
    }
  }

  /** The fuel of an outermost call; none of one that is nested. */
  #budget(fuel = this.fuel) {
    const { space, limits } = this.module.sandbox;
    return space.call === undefined ? BigInt(fuel ?? limits.fuel) : undefined;
  }

  #run({ params }, name, args, fuel) {
    const values = args.map((value, at) => this.border.given(params[at], value));
    return this.instance.call(name, values, this.#budget(fuel));
  }

  #finished({ results }, { trap, reason, values, fuelUsed }) {
    if (trap !== undefined) throw reason ?? new Trap(trap, fuelUsed);
    const shown = values.map((value, at) => this.border.taken(results[at], value));
    return results.length === 1 ? shown[0] : shown;
  }

  tryCall(name, args, { fuel }) {
    const type = this.module.exports.find((one) => one.name === name);
    const outcome = this.#run(type, name, args, fuel);
    const { trap, reason, fuelUsed } = outcome;
    if (trap === "out-of-fuel") return { status: trap, fuelUsed, abort() {} };
    if (trap !== undefined && reason === undefined) return { status: "trapped", trap: new Trap(trap, fuelUsed), fuelUsed };
    return { status: "ok", value: this.#finished(type, outcome), fuelUsed };
  }

  dispose() {}
}
