// Runs cases of the fuzz in this Node's own WebAssembly and compares what they come to with what
// they came to in guestbox: a line of JSON each, see `v8.rs`. Prints a line for each that differs,
// and at the end one with counts.

import { createInterface } from "node:readline";
import { setFlagsFromString } from "node:v8";

// Node 20 has this behind a flag; several memories it does not have, and refuses.
if (Number(process.versions.node.split(".")[0]) < 22) setFlagsFromString("--experimental-wasm-extended-const");

// `host.rs` once more.
const START = 0x811c9dc5;
const mix = (hash, word) => {
  hash = Math.imul(hash ^ word, 0x01000193) >>> 0;
  return (hash ^ (hash >>> 15)) >>> 0;
};

const scratch = new DataView(new ArrayBuffer(8));
// The bits of a value as two words, the second of which 32-bit types do not have.
const words = (type, value) => {
  switch (type) {
    case "i32":
      return [value >>> 0];
    case "f32":
      scratch.setFloat32(0, value, true);
      return [Number.isNaN(value) ? 0x7fc00000 : scratch.getUint32(0, true)];
    case "i64":
      scratch.setBigInt64(0, value, true);
      return [scratch.getUint32(0, true), scratch.getUint32(4, true)];
    default:
      scratch.setFloat64(0, value, true);
      return Number.isNaN(value) ? [0, 0x7ff80000] : [scratch.getUint32(0, true), scratch.getUint32(4, true)];
  }
};
const mixValue = (hash, type, value) => words(type, value).reduce(mix, hash);
const show = (type, value) => {
  const [low, high = 0] = words(type, value);
  return `${type} ${(BigInt(high) << 32n) | BigInt(low)}`;
};
const read = (text) => {
  const [type, bits] = text.split(" ");
  scratch.setBigUint64(0, BigInt(bits), true);
  return {
    i32: () => scratch.getInt32(0, true),
    i64: () => scratch.getBigInt64(0, true),
    f32: () => scratch.getFloat32(0, true),
    f64: () => scratch.getFloat64(0, true),
  }[type]();
};

const answer = (type, hash) => {
  const small = ((hash >>> 8) & 0xffff) / 4;
  const edge = hash % 8;
  switch (type) {
    case "i32":
      return [0, -1, -0x80000000, (hash >>> 8) & 0xff][edge] ?? hash | 0;
    case "i64": {
      const whole = (BigInt(Math.imul(hash, 0x9e3779b1) >>> 0) << 32n) | BigInt(hash);
      return [0n, -1n, -(1n << 63n)][edge] ?? BigInt.asIntN(64, whole);
    }
    default:
      return [NaN, Infinity][edge] ?? small;
  }
};

class Ended extends Error {}

// Kinds of trap, as in `host.rs`; 0 where it depends on the engine.
const kindOf = (error) => {
  if (error instanceof Ended) return 7;
  if (error instanceof RangeError) return 0;
  if (!(error instanceof WebAssembly.RuntimeError)) throw error;
  const message = error.message.replace(/^WebAssembly.Instance\(\): /, "");
  const kinds = [
    [/^unreachable/, 1],
    [/^memory access out of bounds|^data segment/, 2],
    [/^table index is out of bounds|^table access|^element segment|^table initializer/, 3],
    [/null function or function signature|^indirect call/, 4],
    [/^divide by zero|^remainder by zero/, 5],
    [/^divide result unrepresentable|^float unrepresentable/, 6],
  ];
  const kind = kinds.find(([pattern]) => pattern.test(message));
  if (!kind) throw error;
  return kind[1];
};

const hashOf = (memory) => {
  const all = new Uint32Array(memory.buffer);
  let hash = START;
  for (let at = 0; at < all.length; at++) {
    if (all[at] !== 0) hash = mix(mix(hash, at), all[at]);
  }
  return hash;
};

class Host {
  calls = 0;
  trace = START;
  isNested = true;
  isTainted = false;
  exports = undefined;

  constructor(back) {
    this.back = back;
  }

  serve(ordinal, { params, results }, args) {
    this.calls += 1;
    const hash = params.reduce((hash, type, at) => mixValue(hash, type, args[at]), mix(mix(START, ordinal), this.calls));
    this.trace = mix(this.trace, hash);
    if (!this.isNested && this.calls % 8 === 5 && this.back) {
      this.isNested = true;
      const outcome = invoke(this.exports, this.back);
      this.isNested = false;
      if (outcome.kind === undefined) {
        const fold = (trace, type, at) => mixValue(trace, type, outcome.values[at]);
        this.trace = this.back.results.reduce(fold, this.trace);
      } else {
        this.isTainted ||= outcome.kind === 0;
        this.trace = mix(this.trace, outcome.kind);
      }
    }
    if (hash % 61 === 0) throw new Ended();
    const values = results.map((type, at) => answer(type, mix(hash, at)));
    return values.length > 1 ? values : values[0];
  }
}

const invoke = (exports, call) => {
  try {
    const result = exports[call.export](...call.args.map(read));
    return { values: call.results.length > 1 ? result : [result] };
  } catch (error) {
    return { kind: kindOf(error) };
  }
};

const counts = {};
const skipped = {};
const count = (counts, name) => (counts[name] = (counts[name] ?? 0) + 1);

const compare = (test) => {
  const bytes = Buffer.from(test.bytes, "hex");
  let module;
  try {
    module = new WebAssembly.Module(bytes);
  } catch (error) {
    count(skipped, /one memory|memory count/.test(error.message) ? ", several memories" : " refuses");
    return;
  }
  const host = new Host(test.back);
  const imports = {};
  const memories = [];
  let ordinals = 0;
  for (const { module, name, type } of test.imports) {
    const ordinal = ordinals;
    imports[module] ??= {};
    if (type.params) {
      ordinals += 1;
      imports[module][name] = (...args) => host.serve(ordinal, type, args);
    } else {
      const maximum = type.maximum ?? undefined;
      memories.push((imports[module][name] = new WebAssembly.Memory({ initial: type.initial, maximum })));
    }
  }
  for (const [at, expected] of test.entries.entries()) {
    let end;
    if (at === 0) {
      try {
        host.exports = new WebAssembly.Instance(module, imports).exports;
        host.isNested = false;
        end = [];
        memories.push(...test.memories.map((name) => host.exports[name]));
      } catch (error) {
        end = kindOf(error);
        // A segment that does not fit is a trap here.
        if (expected.end === "segment" && (end === 2 || end === 3)) end = "segment";
      }
    } else {
      const call = test.calls[at - 1];
      const { kind, values } = invoke(host.exports, call);
      end = kind ?? call.results.map((type, at) => show(type, values[at]));
    }
    if (end === 0 || host.isTainted) {
      count(skipped, ", its stack");
      return;
    }
    const found = {
      end,
      calls: host.calls,
      trace: host.trace,
      memories: memories.map((memory) => [memory.buffer.byteLength / 65536, hashOf(memory)]),
      globals: test.globals.filter(() => host.exports).map(([name, type]) => show(type, host.exports[name].value)),
    };
    const [here, there] = [expected, found].map((entry) => JSON.stringify(entry, ["end", "calls", "trace", "memories", "globals"]));
    if (here !== there) {
      const text = `V8 ${process.versions.v8}: entry ${at} differs\n   plain: ${here}\n   other: ${there}\n`;
      console.log(JSON.stringify({ case: test.case, text }));
      return;
    }
    count(counts, "");
  }
};

for await (const line of createInterface({ input: process.stdin })) {
  compare(JSON.parse(line));
}
const version = `V8 of Node ${process.versions.node.split(".")[0]}`;
console.log(JSON.stringify({ version, compared: counts, skipped }));
