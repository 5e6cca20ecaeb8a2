// The supervisor of the fuzz, `host.rs` once more, for what runs its cases in JavaScript.

/** The hash of nothing. */
const START = 0x811c9dc5;

const mix = (hash, word) => {
  hash = Math.imul(hash ^ word, 0x01000193) >>> 0;
  return (hash ^ (hash >>> 15)) >>> 0;
};

const scratch = new DataView(new ArrayBuffer(8));

/** The bits of a value as two words, the second of which 32-bit types do not have. */
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

/** A value as its type and its bits, and back. */
export const show = (type, value) => {
  const [low, high = 0] = words(type, value);
  return `${type} ${(BigInt(high) << 32n) | BigInt(low)}`;
};
export const read = (text) => {
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

/** A memory's pages and its hash: of the words that are not zero. */
export const memoryOf = (memory) => {
  const all = new Uint32Array(memory.buffer);
  let hash = START;
  for (let at = 0; at < all.length; at++) {
    if (all[at] !== 0) hash = mix(mix(hash, at), all[at]);
  }
  return [memory.buffer.byteLength / 65536, hash];
};

/** What ends a guest's call. */
export class Ended extends Error {}

export class Host {
  calls = 0;
  trace = START;
  isNested = true;
  isTainted = false;

  /** `callBack` makes the call back, if there is one, of results of these types: its `values`, or the `kind` of its trap. */
  constructor(back, callBack) {
    this.back = back;
    this.callBack = callBack;
  }

  serve(ordinal, { params, results }, args) {
    this.calls += 1;
    const hash = params.reduce((hash, type, at) => mixValue(hash, type, args[at]), mix(mix(START, ordinal), this.calls));
    this.trace = mix(this.trace, hash);
    if (!this.isNested && this.calls % 8 === 5 && this.back) {
      this.isNested = true;
      const outcome = this.callBack(this.back);
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
    return results.map((type, at) => answer(type, mix(hash, at)));
  }
}

/** What a case's module imports: the memories, and functions as `functionOf` makes them of an ordinal and a type. */
export function importsOf(test, functionOf) {
  const imports = {};
  const memories = [];
  let ordinals = 0;
  for (const { module, name, type } of test.imports) {
    imports[module] ??= {};
    if (type.params) {
      imports[module][name] = functionOf(ordinals, type);
      ordinals += 1;
    } else {
      const maximum = type.maximum ?? undefined;
      memories.push((imports[module][name] = new WebAssembly.Memory({ initial: type.initial, maximum })));
    }
  }
  return { imports, memories };
}
