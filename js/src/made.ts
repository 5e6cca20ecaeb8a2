/** Functions that JavaScript makes for tables. */
import { EXPORTS, FUNCTION, IMPORTS, TYPES, exported, functionType, imported, wasm } from "./base/binary.js";
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
const moduleOf = (parameters: readonly ValueType[], results: readonly ValueType[]): Uint8Array<ArrayBuffer> =>
  wasm(
    [TYPES, [functionType(parameters, results)]],
    [IMPORTS, [imported("table", "table", [1, 0x70, 0, 0]), imported("host", "function", [FUNCTION, 0])]],
    [EXPORTS, [exported("function", FUNCTION, 0)]],
  );
