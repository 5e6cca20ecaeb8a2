/**
 * Values between JavaScript and the exchange.
 *
 * What JavaScript gives is checked before the guest runs: no integer is rounded or wrapped. An i32
 * is a whole number from -2^31 to 2^32 - 1, an i64 a BigInt from -2^63 to 2^64 - 1. Floats are
 * numbers, of which an f32 gets the nearest it has, and whose NaN may lose its payload on the
 * way; with the option `floats: "bits"` they are their raw bits instead, an f32 a number below
 * 2^32 and an f64 a BigInt.
 */
import { isObject } from "../base/checks.js";
import { counted } from "../base/shown.js";
import type { Engine } from "./engine.js";

/** The type of a value. */
export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128" | "funcref" | "externref";

/** How floats are shown to JavaScript. */
export type FloatMode = "number" | "bits";

/** A value as JavaScript has it. */
export type Value = number | bigint;

/** Puts a value into the exchange, at a word after the head, if it is one of the type. */
type Put = (engine: Engine, word: number, value: unknown) => boolean;
/** Takes a value out of the exchange. */
type Take = (engine: Engine, word: number) => Value;

/** A value in an error. */
export const valueText = (value: unknown): string => {
  // Of an object only what it is: to make a text of it would run its own code.
  if (isObject(value)) return typeof value === "function" ? "a function" : "an object";
  return typeof value === "bigint" ? `${value}n` : typeof value === "string" ? JSON.stringify(value) : String(value);
};

const putI32: Put = (engine, word, value) => {
  // A whole number in range is unchanged by a conversion to 32 bits, signed or not.
  if (typeof value !== "number" || ((value | 0) !== value && value >>> 0 !== value)) return false;
  engine.i32[word * 2] = value;
  return true;
};
const putI64: Put = (engine, word, value) => {
  if (typeof value !== "bigint" || value < -0x8000_0000_0000_0000n || value > 0xffff_ffff_ffff_ffffn) return false;
  engine.i64[word] = value;
  return true;
};
const putF32: Put = (engine, word, value) => {
  if (typeof value !== "number") return false;
  engine.f32[word * 2] = value;
  return true;
};
const putF64: Put = (engine, word, value) => {
  if (typeof value !== "number") return false;
  engine.f64[word] = value;
  return true;
};
const putF32Bits: Put = (engine, word, value) => {
  if (typeof value !== "number" || value >>> 0 !== value) return false;
  engine.u32[word * 2] = value;
  return true;
};
const putF64Bits: Put = (engine, word, value) => {
  if (typeof value !== "bigint" || value < 0n || value > 0xffff_ffff_ffff_ffffn) return false;
  engine.u64[word] = value;
  return true;
};

const takeI32: Take = (engine, word) => engine.i32[word * 2] as number;
const takeI64: Take = (engine, word) => engine.i64[word] as bigint;
const takeF32: Take = (engine, word) => engine.f32[word * 2] as number;
const takeF64: Take = (engine, word) => engine.f64[word] as number;
const takeU32: Take = (engine, word) => engine.u32[word * 2] as number;
const takeU64: Take = (engine, word) => engine.u64[word] as bigint;

const CODECS = new Map<string, { readonly [mode in FloatMode]: readonly [Put, Take] }>([
  ["i32", { number: [putI32, takeI32], bits: [putI32, takeI32] }],
  ["i64", { number: [putI64, takeI64], bits: [putI64, takeI64] }],
  ["f32", { number: [putF32, takeF32], bits: [putF32Bits, takeU32] }],
  ["f64", { number: [putF64, takeF64], bits: [putF64Bits, takeU64] }],
]);

const codecOf = (type: ValueType, mode: FloatMode): readonly [Put, Take] => {
  const codec = CODECS.get(type)?.[mode];
  if (codec === undefined) throw new TypeError(`values of type ${type} cannot be passed`);
  return codec;
};

/** The mode that an option names, by default numbers. */
export function floatMode(mode: FloatMode = "number"): FloatMode {
  if (mode !== "number" && mode !== "bits") throw new TypeError('floats is neither "number" nor "bits"');
  return mode;
}

/** Whether values of a type can be passed. */
export const isNumeric = (type: ValueType): boolean => CODECS.has(type);

/** The word that a value of a type is in the exchange; `undefined` where it is no value of that type. */
export function wordOf(engine: Engine, type: ValueType, mode: FloatMode, value: unknown): bigint | undefined {
  const [put] = codecOf(type, mode);
  engine.check();
  engine.refresh();
  return put(engine, 0, value) ? engine.u64[0] : undefined;
}

/** Whose values they are: what errors call one of them, and what it is of. */
export interface Owner {
  readonly one: "argument" | "result" | "value";
  readonly of: string;
}

/** A list of values of fixed types: the parameters of a function, or its results. */
export class ValueList {
  private readonly puts: readonly Put[];
  private readonly takes: readonly Take[];

  constructor(
    readonly types: readonly ValueType[],
    private readonly mode: FloatMode,
    private readonly owner: Owner,
  ) {
    const codecs = types.map((type) => codecOf(type, mode));
    this.puts = codecs.map(([put]) => put);
    this.takes = codecs.map(([, take]) => take);
  }

  /** Puts arguments into the exchange. */
  putAll(engine: Engine, values: readonly unknown[]): void {
    const { puts } = this;
    if (values.length !== puts.length) {
      const { one, of } = this.owner;
      throw new TypeError(`${of} has ${counted(puts.length, one)}, ${values.length} ${values.length === 1 ? "is" : "are"} given`);
    }
    engine.refresh();
    for (let i = 0; i < puts.length; i++) this.put(engine, i, values[i]);
  }

  /** Puts what a JavaScript function returned into the exchange: nothing, a value, or several. */
  putResult(engine: Engine, result: unknown): void {
    const { puts } = this;
    if (puts.length === 1) {
      engine.refresh();
      this.put(engine, 0, result);
    } else if (puts.length === 0) {
      // As in the standard API, what a function returns that should not is passed over.
    } else if (Array.isArray(result)) {
      this.putAll(engine, [...(result as unknown[])]);
    } else {
      throw new TypeError(`${this.owner.of} has ${puts.length} results; return them as an array`);
    }
  }

  private put(engine: Engine, at: number, value: unknown): void {
    if (!(this.puts[at] as Put)(engine, at, value)) throw this.refused(at, value);
  }

  /** The error for a value: of the right JavaScript type it is out of range, else it is of a wrong type. */
  private refused(at: number, value: unknown): Error {
    const { one, of } = this.owner;
    const type = this.types[at] as ValueType;
    const isBits = this.mode === "bits" && type.startsWith("f");
    const wanted = type === "i64" || (isBits && type === "f64") ? "bigint" : "number";
    const ErrorClass = typeof value === wanted ? RangeError : TypeError;
    const place = this.types.length > 1 ? `${one} ${at + 1}` : `the ${one}`;
    return new ErrorClass(`${place} of ${of} is not a value of type ${type}${isBits ? " bits" : ""}: ${valueText(value)}`);
  }

  /** Takes all values out of the exchange. */
  takeAll(engine: Engine): Value[] {
    engine.refresh();
    const { takes } = this;
    const first = takes.at(0),
      second = takes.at(1);
    if (first === undefined) return [];
    // The usual few without a function for each.
    if (second === undefined) return [first(engine, 0)];
    if (takes.length === 2) return [first(engine, 0), second(engine, 1)];
    return takes.map((take, word) => take(engine, word));
  }

  /** Takes results out of the exchange: nothing, a value, or an array of several. */
  takeResult(engine: Engine): Value | Value[] | undefined {
    const { takes } = this;
    if (takes.length === 0) return undefined;
    if (takes.length > 1) return this.takeAll(engine);
    engine.refresh();
    return (takes[0] as Take)(engine, 0);
  }
}
