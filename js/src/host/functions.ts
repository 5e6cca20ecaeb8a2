/** Functions of guests as JavaScript has them, and how the engine knows them. */
import type { Engine } from "./engine.js";
import type { Value } from "./values.js";

/** A function of a guest. */
export type GuestFunction = (...args: Value[]) => Value | Value[] | undefined;

/** Keeps a guest until that ends. */
export interface Lease {
  guest: object | undefined;
}

/** Where a function is from. */
export interface FunctionSource {
  readonly engine: Engine;
  /** Its handle, to be put into a table, and what keeps its guest; throws where that is not there any more. */
  readonly place: (table: never) => { readonly handle: number; readonly lease: Lease };
}

const sources = new WeakMap<object, FunctionSource>();

/** Notes where a function is from. */
export function noteFunction(function_: GuestFunction, source: FunctionSource): void {
  sources.set(function_, source);
}

/** Where a function is from; `undefined` of one that is no guest's. */
export const sourceOf = (function_: GuestFunction): FunctionSource | undefined => sources.get(function_);
