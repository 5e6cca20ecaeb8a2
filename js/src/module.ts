/** Modules: compiled once, instantiated many times. */
import { checkFuel, checkU32, isObject, isThenable } from "./base/checks.js";
import { OF_ANOTHER_COPY, isMarked } from "./base/copies.js";
import { append } from "./base/define.js";
import { disposable } from "./base/disposable.js";
import { DisposedError, InstantiateError, isOfCount } from "./base/errors.js";
import { printable } from "./base/frames.js";
import { known, optionsOf } from "./base/options.js";
import { counted, shown } from "./base/shown.js";
import type { ModuleNeeds } from "./base/tables.js";
import type { Engine } from "./host/engine.js";
import type { Held, Keeper } from "./host/net.js";
import { type FloatMode, ValueList, type ValueType, floatMode, isNumeric } from "./host/values.js";
import { Memory } from "./memory.js";
import { snapshotHandle } from "./snapshot.js";
import type { ExternType, ExportDescriptor, ImportDescriptor, ImportTarget, Imports, InstantiateOptions, PaceOptions } from "./types.js";
import { PACE_NAMES, type Signature, stateOf } from "./calls/caller.js";
import { overlappingOf } from "./calls/calls.js";
import { bound, hostFunction } from "./calls/imports.js";
import { Pace } from "./calls/pace.js";
import type { HostFunction } from "./calls/served.js";
import { Tempo } from "./calls/tempo.js";
import { GUEST_NAMES, Guest, type GuestModule } from "./guest.js";

const INSTANTIATE_OPTIONS = known<InstantiateOptions>({ ...GUEST_NAMES, snapshot: true });
const INSTANTIATE_ASYNC_OPTIONS = known<InstantiateOptions & PaceOptions>({ ...GUEST_NAMES, ...PACE_NAMES, snapshot: true });

/** A compiled module. */
export class Module implements GuestModule {
  declare readonly [Symbol.dispose]: () => void;
  readonly imports: readonly ImportDescriptor[];
  readonly exports: readonly ExportDescriptor[];
  readonly needs: ModuleNeeds;
  /** @internal */
  readonly tempo = new Tempo();
  private readonly positions: ReadonlyMap<string, number>;
  private readonly held: Held;
  private readonly signatures = { number: new Map<number, Signature>(), bits: new Map<number, Signature>() };

  /** @internal */
  constructor(
    private readonly engine: Engine,
    handle: number,
  ) {
    this.held = engine.net.watch(this, "module", handle, drop);
    const imports = JSON.parse(engine.proceed((host) => host.imports(handle))) as [string, string, ...Written][];
    const exports = JSON.parse(engine.proceed((host) => host.exports(handle))) as [string, ...Written][];
    this.imports = imports.map(([module, name, ...type]) => ({ module, name, ...externType(type) }));
    this.exports = exports.map(([name, ...type]) => ({ name, ...externType(type) }));
    const needs = JSON.parse(engine.proceed((host) => host.needs(handle))) as [keyof ModuleNeeds, number][];
    this.needs = Object.fromEntries(needs) as unknown as ModuleNeeds;
    this.positions = new Map(this.exports.map(({ name }, position) => [name, position]));
  }

  instantiate(imports: Imports = {}, options?: InstantiateOptions): Guest {
    const guest = this.prepare(imports, optionsOf(options, INSTANTIATE_OPTIONS));
    guest.start();
    return guest;
  }

  async instantiateAsync(imports: Imports = {}, given?: InstantiateOptions & PaceOptions): Promise<Guest> {
    const options = optionsOf(given, INSTANTIATE_ASYNC_OPTIONS);
    const pace = new Pace(options, this.tempo);
    let guest: Guest;
    try {
      guest = this.prepare(imports, options, pace.slice);
    } catch (error) {
      if (!isOfCount(error)) throw error;
      await pace.turn().finally(() => pace.close());
      guest = this.prepare(imports, options, pace.slice);
    }
    await guest.startAsync(pace);
    return guest;
  }

  dispose(): void {
    this.held.dispose();
  }

  /** @internal */
  position(name: string): number | undefined {
    return this.positions.get(name);
  }

  /** @internal */
  signature(position: number, mode: FloatMode): Signature | undefined {
    const known = this.signatures[mode].get(position);
    if (known !== undefined) return known;
    const type = this.exports[position];
    if (type?.kind !== "function" || ![...type.params, ...type.results].every(isNumeric)) return undefined;
    const signature = {
      params: new ValueList(type.params, mode, { one: "argument", of: `\`${printable(type.name)}\`` }),
      results: new ValueList(type.results, mode, { one: "result", of: `\`${printable(type.name)}\`` }),
    };
    this.signatures[mode].set(position, signature);
    return signature;
  }

  /** @internal */
  memoriesOf(imports: Imports): readonly Memory[] {
    return resolve(
      imports,
      this.imports.filter(({ kind }) => kind === "memory"),
      "number",
    ).memories;
  }

  /** @internal */
  handlesOf(memories: readonly Memory[]): Uint32Array {
    return Uint32Array.from(memories, (memory) => memory.handleIn(this.engine));
  }

  /** An instance whose start function, if it has one to run, is still to be; in slices if such are given. */
  private prepare(imports: Imports, options: InstantiateOptions, slice?: bigint): Guest {
    const { engine } = this;
    this.use();
    const floats = floatMode(options.floats);
    const state = stateOf(options, 0);
    const fuel = options.fuel === undefined ? undefined : checkFuel("fuel", options.fuel);
    const pages = optionalU32("maxMemoryPages", options.maxMemoryPages);
    const depth = optionalU32("maxCallDepth", options.maxCallDepth);
    const overlaps = overlappingOf(options) === "allow";
    const { snapshot } = options;
    const { functions, memories } = resolve(imports, this.imports, floats);
    const handles = this.handlesOf(memories);
    // Only now: a getter among the imports may have disposed of the module.
    const module = this.use();
    if (snapshot !== undefined) {
      const from = snapshotHandle(engine, snapshot);
      const id = engine.use((host) => host.instantiate_from(module, handles, from, fuel, pages, depth, overlaps));
      return new Guest(engine, this, functions, memories, { call: undefined, id }, options);
    }
    const call = engine.use((host) => host.instantiate(module, handles, state, fuel, pages, depth, overlaps));
    if (slice !== undefined) engine.host.set_slice(call, slice);
    return new Guest(engine, this, functions, memories, { call, id: undefined }, options);
  }

  private use(): number {
    this.engine.check();
    const handle = this.held.value;
    if (handle === undefined) throw new DisposedError("torn-down", "the module was disposed of");
    return handle;
  }
}

disposable(Module);
shown(Module, ({ imports, exports }) => `${counted(imports.length, "import")}, ${counted(exports.length, "export")}`);

const drop = (engine: Keeper, handle: number): void => engine.proceed((host) => host.drop_module(handle));

const optionalU32 = (name: string, value: number | undefined): number | undefined =>
  value === undefined ? undefined : checkU32(name, value);

/** What is given for imports, in their order. What does not fit is named all at once. */
function resolve(
  imports: Imports,
  descriptors: readonly ImportDescriptor[],
  floats: FloatMode,
): { readonly functions: readonly HostFunction[]; readonly memories: readonly Memory[] } {
  checkImports(imports);
  const functions: HostFunction[] = [];
  const memories: Memory[] = [];
  const problems: string[] = [];
  for (let at = 0; at < descriptors.length; at++) {
    const descriptor = descriptors[at] as ImportDescriptor;
    const target = lookUp(imports, descriptor);
    if (descriptor.kind === "function" && typeof target === "function" && isPassable(descriptor))
      append(functions, hostFunction(descriptor, target as ImportTarget, floats));
    else if (descriptor.kind === "memory" && target instanceof Memory) append(memories, target);
    else append(problems, problemOf(descriptor, target));
  }
  if (problems.length === 0) return { functions, memories };
  const named = problems.slice(0, NAMED).join("; ");
  const more = problems.length > NAMED ? `; and ${problems.length - NAMED} more` : "";
  const message = problems.length === 1 ? `import ${named}` : `${problems.length} imports: ${named}${more}`;
  throw new InstantiateError("import", message);
}

/** How many imports an error names. */
const NAMED = 20;

const isPassable = ({ params, results }: ExternType & { kind: "function" }): boolean => params.every(isNumeric) && results.every(isNumeric);

/** Throws unless names can be looked up in it. */
function checkImports(imports: unknown): void {
  if (!isObject(imports))
    throw new TypeError("the imports are no object; give objects or Maps of functions by module and name, or nothing");
  if (isThenable(imports)) throw new TypeError("the imports are a promise; await it first");
}

function lookUp(imports: Imports, { module, name }: { module: string; name: string }): unknown {
  const fields = entry(imports, module);
  if (typeof fields !== "object" || fields === null) return undefined;
  const target = entry(fields, name);
  // A method of a class wants its object.
  const isMethod = typeof target === "function" && !(fields instanceof Map) && !Object.hasOwn(fields, name);
  return isMethod ? bound(target as ImportTarget, fields) : target;
}

/**
 * What an object, a Map, an instance of a class or a Proxy has by a name. What all objects inherit is
 * nothing of its own, so that every name is a name like any other.
 */
function entry(names: object, name: string): unknown {
  if (names instanceof Map) return names.get(name);
  const fields = names as { readonly [name: string]: unknown };
  if (Object.hasOwn(fields, name)) return fields[name];
  if (name === "constructor" || name === "__proto__") return undefined;
  const value = fields[name];
  return value === rootOf(fields)[name] ? undefined : value;
}

/** The last prototype of an object: what all objects of its realm inherit from. */
function rootOf(object: object): { readonly [name: string]: unknown } {
  let root = object;
  for (let next: object | null = root; next !== null; next = Object.getPrototypeOf(next) as object | null) root = next;
  return root as { readonly [name: string]: unknown };
}

/** What is wrong with what was given for an import. */
function problemOf(descriptor: ImportDescriptor, target: unknown): string {
  const { module, name } = descriptor;
  return `\`${printable(module)}\` \`${printable(name)}\`: ${reasonOf(descriptor, target)}`;
}

function reasonOf(descriptor: ImportDescriptor, target: unknown): string {
  const { kind } = descriptor;
  if (kind === "global" || kind === "table") return "globals and tables cannot be imported";
  if (kind === "function" && !isPassable(descriptor)) return "a vector or reference type in its signature cannot be passed";
  if (kind === "memory" && isMarked(target, "memory")) return `the memory that is given ${OF_ANOTHER_COPY}`;
  return `a ${typeText(descriptor)} is asked for, ${target === undefined ? "nothing of this name" : given(target)} is given`;
}

/** The type of an import in words. */
function typeText(type: ExternType): string {
  switch (type.kind) {
    case "function":
      return `function (${type.params.join(", ")}) -> (${type.results.join(", ")})`;
    case "memory":
      if (Object.hasOwn(type, "maximum")) return `memory of ${type.initial} to ${type.maximum as number} pages`;
      return `memory of ${type.initial === 1 ? "a page" : `${type.initial} pages`} or more`;
    default:
      return type.kind;
  }
}

/** What is given in the place of something else. */
function given(target: unknown): string {
  if (target instanceof Memory) return "a memory";
  switch (Object.prototype.toString.call(target)) {
    case "[object WebAssembly.Memory]":
      return "a WebAssembly.Memory, which is the runtime's own; make one by `sandbox.memory({ initial })`,";
    case "[object ArrayBuffer]":
      return "a buffer, which is no memory; make one by `sandbox.memory({ initial })`,";
    default:
      return target === null ? "null" : typeof target === "object" ? "an object" : `a ${typeof target}`;
  }
}

/** A type as the wasm module writes it. */
type Written =
  | readonly [kind: "function", params: readonly ValueType[], results: readonly ValueType[], none?: never]
  | readonly [kind: "global", type: ValueType, mutable: boolean, none?: never]
  | readonly [kind: "memory", initial: number, maximum: number | null, none?: never]
  | readonly [kind: "table", element: ValueType, initial: number, maximum: number | null];

function externType([kind, first, second, third]: Written): ExternType {
  switch (kind) {
    case "function":
      return { kind, params: first, results: second };
    case "global":
      return { kind, type: first, mutable: second };
    case "memory":
      return second === null ? { kind, initial: first } : { kind, initial: first, maximum: second };
    case "table":
      return third === null ? { kind, element: first, initial: second } : { kind, element: first, initial: second, maximum: third };
  }
}
