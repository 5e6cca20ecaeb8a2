/**
 * The types of what guests export and import: as a program names them, `module.instantiate<Exports, Imports>()`, and where it names
 * nothing. What is named is the program's word: nobody compares it with the module, but each call is checked against that.
 */
import type { Global } from "./global.js";
import type { GuestFunction, Result, Value } from "./host/value.js";
import type { Memory } from "./memory.js";
import type { Table, TableElement } from "./table.js";

/** What a guest exports: which of these the module's `exports` say. */
export type ExportValue = Global | GuestFunction | Memory | Table<TableElement>;

/** The exports of a guest, by name, where nobody has named them: functions, memories, tables, and globals with a `value`. */
export interface Exports {
  /** An export. */
  readonly [name: string]: ExportValue;
}

/**
 * A function that serves an import. It may be `async` if the guest is called with `call`. The guest decides what it is given, which
 * is checked to be of the types that the module has; a parameter that is not annotated is any `Value`.
 */
export type ImportTarget = {
  /** A method, so that parameters may be of some of the values only. */
  serve(...args: Value[]): unknown;
}["serve"];

/** What serves an import: of a constant global also a value of its type, as `floats` has it. */
export type Importable = Global | ImportTarget | Memory | Table<TableElement> | Value;

/** The functions, memories, globals and tables of one module name. */
export type ImportModule =
  | { readonly [name: string]: Importable }
  | ReadonlyMap<string, Importable>
  // An instance of a class.
  | object;

/** What a guest's imports are resolved with: by module name, then by field name. */
export type Imports = { readonly [module: string]: ImportModule } | ReadonlyMap<string, ImportModule> | object;

/** Any function. */
type AnyFunction = (...args: never[]) => unknown;

/**
 * Whether a guest can be relied on to give a value of a type: a number, a BigInt, a function or null. Of an `externref` it decides
 * itself which value it gives, so that its type is `unknown`, or `Value`, until it was looked at.
 */
// eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- what returns nothing is declared so
type IsGiven<T> = [T] extends [AnyFunction | bigint | number | null | undefined | void] ? true : Value extends T ? true : false;

/** Whether results of a type can be those of a guest's function: one, several or none. */
type IsResult<R> = IsGiven<R> extends true ? true : [R] extends [readonly (infer T)[]] ? IsGiven<T> : false;

/** `T`, or why it is not possible. */
type Possible<T, Is, Why> = Is extends true ? T : Why;

/** An export, if it is possible. */
type ExportOf<T> = T extends AnyFunction
  ? Possible<T, IsResult<ReturnType<T>>, "a guest returns numbers and BigInts; what else it may return is `unknown`">
  : T extends Global | Memory | Table<TableElement> | undefined
    ? T
    : "a guest exports functions, memories, tables and globals";

/** What serves an import, if that is possible. */
type ImportOf<T> = T extends AnyFunction
  ? Possible<T, IsGiven<Parameters<T>[number]>, "a guest gives numbers and BigInts; what else it may give is `unknown`">
  : T;

/** What serves the imports of one module name, if that is possible. */
type ModuleOf<M> = M extends AnyFunction | Exclude<Value, object | undefined>
  ? "imports are in modules, `{ env: { log } }`"
  : M extends ReadonlyMap<string, infer T>
    ? ReadonlyMap<string, ImportOf<T>>
    : { readonly [N in keyof M]: ImportOf<M[N]> };

/** What exports can be named as: `E` itself, where a guest can have such. An interface will do. */
export type ExportsOf<E> = { readonly [N in keyof E]: ExportOf<E[N]> };

/** What imports can be named as: `I` itself, where a guest can have such. An interface will do, and so will `WebAssembly.Imports`. */
export type ImportsOf<I> = { readonly [N in keyof I]: I extends ReadonlyMap<string, ImportModule> ? I[N] : ModuleOf<I[N]> };

/** The names of the functions among exports. */
export type FunctionName<E> = { [N in keyof E]-?: Extract<E[N], AnyFunction> extends never ? never : N }[keyof E] & string;

/** What a call takes besides the name of a function: arguments, which may be left out if there are none, and options. */
export type CallArguments<F, Options> = F extends (...args: infer Args) => unknown
  ? [] extends Args
    ? [args?: Readonly<Args> | undefined, options?: Options | undefined]
    : [args: Readonly<Args>, options?: Options | undefined]
  : never;

/** The results of a function; of one that is anything, whatever results are. */
export type ResultOf<F> = unknown extends F ? Result : F extends (...args: never[]) => infer R ? R : never;

/** `T`, which is not inferred from what is given. */
type Told<T> = [T][T extends unknown ? 0 : never];

/** What `instantiate` takes: imports, which may be left out if there need be none, and options. */
export type InstantiateArguments<I, Options> = object extends I
  ? [imports?: Told<I> | undefined, options?: Options | undefined]
  : [imports: Told<I>, options?: Options | undefined];
