/** The wire: SCALE bytes of the Substrate sandbox ABI, encoded and decoded. */

import { checkU32, encodeText } from "../base/checks.js";

/** A memory without a maximum. */
export const MEM_UNLIMITED = 0xffff_ffff;

/** A value on the wire. Floats are their raw bits. */
export type WireValue =
  | {
      /** An integer of 32 bits. */
      readonly type: "i32";
      /** From -2^31 to 2^32 - 1. */
      readonly value: number;
    }
  | {
      /** An integer of 64 bits. */
      readonly type: "i64";
      /** From -2^63 to 2^64 - 1. */
      readonly value: bigint;
    }
  | {
      /** A float of 32 bits. */
      readonly type: "f32";
      /** From 0 to 2^32 - 1. */
      readonly bits: number;
    }
  | {
      /** A float of 64 bits. */
      readonly type: "f64";
      /** From 0 to 2^64 - 1. */
      readonly bits: bigint;
    };

/** An entry of an environment definition. */
export interface WireEntry {
  /** The module that it is imported from. */
  readonly module: string;
  /** Its name there. */
  readonly name: string;
  /** What it is. */
  readonly entity:
    | {
        /** The number that the thunk is told of the function. */
        readonly function: number;
      }
    | {
        /** The number of the memory. */
        readonly memory: number;
      };
}

/** Encodes the arguments of a call: a SCALE `Vec<Value>`. */
export function encodeArguments(values: readonly WireValue[]): Uint8Array {
  return concat([compact(values.length), ...values.map(encodeValue)]);
}

/** Decodes the arguments of a call. */
export function decodeArguments(bytes: Uint8Array): WireValue[] {
  const reader = new Reader(bytes);
  return Array.from({ length: reader.compact() }, () => reader.value());
}

/** Encodes what a dispatch thunk returns: a `Result<ReturnValue, HostError>`. */
export function encodeResult(result: WireValue | undefined | "host-error"): Uint8Array {
  if (result === "host-error") return Uint8Array.of(1);
  return result === undefined ? Uint8Array.of(0, 0) : concat([Uint8Array.of(0, 1), encodeValue(result)]);
}

/** Decodes a `ReturnValue`. */
export function decodeReturnValue(bytes: Uint8Array): WireValue | undefined {
  return new Reader(bytes).option();
}

/** Decodes an `Option<Value>`, whose bytes are those of a `ReturnValue`. */
export const decodeOption = decodeReturnValue;

/** Encodes an environment definition. */
export function encodeEnvironment(entries: readonly WireEntry[]): Uint8Array {
  const parts = entries.flatMap(({ module, name, entity }) => {
    const number = new DataView(new ArrayBuffer(5));
    number.setUint8(0, "function" in entity ? 1 : 2);
    number.setUint32(1, checkU32("number", "function" in entity ? entity.function : entity.memory), true);
    return [sized(encodeText(module)), sized(encodeText(name)), new Uint8Array(number.buffer)];
  });
  return concat([compact(entries.length), ...parts]);
}

/** Encodes a value. */
export function encodeValue(value: WireValue): Uint8Array {
  const view = new DataView(new ArrayBuffer(9));
  switch (value.type) {
    case "i32":
      checkWhole(value, value.value, -0x8000_0000, 0xffff_ffff);
      view.setInt32(1, value.value, true);
      return new Uint8Array(view.buffer, 0, 5);
    case "i64":
      view.setUint8(0, 1);
      checkWhole(value, value.value, -0x8000_0000_0000_0000n, 0xffff_ffff_ffff_ffffn);
      view.setBigInt64(1, value.value, true);
      break;
    case "f32":
      view.setUint8(0, 2);
      checkWhole(value, value.bits, 0, 0xffff_ffff);
      view.setUint32(1, value.bits, true);
      return new Uint8Array(view.buffer, 0, 5);
    case "f64":
      view.setUint8(0, 3);
      checkWhole(value, value.bits, 0n, 0xffff_ffff_ffff_ffffn);
      view.setBigUint64(1, value.bits, true);
      break;
    default:
      throw new TypeError("a value has a type of i32, i64, f32 or f64");
  }
  return new Uint8Array(view.buffer);
}

/** Refuses what is no whole number from `least` to `most`, all of one JavaScript type. */
function checkWhole<T extends number | bigint>({ type }: WireValue, value: T, least: T, most: T): void {
  if (typeof value !== typeof least) throw new TypeError(`not a value of type ${type}: a ${typeof value}`);
  const isWhole = typeof value === "bigint" || Number.isInteger(value);
  if (!isWhole || value < least || value > most) throw new RangeError(`not a value of type ${type}: ${value}`);
}

function sized(bytes: Uint8Array): Uint8Array {
  return concat([compact(bytes.length), bytes]);
}

/** A compact number below 2^30, in its shortest form. */
function compact(value: number): Uint8Array {
  if (value < 1 << 6) return Uint8Array.of(value << 2);
  if (value < 1 << 14) return Uint8Array.of(((value << 2) | 1) & 0xff, value >> 6);
  if (value >= 1 << 30) throw new RangeError(`too long: ${value}`);
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, value * 4 + 2, true);
  return new Uint8Array(view.buffer);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

class Reader {
  private readonly view: DataView;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  compact(): number {
    const mode = this.view.getUint8(this.at) & 3;
    const start = this.at;
    this.at += [1, 2, 4, 0][mode] ?? 0;
    if (mode === 0) return this.view.getUint8(start) >>> 2;
    if (mode === 1) return this.view.getUint16(start, true) >>> 2;
    if (mode === 2) return this.view.getUint32(start, true) >>> 2;
    throw new RangeError("a length above 2^30");
  }

  option(): WireValue | undefined {
    const index = this.view.getUint8(this.at++);
    if (index > 1) throw new RangeError(`no option: ${index}`);
    return index === 0 ? undefined : this.value();
  }

  value(): WireValue {
    const index = this.view.getUint8(this.at);
    const at = this.at + 1;
    this.at = at + (index === 1 || index === 3 ? 8 : 4);
    switch (index) {
      case 0:
        return { type: "i32", value: this.view.getInt32(at, true) };
      case 1:
        return { type: "i64", value: this.view.getBigInt64(at, true) };
      case 2:
        return { type: "f32", bits: this.view.getUint32(at, true) };
      case 3:
        return { type: "f64", bits: this.view.getBigUint64(at, true) };
      default:
        throw new RangeError(`no value of index ${index}`);
    }
  }
}
