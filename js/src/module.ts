/** Modules: compiled once, instantiated many times. */
import { checkFuel, checkU32 } from "./checks.js";
import type { Engine } from "./engine.js";
import { DisposedError, InstantiateError, isOfCount } from "./errors.js";
import { OF_ANOTHER_COPY, isMarked } from "./copies.js";
import { disposable } from "./disposable.js";
import { PACE_NAMES, stateOf } from "./caller.js";
import { overlappingOf } from "./calls.js";
import { GUEST_NAMES, Guest, type GuestOptions } from "./guest.js";
import { type HostFunction, type ImportTarget, hostFunction } from "./imports.js";
import { Memory } from "./memory.js";
import type { Held } from "./net.js";
import { known, optionsOf } from "./options.js";
import { Pace, type PaceOptions } from "./pace.js";
import { type Snapshot, snapshotHandle } from "./snapshot.js";
import { Tempo } from "./tempo.js";
import { type FloatMode, ValueList, type ValueType, floatMode, isNumeric } from "./values.js";

/** The type of an import or export. */
export type ExternType =
  | { readonly kind: "function"; readonly params: readonly ValueType[]; readonly results: readonly ValueType[] }
  | { readonly kind: "global"; readonly type: ValueType; readonly mutable: boolean }
  | { readonly kind: "memory"; readonly initial: number; readonly maximum?: number }
  | { readonly kind: "table"; readonly element: ValueType; readonly initial: number; readonly maximum?: number };

/** An import: what the guest asks its supervisor for. */
export type ImportDescriptor = ExternType & { readonly module: string; readonly name: string };

/** An export: what the guest offers its supervisor. */
export type ExportDescriptor = ExternType & { readonly name: string };

/** What a guest's imports are resolved with: by module name, then by field name. */
export type Imports =
  | { readonly [module: string]: ImportModule }
  | ReadonlyMap<string, ImportModule>;

/** The functions and memories of one module name. */
export type ImportModule =
  | { readonly [name: string]: ImportTarget | Memory }
  | ReadonlyMap<string, ImportTarget | Memory>;

/** How a module is instantiated. */
export interface InstantiateOptions extends GuestOptions {
  /**
   * The state to begin in, of a guest of the same module. The start function does not run, and
   * memories among the imports are made what they were; they may be smaller but not larger.
   */
  readonly snapshot?: Snapshot;
}

const INSTANTIATE_OPTIONS = known<InstantiateOptions>({ ...GUEST_NAMES, snapshot: true });
const INSTANTIATE_ASYNC_OPTIONS = known<InstantiateOptions & PaceOptions>({ ...GUEST_NAMES, ...PACE_NAMES, snapshot: true });

/** The types of a function, ready to move its values. */
export interface Signature {
  readonly params: ValueList;
  readonly results: ValueList;
}

/** A compiled module. */
export class Module {
  /** Does what `dispose` does, at the end of a `using`. */
  declare readonly [Symbol.dispose]: () => void;
  /** The imports, in the module's order. */
  readonly imports: readonly ImportDescriptor[];
  /** The exports, in the module's order. */
  readonly exports: readonly ExportDescriptor[];
  /** @internal How fast its code burns fuel. */
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
    const imports = JSON.parse(engine.use((host) => host.imports(handle))) as [string, string, ...unknown[]][];
    const exports = JSON.parse(engine.use((host) => host.exports(handle))) as [string, ...unknown[]][];
    this.imports = imports.map(([module, name, ...type]) => ({ module, name, ...externType(type) }));
    this.exports = exports.map(([name, ...type]) => ({ name, ...externType(type) }));
    this.positions = new Map(this.exports.map(({ name }, position) => [name, position]));
  }

  /**
   * Makes an instance and runs its start function, unless a snapshot is given to begin from.
   *
   * `imports` may be objects or Maps; only own properties count, so that every name is a name
   * like any other.
   */
  instantiate(imports: Imports = {}, options?: InstantiateOptions): Guest {
    const guest = this.prepare(imports, optionsOf(options, INSTANTIATE_OPTIONS));
    guest.start();
    return guest;
  }

  /**
   * Like `instantiate`, for a start function whose imports may be `async`, or that takes its time. Where
   * a limit refuses that counts what lives, it lets the event loop have a turn, in which the runtime can free
   * what was dropped, and tries once more.
   */
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

  /** Lets go of the module. Its instances go on. */
  dispose(): void {
    this.held.free();
  }

  /** @internal The position of an export, as the engine counts. */
  position(name: string): number | undefined {
    return this.positions.get(name);
  }

  /** @internal The types of an exported function, `undefined` where it cannot be called. */
  signature(position: number, mode: FloatMode): Signature | undefined {
    const known = this.signatures[mode].get(position);
    if (known !== undefined) return known;
    const type = this.exports[position];
    if (type?.kind !== "function" || ![...type.params, ...type.results].every(isNumeric)) return undefined;
    const signature = { params: new ValueList(type.params, mode), results: new ValueList(type.results, mode) };
    this.signatures[mode].set(position, signature);
    return signature;
  }

  /** @internal The memories among the imports, in the module's order. */
  memoriesOf(imports: Imports): Memory[] {
    const descriptors = this.imports.filter(({ kind }) => kind === "memory");
    return descriptors.map((descriptor) => {
      const target = lookUp(imports, descriptor);
      if (target instanceof Memory) return target;
      throw unresolved(descriptor, target);
    });
  }

  /** @internal The handles of memories of the same sandbox. */
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
    const resolved = this.imports.map((descriptor): HostFunction | Memory => {
      const target = lookUp(imports, descriptor);
      if (descriptor.kind === "function" && typeof target === "function") return hostFunction(descriptor, target, floats);
      if (descriptor.kind === "memory" && target instanceof Memory) return target;
      throw unresolved(descriptor, target);
    });
    const functions = resolved.filter((one) => !(one instanceof Memory)) as HostFunction[];
    const memories = resolved.filter((one) => one instanceof Memory);
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

const drop = (engine: Engine, handle: number): void => engine.use((host) => host.drop_module(handle));

const optionalU32 = (name: string, value: number | undefined): number | undefined =>
  value === undefined ? undefined : checkU32(name, value);

function lookUp(imports: Imports, { module, name }: { module: string; name: string }): unknown {
  const fields: unknown = own(imports, module);
  return typeof fields === "object" && fields !== null ? own(fields, name) : undefined;
}

function own(names: object, name: string): unknown {
  if (names instanceof Map) return names.get(name);
  return Object.hasOwn(names, name) ? (names as { [name: string]: unknown })[name] : undefined;
}

function unresolved({ module, name, kind }: ImportDescriptor, target: unknown): InstantiateError {
  const problem =
    kind === "global" || kind === "table"
      ? "globals and tables cannot be imported"
      : target === undefined
        ? `no ${kind} of this name is given`
        : kind === "memory" && isMarked(target, "memory")
          ? `the memory that is given ${OF_ANOTHER_COPY}`
          : `a ${kind} is asked for, something else is given`;
  return new InstantiateError("import", `import \`${module}\` \`${name}\`: ${problem}`);
}

function externType([kind, first, second, third]: readonly any[]): ExternType {
  switch (kind) {
    case "function":
      return { kind, params: first, results: second };
    case "global":
      return { kind, type: first, mutable: second };
    case "memory":
      return second === null ? { kind, initial: first } : { kind, initial: first, maximum: second };
    default:
      return third === null
        ? { kind: "table", element: first, initial: second }
        : { kind: "table", element: first, initial: second, maximum: third };
  }
}
