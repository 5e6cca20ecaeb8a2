/**
 * Values between JavaScript and the exchange.
 *
 * What JavaScript gives is checked before the guest runs: no integer is rounded or wrapped. An i32
 * is a whole number from -2^31 to 2^32 - 1, an i64 a BigInt from -2^63 to 2^64 - 1. Floats are
 * numbers, of which an f32 gets the nearest it has, and whose NaN may lose its payload on the
 * way; with the option `floats: "bits"` they are their raw bits instead, an f32 a number below
 * 2^32 and an f64 a BigInt. A v128 is a BigInt from 0 to 2^128 - 1.
 */
import { isObject } from "../base/checks.js";
import { counted } from "../base/shown.js";
import type { Engine } from "./engine.js";
import { functionOf, sourceOf } from "./functions.js";
import type { FloatMode, Result, Value, ValueType } from "./value.js";

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

const putV128: Put = (engine, word, value) => {
  if (typeof value !== "bigint" || value < 0n || value >= 1n << 128n) return false;
  engine.u64[word] = BigInt.asUintN(64, value);
  engine.u64[word + 1] = value >> 64n;
  return true;
};
const putFunction: Put = (engine, word, value) => {
  if (value === null) return putReference(engine, word, undefined);
  const source = sourceOf(value);
  return source?.engine === engine && putReference(engine, word, source.handle());
};
const putExtern: Put = (engine, word, value) => putReference(engine, word, value === null ? undefined : engine.externs.number(value));

/** Puts a reference by its number, or null. */
export function putReference(engine: Engine, word: number, number: number | undefined): boolean {
  // Looking at a handle may have had the memory grow.
  engine.refresh();
  engine.u32[word * 2] = number === undefined ? 0 : number + 1;
  engine.u32[word * 2 + 1] = 0;
  return true;
}

const takeI32: Take = (engine, word) => engine.i32[word * 2];
const takeI64: Take = (engine, word) => engine.i64[word];
const takeF32: Take = (engine, word) => engine.f32[word * 2];
const takeF64: Take = (engine, word) => engine.f64[word];
const takeU32: Take = (engine, word) => engine.u32[word * 2];
const takeU64: Take = (engine, word) => engine.u64[word];
const takeV128: Take = (engine, word) => (engine.u64[word] as bigint) | ((engine.u64[word + 1] as bigint) << 64n);
const takeExtern: Take = (engine, word) => {
  const number = takeU32(engine, word) as number;
  return number === 0 ? null : (engine.externs.value(number - 1) as Value);
};
const takeFunction: Take = (engine, word) => {
  const number = takeU32(engine, word) as number;
  if (number === 0) return null;
  const found = functionOf(engine, number - 1);
  // Others may lie behind it, and looking for it may have had the memory grow.
  engine.refresh();
  return found;
};

type Codec = readonly [Put, Take];

const inBothModes = (put: Put, take: Take): { readonly [mode in FloatMode]: Codec } => ({ number: [put, take], bits: [put, take] });

const CODECS: { readonly [type in ValueType]: { readonly [mode in FloatMode]: Codec } } = {
  i32: inBothModes(putI32, takeI32),
  i64: inBothModes(putI64, takeI64),
  f32: { number: [putF32, takeF32], bits: [putF32Bits, takeU32] },
  f64: { number: [putF64, takeF64], bits: [putF64Bits, takeU64] },
  v128: inBothModes(putV128, takeV128),
  funcref: inBothModes(putFunction, takeFunction),
  externref: inBothModes(putExtern, takeExtern),
};

/** The mode that an option names, by default numbers. */
export function floatMode(mode: FloatMode = "number"): FloatMode {
  if (mode !== "number" && mode !== "bits") throw new TypeError('floats is neither "number" nor "bits"');
  return mode;
}

/** Whether there are values of a type. */
export const isType = (type: unknown): type is ValueType => typeof type === "string" && Object.hasOwn(CODECS, type);

/** Whether values of a type refer to something. */
const refers = (type: ValueType): boolean => type === "funcref" || type === "externref";

/** Whose values they are: what errors call one of them, and what it is of. */
export interface Owner {
  readonly one: "argument" | "result" | "value";
  readonly of: string;
}

/** A list of values of fixed types: the parameters of a function, or its results. */
export class ValueList {
  private readonly puts: readonly Put[];
  private readonly takes: readonly Take[];
  /** The words of the values, where these are not one each. */
  private readonly words: readonly number[] | undefined;
  /** Whether some refer to something. */
  readonly refers: boolean;

  constructor(
    readonly types: readonly ValueType[],
    private readonly mode: FloatMode,
    private readonly owner: Owner,
  ) {
    const codecs = types.map((type) => CODECS[type][mode]);
    this.puts = codecs.map(([put]) => put);
    this.takes = codecs.map(([, take]) => take);
    this.words = types.includes("v128") ? wordsOf(types) : undefined;
    this.refers = types.some(refers);
  }

  /** Puts arguments into the exchange. */
  putAll(engine: Engine, values: readonly unknown[]): void {
    const { puts } = this;
    if (values.length !== puts.length) {
      const { one, of } = this.owner;
      throw new TypeError(`${of} has ${counted(puts.length, one)}, ${values.length} ${values.length === 1 ? "is" : "are"} given`);
    }
    this.begin(engine);
    for (let i = 0; i < puts.length; i++) this.put(engine, i, values[i]);
  }

  /** Whether a value is of the only type; it is in the exchange then. */
  admits(engine: Engine, value: unknown): boolean {
    this.begin(engine);
    return (this.puts[0] as Put)(engine, 0, value);
  }

  /** Puts what a JavaScript function returned into the exchange: nothing, a value, or several. */
  putResult(engine: Engine, result: unknown): void {
    const { puts } = this;
    if (puts.length === 1) {
      this.begin(engine);
      this.put(engine, 0, result);
    } else if (puts.length === 0) {
      // As in the standard API, what a function returns that should not is passed over.
    } else if (Array.isArray(result)) {
      this.putAll(engine, [...(result as unknown[])]);
    } else {
      throw new TypeError(`${this.owner.of} has ${puts.length} results; return them as an array`);
    }
  }

  /** Values are put from now on, up to the call that they are for. */
  private begin(engine: Engine): void {
    if (this.refers) engine.externs.tidy();
    engine.refresh();
  }

  private put(engine: Engine, at: number, value: unknown): void {
    const { words } = this;
    const word = words === undefined ? at : (words[at] as number);
    if (!(this.puts[at] as Put)(engine, word, value)) throw this.refused(at, value);
  }

  /** The error for a value: of the right JavaScript type it is out of range, else it is of a wrong type. */
  private refused(at: number, value: unknown): Error {
    const { one, of } = this.owner;
    const type = this.types[at] as ValueType;
    if (type === "funcref" && sourceOf(value) !== undefined)
      return new TypeError(
        `the function that is given as ${this.types.length > 1 ? `${one} ${at + 1}` : `the ${one}`} of ${of} is of a guest in another sandbox`,
      );
    const isBits = this.mode === "bits" && type.startsWith("f");
    const wanted = type === "i64" || type === "v128" || (isBits && type === "f64") ? "bigint" : "number";
    const ErrorClass = typeof value === wanted && !refers(type) ? RangeError : TypeError;
    const place = this.types.length > 1 ? `${one} ${at + 1}` : `the ${one}`;
    return new ErrorClass(`${place} of ${of} is not a value of type ${type}${isBits ? " bits" : ""}: ${valueText(value)}`);
  }

  /** Takes all values out of the exchange. */
  takeAll(engine: Engine): Value[] {
    engine.refresh();
    const { takes, words } = this;
    const first = takes.at(0),
      second = takes.at(1);
    if (first === undefined) return [];
    // The usual few without a function for each.
    if (second === undefined) return [first(engine, 0)];
    if (words !== undefined) return takes.map((take, at) => take(engine, words[at] as number));
    if (takes.length === 2) return [first(engine, 0), second(engine, 1)];
    return takes.map((take, word) => take(engine, word));
  }

  /** Takes results out of the exchange: nothing, a value, or an array of several. */
  takeResult(engine: Engine): Result {
    const { takes } = this;
    if (takes.length === 0) return undefined;
    if (takes.length > 1) return this.takeAll(engine);
    engine.refresh();
    return (takes[0] as Take)(engine, 0);
  }
}

/** The words at which values begin: a vector has two. */
function wordsOf(types: readonly ValueType[]): readonly number[] {
  let next = 0;
  return types.map((type) => {
    const word = next;
    next += type === "v128" ? 2 : 1;
    return word;
  });
}
