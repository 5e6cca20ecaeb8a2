/** Guests: instances, their exports and their calls. */
import type { Bytes } from "./base/checks.js";
import { constant } from "./base/define.js";
import { disposable } from "./base/disposable.js";
import { DisposedError, InvokeError } from "./base/errors.js";
import type { Names } from "./base/options.js";
import { counted, shown } from "./base/shown.js";
import { Protocol } from "./base/tables.js";
import type { Engine, Living } from "./host/engine.js";
import { type Lease, noteFunction } from "./host/functions.js";
import type { Host } from "./host/glue-types.js";
import type { Owner } from "./host/handle.js";
import type { Held, Keeper } from "./host/net.js";
import type { FloatMode, GuestFunction, Result, Value, ValueType } from "./host/value.js";
import { floatMode } from "./host/values.js";
import { type Allocation, Heap, allocatorOf } from "./heap.js";
import { Memory, type ReadStringOptions } from "./memory.js";
import { Snapshot, snapshotHandle } from "./snapshot.js";
import type { Exports, Imports } from "./signatures.js";
import type { CallOptions, ExportDescriptor, GuestOptions, Module, Outcome, SyncCallOptions, SyncOutcome } from "./types.js";
import { type CalledModule, type Callee, Caller, type Signature, signatureOf, stateOf } from "./calls/caller.js";
import { type Call, Calls, overlappingOf } from "./calls/calls.js";
import { drive, driveAsync, valueOf } from "./calls/drive.js";
import type { Pace } from "./calls/pace.js";
import { ParkedCall } from "./calls/parked-call.js";
import type { Calling, HostFunction, Served, ServedGuest } from "./calls/served.js";
import { Global } from "./global.js";
import { Table, type TableElement } from "./table.js";
import { Parked, type WaitsFor } from "./parked.js";
import { type Thing, systemNumbers, systemOf, withHandles } from "./imported.js";

export const GUEST_NAMES: Names<GuestOptions> = {
  allocator: true,
  floats: true,
  journal: true,
  fuel: true,
  maxCallDepth: true,
  maxMemoryPages: true,
  overlapping: true,
  state: true,
};

/** A module, as its instances have it. */
export interface GuestModule extends Module, CalledModule {
  /** Whether others can come by functions of an instance other than by its exports. */
  readonly givesFunctions: boolean;
  /** Whether an instance can have got values of JavaScript that it keeps. */
  readonly mayKeepValues: boolean;
  /** What is given for imports that are no functions, in the module's order. */
  thingsOf(imports: Imports, floats: FloatMode): readonly Thing[];
}

/** An instance. */
export class Guest implements ServedGuest, Living {
  declare readonly [Symbol.dispose]: () => void;
  private life: "starting" | "live" | "disposed" = "starting";
  private id: number | undefined;
  private readonly held: Held;
  private exportsObject: Exports | undefined;
  private readonly globals = new Map<string, Global>();
  private readonly memories = new Map<string, Memory>();
  private readonly tables = new Map<string, Table<TableElement>>();
  /** @internal What tables keep it by. */
  readonly lease: Lease = { guest: this };
  /** Its functions that are known by handles. */
  private readonly functions = new Map<number, GuestFunction>();
  /** Their handles, also of exports by their names. */
  private readonly handles = new Map<string | number, number>();
  private heldHandles: Held<Map<string | number, number>> | undefined;
  private readonly importedMemory: Memory | undefined;
  private readonly callee: Callee;
  private readonly caller: Caller;
  private readonly heap: Heap;
  /** That call, where it is run asynchronously. */
  private starting: Call | undefined;
  /** The call of the start function; `undefined` where none is to be run. */
  private readonly startCall: number | undefined;

  /** @internal */
  constructor(
    private readonly engine: Engine,
    readonly module: GuestModule,
    functions: readonly HostFunction[],
    private readonly imported: readonly Thing[],
    /** The call of its start function, where that is to run; else its number. */
    begin: { readonly call: number; readonly id: undefined } | { readonly call: undefined; readonly id: number },
    private readonly options: GuestOptions,
  ) {
    this.held = engine.net.watch(this, "guest", undefined, tearDown);
    this.importedMemory = imported.find((thing) => thing instanceof Memory);
    this.startCall = begin.call;
    if (begin.call === undefined) this.live(begin.id);
    const calls = new Calls(engine, overlappingOf(options));
    this.callee = {
      engine,
      module,
      mode: floatMode(options.floats),
      state: stateOf(options, 0),
      calls,
      served: { engine, guest: this, functions, calls, tempo: module.tempo, system: systemOf(functions) },
      instance: () => this.instance(),
    };
    this.heap = new Heap(this, allocatorOf(options.allocator));
    this.caller = new Caller(this.callee, () => Protocol.NO_CALL, false);
    for (const thing of imported) if (thing instanceof Table) thing.keep(this.lease);
  }

  get exports(): Exports {
    this.instance();
    return (this.exportsObject ??= this.exportsBy(this.caller));
  }

  call(name: string, args: readonly Value[] = [], options?: CallOptions): Promise<Result> {
    return this.caller.call(name, args, options);
  }

  tryCall(name: string, args: readonly Value[] = [], options?: CallOptions): Promise<Outcome> {
    return this.caller.tryCall(name, args, options);
  }

  callSync(name: string, args: readonly Value[] = [], options?: SyncCallOptions): Result {
    return this.caller.callSync(name, args, options);
  }

  tryCallSync(name: string, args: readonly Value[] = [], options?: SyncCallOptions): SyncOutcome {
    return this.caller.tryCallSync(name, args, options);
  }

  allocate(contents: Bytes | number | string): Allocation {
    return this.heap.allocate(contents);
  }

  withString<R>(text: string, use: (pointer: number, length: number) => R): R {
    return this.heap.withString(text, use);
  }

  readString(pointer: number, length?: number, options?: ReadStringOptions): string {
    return this.heap.readString(pointer, length, options);
  }

  snapshot(): Snapshot {
    const { engine } = this;
    const instance = this.instance();
    return new Snapshot(
      engine,
      engine.use((host) => host.snapshot(instance)),
    );
  }

  record(): void {
    const instance = this.instance();
    this.engine.use((host) => host.record(instance));
  }

  park(): Parked {
    const { engine, startingCall } = this;
    const park = (): number => {
      if (startingCall !== undefined) return engine.use((host) => host.park_call(startingCall));
      const instance = this.instance();
      return engine.use((host) => host.park(instance));
    };
    return new Parked(engine, park());
  }

  restore(snapshot: Snapshot): void {
    const { engine } = this;
    const instance = this.instance();
    const handle = snapshotHandle(engine, snapshot);
    engine.use((host) => host.restore(instance, handle));
    this.forgetFunctions();
  }

  /** Forgets the handles of its functions where it was made anew: those were of the guest before. */
  private forgetFunctions(): void {
    const { engine, handles, functions } = this;
    const [known] = handles.values();
    if (known === undefined) return;
    try {
      engine.proceed((host) => host.func_instance(known));
    } catch (error) {
      if (!DisposedError.is(error, "torn-down")) throw error;
      dropHandles(engine, handles);
      handles.clear();
      functions.clear();
    }
  }

  fork(imports: Imports = {}): Guest {
    const { engine, module } = this;
    const { mode, served } = this.callee;
    const instance = this.instance();
    const things = module.thingsOf(imports, mode);
    const numbers = systemNumbers(served.functions);
    const id = withHandles(engine, things, (handles) => engine.use((host) => host.fork(instance, handles, numbers)));
    return new Guest(engine, module, served.functions, things, { call: undefined, id }, this.options);
  }

  dispose(): void {
    const { engine } = this;
    if (this.life === "disposed" || !engine.isLive) return;
    engine.enter();
    this.end();
  }

  /** Ends its life, in the course of what has been entered. */
  private end(): void {
    this.life = "disposed";
    this.id = undefined;
    this.callee.calls.dispose(disposed());
    this.held.free();
    for (const global of this.globals.values()) global.forget();
    for (const memory of this.memories.values()) memory.forget();
    for (const table of this.tables.values()) table.forget();
    this.lease.guest = undefined;
    this.heldHandles?.free();
    if (this.module.mayKeepValues) this.engine.externs.sweepSoon();
  }

  /** @internal */
  get serving(): Served {
    return this.callee.served;
  }

  /** @internal */
  functionBy(handle: number): GuestFunction {
    const known = this.functions.get(handle);
    if (known !== undefined) return known;
    const position = this.engine.use((host) => host.func_export(handle));
    const descriptor = this.module.exports[position];
    const function_ = descriptor === undefined ? this.ownFunction(handle) : (this.exports[descriptor.name] as GuestFunction);
    this.keepHandle(descriptor?.name ?? handle, handle);
    this.functions.set(handle, function_);
    return function_;
  }

  /** A function that it does not export. */
  private ownFunction(handle: number): GuestFunction {
    const { engine } = this;
    const types = JSON.parse(engine.use((host) => host.func_type(handle))) as [readonly ValueType[], readonly ValueType[]];
    const handleOf = (): number => {
      // Where the guest was made anew its functions are others, and the handle may be another's.
      if (this.functions.get(handle) === function_) return handle;
      this.instance();
      throw new DisposedError("torn-down", "the guest was made anew by `restore`, and its functions are others now");
    };
    const function_ = this.caller.functionBy(handleOf, signatureOf(types, this.callee.mode));
    return this.noted(function_, handleOf);
  }

  /** Others may come by its functions from now on. Few guests are known so: to know one keeps it until the turn ends. */
  private beKnown(id: number): void {
    if (this.engine.living(id) === undefined) this.engine.born(id, this);
  }

  /** Notes whose a function is, for tables. */
  private noted(function_: GuestFunction, handle: () => number): GuestFunction {
    const { engine, lease } = this;
    const handleOf = (): number => {
      this.instance();
      return handle();
    };
    noteFunction(function_, { engine, handle: handleOf, lease: () => lease });
    return function_;
  }

  /** @internal The handle of an exported function, which is a function of JavaScript's from now on. */
  handleAs(name: string, function_: GuestFunction): number {
    const handle = this.handleOf(name);
    this.functions.set(handle, function_);
    return handle;
  }

  /** The handle of an exported function. */
  private handleOf(name: string): number {
    const known = this.handles.get(name);
    if (known !== undefined) return known;
    const instance = this.instance();
    const position = this.module.position(name) as number;
    const handle = this.engine.use((host) => host.exported_func(instance, position));
    this.keepHandle(name, handle);
    this.beKnown(instance);
    return handle;
  }

  private keepHandle(key: string | number, handle: number): void {
    this.handles.set(key, handle);
    this.heldHandles ??= this.engine.net.watch(this, undefined, this.handles, dropHandles);
  }

  /** @internal */
  get mainMemory(): Memory {
    if (this.importedMemory !== undefined) return this.importedMemory;
    const exports = this.module.exports.filter(({ kind }) => kind === "memory");
    const found = exports.find(({ name }) => name === "memory") ?? exports.at(0);
    if (found === undefined) throw new InvokeError("no-memory", "the guest neither imports nor exports a memory");
    return this.memory(found.name);
  }

  /** @internal */
  has(memory: Memory): boolean {
    return memory.isOf(this) || this.imported.includes(memory);
  }

  /** @internal */
  callerWithin(within: () => number): Caller {
    return new Caller(this.callee, within, true);
  }

  /** @internal Runs the start function. */
  start(): void {
    const { startCall } = this;
    if (startCall === undefined) return;
    try {
      drive(this.callee.served, this.engine.step(startCall));
      this.started();
      void this.callee.served.system?.deliver();
    } finally {
      if (this.life === "starting") this.end();
    }
  }

  /** @internal Runs the start function, with imports that may be `async`. */
  async startAsync(pace: Pace): Promise<void> {
    const { startCall } = this;
    if (startCall === undefined) return;
    const call = this.begunStart(startCall);
    valueOf(this.engine, call, await driveAsync(this.callee.served, call, pace, () => this.started()));
  }

  /** Its start function is under way, to be run asynchronously. */
  private begunStart(handle: number): Call {
    const call = (this.starting = this.callee.calls.begun(handle));
    call.whenOver = () => {
      if (this.life === "starting") this.end();
    };
    return call;
  }

  /** @internal A call of it that was parked: of the export at a position, or of its start function. */
  parkedCall(handle: number, position: number, waitsFor: WaitsFor): ParkedCall {
    const { engine, callee, module } = this;
    const { calls, served, mode } = callee;
    const fuelUsed = engine.proceed((host) => host.fuel_used(handle));
    if (handle === this.startCall) {
      const finish = (): Result => {
        this.started();
        return undefined;
      };
      return new ParkedCall(served, this.begunStart(handle), undefined, waitsFor, finish, fuelUsed);
    }
    const finish = (): Result => (module.signature(position, mode) as Signature).results.takeResult(engine);
    return new ParkedCall(served, calls.begun(handle), module.exports[position]?.name, waitsFor, finish, fuelUsed);
  }

  /** The call of its start function, where that has not ended. */
  private get startingCall(): number | undefined {
    return this.life === "starting" && this.starting?.isOver !== true ? this.startCall : undefined;
  }

  /** The start function has returned. */
  private started(): void {
    const id = this.engine.head(Protocol.DETAIL_WORD);
    if (this.life === "starting") {
      this.live(id);
    } else {
      // It was disposed of before it could be torn down.
      tearDown(this.engine, id);
    }
  }

  private live(id: number): void {
    this.id = this.held.value = id;
    this.life = "live";
    if (this.module.givesFunctions) this.beKnown(id);
  }

  /** @internal */
  exportsBy(caller: Calling): Exports {
    const exports = Object.create(null) as { [name: string]: unknown };
    for (const descriptor of this.module.exports) {
      const value = this.makeExport(descriptor, caller);
      if (value !== undefined) constant(exports, descriptor.name, value, true);
    }
    return Object.freeze(exports) as Exports;
  }

  private makeExport(descriptor: ExportDescriptor, caller: Calling): unknown {
    switch (descriptor.kind) {
      case "function":
        return this.noted(caller.function(descriptor.name), () => this.handleOf(descriptor.name));
      case "global":
        return this.global(descriptor);
      case "memory":
        return this.memory(descriptor.name);
      case "table":
        return this.table(descriptor);
    }
  }

  private table({ name, element }: ExportDescriptor & { kind: "table" }): Table<TableElement> {
    const owner = this.owner(name, (host, instance) => host.exported_table(instance, name));
    return known(this.tables, name, () => new Table(this.engine, element, owner));
  }

  private global(descriptor: ExportDescriptor & { kind: "global" }): Global {
    const { engine } = this;
    const { name } = descriptor;
    const owner = this.owner(name, (host, instance) => host.exported_global(instance, name));
    return known(this.globals, name, () => new Global(engine, descriptor, this.callee.mode, owner));
  }

  private memory(name: string): Memory {
    return known(this.memories, name, () => Memory.of(this.engine, this.memoryHandle(name), this));
  }

  /** Whose an export is, and how the engine is asked for it. */
  private owner(name: string, ask: (host: Host, instance: number) => number): Owner {
    const asked = (): number => {
      const instance = this.instance();
      return this.engine.use((host) => ask(host, instance));
    };
    return { name, ask: asked };
  }

  private memoryHandle(name: string): number {
    const { engine, startingCall } = this;
    // Before the start function has returned there is no number to ask for it by.
    if (startingCall !== undefined) return engine.use((host) => host.caller_memory(startingCall));
    const instance = this.instance();
    return engine.use((host) => host.exported_memory(instance, name));
  }

  private instance(): number {
    this.engine.check();
    if (this.id !== undefined) return this.id;
    if (this.life === "disposed") throw disposed();
    throw new InvokeError("not-started", "the guest's start function has not returned yet");
  }
}

disposable(Guest);
shown(Guest, ({ module }) => counted(module.exports.length, "export"));

/** What a map has by a name, which is made where there is none. */
function known<T>(map: Map<string, T>, name: string, make: () => T): T {
  const found = map.get(name);
  if (found !== undefined) return found;
  const made = make();
  map.set(name, made);
  return made;
}

const tearDown = (engine: Keeper, id: number): void => {
  engine.died(id);
  engine.proceed((host) => host.teardown_instance(id));
};

const dropHandles = (engine: Keeper, handles: Map<string | number, number>): void => {
  for (const handle of new Set(handles.values())) engine.proceed((host) => host.drop_func(handle));
};

const disposed = (): DisposedError => new DisposedError("torn-down", "the guest was disposed of");
