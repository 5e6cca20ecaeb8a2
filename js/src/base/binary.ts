/** WebAssembly modules, put together byte by byte. */
import { append } from "./define.js";

/** Sections. */
export const TYPES = 1,
  IMPORTS = 2,
  FUNCTIONS = 3,
  TABLES = 4,
  MEMORIES = 5,
  GLOBALS = 6,
  EXPORTS = 7,
  CODE = 10;

/** Kinds of what is imported or exported. */
export const FUNCTION = 0,
  MEMORY = 2,
  GLOBAL = 3;

/** Ends a block, and a function. */
export const END = 0x0b;

/** The types of values, as modules have them. */
const CODES = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b, funcref: 0x70, externref: 0x6f } as const;

/** The name of a type. */
export type TypeName = keyof typeof CODES;

/** An entry of a section. */
export type Entry = readonly number[];

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** A module of sections, in their order. */
export function wasm(...sections: readonly (readonly [id: number, entries: readonly Entry[]])[]): Uint8Array<ArrayBuffer> {
  const written = sections.map((section) => {
    const contents = counted(section[1]);
    return [section[0], ...number(contents.length), ...contents];
  });
  return Uint8Array.from([HEADER, ...written].flat());
}

/** An unsigned number of up to 32 bits. */
export function number(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    const more = rest > 0x7f;
    append(bytes, (rest & 0x7f) | (more ? 0x80 : 0));
    if (!more) return bytes;
  }
}

/** A signed number of up to 32 bits. */
export function signed(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7) {
    const isLast = (rest >> 6 === 0 && (rest & 0x40) === 0) || (rest >> 6 === -1 && (rest & 0x40) !== 0);
    append(bytes, (rest & 0x7f) | (isLast ? 0 : 0x80));
    if (isLast) return bytes;
  }
}

/** The code of a type. */
export const typeCode = (type: TypeName): number => CODES[type];

/** A type of functions. */
export const functionType = (parameters: readonly TypeName[], results: readonly TypeName[]): Entry => [
  0x60,
  ...counted(parameters.map((type) => [CODES[type]])),
  ...counted(results.map((type) => [CODES[type]])),
];

/** Something imported, by what it is. */
export const imported = (module: string, name: string, what: Entry): Entry => [...text(module), ...text(name), ...what];

/** Something exported, by its kind and index. */
export const exported = (name: string, kind: number, index: number): Entry => [...text(name), kind, ...number(index)];

/** A function, by the types of its locals and its code. */
export function body(locals: readonly TypeName[], code: readonly number[]): Entry {
  const contents = [...counted(locals.map((type) => [1, CODES[type]])), ...code, END];
  return [...number(contents.length), ...contents];
}

const counted = (entries: readonly Entry[]): number[] => [number(entries.length), ...entries].flat();

function text(name: string): number[] {
  const bytes = new TextEncoder().encode(name);
  return [...number(bytes.length), ...bytes];
}
