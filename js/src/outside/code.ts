/** Modules that the host has compiled, and their instances. */
import { CompileError } from "../base/errors.js";
import { printable } from "../base/frames.js";
import type { ValueType } from "../host/value.js";
import { type Types, inward, outward, wordsOf } from "./between.js";

/** What the core says of a module: the names of what it exports for the host, what it imports, and what it exports. */
type Facts = readonly [
  start: string | null,
  memories: readonly string[],
  tables: readonly string[],
  accounts: readonly [fuel: string, stack: string, ended: string, note: string, asked: string],
  imports: readonly (readonly [module: string, name: string, ...type: Written])[],
  exports: readonly (readonly [name: string, ...type: Written])[],
];

/** A type: of a function the parameters and results, of a global that of its value, of a table that of its elements. */
type Written = readonly [kind: "function" | "global" | "memory" | "table", first: unknown, second: unknown, ...more: unknown[]];

/** Where an import is from, and what it is. */
interface Import {
  readonly module: string;
  readonly name: string;
  readonly kind: Written[0];
  /** Of a function. */
  readonly types: Types;
}

/** A function that is exported, with its types. */
interface Exported extends Types {
  readonly name: string;
}

/** What this engine does not have yet: what a module asks for of it, in words. */
export class Lacking extends Error {}

/** A module that the host has compiled. */
export class Code {
  readonly memories: readonly string[];
  readonly tables: readonly string[];
  readonly accounts: Facts[3];
  readonly imports: readonly Import[];
  readonly functions: readonly Exported[];
  /** The words of the parameters and results of imported functions, by their ordinals. */
  readonly words: readonly Words[];
  readonly module: WebAssembly.Module;
  /** What stands before the imports, and before the exports. */
  readonly inward: WebAssembly.Module;
  readonly outward: WebAssembly.Module;

  /** Compiles a module whose values cross at a place of the exchange; one that exports tables, which nobody can use, only if that may be. */
  constructor(bytes: Uint8Array<ArrayBuffer>, facts: string, place: number, mayExportTables: boolean) {
    const all = JSON.parse(facts) as Facts;
    this.memories = all[1];
    this.tables = all[2];
    this.accounts = all[3];
    this.imports = all[4].map((one) => ({ module: one[0], name: one[1], kind: one[2], types: typesOf(one, 3) }));
    const exports = all[5].map((one) => ({ name: one[0], kind: one[1], types: typesOf(one, 2) }));
    const lacks =
      this.imports.map((one) => lacking("imports", one, false)).find(Boolean) ??
      exports.map((one) => lacking("exports", one, mayExportTables)).find(Boolean) ??
      twice(this.imports);
    if (lacks !== undefined) throw new Lacking(lacks);
    const functions = exports.filter(({ kind }) => kind === "function").map(({ name, types }) => ({ name, ...types }));
    const start = all[0];
    this.functions = start === null ? functions : [...functions, { name: start, params: [], results: [] }];
    const asked = this.imports.filter(({ kind }) => kind === "function").map(({ types }) => types);
    this.words = asked.map(wordsOfTypes);
    this.module = new WebAssembly.Module(bytes);
    this.inward = new WebAssembly.Module(inward(asked, place));
    this.outward = new WebAssembly.Module(outward(this.functions, place));
  }
}

/** The types of a function that are written from a place on; of anything else they are nothing. */
const typesOf = (written: readonly unknown[], place: number): Types => ({
  params: written[place] as readonly ValueType[],
  results: written[place + 1] as readonly ValueType[],
});

/** How many words of the exchange values have. */
export interface Words {
  readonly params: number;
  readonly results: number;
}

export const wordsOfTypes = ({ params, results }: Types): Words => ({ params: wordsOf(params), results: wordsOf(results) });

const refers = (type: unknown): boolean => type === "funcref" || type === "externref";

/** What of an import or export the engine does not have, in words. */
function lacking(does: "imports" | "exports", { kind, types }: Pick<Import, "kind" | "types">, mayHaveTables: boolean): string | undefined {
  if (kind === "table") return mayHaveTables ? undefined : `${does} a table`;
  if (kind === "global" && refers(types.params)) return `${does} a global of a reference`;
  const all = kind === "function" ? [...types.params, ...types.results] : [];
  return all.some(refers) ? `${does} a function with references` : undefined;
}

/** What is imported twice by the same name: the host takes one value for both. */
function twice(imports: readonly Import[]): string | undefined {
  const known = new Set<string>();
  const again = imports.find(({ module, name }) => {
    const before = known.size;
    return known.add(`${module.length} ${module}${name}`).size === before;
  });
  return again && `imports \`${printable(again.module)}\` \`${printable(again.name)}\` twice`;
}

/** The error for what a module lacks, or what is asked of it. */
export const lackingError = (what: string): CompileError =>
  new CompileError(
    "engine",
    `${what}, which the engine "host" does not have yet; load the sandbox with \`engine: "interpreter"\`, or "auto"`,
  );
