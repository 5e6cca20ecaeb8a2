/** Imports: JavaScript functions that serve a guest. */
import { checkFuel } from "./checks.js";
import { isMarked, mark } from "./copies.js";
import type { Served } from "./drive.js";
import { outOfFuel, trapOfPaused } from "./ended.js";
import { InvokeError, type MemoryError, type Trap } from "./errors.js";
import { type Frames, framesOf, printable } from "./frames.js";
import type { CallOptions, Caller, Result, SyncCallOptions } from "./caller.js";
import type { Exports, Guest } from "./guest.js";
import { type Memory, memoryOf } from "./memory.js";
import type { ImportDescriptor } from "./module.js";
import type { Outcome, SyncOutcome } from "./outcome.js";
import { Protocol } from "./tables.js";
import { type FloatMode, type Value, ValueList } from "./values.js";

/** A function that serves an import. It may be `async` if the guest is called with `call`. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the guest decides the types
export type ImportTarget = (...args: any[]) => unknown;

/** What a function made with `call` is told about a host call, besides the arguments. */
export interface CallContext {
  /** The calling guest. */
  readonly guest: Guest;
  /** The caller's memory: an imported one, else the one it exports as `memory`, else its first. */
  readonly memory: Memory;
  /** The state word given to the call or to the instantiation. */
  readonly state: number;
  /** The fuel that the call has left. */
  readonly fuel: bigint;
  /** Where the guest is, see `Trap`. */
  readonly frames: Frames;
  /**
   * Charges the call for the import's own work; do it before the work. Where the call has less, all
   * it has is taken and a `Trap` "out-of-fuel" thrown, which ends the call unless it is caught.
   */
  charge(fuel: bigint | number): void;
  /**
   * Calls an export of the calling guest as `guest.call` does, nested in the call that the import
   * serves, also after the import has waited: until it settles. Such a call draws on the fuel of the
   * one around it. One that is still under way when the import settles ends with a `Trap` "outlived".
   */
  call(name: string, args?: readonly Value[], options?: CallOptions): Promise<Result>;
  /** Calls an export as `call` does, and says what it came to, as `guest.tryCall` does. */
  tryCall(name: string, args?: readonly Value[], options?: CallOptions): Promise<Outcome>;
  /** Calls an export synchronously, as `guest.callSync` does, nested as `call` is. */
  callSync(name: string, args?: readonly Value[], options?: SyncCallOptions): Result;
  /** Calls an export synchronously, as `guest.tryCallSync` does, nested as `call` is. */
  tryCallSync(name: string, args?: readonly Value[], options?: SyncCallOptions): SyncOutcome;
  /** The exports of the calling guest, whose functions are called nested as by `callSync`. */
  readonly exports: Exports;
}

/**
 * Makes an import that gets the context of the call before its arguments:
 * `call((c, pointer, length) => c.memory.readString(pointer, length))`.
 */
export function call(target: (context: CallContext, ...args: Parameters<ImportTarget>) => unknown): ImportTarget {
  // A function of its own, so that the same target can also be used without context.
  const marked: ImportTarget = (context: CallContext, ...args: unknown[]) => target(context, ...args);
  mark(marked, "call");
  return marked;
}

/** An import as a guest has it: a function and its types. */
export interface HostFunction {
  readonly target: ImportTarget;
  readonly params: ValueList;
  readonly results: ValueList;
  readonly withContext: boolean;
  /** What it is called in errors. */
  readonly label: string;
}

export function hostFunction(descriptor: ImportDescriptor & { kind: "function" }, target: unknown, mode: FloatMode): HostFunction {
  const { module, name, params, results } = descriptor;
  const function_ = target as ImportTarget;
  const of = `the import \`${printable(module)}\` \`${printable(name)}\``;
  return {
    target: function_,
    params: new ValueList(params, mode, { one: "argument", of }),
    results: new ValueList(results, mode, { one: "result", of }),
    withContext: isMarked(function_, "call"),
    label: of,
  };
}

/** A function that is called as a method of an object, with context if it has one. */
export function bound(target: ImportTarget, object: object): ImportTarget {
  const method: ImportTarget = (...args: unknown[]) => Reflect.apply(target, object, args);
  if (isMarked(target, "call")) mark(method, "call");
  return method;
}

/**
 * The trap that a call ends with by what its import threw, where that is the guest's fault: it could not pay a
 * charge, or a pointer of its led to what is not in its memory, or is no text. What else is thrown is the supervisor's.
 */
export function trapOfImport(
  { engine, guest }: Served,
  handle: number,
  host: HostFunction,
  context: Context | undefined,
  thrown: unknown,
): Trap | undefined {
  const unpaid = context?.unpaid;
  if (unpaid !== undefined && thrown === unpaid) return unpaid;
  const memory = memoryOf(thrown);
  if (memory === undefined || !guest.has(memory) || !engine.isLive) return undefined;
  const reason = thrown as MemoryError;
  return trapOfPaused(engine, handle, "host-error", `the guest gave ${host.label} a place that cannot be used: ${reason.message}`, reason);
}

/** Serves a host call. */
export function serve({ target }: HostFunction, context: Context | undefined, args: Value[]): unknown {
  return context === undefined ? target(...args) : target(context, ...args);
}

/** The context of the host call in the exchange, where its import asks for one. Close it after. */
export function contextOf(served: Served, host: HostFunction): Context | undefined {
  return host.withContext
    ? new Context(served, served.engine.head(Protocol.CALL_WORD), served.engine.head(Protocol.STATE_WORD))
    : undefined;
}

export class Context implements CallContext {
  readonly #served: Served;
  /** Of the call, while it waits for this import; it is another's after. */
  #handle: number | undefined;
  #caller: Caller | undefined;
  /** @internal The trap thrown where the call could not pay. */
  unpaid: Trap | undefined;

  constructor(
    served: Served,
    handle: number,
    readonly state: number,
  ) {
    this.#served = served;
    this.#handle = handle;
  }

  get guest(): Guest {
    return this.#served.guest;
  }

  // Only when it is asked for: the guest may have no memory, or have been disposed of meanwhile.
  get memory(): Memory {
    return this.guest.mainMemory;
  }

  get frames(): Frames {
    const handle = this.#call();
    return framesOf(this.#served.engine.use((host) => host.frames(handle)));
  }

  get fuel(): bigint {
    const handle = this.#call();
    return this.#served.engine.use((host) => host.fuel(handle));
  }

  call(name: string, args?: readonly Value[], options?: CallOptions): Promise<Result> {
    return this.#nested().call(name, args, options);
  }

  tryCall(name: string, args?: readonly Value[], options?: CallOptions): Promise<Outcome> {
    return this.#nested().tryCall(name, args, options);
  }

  callSync(name: string, args?: readonly Value[], options?: SyncCallOptions): Result {
    return this.#nested().callSync(name, args, options);
  }

  tryCallSync(name: string, args?: readonly Value[], options?: SyncCallOptions): SyncOutcome {
    return this.#nested().tryCallSync(name, args, options);
  }

  get exports(): Exports {
    return this.guest.exportsBy(this.#nested());
  }

  charge(fuel: bigint | number): void {
    const amount = checkFuel("fuel", fuel);
    const handle = this.#call();
    const { engine } = this.#served;
    if (engine.use((host) => host.charge(handle, amount))) return;
    this.unpaid = outOfFuel(engine, handle);
    throw this.unpaid;
  }

  /** @internal The import has been served. */
  close(): void {
    this.#handle = undefined;
  }

  /** Makes calls that are nested in the one that waits. */
  #nested(): Caller {
    return (this.#caller ??= this.guest.callerWithin(() => this.#call()));
  }

  #call(): number {
    this.#served.engine.check();
    if (this.#handle === undefined) throw new InvokeError("call-over", "the import has returned; its call is not waiting for it");
    return this.#handle;
  }
}
