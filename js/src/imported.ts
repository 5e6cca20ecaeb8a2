/** What guests import: what is given for it by names, and what the engine gets of that. */
import { OF_ANOTHER_COPY, isMarked } from "./base/copies.js";
import { append } from "./base/define.js";
import { InstantiateError } from "./base/errors.js";
import { checkImports, lookUp } from "./base/lookup.js";
import { Protocol } from "./base/tables.js";
import { printable } from "./base/frames.js";
import { Global } from "./global.js";
import type { Engine } from "./host/engine.js";
import type { FloatMode, ValueType } from "./host/value.js";
import { ValueList, valueText } from "./host/values.js";
import { Memory } from "./memory.js";
import { Table, type TableElement } from "./table.js";
import type { Imports } from "./signatures.js";
import type { ExternType, ImportDescriptor } from "./types.js";
import { hostFunction } from "./calls/imports.js";
import type { HostFunction } from "./calls/served.js";
import type { System } from "./calls/system.js";

/** A constant that is given as a value. */
interface Constant {
  readonly type: ValueType;
  /** How it is put into the exchange. */
  readonly list: ValueList;
  readonly value: unknown;
}

/** What is imported and no function. */
export type Thing = Constant | Global | Memory | Table<TableElement>;

/** What is given for a module's imports, of each kind in the module's order. */
export interface Imported {
  readonly functions: readonly HostFunction[];
  readonly things: readonly Thing[];
}

/** Uses the handles of what is imported. The engine copies constants, so that those of values are dropped right after. */
export function withHandles<T>(engine: Engine, things: readonly Thing[], use: (handles: Uint32Array) => T): T {
  const handles = new Uint32Array(things.length);
  const made: number[] = [];
  try {
    for (let at = 0; at < things.length; at++) {
      const thing = things[at] as Thing;
      if (thing instanceof Memory || thing instanceof Global || thing instanceof Table) {
        handles[at] = thing.handleIn(engine);
      } else {
        thing.list.putAll(engine, [thing.value]);
        const handle = (handles[at] = engine.use((host) => host.new_global(thing.type, false)));
        append(made, handle);
      }
    }
    return use(handles);
  } finally {
    // Where the engine aborted they have gone with it.
    for (let at = 0; at < made.length && engine.isLive; at++) engine.proceed((host) => host.drop_global(made[at] as number));
  }
}

/** The WASI system that functions are of, if some are. */
export const systemOf = (functions: readonly HostFunction[]): System | undefined => functions.find(({ of }) => of)?.of?.system;

const NONE = new Uint32Array();

/** Which functions are a WASI system's, as the engine takes it. */
export function systemNumbers(functions: readonly HostFunction[]): Uint32Array {
  const system = systemOf(functions);
  if (system === undefined) return NONE;
  const numbers = new Uint32Array(functions.length + 1);
  numbers[0] = system.handle();
  for (let at = 0; at < functions.length; at++) numbers[at + 1] = functions[at]?.of?.number ?? Protocol.NO_CALL;
  return numbers;
}

/** What is given for imports, in their order. What does not fit is named all at once. */
export function resolve(engine: Engine, imports: Imports, descriptors: readonly ImportDescriptor[], floats: FloatMode): Imported {
  checkImports(imports);
  const functions: HostFunction[] = [];
  const things: Thing[] = [];
  const problems: string[] = [];
  for (let at = 0; at < descriptors.length; at++) {
    const descriptor = descriptors[at] as ImportDescriptor;
    const target = lookUp(imports, descriptor);
    const thing = thingOf(engine, descriptor, target, floats);
    if (thing !== undefined) append(things, thing);
    else if (descriptor.kind === "function" && typeof target === "function") {
      const function_ = hostFunction(descriptor, target, floats);
      const system = function_.of?.system;
      if (system !== undefined && system !== (systemOf(functions) ?? system)) append(problems, problemOf(descriptor, ANOTHER));
      else if (system !== undefined && system.engine !== engine) append(problems, problemOf(descriptor, ELSEWHERE));
      else append(functions, function_);
    } else append(problems, problemOf(descriptor, target));
  }
  if (problems.length === 0) return { functions, things };
  const named = problems.slice(0, NAMED).join("; ");
  const more = problems.length > NAMED ? `; and ${problems.length - NAMED} more` : "";
  const message = problems.length === 1 ? `import ${named}` : `${problems.length} imports: ${named}${more}`;
  throw new InstantiateError("import", message);
}

/** Why a function of a WASI system is not given. */
const ANOTHER = Symbol("a function of a second WASI system is given, and a guest has one"),
  ELSEWHERE = Symbol("a function of a WASI system of another sandbox is given");

/** How many imports an error names. */
const NAMED = 20;

/** What is given for an import that is no function; `undefined` where it is not of the kind. The engine compares types. */
function thingOf(engine: Engine, descriptor: ImportDescriptor, target: unknown, floats: FloatMode): Thing | undefined {
  if (descriptor.kind === "memory") return target instanceof Memory ? target : undefined;
  if (descriptor.kind === "table") return target instanceof Table ? target : undefined;
  if (descriptor.kind !== "global") return undefined;
  if (target instanceof Global) return target;
  const { type, mutable } = descriptor;
  if (mutable || target === undefined || isMarked(target, "global")) return undefined;
  const list = new ValueList([type], floats, { one: "value", of: "the global" });
  return list.admits(engine, target) ? { type, list, value: target } : undefined;
}

const isNumber = (target: unknown): target is number | bigint => typeof target === "number" || typeof target === "bigint";

/** What is wrong with what was given for an import. */
function problemOf(descriptor: ImportDescriptor, target: unknown): string {
  const { module, name } = descriptor;
  return `\`${printable(module)}\` \`${printable(name)}\`: ${reasonOf(descriptor, target)}`;
}

function reasonOf(descriptor: ImportDescriptor, target: unknown): string {
  const { kind } = descriptor;
  if (target === ANOTHER || target === ELSEWHERE) return target.description as string;
  if (target === undefined && descriptor.module === "wasi_unstable")
    return "of this older WASI there is nothing; build for `wasm32-wasip1`";
  if (kind !== "function" && isMarked(target, kind)) return `the ${kind} that is given ${OF_ANOTHER_COPY}`;
  if (kind === "global" && isNumber(target)) {
    return `a ${typeText(descriptor)} is asked for, ${valueText(target)} is ${insteadOf(descriptor)}`;
  }
  return `a ${typeText(descriptor)} is asked for, ${target === undefined ? "nothing of this name" : given(target)} is given`;
}

/** What a number is that is given for a global and does not fit. */
const insteadOf = ({ type, mutable }: { readonly type: ValueType; readonly mutable: boolean }): string =>
  mutable ? "a number; make a global by `sandbox.global({ value, mutable: true }, number)`" : `no value of type ${type}`;

/** The type of an import in words. */
function typeText(type: ExternType): string {
  switch (type.kind) {
    case "function":
      return `function (${type.params.join(", ")}) -> (${type.results.join(", ")})`;
    case "memory":
      if (Object.hasOwn(type, "maximum")) return `memory of ${type.initial} to ${type.maximum as number} pages`;
      return `memory of ${type.initial === 1 ? "a page" : `${type.initial} pages`} or more`;
    case "global":
      return `${type.mutable ? "mutable" : "constant"} ${type.type} global`;
    case "table": {
      const { element, initial, maximum } = type;
      return `${element} table of ${initial} ${maximum === undefined ? "elements or more" : `to ${maximum} elements`}`;
    }
  }
}

/** What is given in the place of something else. */
function given(target: unknown): string {
  if (target instanceof Memory) return "a memory";
  if (target instanceof Global) return "a global";
  if (target instanceof Table) return "a table";
  switch (Object.prototype.toString.call(target)) {
    case "[object WebAssembly.Memory]":
      return "a WebAssembly.Memory, which is the runtime's own; make one by `sandbox.memory({ initial })`,";
    case "[object WebAssembly.Global]":
      return "a WebAssembly.Global, which is the runtime's own; make one by `sandbox.global({ value, mutable }, number)`,";
    case "[object WebAssembly.Table]":
      return "a WebAssembly.Table, which is the runtime's own; make one by `sandbox.table({ initial })`,";
    case "[object ArrayBuffer]":
      return "a buffer, which is no memory; make one by `sandbox.memory({ initial })`,";
    default:
      return target === null ? "null" : typeof target === "object" ? "an object" : `a ${typeof target}`;
  }
}
