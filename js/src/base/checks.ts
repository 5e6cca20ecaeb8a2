/** Checks of what JavaScript gives, before the engine sees it: nothing is rounded, wrapped or replaced. */

import type { Signal } from "./web.js";

/** A whole number that 32 bits hold. */
export function checkU32(name: string, value: number): number {
  if (typeof value !== "number") throw new TypeError(`${name} is not a number`);
  if (value >>> 0 !== value) throw new RangeError(`${name} is not a whole number from 0 to 2^32 - 1: ${value}`);
  return value;
}

/**
 * A place in a memory or a number of bytes: a whole number, also as a guest's `i32` has it, which is negative
 * from 2^31 on. What 32 bits do not hold is in no memory, and an error as such.
 */
export function checkPlace(name: string, value: number): number {
  if (typeof value === "number" && (value | 0) === value) return value >>> 0;
  return Number.isSafeInteger(value) && value >= 0 ? value : checkU32(name, value);
}

/** A switch; off if it is not given. */
export function checkBoolean(name: string, value: boolean | undefined): boolean {
  if (value !== undefined && typeof value !== "boolean") throw new TypeError(`${name} is not a boolean`);
  return value === true;
}

/** An amount of fuel: a BigInt that 64 bits hold, or a number where that is exact. */
export function checkFuel(name: string, value: bigint | number): bigint {
  if (typeof value !== "bigint" && typeof value !== "number") throw new TypeError(`${name} is neither a BigInt nor a number`);
  const isFuel = typeof value === "bigint" ? value >= 0n && value < 1n << 64n : Number.isSafeInteger(value) && value >= 0;
  if (typeof value === "number" && value > Number.MAX_SAFE_INTEGER && value < 2 ** 64) {
    throw new RangeError(`${name} is a number from 2^53 on, which may not be the one that was meant; give a BigInt: ${BigInt(value)}n`);
  }
  if (!isFuel) throw new RangeError(`${name} is not a whole number from 0 to 2^64 - 1: ${value}`);
  return BigInt(value);
}

/** A signal, also one of another realm. */
export function checkSignal(signal: Signal | undefined): Signal | undefined {
  if (signal === undefined) return undefined;
  const given: Partial<Signal> | null = signal;
  if (typeof given?.throwIfAborted !== "function" || typeof given.addEventListener !== "function") {
    throw new TypeError("signal is no AbortSignal; give an AbortController's `signal`, or `AbortSignal.timeout(milliseconds)`");
  }
  return signal;
}

/** A time in milliseconds, which may be infinite. */
export function checkTime(name: string, time: number | undefined): void {
  if (time === undefined) return;
  if (typeof time !== "number") throw new TypeError(`${name} is not a number`);
  if (Number.isNaN(time)) throw new RangeError(`${name} is NaN`);
}

/** Bytes, as a buffer or a view of one. */
export type Bytes = ArrayBufferLike | ArrayBufferView;

/** A getter of a built-in class: it reads the thing itself, whatever properties somebody gave it. */
function getter(prototype: object, name: PropertyKey): (thing: object) => unknown {
  const { get } = Object.getOwnPropertyDescriptor(prototype, name) as { readonly get: () => unknown };
  return (thing) => get.call(thing);
}

const reader = (prototype: object) => ({
  buffer: getter(prototype, "buffer"),
  offset: getter(prototype, "byteOffset"),
  length: getter(prototype, "byteLength"),
});
const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const readTypedArray = reader(typedArray);
const readDataView = reader(DataView.prototype);
const typedArrayName = getter(typedArray, Symbol.toStringTag);
const bufferLengths = [ArrayBuffer, globalThis.SharedArrayBuffer]
  .filter((Class) => Class !== undefined)
  .map((Class) => getter(Class.prototype, "byteLength"));

/**
 * The bytes of a buffer or of a view of one, in place. The view is a new one that has only its own
 * properties. A detached buffer is a TypeError.
 */
export function bytesOf(name: string, source: Bytes): Uint8Array {
  if (ArrayBuffer.isView(source)) {
    const { buffer, offset, length } = typedArrayName(source) === undefined ? readDataView : readTypedArray;
    return new Uint8Array(buffer(source) as ArrayBufferLike, offset(source) as number, length(source) as number);
  }
  // Not by `instanceof`, so that a buffer of another realm is one too, and nothing else is.
  for (const length of bufferLengths) {
    try {
      length(source);
    } catch {
      continue;
    }
    return new Uint8Array(source);
  }
  throw new TypeError(`${name} are neither a buffer nor a view of one${insteadOfBytes(source)}`);
}

/** What to do with what was given where bytes are wanted, where that can be told. */
function insteadOfBytes(source: unknown): string {
  if (isThenable(source)) return "; they are a promise: await it first";
  if (typeof source === "string") return "; they are a string: compile text to bytes first, or fetch them from where it leads";
  switch (Object.prototype.toString.call(source)) {
    case "[object WebAssembly.Module]":
      return "; a WebAssembly.Module is compiled for the runtime's own engine: give the bytes that it was made from";
    case "[object WebAssembly.Memory]":
      return "; they are a WebAssembly.Memory: give a part of its `buffer`, such as `new Uint8Array(memory.buffer, offset, length)`";
    case "[object Response]":
      return "; they are a Response: give it to `compileStreaming`";
    default:
      return "";
  }
}

const encoder = new TextEncoder();

/** Text as UTF-8. A lone surrogate has none: as the replacement it would become, two names might be one. */
export function encodeText(text: string): Uint8Array {
  if (typeof text !== "string") throw new TypeError("the text is not a string");
  // What is left of a well-formed string without its pairs of surrogates has none.
  const isIllFormed = /[\uD800-\uDFFF]/.test(text.replace(/[\uD800-\uDBFF][\uDC00-\uDFFF]/g, ""));
  if (isIllFormed) throw new TypeError("the text has a lone surrogate");
  return encoder.encode(text);
}

/** Whether something is an object or a function, so that it has properties. */
export const isObject = (value: unknown): value is object => (typeof value === "object" && value !== null) || typeof value === "function";

/** Whether something is to be awaited. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return isObject(value) && "then" in value && typeof value.then === "function";
}
