/**
 * Guests: instances, and the loop that drives their calls.
 *
 * A call is a sequence of steps. Between two steps nothing of the engine is on the stack, so a
 * synchronous and an asynchronous call differ only in whether they wait for what an import
 * returned.
 */
import { FINISHED, HOST_CALL, OUT_OF_FUEL, TORN_DOWN, TRAPPED, type Engine } from "./engine.js";
import { AsyncImportError, DisposedError, GlobalError, InvokeError, Trap } from "./errors.js";
import { type HostFunction, serve } from "./imports.js";
import { Memory } from "./memory.js";
import type { ExportDescriptor, Module, Signature } from "./module.js";
import { type FloatMode, type Value, ValueList } from "./values.js";
import { yieldToEventLoop } from "./yield.js";

/** How a module is instantiated. */
export interface GuestOptions {
  /** A word of the supervisor's own, which comes with each host call. */
  readonly state?: number;
  /** How floats are shown to JavaScript: as numbers, or as their raw bits. */
  readonly floats?: FloatMode;
}

/** How an asynchronous call is made. */
export interface CallOptions {
  /** The fuel of the call. By default what the sandbox's limits say. */
  readonly fuel?: bigint;
  /** The fuel of a slice: after each the event loop gets its turn. By default 1,000,000. */
  readonly slice?: bigint;
  /** Ends the call, with the signal's reason, at the end of the slice or of an import. */
  readonly signal?: AbortSignal;
  /** A word of the supervisor's own, which comes with each host call. */
  readonly state?: number;
}

/** The results of a call: nothing, a value, or an array of several. */
export type Result = Value | Value[] | undefined;

/** The exports of a guest, by name: functions, memories, and globals with a `value`. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the guest decides the types
export type Exports = { readonly [name: string]: any };

const DEFAULT_SLICE = 1_000_000n;

/** An instance. */
export class Guest {
  private id: number | undefined;
  private exportsObject: Exports | undefined;
  private readonly memories = new Map<string, Memory>();
  private readonly mode: FloatMode;
  private readonly state: number;

  /** @internal */
  constructor(
    private readonly engine: Engine,
    /** The module that this is an instance of. */
    readonly module: Module,
    private readonly functions: readonly HostFunction[],
    private readonly importedMemories: readonly Memory[],
    private readonly startCall: number,
    options: GuestOptions,
  ) {
    this.mode = options.floats ?? "number";
    this.state = options.state ?? 0;
  }

  /** The exports by name. Functions are called synchronously. */
  get exports(): Exports {
    this.instance();
    return (this.exportsObject ??= this.makeExports());
  }

  /** Calls an exported function and waits for its imports, which may be `async`. */
  async call(name: string, args: readonly Value[] = [], options: CallOptions = {}): Promise<Result> {
    const { engine } = this;
    const [position, signature] = this.function(name);
    options.signal?.throwIfAborted();
    const budget = options.fuel ?? engine.use((host) => host.default_fuel());
    const slice = options.slice ?? DEFAULT_SLICE;
    if (slice <= 0n) throw new RangeError("slice is not above 0");
    const first = budget < slice ? budget : slice;
    const instance = this.instance();
    signature.params.putAll(engine, args);
    const handle = engine.use((host) => host.begin(instance, position, options.state ?? this.state, first));
    await this.runAsync(handle, budget - first, slice, options.signal);
    return signature.results.takeResult(engine);
  }

  /** Ends the life of the guest. A call that is under way completes. */
  dispose(): void {
    const { id } = this;
    if (id === undefined || !this.engine.isLive) return;
    this.id = undefined;
    this.engine.use((host) => host.teardown_instance(id));
    for (const memory of this.memories.values()) memory.dispose();
  }

  /** @internal */
  get mainMemory(): Memory {
    const [imported] = this.importedMemories;
    if (imported !== undefined) return imported;
    const exports = this.module.exports.filter(({ kind }) => kind === "memory");
    const found = exports.find(({ name }) => name === "memory") ?? exports[0];
    if (found === undefined) throw new InvokeError("no-memory", "the guest neither imports nor exports a memory");
    return this.memory(found.name);
  }

  /** @internal Runs the start function. */
  start(): void {
    const step = this.engine.use((host) => host.step(this.startCall));
    this.run(step);
    this.id = this.engine.head(1);
  }

  /** @internal Runs the start function, with imports that may be `async`. */
  async startAsync(): Promise<void> {
    await this.runAsync(this.startCall, 0n, DEFAULT_SLICE, undefined);
    this.id = this.engine.head(1);
  }

  /** Drives a call to its end, after its first step. */
  private run(step: number): void {
    const { engine } = this;
    while (step !== FINISHED) {
      if (step !== HOST_CALL) throw this.ended(step);
      const handle = engine.head(0);
      const host = this.functions[engine.head(1)] as HostFunction;
      let answered = false;
      try {
        const state = engine.head(2);
        const result = serve(host, this, host.params.takeAll(engine), state);
        if (isThenable(result)) throw asyncImport(result);
        engine.check();
        host.results.putResult(engine, result);
        answered = true;
      } finally {
        // Whatever was thrown goes on its way, as the same object.
        if (!answered && engine.isLive) engine.host.cancel(handle);
      }
      step = this.step(() => engine.host.answer(handle));
    }
  }

  private async runAsync(handle: number, budget: bigint, slice: bigint, signal: AbortSignal | undefined): Promise<void> {
    const { engine } = this;
    let over = false;
    try {
      let step = this.step(() => engine.host.step(handle));
      for (;;) {
        if (step === HOST_CALL) {
          const host = this.functions[engine.head(1)] as HostFunction;
          const state = engine.head(2);
          let result = serve(host, this, host.params.takeAll(engine), state);
          if (isThenable(result)) {
            // What the guest's other callers do meanwhile is not nested in this call.
            engine.use((raw) => raw.suspend(handle));
            result = await untilAborted(result, signal);
            signal?.throwIfAborted();
          }
          engine.check();
          host.results.putResult(engine, result);
          step = this.step(() => engine.host.answer(handle));
        } else if (step === OUT_OF_FUEL && budget > 0n) {
          await yieldToEventLoop();
          signal?.throwIfAborted();
          engine.check();
          const more = budget < slice ? budget : slice;
          budget -= more;
          engine.host.set_fuel(handle, engine.host.fuel(handle) + more);
          step = this.step(() => engine.host.step(handle));
        } else {
          over = step !== OUT_OF_FUEL;
          if (step === FINISHED) return;
          throw this.ended(step);
        }
      }
    } finally {
      if (!over && engine.isLive) engine.host.cancel(handle);
    }
  }

  /** Makes a step. Steps throw only when the engine aborts. */
  private step(step: () => number): number {
    this.engine.check();
    try {
      return step();
    } catch (cause) {
      throw this.engine.broken(cause);
    }
  }

  /** The error for a call that ended without results. */
  private ended(step: number): Error {
    const { engine } = this;
    const used = engine.longHead(4);
    if (step === TRAPPED) {
      const code = engine.head(1);
      return new Trap(engine.trapCodes[code] ?? "engine", engine.trapMessages[code] ?? "engine error", used);
    }
    if (step === OUT_OF_FUEL) {
      engine.host.cancel(engine.head(0));
      return new Trap("out-of-fuel", "out of fuel", used);
    }
    if (step === TORN_DOWN) return new DisposedError("torn-down", "the guest was disposed of");
    return new InvokeError("refused", "the call could not be begun");
  }

  private makeExports(): Exports {
    const exports = Object.create(null) as { [name: string]: unknown };
    for (const descriptor of this.module.exports) {
      const value = this.makeExport(descriptor);
      if (value !== undefined) Object.defineProperty(exports, descriptor.name, { value, enumerable: true });
    }
    return Object.freeze(exports);
  }

  private makeExport(descriptor: ExportDescriptor): unknown {
    switch (descriptor.kind) {
      case "function":
        return this.makeFunction(descriptor.name);
      case "global":
        return new Global(this.engine, () => this.instance(), descriptor, this.mode);
      case "memory":
        return this.memory(descriptor.name);
      default:
        return undefined;
    }
  }

  private makeFunction(name: string): (...args: Value[]) => Result {
    const { engine, module, mode, state } = this;
    const position = module.position(name) as number;
    return (...args) => {
      const signature = module.signature(position, mode) ?? uncallable(name);
      const instance = this.instance();
      signature.params.putAll(engine, args);
      const step = this.step(() => engine.host.call(instance, position, state));
      if (step !== FINISHED) this.run(step);
      return signature.results.takeResult(engine);
    };
  }

  private function(name: string): readonly [number, Signature] {
    const position = this.module.position(name);
    if (position === undefined) throw new InvokeError("export-not-found", `the module exports no \`${name}\``);
    return [position, this.module.signature(position, this.mode) ?? uncallable(name)];
  }

  private memory(name: string): Memory {
    let memory = this.memories.get(name);
    if (memory === undefined) {
      const instance = this.instance();
      memory = new Memory(this.engine, this.engine.use((host) => host.exported_memory(instance, name)), "guest");
      this.memories.set(name, memory);
    }
    return memory;
  }

  private instance(): number {
    this.engine.check();
    if (this.id === undefined) throw new DisposedError("torn-down", "the guest was disposed of, or has not started");
    return this.id;
  }
}

if (Symbol.dispose !== undefined) {
  Object.defineProperty(Guest.prototype, Symbol.dispose, { value: Guest.prototype.dispose, configurable: true });
}

/** An exported global. */
export class Global {
  private readonly list: ValueList;

  /** @internal */
  constructor(
    private readonly engine: Engine,
    private readonly instance: () => number,
    private readonly descriptor: ExportDescriptor & { kind: "global" },
    mode: FloatMode,
  ) {
    this.list = new ValueList([descriptor.type], mode);
  }

  get value(): Value {
    const { engine } = this;
    const instance = this.instance();
    const word = engine.use((host) => host.global(instance, this.descriptor.name));
    engine.refresh();
    engine.u64[0] = word ?? 0n;
    return this.list.takeResult(engine) as Value;
  }

  set value(value: Value) {
    const { engine } = this;
    if (!this.descriptor.mutable) throw new GlobalError("immutable", "the global is not mutable");
    const instance = this.instance();
    this.list.putAll(engine, [value]);
    const word = engine.u64[0] as bigint;
    engine.use((host) => host.set_global(instance, this.descriptor.name, word));
  }
}

const uncallable = (name: string): never => {
  throw new InvokeError("not-a-function", `\`${name}\` is no function, or has types that cannot be passed`);
};

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";

function asyncImport(promise: PromiseLike<unknown>): AsyncImportError {
  // Nobody will look at the promise any more; the error below says what happened.
  promise.then(undefined, () => {});
  return new AsyncImportError("async-import", "an import returned a promise; use `guest.call` or `instantiateAsync`");
}

/** The promise's value, or the signal's reason if that comes first. */
function untilAborted<T>(promise: PromiseLike<T>, signal: AbortSignal | undefined): PromiseLike<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).then(() => signal.removeEventListener("abort", abort));
  });
}
