/**
 * The loops that drive guest calls.
 *
 * A call is a sequence of steps. Between two steps nothing of the engine is on the stack, so a
 * synchronous and an asynchronous call differ only in whether they wait for what an import
 * returned.
 */
import { checkFuel, isThenable } from "./checks.js";
import { type Engine, FINISHED, HOST_CALL, OUT_OF_FUEL, TORN_DOWN, TRAPPED } from "./engine.js";
import { DisposedError, InvokeError, Trap, asyncImport } from "./errors.js";
import type { Guest } from "./guest.js";
import { type HostFunction, serve } from "./imports.js";
import { yieldToEventLoop } from "./yield.js";

/** How an asynchronous call is paced and ended. */
export interface PaceOptions {
  /** The fuel of the call, a BigInt or a number. By default what the sandbox's limits say. */
  readonly fuel?: bigint | number;
  /** The fuel of a slice: after each the event loop gets its turn. By default 1,000,000. */
  readonly slice?: bigint | number;
  /** Ends the call, with the signal's reason, at the end of the slice or of an import. */
  readonly signal?: AbortSignal;
}

/** The same, checked. */
export interface Pace {
  readonly fuel: bigint;
  readonly slice: bigint;
  readonly signal: AbortSignal | undefined;
}

/** What is needed to serve a guest's host calls. */
export interface Served {
  readonly engine: Engine;
  readonly guest: Guest;
  /** The imported functions, in the module's order. */
  readonly functions: readonly HostFunction[];
}

const DEFAULT_SLICE = 1_000_000n;

/** Checks how a call is to be paced. */
export function paceOf(engine: Engine, { fuel, slice, signal }: PaceOptions): Pace {
  signal?.throwIfAborted();
  const pace = {
    fuel: fuel === undefined ? engine.use((host) => host.default_fuel()) : checkFuel("fuel", fuel),
    slice: slice === undefined ? DEFAULT_SLICE : checkFuel("slice", slice),
    signal,
  };
  if (pace.slice === 0n) throw new RangeError("slice is not above 0");
  return pace;
}

/** The fuel of the first slice. */
export const firstSlice = ({ fuel, slice }: Pace): bigint => (fuel < slice ? fuel : slice);

/** Makes a step. Steps throw only when the engine aborts. */
export function makeStep(engine: Engine, step: () => number): number {
  engine.check();
  try {
    return step();
  } catch (cause) {
    throw engine.broken(cause);
  }
}

/** Drives a call to its end, after its first step. */
export function drive({ engine, guest, functions }: Served, step: number): void {
  while (step !== FINISHED) {
    if (step !== HOST_CALL) throw ended(engine, step);
    const handle = engine.head(0);
    const host = functions[engine.head(1)] as HostFunction;
    let answered = false;
    try {
      const state = engine.head(2);
      const result = serve(host, guest, host.params.takeAll(engine), state);
      if (isThenable(result)) throw asyncImport(result);
      engine.check();
      host.results.putResult(engine, result);
      answered = true;
    } finally {
      // Whatever was thrown goes on its way, as the same object.
      if (!answered && engine.isLive) engine.host.cancel(handle);
    }
    step = makeStep(engine, () => engine.host.answer(handle));
  }
}

/**
 * Drives a call from its first step to its end, waiting for imports and giving the event loop
 * its turn after each slice. `finish` is called as soon as the results are in the exchange,
 * before any other call can put its own there.
 */
export async function driveAsync<T>(
  { engine, guest, functions }: Served,
  handle: number,
  pace: Pace,
  finish: () => T,
): Promise<T> {
  const { slice, signal } = pace;
  let fuel = pace.fuel - firstSlice(pace);
  let over = false;
  try {
    let step = makeStep(engine, () => engine.host.step(handle));
    for (;;) {
      if (step === HOST_CALL) {
        const host = functions[engine.head(1)] as HostFunction;
        const state = engine.head(2);
        let result = serve(host, guest, host.params.takeAll(engine), state);
        if (isThenable(result)) {
          // What the guest's other callers do meanwhile is not nested in this call.
          engine.use((raw) => raw.suspend(handle));
          result = await untilAborted(result, signal);
        }
        signal?.throwIfAborted();
        engine.check();
        host.results.putResult(engine, result);
        step = makeStep(engine, () => engine.host.answer(handle));
      } else if (step === OUT_OF_FUEL && fuel > 0n) {
        await yieldToEventLoop();
        signal?.throwIfAborted();
        engine.check();
        const more = fuel < slice ? fuel : slice;
        fuel -= more;
        engine.host.set_fuel(handle, engine.host.fuel(handle) + more);
        step = makeStep(engine, () => engine.host.step(handle));
      } else {
        over = step !== OUT_OF_FUEL;
        if (step === FINISHED) return finish();
        throw ended(engine, step);
      }
    }
  } finally {
    if (!over && engine.isLive) engine.host.cancel(handle);
  }
}

/** The error for a call that ended without results. */
function ended(engine: Engine, step: number): Error {
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

/** The promise's value, or the signal's reason if that comes first. */
function untilAborted(promise: PromiseLike<unknown>, signal: AbortSignal | undefined): PromiseLike<unknown> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    // A signal that was aborted before says nothing any more: the import itself may have done it.
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    const forget = (): void => signal.removeEventListener("abort", abort);
    Promise.resolve(promise).finally(forget).then(resolve, reject);
  });
}
