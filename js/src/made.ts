/** Functions that JavaScript makes for tables. */
import { append } from "./base/define.js";
import { isMarked } from "./base/copies.js";
import { InvokeError, TableError } from "./base/errors.js";
import { known, optionsOf } from "./base/options.js";
import type { Engine } from "./host/engine.js";
import { type Lease, noteFunction } from "./host/functions.js";
import type { GuestFunction, ValueType } from "./host/value.js";
import { isType } from "./host/values.js";
import type { FunctionType, Table } from "./table.js";
import type { ImportTarget } from "./signatures.js";
import type { Guest } from "./guest.js";
import type { Module } from "./module.js";

const FUNCTION_TYPE = known<FunctionType>({ parameters: true, results: true });

/** As in a module. */
const CODES: { readonly [type in ValueType]: number } = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
  funcref: 0x70,
  externref: 0x6f,
};

/**
 * A function that tables take. In a table it is an export of a guest of its own that imports the table and it, so that it
 * is one of those that share the table.
 */
export function makeFunction(
  engine: Engine,
  compile: (bytes: Uint8Array<ArrayBuffer>) => Module,
  given: FunctionType,
  target: ImportTarget,
): GuestFunction {
  const { parameters, results } = optionsOf(given, FUNCTION_TYPE);
  if (typeof target !== "function") throw new TypeError("the function to be called is no function");
  const bytes = moduleOf(typesOf("parameters", parameters), typesOf("results", results));
  const guests = new WeakMap<Table, Guest>();
  let first: Guest | undefined;
  const made: GuestFunction = (...args) => {
    const exported = first?.exports.function as GuestFunction | undefined;
    if (exported !== undefined) return exported(...args);
    if (isMarked(target, "call")) throw new InvokeError("not-started", "a function with a context can be called once it is in a table");
    return target(...args) as ReturnType<GuestFunction>;
  };
  const guestFor = (table: Table): Guest => {
    let guest = guests.get(table);
    if (guest === undefined) {
      const module = compile(bytes);
      guest = module.make({ table: { table }, host: { function: target } });
      module.dispose();
      guests.set(table, guest);
      first ??= guest;
    }
    return guest;
  };
  const handle = (table?: Table): number => {
    const guest = table === undefined ? first : guestFor(table);
    if (guest === undefined)
      throw new InvokeError("not-started", "a function of `sandbox.function` is given to guests by a table; put it into one first");
    return guest.handleAs("function", made);
  };
  const lease = (table?: Table): Lease | undefined => (table === undefined ? first : guests.get(table))?.lease;
  noteFunction(made, { engine, handle, lease });
  return made;
}

function typesOf(name: string, types: unknown): readonly ValueType[] {
  const all = Array.isArray(types) ? ([...(types as unknown[])] as ValueType[]) : undefined;
  if (all?.every(isType) !== true) throw new TypeError(`${name} is no array of types such as "i32" and "externref"`);
  if (all.length > LONGEST) throw new TableError("type", `a function has at most ${LONGEST} ${name}`);
  return all;
}

/** The most parameters, and results, that a function has in the specification's JavaScript API. */
const LONGEST = 1_000;

/** A module that imports a table and a function, and exports that. */
function moduleOf(parameters: readonly ValueType[], results: readonly ValueType[]): Uint8Array<ArrayBuffer> {
  const list = (types: readonly ValueType[]): number[] => [...number(types.length), ...types.map((type) => CODES[type])];
  const name = (text: string): number[] => [text.length, ...new TextEncoder().encode(text)];
  const section = (id: number, contents: number[]): number[] => [id, ...number(contents.length), ...contents];
  const types = [1, 0x60, ...list(parameters), ...list(results)];
  const table = [...name("table"), ...name("table"), 1, 0x70, 0, 0];
  const imports = [2, ...table, ...name("host"), ...name("function"), 0, 0];
  const exports = [1, ...name("function"), 0, 0];
  return Uint8Array.from([...HEADER, ...section(1, types), ...section(2, imports), ...section(7, exports)]);
}

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** A number as modules have it. */
function number(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    const more = rest > 0x7f;
    append(bytes, (rest & 0x7f) | (more ? 0x80 : 0));
    if (!more) return bytes;
  }
}
