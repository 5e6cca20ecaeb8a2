// The supervisor of the programs, the twin of tests/src/traces/run.rs and supervisor.rs: the calls from
// outside of any other, the functions that guests may import, and the state at the end.
import { printMemory } from "../guests/trace.mjs";

const HOST = "host";

/** Ends a guest's call on purpose. */
class Failed extends Error {}

/** What the guests of a program have around them, and the trace. */
export class Host {
  lines = [];
  memories = new Map();
  guests = new Map();
  /** What the outermost call had left when its last host call returned. */
  left = 0n;

  constructor({ Trap, call }, sandbox, { modules }, bytesOf) {
    this.Trap = Trap;
    this.withContext = call;
    this.sandbox = sandbox;
    this.modules = new Map(modules.map((name) => [name, sandbox.compile(bytesOf(name))]));
    const names = [...this.modules.values()].flatMap(({ imports }) => imports.filter(({ module }) => module === HOST));
    this.functions = new Map(names.map((descriptor) => [descriptor.name, this.function(descriptor)]));
  }

  get imports() {
    return new Map([
      [HOST, this.functions],
      ["memory", this.memories],
    ]);
  }

  async start({ guest: name, options }, slice) {
    const module = this.modules.get(name);
    const all = { ...options, floats: "bits" };
    try {
      const started =
        slice === undefined ? module.instantiate(this.imports, all) : await module.instantiateAsync(this.imports, { ...all, slice });
      this.started(name, started);
    } catch (thrown) {
      const used = thrown instanceof this.Trap ? thrown.fuelUsed : this.budget(options) - this.left;
      this.lines.push(`guest ${name} -> ${this.thrown(thrown)}, ${used} fuel`);
    }
  }

  started(name, guest) {
    this.guests.set(name, { guest, types: new Map(guest.module.exports.map((one) => [one.name, one])) });
    this.lines.push(`guest ${name} -> ready`);
  }

  async call({ guest: name, export: exported, args: texts, fuel: [fuel, ...more], options }, slice) {
    const { guest, types } = this.guests.get(name);
    const { params, results } = types.get(exported);
    const args = texts.map((text, at) => argument(params[at], text));
    const pace = { slice: slice ?? 2n ** 64n - 1n };
    let budget = this.budget(fuel === undefined ? options : { fuel });
    let act = `invoke ${name}.${exported}(${list(params, args)})`;
    let next = () => guest.tryCall(exported, args, fuel === undefined ? pace : { ...pace, fuel });
    for (;;) {
      let outcome;
      try {
        outcome = await next();
      } catch (thrown) {
        outcome = { status: "thrown", thrown, fuelUsed: budget - this.left };
      }
      const shown =
        outcome.status === "ok"
          ? values(results, outcome.value)
          : outcome.status === "out-of-fuel"
            ? "out of fuel"
            : this.thrown(outcome.trap ?? outcome.thrown);
      this.lines.push(`${act} -> ${shown}, ${outcome.fuelUsed} fuel`);
      if (outcome.status !== "out-of-fuel") return;
      const added = more.shift();
      if (added === undefined) return outcome.abort();
      budget += BigInt(added);
      act = `resume with ${added}`;
      next = () => outcome.resume(added);
    }
  }

  /** The memories and the exported globals at the end. */
  showState() {
    for (const [name, memory] of this.memories) this.showMemory(name, memory);
    for (const name of [...this.guests.keys()].sort()) {
      const { guest, types } = this.guests.get(name);
      for (const [exported, { kind, type }] of types) {
        if (kind === "memory") this.showMemory(`${name}.${exported}`, guest.exports[exported]);
        if (kind !== "global" || !(type in SHOW)) continue;
        this.lines.push(`${name}.${exported}: global ${SHOW[type](guest.exports[exported].value)}`);
      }
    }
  }

  showMemory(name, memory) {
    const view = { size: () => memory.size, read: (offset, length) => memory.read(offset, length) };
    printMemory(view, (line) => this.lines.push(`${name}: ${line}`));
  }

  /** The import for a function of the supervisor. */
  function({ name, params, results }) {
    return this.withContext((context, ...args) => {
      const left = context.fuel;
      let shown;
      try {
        const answer = this.serve(context, name.split("."), args, results.length);
        shown = name === "wrong" ? "another type" : values(results, answer);
        return answer;
      } catch (thrown) {
        if (thrown instanceof Failed) shown = `fails: ${thrown.message}`;
        else if (thrown instanceof this.Trap) shown = "cannot pay";
        throw thrown;
      } finally {
        this.left = context.fuel;
        if (shown !== undefined) this.lines.push(`call ${name}(${list(params, args)}) -> ${shown}, ${left} left`);
      }
    });
  }

  serve(context, [name, guest, exported], args, results) {
    switch (name) {
      case "call":
        return this.nested(context, guest, exported, args);
      case "charge":
        return context.charge(BigInt.asUintN(64, args[0]));
      case "drop":
        this.live(guest).guest.dispose();
        this.guests.delete(guest);
        return undefined;
      case "echo":
        return results === 1 ? args[0] : args.slice(0, results);
      case "fail":
        throw new Failed("refused");
      case "grow":
        try {
          return context.memory.grow(args[0] >>> 0);
        } catch (error) {
          if (error.code === undefined) throw error;
          return -1;
        }
      case "left":
        return context.fuel;
      case "new": {
        const before = context.fuel;
        try {
          return this.started(guest, this.modules.get(guest).instantiate(this.imports, { floats: "bits" }));
        } catch (thrown) {
          const shown = this.thrown(thrown);
          this.lines.push(`guest ${guest} -> ${shown}, ${before - context.fuel} fuel`);
          throw new Failed(shown);
        }
      }
      case "peek":
        return accessed(() => context.memory.read(args[0] >>> 0, 1)[0]);
      case "poke":
        return accessed(() => context.memory.write(args[0] >>> 0, Uint8Array.of(args[1])));
      case "try":
        try {
          this.nested(context, guest, exported, args);
          return 0;
        } catch (thrown) {
          if (!(thrown instanceof Failed)) throw thrown;
          return 1;
        }
      case "wrong":
        return 0n;
      default:
        throw new Error(`no function is called ${name}`);
    }
  }

  /** A call within a host call, which draws on its fuel. */
  nested(context, name, exported, args) {
    const { guest, types } = this.live(name);
    const { params, results } = types.get(exported);
    const before = context.fuel;
    let shown;
    try {
      const value = guest.exports[exported](...args);
      shown = values(results, value);
      return value;
    } catch (thrown) {
      shown = this.thrown(thrown);
      throw new Failed(shown);
    } finally {
      this.lines.push(`invoke ${name}.${exported}(${list(params, args)}) -> ${shown}, ${before - context.fuel} fuel`);
    }
  }

  live(name) {
    const guest = this.guests.get(name);
    if (guest === undefined) throw new Failed("no guest");
    return guest;
  }

  /** What a call was ended with. In JavaScript a result of another type is a TypeError. */
  thrown(thrown) {
    if (thrown instanceof Failed) return `trap host-error: ${thrown.message}`;
    if (thrown instanceof this.Trap) return `trap ${thrown.code}`;
    if (thrown instanceof TypeError && thrown.message.includes(" is not a value of type ")) return "trap result-type";
    throw thrown;
  }

  /** The fuel of an outermost call that is not given its own. */
  budget({ fuel = this.sandbox.limits.fuel }) {
    return BigInt(fuel);
  }
}

function accessed(act) {
  try {
    return act();
  } catch (error) {
    throw error.code === undefined ? error : new Failed(error.code);
  }
}

const hex = (digits) => (bits) => `0x${bits.toString(16).padStart(digits, "0")}`;
/** How a value is shown, by its type; floats are bits. */
const SHOW = { i32: (value) => `${value | 0}`, i64: (value) => `${BigInt.asIntN(64, value)}`, f32: hex(8), f64: hex(16) };

const list = (types, given) => given.map((value, at) => SHOW[types[at]](value)).join(", ");

/** Results: one as it is, none and several in parentheses. */
function values(types, value) {
  if (types.length === 1) return SHOW[types[0]](value);
  return `(${list(types, value ?? [])})`;
}

const argument = (type, text) => (type === "i64" || type === "f64" ? BigInt(text) : Number(text));
