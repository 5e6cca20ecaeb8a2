/** Modules: compiled once, instantiated many times. */
import { checkBoolean, checkFuel, checkU32 } from "./base/checks.js";
import { disposable } from "./base/disposable.js";
import { DisposedError, Trap, isOfCount } from "./base/errors.js";
import { framesOf, printable } from "./base/frames.js";
import { known, optionsOf } from "./base/options.js";
import { counted, shown } from "./base/shown.js";
import { type ModuleNeeds, Protocol, Step } from "./base/tables.js";
import type { Engine } from "./host/engine.js";
import type { Held, Keeper } from "./host/net.js";
import type { FloatMode, ValueType } from "./host/value.js";
import { floatMode } from "./host/values.js";
import { type Parked, type WaitsFor, parkedHandle } from "./parked.js";
import { snapshotHandle } from "./snapshot.js";
import type { Exports, ExportsOf, Imports, ImportsOf, InstantiateArguments } from "./signatures.js";
import type {
  ExternType,
  ExportDescriptor,
  Guest as NamedGuest,
  GuestOptions,
  ImportDescriptor,
  InstantiateOptions,
  PaceOptions,
  UnparkOptions,
  Unparked,
} from "./types.js";
import { PACE_NAMES, type Signature, signatureOf, stateOf } from "./calls/caller.js";
import { allocatorOf } from "./heap.js";
import { overlappingOf } from "./calls/calls.js";
import { ended } from "./calls/ended.js";
import { RESUME_NAMES } from "./calls/outcome.js";
import { Pace } from "./calls/pace.js";
import { Tempo } from "./calls/tempo.js";
import type { HostFunction } from "./calls/served.js";
import { GUEST_NAMES, Guest, type GuestModule } from "./guest.js";
import { type Thing, resolve, systemNumbers, withHandles } from "./imported.js";

const INSTANTIATE_OPTIONS = known<InstantiateOptions>({ ...GUEST_NAMES, snapshot: true });
const UNPARK_OPTIONS = known<UnparkOptions>({ ...GUEST_NAMES, ...RESUME_NAMES });
const INSTANTIATE_ASYNC_OPTIONS = known<InstantiateOptions & PaceOptions>({ ...GUEST_NAMES, ...PACE_NAMES, snapshot: true });

/** A compiled module. */
export class Module implements GuestModule {
  declare readonly [Symbol.dispose]: () => void;
  readonly imports: readonly ImportDescriptor[];
  readonly exports: readonly ExportDescriptor[];
  readonly needs: ModuleNeeds;
  /** @internal */
  readonly givesFunctions: boolean;
  /** @internal */
  readonly mayKeepValues: boolean;
  /** @internal */
  readonly tempo = new Tempo();
  private readonly positions: ReadonlyMap<string, number>;
  private readonly held: Held;
  private readonly signatures = { number: new Map<number, Signature>(), bits: new Map<number, Signature>() };

  /** @internal */
  constructor(
    readonly engine: Engine,
    handle: number,
  ) {
    this.held = engine.net.watch(this, "module", handle, drop);
    const imports = JSON.parse(engine.proceed((host) => host.imports(handle))) as [string, string, ...Written][];
    const exports = JSON.parse(engine.proceed((host) => host.exports(handle))) as [string, ...Written][];
    this.imports = imports.map(([module, name, ...type]) => ({ module, name, ...externType(type) }));
    this.exports = exports.map(([name, ...type]) => ({ name, ...externType(type) }));
    const needs = JSON.parse(engine.proceed((host) => host.needs(handle))) as [keyof ModuleNeeds, number][];
    this.needs = Object.fromEntries(needs) as unknown as ModuleNeeds;
    const types = [...this.imports, ...this.exports];
    this.givesFunctions = types.some((type) => type.kind === "table" || has(type, "funcref"));
    this.mayKeepValues = types.some((type) => has(type, "externref"));
    this.positions = new Map(this.exports.map(({ name }, position) => [name, position]));
  }

  instantiate<E extends ExportsOf<E> = Exports, I extends ImportsOf<I> = Imports>(
    ...given: InstantiateArguments<I, InstantiateOptions>
  ): NamedGuest<E>;
  instantiate(imports?: Imports, options?: InstantiateOptions): NamedGuest {
    return this.make(imports, options);
  }

  instantiateAsync<E extends ExportsOf<E> = Exports, I extends ImportsOf<I> = Imports>(
    ...given: InstantiateArguments<I, InstantiateOptions & PaceOptions>
  ): Promise<NamedGuest<E>>;
  async instantiateAsync(imports: Imports = {}, given?: InstantiateOptions & PaceOptions): Promise<NamedGuest> {
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

  /** @internal An instance, whatever its exports have been named. */
  make(imports: Imports = {}, options?: InstantiateOptions): Guest {
    const guest = this.prepare(imports, optionsOf(options, INSTANTIATE_OPTIONS));
    guest.start();
    return guest;
  }

  unpark<E extends ExportsOf<E> = Exports, I extends ImportsOf<I> = Imports>(
    imports: I,
    parked: Parked,
    options?: UnparkOptions,
  ): Promise<Unparked<E>>;
  async unpark(imports: Imports = {}, parked: Parked, given?: UnparkOptions): Promise<Unparked> {
    const options = optionsOf(given, UNPARK_OPTIONS);
    const pace = new Pace(options, this.tempo);
    const { engine } = this;
    let waiting: readonly WaitsFor[] = [];
    const { made, functions, things } = this.begin(imports, options, ({ module, handles, fuel, pages, depth, ways, numbers }) => {
      const from = parkedHandle(engine, parked);
      ({ waiting } = parked);
      return engine.use((host) => host.unpark(module, handles, from, fuel, pages, depth, ways, numbers));
    });
    let unparked: Unparked | undefined;
    const step = (): Step => {
      const ready = engine.proceed((host) => host.replay(made, pace.slice));
      if (ready === undefined) return Step.SLICE_OVER;
      unparked = this.unparked(made, ready, waiting, { functions, things, options });
      return Step.FINISHED;
    };
    try {
      if (pace.time(step) === Step.SLICE_OVER) await pace.slices(step);
      return unparked as unknown as Unparked;
    } finally {
      pace.close();
      if (engine.isLive) engine.host.drop_replay(made);
    }
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
    if (type?.kind !== "function") return undefined;
    const signature = signatureOf([type.params, type.results], mode, `\`${printable(type.name)}\``);
    this.signatures[mode].set(position, signature);
    return signature;
  }

  /** @internal */
  thingsOf(imports: Imports, floats: FloatMode): readonly Thing[] {
    const descriptors = this.imports.filter(({ kind }) => kind !== "function");
    return resolve(this.engine, imports, descriptors, floats).things;
  }

  /** An instance whose start function, if it has one to run, is still to be; in slices if such are given. */
  private prepare(imports: Imports, options: InstantiateOptions, slice?: bigint): Guest {
    const { engine } = this;
    const { snapshot } = options;
    const { made, functions, things } = this.begin(imports, options, ({ module, handles, state, fuel, pages, depth, ways, numbers }) => {
      if (snapshot !== undefined) {
        const from = snapshotHandle(engine, snapshot);
        const id = engine.use((host) => host.instantiate_from(module, handles, from, fuel, pages, depth, ways, numbers));
        return { call: undefined, id };
      }
      const call = engine.use((host) => host.instantiate(module, handles, state, fuel, pages, depth, ways, numbers));
      if (slice !== undefined) engine.host.set_slice(call, slice);
      return { call, id: undefined };
    });
    return new Guest(engine, this, functions, things, made, options);
  }

  /** Checks what an instance is to be made with, and has it begun by the engine. */
  private begin<T>(
    imports: Imports,
    options: GuestOptions,
    make: (given: Given) => T,
  ): { readonly made: T; readonly functions: readonly HostFunction[]; readonly things: readonly Thing[] } {
    const { engine } = this;
    this.use();
    const floats = floatMode(options.floats);
    const state = stateOf(options, 0);
    // Its object takes this: what is wrong is said before there is an instance.
    allocatorOf(options.allocator);
    const fuel = options.fuel === undefined ? undefined : checkFuel("fuel", options.fuel);
    const pages = optionalU32("maxMemoryPages", options.maxMemoryPages);
    const depth = optionalU32("maxCallDepth", options.maxCallDepth);
    const overlaps = overlappingOf(options) === "allow" ? Protocol.OVERLAPS : 0;
    const ways = overlaps | (checkBoolean("journal", options.journal) ? Protocol.RECORDED : 0);
    const { functions, things } = resolve(engine, imports, this.imports, floats);
    const numbers = systemNumbers(functions);
    return withHandles(engine, things, (handles) => {
      // Only now: a getter among the imports may have disposed of the module.
      const module = this.use();
      return { made: make({ module, handles, state, fuel, pages, depth, ways, numbers }), functions, things };
    });
  }

  /** The guest that a replay has brought to where it was, with its calls. */
  private unparked(
    replay: number,
    ready: Uint32Array,
    waiting: readonly WaitsFor[],
    { functions, things, options }: { functions: readonly HostFunction[]; things: readonly Thing[]; options: GuestOptions },
  ): Unparked {
    const { engine } = this;
    const instance = ready[0] as number;
    const begin = instance === 0 ? { call: ready[1] as number, id: undefined } : { call: undefined, id: instance - 1 };
    const guest = new Guest(engine, this, functions, things, begin, options);
    const hasTrapped = engine.proceed((host) => host.replayed_trap(replay));
    const error = hasTrapped ? ended(engine, Step.TRAPPED) : undefined;
    const trap = error instanceof Trap ? error : undefined;
    const endedAt = framesOf(engine.proceed((host) => host.replayed_frames(replay)));
    const calls = waiting.map((waits, at) => guest.parkedCall(ready[2 * at + 1] as number, ready[2 * at + 2] as number, waits));
    return Object.freeze({ guest, calls: Object.freeze(calls), trap, endedAt });
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

/** What the engine makes an instance of: the handles of all that it imports but functions, limits of its own, and which functions are of WASI. */
interface Given {
  readonly module: number;
  readonly handles: Uint32Array;
  readonly state: number;
  readonly fuel: bigint | undefined;
  readonly pages: number | undefined;
  readonly depth: number | undefined;
  readonly ways: number;
  readonly numbers: Uint32Array;
}

/** Whether what is imported or exported has values of a type. */
function has(type: ExternType, value: ValueType): boolean {
  switch (type.kind) {
    case "function":
      return type.params.includes(value) || type.results.includes(value);
    case "global":
      return type.type === value;
    case "memory":
      return false;
    case "table":
      return type.element === value;
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
