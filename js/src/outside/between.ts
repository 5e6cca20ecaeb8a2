/**
 * Modules that stand between guests' code and JavaScript. By them values cross in the exchange, as they do to and from the
 * engine: every type keeps its bits, and JavaScript passes no values.
 */
import {
  CODE,
  END,
  type Entry,
  EXPORTS,
  FUNCTION,
  FUNCTIONS,
  GLOBAL,
  GLOBALS,
  IMPORTS,
  MEMORY,
  TYPES,
  type TypeName,
  body,
  exported,
  functionType,
  imported,
  number,
  signed,
  typeCode,
  wasm,
} from "../base/binary.js";
import { append } from "../base/define.js";

/** The types of a function. */
export interface Types {
  readonly params: readonly TypeName[];
  readonly results: readonly TypeName[];
}

const LOCAL_GET = 0x20,
  LOCAL_SET = 0x21,
  LOCAL_TEE = 0x22,
  GLOBAL_GET = 0x23,
  GLOBAL_SET = 0x24,
  CALL = 0x10,
  I32_CONST = 0x41,
  I32_EQ = 0x46,
  LOOP = 0x03,
  IF = 0x04,
  BR = 0x0c,
  NOTHING = 0x40,
  VECTOR = 0xfd;

/** How values are read from memory, and written: in words of 8 bytes. */
const LOADS: { readonly [type in TypeName]?: Entry } = { i32: [0x28], i64: [0x29], f32: [0x2a], f64: [0x2b], v128: [VECTOR, 0x00] };
const STORES: { readonly [type in TypeName]?: Entry } = { i32: [0x36], i64: [0x37], f32: [0x38], f64: [0x39], v128: [VECTOR, 0x0b] };

/** How many words a value has. */
export const wordsOf = (types: readonly TypeName[]): number => types.reduce((words, type) => words + (type === "v128" ? 2 : 1), 0);

const NO_TYPES: readonly TypeName[] = [];
const FREE: Entry = functionType(NO_TYPES, NO_TYPES);

/** The memory of the exchange, of any size. */
const EXCHANGE: Entry = imported("a", "m", [MEMORY, 0, 0]);
const importedFunction = (name: string, type: number): Entry => imported("a", name, [FUNCTION, ...number(type)]);

/** What JavaScript answers to what is asked: that it is done, that the call ends, or that the code has to wait. */
export const DONE = 0,
  ENDS = 1,
  WAITS = 2;

/** Code that puts locals into the exchange, from a place on. */
function stores(types: readonly TypeName[], place: number, firstLocal = 0): number[] {
  return at(types, place, (type, index, offset) => [
    ...[I32_CONST, 0, LOCAL_GET, ...number(firstLocal + index)],
    ...[...(STORES[type] as Entry), 0, ...number(offset)],
  ]);
}

/** Code that takes values out of the exchange, from a place on. */
function loads(types: readonly TypeName[], place: number): number[] {
  return at(types, place, (type, _, offset) => [I32_CONST, 0, ...(LOADS[type] as Entry), 0, ...number(offset)]);
}

function at(types: readonly TypeName[], place: number, write: (type: TypeName, index: number, offset: number) => number[]): number[] {
  let offset = place;
  return types.flatMap((type, index) => {
    const written = write(type, index, offset);
    offset += type === "v128" ? 16 : 8;
    return written;
  });
}

/** The functions of JavaScript's that `inward` imports, by their places. */
const SERVE = 0,
  SUSPEND = 1,
  RESUMED = 2,
  FUEL = 3,
  GROW = 4,
  ASK = 5;

/**
 * What a guest imports: a function of each of these types, by its ordinal, which puts its arguments into the exchange, asks `serve`,
 * and takes its results from there. And `ask` and `grow`, what the guest asks by its table. Where JavaScript answers that the code has
 * to wait `suspend` is called, and `resumed` with what that gives.
 */
export function inward(types: readonly Types[], place: number): Uint8Array<ArrayBuffer> {
  const wait = (what: number): number[] => [I32_CONST, ...signed(what), CALL, SUSPEND, CALL, RESUMED];
  const served = ({ params, results }: Types, ordinal: number): Entry =>
    body(NO_TYPES, [
      ...stores(params, place),
      ...[I32_CONST, ...signed(ordinal), CALL, SERVE, I32_CONST, WAITS, I32_EQ, IF, NOTHING, ...wait(ordinal), END],
      ...loads(results, place),
    ]);
  const ask = body(
    ["i32"],
    [
      ...[LOOP, NOTHING, LOCAL_GET, 0, CALL, FUEL, LOCAL_TEE, 1, I32_CONST, WAITS, I32_EQ],
      ...[IF, NOTHING, ...wait(-1), BR, 1, END, END, LOCAL_GET, 1],
    ],
  );
  return wasm(
    [
      TYPES,
      [
        functionType(["i32"], ["i32"]),
        functionType(["i32"], NO_TYPES),
        functionType(["i32", "i32", "i32"], ["i32"]),
        ...types.map(({ params, results }) => functionType(params, results)),
      ],
    ],
    [
      IMPORTS,
      [
        ...[importedFunction("serve", 0), importedFunction("suspend", 0), importedFunction("resumed", 1)],
        ...[importedFunction("fuel", 0), importedFunction("grow", 2), EXCHANGE],
      ],
    ],
    [FUNCTIONS, [[0], ...types.map((_, ordinal) => number(3 + ordinal))]],
    [
      EXPORTS,
      [
        exported("ask", FUNCTION, ASK),
        exported("grow", FUNCTION, GROW),
        ...types.map((_, ordinal) => exported(String(ordinal), FUNCTION, ASK + 1 + ordinal)),
      ],
    ],
    [CODE, [ask, ...types.map(served)]],
  );
}

/**
 * What calls a guest's functions of these types, which are imported by their ordinals: it takes the arguments out of the exchange, puts the
 * results there, and calls `finished`.
 */
export function outward(types: readonly Types[], place: number): Uint8Array<ArrayBuffer> {
  const first = types.length;
  return wasm(
    [TYPES, [FREE, ...types.map(({ params, results }) => functionType(params, results))]],
    [IMPORTS, [...types.map((_, ordinal) => importedFunction(String(ordinal), 1 + ordinal)), importedFunction("finished", 0), EXCHANGE]],
    [FUNCTIONS, types.map(() => [0])],
    [EXPORTS, types.map((_, ordinal) => exported(String(ordinal), FUNCTION, first + 1 + ordinal))],
    [
      CODE,
      types.map(({ params, results }, ordinal) =>
        body(results, [
          ...loads(params, place),
          ...[CALL, ...number(ordinal)],
          ...results.flatMap((_, result) => [LOCAL_SET, ...number(results.length - 1 - result)]),
          ...stores(results, place),
          ...[CALL, ...number(first)],
        ]),
      ),
    ],
  );
}

/** What reads the bits of a global in one or two halves of 64 bits, and sets them where it is mutable. */
export interface GlobalBits {
  readonly low: () => bigint;
  readonly high?: () => bigint;
  readonly set?: (low: bigint, high: bigint) => void;
}

const FROM: { readonly [type in TypeName]?: Entry } = { i32: [0xad], f32: [0xbc, 0xad], f64: [0xbd], i64: [], v128: [VECTOR, 0x1d, 0] };
const INTO: { readonly [type in TypeName]?: Entry } = {
  ...{ i32: [0xa7], f32: [0xa7, 0xbe], f64: [0xbf], i64: [] },
  // A vector of twice the low half, with the high one put in.
  v128: [VECTOR, 0x12, LOCAL_GET, 1, VECTOR, 0x1e, 1],
};

/** The bits of a global. */
export function bitsOf(global: WebAssembly.Global, type: TypeName, mutable: boolean): GlobalBits {
  const halves: Entry[] = [body(NO_TYPES, [GLOBAL_GET, 0, ...(FROM[type] as Entry)])];
  const names = ["low"];
  if (type === "v128") {
    append(halves, body(NO_TYPES, [GLOBAL_GET, 0, VECTOR, 0x1d, 1]));
    append(names, "high");
  }
  const set = mutable ? [body(NO_TYPES, [LOCAL_GET, 0, ...(INTO[type] as Entry), GLOBAL_SET, 0])] : [];
  const all = mutable ? [...names, "set"] : names;
  const bytes = wasm(
    [TYPES, [functionType(NO_TYPES, ["i64"]), functionType(["i64", "i64"], NO_TYPES)]],
    [IMPORTS, [imported("a", "g", [GLOBAL, typeCode(type), mutable ? 1 : 0])]],
    [FUNCTIONS, [...names.map(() => [0]), ...set.map(() => [1])]],
    [EXPORTS, all.map((name, index) => exported(name, FUNCTION, index))],
    [CODE, [...halves, ...set]],
  );
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), { a: { g: global } }).exports as unknown as GlobalBits;
}

/** How constants are written, from their bytes. */
const CONSTANTS: { readonly [type in TypeName]?: readonly [bytes: number, code: Entry] } = {
  ...{ f32: [4, [0x43]], f64: [8, [0x44]] },
  v128: [16, [VECTOR, 0x0c]],
};

/** A global of a type and these bits. */
export function globalOf(type: TypeName, mutable: boolean, low: bigint, high: bigint): WebAssembly.Global {
  // What it has by a prototype the host would take as well.
  const descriptor = { __proto__: null, value: type, mutable } as unknown as WebAssembly.GlobalDescriptor;
  if (type === "i32") return new WebAssembly.Global(descriptor, Number(BigInt.asIntN(32, low)));
  if (type === "i64") return new WebAssembly.Global(descriptor, BigInt.asIntN(64, low));
  const constant = CONSTANTS[type] as readonly [bytes: number, code: Entry];
  const bits = new DataView(new ArrayBuffer(16));
  bits.setBigUint64(0, low, true);
  bits.setBigUint64(8, high, true);
  const bytes = wasm(
    [GLOBALS, [[typeCode(type), mutable ? 1 : 0, ...constant[1], ...new Uint8Array(bits.buffer, 0, constant[0]), END]]],
    [EXPORTS, [exported("g", GLOBAL, 0)]],
  );
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.g as WebAssembly.Global;
}
