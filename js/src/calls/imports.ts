/** Imports: JavaScript functions that serve a guest. */
import { checkFuel } from "../base/checks.js";
import { isMarked, mark } from "../base/copies.js";
import { InvokeError, type MemoryError, type Trap } from "../base/errors.js";
import { type Frames, framesOf, printable } from "../base/frames.js";
import { Protocol } from "../base/tables.js";
import type { FloatMode, Result, Value } from "../host/value.js";
import { ValueList } from "../host/values.js";
import { type Memory, memoryOf } from "../memory.js";
import type { Exports, ImportTarget } from "../signatures.js";
import type { CallContext, CallOptions, Guest, ImportDescriptor, Outcome, SyncCallOptions, SyncOutcome } from "../types.js";
import { outOfFuel, trapOfPaused } from "./ended.js";
import type { Calling, HostFunction, Served } from "./served.js";
import { systemFunctionOf } from "./system.js";

/**
 * Makes an import that gets the context of the call before its arguments:
 * `call((c, pointer, length) => c.memory.readString(pointer, length))`.
 */
export function call<Args extends unknown[], R, E extends object = Exports>(
  target: (context: CallContext<E>, ...args: Args) => R,
): (...args: Args) => R {
  // A function of its own, so that the same target can also be used without context.
  const marked = (...args: unknown[]): R => target(...(args as [CallContext<E>, ...Args]));
  mark(marked, "call");
  return marked;
}

/** @internal An import as a guest has it. */
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
    of: systemFunctionOf(function_),
  };
}

/**
 * @internal The trap that a call ends with by what its import threw, where that is the guest's fault: it could not pay a
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

/** @internal Serves a host call. */
export function serve({ target }: HostFunction, context: Context | undefined, args: Value[]): unknown {
  return context === undefined ? target(...args) : target(context, ...args);
}

/** @internal The context of the host call in the exchange, where its import asks for one. Close it after. */
export function contextOf(served: Served, host: HostFunction): Context | undefined {
  return host.withContext
    ? new Context(
        served,
        served.engine.head(Protocol.CALL_WORD),
        served.engine.head(Protocol.STATE_WORD),
        served.engine.head(Protocol.NUMBER_WORD),
      )
    : undefined;
}

/** @internal */
export class Context implements CallContext {
  readonly #served: Served;
  /** Of the call, while it waits for this import; it is another's after. */
  #handle: number | undefined;
  #caller: Calling | undefined;
  readonly number: number | undefined;
  /** @internal The trap thrown where the call could not pay. */
  unpaid: Trap | undefined;

  constructor(
    served: Served,
    handle: number,
    readonly state: number,
    number: number,
  ) {
    this.#served = served;
    this.#handle = handle;
    this.number = number === 0 ? undefined : number;
  }

  get guest(): Guest {
    return this.#served.guest;
  }

  // Only when it is asked for: the guest may have no memory, or have been disposed of meanwhile.
  get memory(): Memory {
    return this.#served.guest.mainMemory;
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
    return this.#served.guest.exportsBy(this.#nested());
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
  #nested(): Calling {
    return (this.#caller ??= this.#served.guest.callerWithin(() => this.#call()));
  }

  #call(): number {
    this.#served.engine.check();
    if (this.#handle === undefined) throw new InvokeError("call-over", "the import has returned; its call is not waiting for it");
    return this.#handle;
  }
}
