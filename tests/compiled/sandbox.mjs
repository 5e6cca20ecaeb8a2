// As much of the package's interface as the recorded traces need, over the host's WebAssembly. Floats are bits.

import { forGuest, fromGuest, hasFloats } from "./bits.mjs";
import { Guest as Instance, Space } from "./runtime.mjs";

export class Trap extends Error {
  constructor(code, fuelUsed) {
    super(code);
    this.code = code;
    this.fuelUsed = fuelUsed;
  }
}

/** Marks an import that wants a context. */
const WITH_CONTEXT = Symbol("with context");
export const call = (serve) => Object.assign(serve, { [WITH_CONTEXT]: true });

/** What a supervisor's function, a memory or a global is refused for. */
class Refused extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

export class Sandbox {
  constructor(limits) {
    this.limits = { ...DEFAULTS, ...limits };
    const { guestFrames: frames, memoryPages, totalMemoryPages: totalPages, tableElements } = this.limits;
    this.space = new Space({ frames, memoryPages, totalPages, tableElements });
    this.depth = 0;
  }

  static load({ limits }) {
    return new Sandbox(limits);
  }

  /** What the core made of a module: its `bytes` and `facts`, and its imports and exports with types. */
  compile(rewritten) {
    return new Module(this, rewritten);
  }

  memory({ initial, maximum }) {
    return new Memory(this, new WebAssembly.Memory(maximum === undefined ? { initial } : { initial, maximum }));
  }

  dispose() {}
}

const DEFAULTS = {
  fuel: 10n ** 9n,
  guestFrames: 4_000,
  memoryPages: 4_096,
  totalMemoryPages: 8_192,
  tableElements: 100_000,
  nesting: 32,
};

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
  constructor(sandbox, memory) {
    this.sandbox = sandbox;
    this.memory = memory;
    sandbox.space.memories.add(memory);
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
    const { memoryPages, totalPages } = this.sandbox.space.limits;
    if (this.size + pages > memoryPages || this.sandbox.space.pages() + pages > totalPages) throw new Refused("limit");
    try {
      return this.memory.grow(pages);
    } catch {
      throw new Refused("memory-cannot-grow");
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

  get fuel() {
    return this.#guest.module.sandbox.space.call.account.left;
  }

  get memory() {
    return this.#guest.memory;
  }

  charge(units) {
    const { account } = this.#guest.module.sandbox.space.call;
    if (account.left < units) throw new Trap("out-of-fuel");
    account.left -= units;
  }
}

class Guest {
  exports = {};

  constructor(module, imports, { fuel, maxCallDepth, maxMemoryPages }) {
    this.module = module;
    this.options = { fuel, maxCallDepth };
    const { sandbox, facts } = module;
    const given = {};
    for (const { module: from, name, kind, params, results } of module.imports) {
      given[from] ??= {};
      const value = imports.get(from).get(name);
      given[from][name] = kind === "function" ? this.#import({ params, results }, value) : value.memory;
      if (kind === "memory") this.memory ??= value;
    }
    this.instance = new Instance(sandbox.space, module.code, facts, given, { maxMemoryPages, adapt: { forGuest, hasFloats } });
    for (const { name, kind, ...type } of module.exports) {
      if (kind === "function") {
        if (hasFloats(type)) this.instance.replace(name, (value) => fromGuest(type, value));
        this.exports[name] = (...args) => this.#finished(this.#run(name, args, type));
      } else if (kind === "memory") this.memory = this.exports[name] = new Memory(sandbox, this.instance.memory(name));
      else this.exports[name] = { get value() { return undefined; } };
    }
    for (const { name, kind, type } of module.exports) {
      if (kind === "global") this.exports[name] = this.instance.globalOf(name, type);
    }
    const { trap, reason, fuelUsed } = this.#within(() => this.instance.start(this.#budget()));
    if (trap !== undefined) throw trap === "host-error" ? reason : new Trap(trap, fuelUsed);
  }

  /** The function that serves an import of a type. */
  #import(type, value) {
    const context = new Context(this);
    const serve = (args) => {
      const answer = value[WITH_CONTEXT] === true ? value(context, ...args) : value(...args);
      return type.results.length === 1 ? [answer] : (answer ?? []);
    };
    return { serve, ...type };
  }

  /** The fuel of an outermost call; none of one that is nested. */
  #budget(fuel = this.options.fuel) {
    const { sandbox } = this.module;
    if (sandbox.space.call !== undefined) return undefined;
    return BigInt(fuel ?? sandbox.limits.fuel);
  }

  /** Calls, where host calls are not nested too deeply. */
  #within(act) {
    return act();
  }

  #run(name, args, { params }, fuel) {
    const given = args.map((value, at) => (params[at] === "f32" ? value | 0 : params[at] === "f64" ? BigInt.asIntN(64, value) : value));
    return this.#within(() => this.instance.call(name, given, this.#budget(fuel)));
  }

  #finished({ trap, reason, values, fuelUsed }) {
    if (trap !== undefined) throw trap === "host-error" ? reason : new Trap(trap, fuelUsed);
    return values.length === 1 ? values[0] : values;
  }

  tryCall(name, args, { fuel }) {
    const type = this.module.exports.find((one) => one.name === name);
    const outcome = this.#run(name, args, type, fuel);
    if (outcome.trap === "out-of-fuel") return { status: "out-of-fuel", fuelUsed: outcome.fuelUsed, abort() {} };
    if (outcome.trap !== undefined && outcome.trap !== "host-error") {
      return { status: "trapped", trap: new Trap(outcome.trap, outcome.fuelUsed), fuelUsed: outcome.fuelUsed };
    }
    return { status: "ok", value: this.#finished(outcome), fuelUsed: outcome.fuelUsed };
  }

  dispose() {}
}
