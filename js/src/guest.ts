/** Guests: instances, their exports and their calls. */
import { type CallOptions, type Callee, Caller, type Result, type SyncCallOptions, stateOf } from "./caller.js";
import { type Call, Calls, type Overlapping, overlappingOf } from "./calls.js";
import { constant } from "./define.js";
import { disposable } from "./disposable.js";
import { counted, shown } from "./shown.js";
import { drive, driveAsync, valueOf } from "./drive.js";
import type { Engine } from "./engine.js";
import { DisposedError, InvokeError } from "./errors.js";
import { Global } from "./global.js";
import type { HostFunction } from "./imports.js";
import { Memory } from "./memory.js";
import type { ExportDescriptor, Imports, Module } from "./module.js";
import type { Held } from "./net.js";
import type { Names } from "./options.js";
import type { Outcome, SyncOutcome } from "./outcome.js";
import type { Pace } from "./pace.js";
import { Snapshot, snapshotHandle } from "./snapshot.js";
import { type GuestLimits, Protocol } from "./tables.js";
import { type FloatMode, type Value, floatMode } from "./values.js";

/** How a guest is treated. */
export interface GuestOptions extends GuestLimits {
  /** A word (32 bits) of the supervisor's own, which comes with each host call. */
  readonly state?: number;
  /** How floats are shown to JavaScript: as numbers, or as their raw bits. */
  readonly floats?: FloatMode;
  /**
   * The fuel of the start function, and of each outermost call that is not given its own, a BigInt
   * or a number. By default the sandbox's limit.
   */
  readonly fuel?: bigint | number;
  /**
   * Pages (64 KiB) that the guest may take in its life: those that its own memories begin with, all
   * together, and all that it grows any memory by, an imported one too. What JavaScript grows does
   * not count.
   */
  readonly maxMemoryPages?: number;
  /**
   * How deep a host call of the guest may be nested: 1 lets it make host calls only outside of any
   * other guest's, 0 none. The sandbox's limit `nesting` holds as well. The frames of the guest's own
   * functions are another matter: the limit `guestFrames`.
   */
  readonly maxCallDepth?: number;
  /**
   * What becomes of a call while another one of the guest is under way that it is not nested in.
   * Compiled code keeps a stack in the guest's memory, which such calls would overwrite for each other.
   *
   * * "refuse", the default: an `InvokeError` "busy".
   * * "queue": `call` and `tryCall` wait for their turn, first come first served, at most 1,000 of them;
   *   their arguments are taken at once, their signal and deadline hold while they wait. Synchronous
   *   calls are refused. A call that its own import waits for without being nested, by `guest.call`
   *   after the import's first `await`, waits until its deadline.
   * * "allow": for guests that are known to keep no such stack. None is ever put back.
   */
  readonly overlapping?: Overlapping;
}

export const GUEST_NAMES: Names<GuestOptions> = {
  floats: true,
  fuel: true,
  maxCallDepth: true,
  maxMemoryPages: true,
  overlapping: true,
  state: true,
};

/** The exports of a guest, by name: functions, memories, and globals with a `value`. */
export interface Exports {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the guest decides the types
  readonly [name: string]: any;
}

/** An instance. */
export class Guest {
  /** Does what `dispose` does, at the end of a `using`. */
  declare readonly [Symbol.dispose]: () => void;
  private life: "starting" | "live" | "disposed" = "starting";
  private id: number | undefined;
  private readonly held: Held;
  private exportsObject: Exports | undefined;
  private readonly memories = new Map<string, Memory>();
  private readonly callee: Callee;
  private readonly caller: Caller;
  private readonly overlapping: Overlapping;
  /** That call, where it is run asynchronously. */
  private starting: Call | undefined;
  /** The call of the start function; `undefined` where none is to be run. */
  private readonly startCall: number | undefined;

  /** @internal */
  constructor(
    private readonly engine: Engine,
    /** The module that this is an instance of. */
    readonly module: Module,
    functions: readonly HostFunction[],
    private readonly importedMemories: readonly Memory[],
    /** The call of its start function, where that is to run; else its number. */
    begin: { readonly call: number; readonly id: undefined } | { readonly call: undefined; readonly id: number },
    options: GuestOptions,
  ) {
    this.held = engine.net.watch(this, "guest", undefined, tearDown);
    this.startCall = begin.call;
    if (begin.call === undefined) this.live(begin.id);
    this.overlapping = overlappingOf(options);
    const calls = new Calls(engine, this.overlapping);
    this.callee = {
      engine,
      module,
      mode: floatMode(options.floats),
      state: stateOf(options, 0),
      calls,
      served: { engine, guest: this, functions, calls },
      instance: () => this.instance(),
    };
    this.caller = new Caller(this.callee, () => Protocol.NO_CALL, false);
  }

  /** The exports by name. Functions are called synchronously. */
  get exports(): Exports {
    this.instance();
    return (this.exportsObject ??= this.exportsBy(this.caller));
  }

  /**
   * Calls an exported function and waits for its imports, which may be `async`.
   *
   * A call of a guest ends before the next one begins, unless that is nested in it: made by an import
   * before it first waits, or through the import's context, `call((c) => c.call(...))`. See
   * `GuestOptions.overlapping`.
   */
  call(name: string, args: readonly Value[] = [], options?: CallOptions): Promise<Result> {
    return this.caller.call(name, args, options);
  }

  /**
   * Calls an exported function as `call` does, and says what it came to. What an import throws, and
   * the reason of a signal or a deadline, still comes as a rejection.
   */
  tryCall(name: string, args: readonly Value[] = [], options?: CallOptions): Promise<Outcome> {
    return this.caller.tryCall(name, args, options);
  }

  /** Calls an exported function synchronously, as `exports` does, with options of its own. */
  callSync(name: string, args: readonly Value[] = [], options?: SyncCallOptions): Result {
    return this.caller.callSync(name, args, options);
  }

  /**
   * Calls an exported function as `callSync` does, and returns what the call came to, with the fuel
   * that it used. One that is out of fuel has ended by a trap. What an import throws is thrown, but for what a
   * guest's pointers caused, which is a trap.
   */
  tryCallSync(name: string, args: readonly Value[] = [], options?: SyncCallOptions): SyncOutcome {
    return this.caller.tryCallSync(name, args, options);
  }

  /**
   * Captures the state: the memories, imported ones too, and the mutable globals. What JavaScript
   * knows of the guest is not in it.
   *
   * Throws a `SnapshotError` while a call of the guest, or of one it shares memory with, is under
   * way, and for modules whose code changes tables or drops segments.
   */
  snapshot(): Snapshot {
    const { engine } = this;
    const instance = this.instance();
    return new Snapshot(
      engine,
      engine.use((host) => host.snapshot(instance)),
    );
  }

  /**
   * Makes the guest what it, or another guest of its module, was when the snapshot was taken: the
   * way to reset it between two requests, in the time that copying its memory takes.
   *
   * Memories that have grown since shrink, imported ones too, unless other guests share them.
   * Throws a `RestoreError`, and leaves the guest as it was.
   */
  restore(snapshot: Snapshot): void {
    const { engine } = this;
    const instance = this.instance();
    const handle = snapshotHandle(engine, snapshot);
    engine.use((host) => host.restore(instance, handle));
  }

  /**
   * Makes a second guest in the state of this one, with memories of its own and the same imported
   * functions and options. The start function does not run.
   *
   * Of `imports` only memories are used, which have to be given anew where the module imports
   * some; they are made what this guest's are, and may be smaller but not larger.
   */
  fork(imports: Imports = {}): Guest {
    const { engine, module, overlapping } = this;
    const { mode, state, served } = this.callee;
    const instance = this.instance();
    const memories = module.memoriesOf(imports);
    const handles = module.handlesOf(memories);
    const id = engine.use((host) => host.fork(instance, handles));
    return new Guest(engine, module, served.functions, memories, { call: undefined, id }, { floats: mode, state, overlapping });
  }

  /** Ends the life of the guest. A call that is under way completes. */
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
    for (const memory of this.memories.values()) memory.forget();
  }

  /** @internal The caller's memory of a host call, see `CallContext`. */
  get mainMemory(): Memory {
    const imported = this.importedMemories.at(0);
    if (imported !== undefined) return imported;
    const exports = this.module.exports.filter(({ kind }) => kind === "memory");
    const found = exports.find(({ name }) => name === "memory") ?? exports.at(0);
    if (found === undefined) throw new InvokeError("no-memory", "the guest neither imports nor exports a memory");
    return this.memory(found.name);
  }

  /** @internal Whether a memory is one that it imports or exports. */
  has(memory: Memory): boolean {
    return memory.isOf(this) || this.importedMemories.includes(memory);
  }

  /** @internal Makes calls that are nested in another, whose handle is given or refused. */
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
    } finally {
      if (this.life === "starting") this.end();
    }
  }

  /** @internal Runs the start function, with imports that may be `async`. */
  async startAsync(pace: Pace): Promise<void> {
    const { startCall } = this;
    if (startCall === undefined) return;
    try {
      const { calls, served } = this.callee;
      const call = (this.starting = calls.begun(startCall));
      valueOf(this.engine, call, await driveAsync(served, call, pace, () => this.started()));
    } finally {
      if (this.life === "starting") this.end();
    }
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
  }

  /** @internal The exports, with functions whose calls are made by this caller. */
  exportsBy(caller: Caller): Exports {
    const exports = Object.create(null) as { [name: string]: unknown };
    for (const descriptor of this.module.exports) {
      const value = this.makeExport(descriptor, caller);
      if (value !== undefined) constant(exports, descriptor.name, value, true);
    }
    return Object.freeze(exports);
  }

  private makeExport(descriptor: ExportDescriptor, caller: Caller): unknown {
    switch (descriptor.kind) {
      case "function":
        return caller.function(descriptor.name);
      case "global":
        return new Global(this.engine, () => this.instance(), descriptor, this.callee.mode);
      case "memory":
        return this.memory(descriptor.name);
      default:
        return undefined;
    }
  }

  private memory(name: string): Memory {
    let memory = this.memories.get(name);
    if (memory === undefined) {
      memory = new Memory(this.engine, this.memoryHandle(name), this);
      this.memories.set(name, memory);
    }
    return memory;
  }

  private memoryHandle(name: string): number {
    const { engine, startCall } = this;
    // Before the start function has returned there is no number to ask for it by.
    if (this.life === "starting" && startCall !== undefined && this.starting?.isOver !== true)
      return engine.use((host) => host.caller_memory(startCall));
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

const tearDown = (engine: Engine, id: number): void => engine.proceed((host) => host.teardown_instance(id));

const disposed = (): DisposedError => new DisposedError("torn-down", "the guest was disposed of");
