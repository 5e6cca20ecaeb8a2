/// <reference lib="esnext.disposable" preserve="true" />
/** Sandboxes: an engine each, in which modules are compiled and guests live. */
import { type Bytes, bytesOf, checkBoolean, checkU32 } from "./base/checks.js";
import { disposable } from "./base/disposable.js";
import { SnapshotError, hostError } from "./base/errors.js";
import { known, optionsOf } from "./base/options.js";
import { counted, shown } from "./base/shown.js";
import type { TrapCode } from "./base/tables.js";
import type { AnswerLike } from "./base/web.js";
import { yieldToEventLoop } from "./base/yield.js";
import { Global, type GlobalType } from "./global.js";
import { Engine } from "./host/engine.js";
import type { Leak } from "./host/leak.js";
import type { GuestFunction, Value } from "./host/value.js";
import { instantiateGlue } from "./load/instance.js";
import { outsideFor } from "./load/outside.js";
import { type Limits, type LoadOptions, storeArguments } from "./load/limits.js";
import { Memory } from "./memory.js";
import { Parked } from "./parked.js";
import { Snapshot } from "./snapshot.js";
import { type ElementValue, type FunctionType, Table, type TableElement, type TableType } from "./table.js";
import { warmUp } from "./calls/warm.js";
import { makeFunction } from "./made.js";
import { Module as CompiledModule } from "./module.js";
import type { Compiler } from "./outside/load.js";
import type { ImportTarget } from "./signatures.js";
import type { Module } from "./types.js";

/** How a sandbox is loaded. */
export interface SandboxOptions extends LoadOptions {
  /**
   * Told of each guest, global, memory, module, snapshot and outcome that was dropped without having been
   * disposed of, once the runtime has collected it and what it had is freed. What it throws is lost.
   */
  readonly onLeak?: (leak: Leak) => void;
  /**
   * What runs the code of guests. "interpreter", which is the default, is guestbox's own, and runs everywhere. "host" has the runtime
   * compile guests itself: they do the same for the same fuel, many times as fast, and with the runtime's compiler among what has to be
   * trusted. Some things it does not have yet: those are errors "engine". "auto" takes the runtime where it has all that is needed, and
   * the interpreter for each module that it does not do, and everywhere else.
   */
  readonly engine?: EngineName;
  /**
   * Whether the engine is run until the runtime has compiled it well, for at most a second, in turns with
   * everything else. Without, the first seconds of guests are slower; what they do is the same.
   */
  readonly warm?: boolean;
}

/** What runs the code of guests. */
export type EngineName = "interpreter" | "host" | "auto";

/** How a module is compiled. */
export interface CompileOptions {
  /**
   * Whether traps, and host calls and calls that are out of fuel, say where the guest is: `Trap`'s
   * `frames`. The guest's code is rewritten for this. It does the same and uses the same fuel, but takes
   * more time. Each guest takes 64 KiB more, which `totalInstanceBytes` counts. Snapshots fit modules
   * compiled with and without.
   */
  readonly frames?: boolean;
}

/** The type of a memory, in pages of 64 KiB. */
export interface MemoryType {
  /** The size to begin with. */
  readonly initial: number;
  /** The size that it can grow to. */
  readonly maximum?: number;
}

const SANDBOX_OPTIONS = known<SandboxOptions>({
  engine: true,
  features: true,
  limits: true,
  onLeak: true,
  simd: true,
  warm: true,
  wasm: true,
});
const COMPILE_OPTIONS = known<CompileOptions>({ frames: true });
const MEMORY_TYPE = known<MemoryType>({ initial: true, maximum: true });

/** Compiles modules for the interpreter. */
const interpreted: Compiler = (engine, bytes, frames) =>
  engine.use((host) => (frames ? host.compile_with_frames(bytes) : host.compile(bytes)));

/**
 * An engine in a wasm module of its own. Guests of one sandbox can share memories and globals; should the
 * engine ever abort, only its own sandbox is lost.
 */
export class Sandbox {
  /** Does what `dispose` does, at the end of a `using`. */
  declare readonly [Symbol.dispose]: () => void;
  private constructor(
    /** @internal */
    readonly engine: Engine,
    /** The version of the cost model of fuel: counts can be compared and kept only together with it. */
    readonly costsVersion: number,
    /** Compiles bytes, with frames or without: the handle of the module. */
    private readonly compiler: Compiler,
  ) {}

  /** Loads the wasm module, which is compiled once for all sandboxes, and makes an engine. */
  static async load(given?: SandboxOptions): Promise<Sandbox> {
    const options = optionsOf(given, SANDBOX_OPTIONS);
    const { onLeak } = options;
    if (onLeak !== undefined && typeof onLeak !== "function") throw new TypeError("onLeak is not a function");
    const isWarm = checkBoolean("warm", options.warm);
    const settings = storeArguments(options);
    const outside = await outsideFor(options.engine, options.limits);
    const [glue, memory, probe] = await instantiateGlue(options.wasm, checkBoolean("simd", options.simd), outside?.runner);
    const host = hostError(() => {
      const limits = new glue.Settings(...settings);
      if (outside !== undefined) limits.cap_stack(...outside.stack);
      return new glue.Host(limits);
    });
    const traps = JSON.parse(glue.Host.trap_codes()) as [TrapCode, string][];
    const engine = new Engine(
      host,
      memory,
      probe,
      traps.map((trap) => ({ code: trap[0], message: trap[1] })),
      outside?.runner,
    );
    outside?.runner.attach(engine, memory, host.exchange());
    engine.net.onLeak = onLeak;
    const compiler = outside === undefined ? interpreted : outside.compiler(interpreted);
    const sandbox = new Sandbox(engine, glue.Host.costs_version(), compiler);
    if (isWarm) await warmUp((bytes) => sandbox.compile(bytes));
    return sandbox;
  }

  /**
   * Compiles a module from its bytes.
   *
   * This blocks its thread: for some 35 ms a MiB in Node, and at most 300 of a module made to take long.
   */
  compile(bytes: Bytes, given?: CompileOptions): Module {
    return this.moduleOf(bytes, given);
  }

  private moduleOf(bytes: Bytes, given?: CompileOptions): CompiledModule {
    const { engine } = this;
    const options = optionsOf(given, COMPILE_OPTIONS);
    const frames = checkBoolean("frames", options.frames);
    const view = bytesOf("the module's bytes", bytes);
    // Far too many are not copied to where the engine reads them: that memory never shrinks.
    engine.use((host) => host.check_module_bytes(view.length));
    return new CompiledModule(engine, this.compiler(engine, view, frames));
  }

  /**
   * Compiles a module as `compile` does, from a copy of its bytes, and lets the event loop have its turn before and
   * after. In between it blocks its thread as that does: nothing can end it, so on a page modules of strangers are for
   * `limits: { preset: "strict" }`, or for a worker.
   */
  async compileAsync(bytes: Bytes, given?: CompileOptions): Promise<Module> {
    const options = optionsOf(given, COMPILE_OPTIONS);
    const view = bytesOf("the module's bytes", bytes);
    this.engine.use((host) => host.check_module_bytes(view.length));
    return this.compileBetweenTurns(view.slice(), options);
  }

  private async compileBetweenTurns(bytes: Bytes, options: CompileOptions): Promise<Module> {
    await yieldToEventLoop();
    const module = this.compile(bytes, options);
    await yieldToEventLoop();
    return module;
  }

  /** Compiles a module from a response, or a promise of one. */
  async compileStreaming(response: AnswerLike | PromiseLike<AnswerLike>, given?: CompileOptions): Promise<Module> {
    const options = optionsOf(given, COMPILE_OPTIONS);
    const answer: Partial<AnswerLike> | null = await response;
    if (typeof answer?.arrayBuffer !== "function" || typeof answer.status !== "number") {
      throw new TypeError("this is no response; give what `fetch` returns, or bytes to `compile`");
    }
    if (!answer.ok) throw new TypeError(`cannot compile a response of status ${`${answer.status} ${answer.statusText ?? ""}`.trim()}`);
    return this.compileBetweenTurns(await answer.arrayBuffer(), options);
  }

  /** Makes a memory that guests can import, in pages of 64 KiB. */
  memory(given: MemoryType): Memory {
    const { engine } = this;
    const type = optionsOf(given, MEMORY_TYPE);
    const initial = checkU32("initial", type.initial);
    const maximum = type.maximum === undefined ? -1 : checkU32("maximum", type.maximum);
    return Memory.of(
      engine,
      engine.use((host) => host.new_memory(initial, maximum)),
    );
  }

  /**
   * Makes a global that guests can import, of a value as `floats` has it. Each guest copies a constant; a mutable
   * one they share, and see what any of them or JavaScript sets.
   */
  global(type: GlobalType, value: Value): Global {
    return Global.make(this.engine, type, value);
  }

  /**
   * Makes a table that guests can import, with a value in each place. Without one that is `null` in a table of functions, and
   * `undefined` in others.
   */
  table(type: TableType, value?: GuestFunction | null): Table;
  table(type: TableType<"externref">, value?: Value): Table<"externref">;
  table<E extends TableElement>(type: TableType<E | "anyfunc">, value?: ElementValue<E>): Table<E> {
    return Table.make(this.engine, type, value);
  }

  /**
   * Makes a function that tables take, as `new WebAssembly.Function(type, target)` would: a guest that calls it by a table
   * has `target` called, as an import is. That may be `async`, and be made by `call`; its context's guest has no memory.
   */
  function(type: FunctionType, target: ImportTarget): GuestFunction {
    this.engine.check();
    const { engine } = this;
    return makeFunction(engine, (bytes) => new CompiledModule(engine, interpreted(engine, bytes, false)), type, target);
  }

  /**
   * Reads a snapshot from its bytes, wherever it was taken. Bytes that were changed anywhere are
   * refused; that is to notice damage, not forgery.
   */
  snapshot(bytes: Bytes): Snapshot {
    const { engine } = this;
    const view = bytesOf("the snapshot's bytes", bytes);
    const maximum = engine.use((host) => host.snapshot_bytes_limit());
    if (view.length > maximum) {
      throw new SnapshotError("limit", `snapshot refused: ${view.length} bytes are more than guests may have, ${maximum}`);
    }
    return new Snapshot(
      engine,
      engine.use((host) => host.load_snapshot(view)),
    );
  }

  /**
   * Reads a guest that was parked from its bytes, wherever that was. Bytes that were changed anywhere are refused; that is to notice damage,
   * not forgery.
   */
  parked(bytes: Bytes): Parked {
    const { engine } = this;
    const view = bytesOf("the parked guest's bytes", bytes);
    engine.use((host) => host.check_parked_bytes(view.length));
    return new Parked(
      engine,
      engine.use((host) => host.load_parked(view)),
    );
  }

  /** Pages (64 KiB) of all memories together, those that are not freed yet included. */
  get memoryPagesInUse(): number {
    return this.engine.use((host) => host.memory_pages_in_use());
  }

  /**
   * Bytes of the wasm module's own memory, with the memories of all guests and all else that the engine
   * keeps. It never shrinks: what is freed is used again, and only a sandbox that is disposed of, or
   * dropped with all it made, gives it back.
   */
  get memoryBytes(): number {
    return this.engine.memoryBytes;
  }

  /** All limits, as a plain object: it can be written as JSON, and is taken by `load`. */
  get limits(): Required<Omit<Limits, "preset">> {
    return Object.fromEntries(JSON.parse(this.engine.use((host) => host.limits())) as [string, number][]) as Sandbox["limits"];
  }

  /** Frees the engine with everything in it. */
  dispose(): void {
    this.engine.dispose();
  }
}

disposable(Sandbox);
shown(Sandbox, ({ memoryPagesInUse }) => `${counted(memoryPagesInUse, "page")} of guests in use`);
