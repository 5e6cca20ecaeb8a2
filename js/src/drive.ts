/**
 * The loops that drive guest calls.
 *
 * A call is a sequence of steps. Between two steps nothing of the engine is on the stack, so a
 * synchronous and an asynchronous call differ only in whether they wait for what an import
 * returned.
 */
import { isThenable } from "./checks.js";
import { type Engine, FINISHED, HOST_CALL, OUT_OF_FUEL, SLICE_OVER, TORN_DOWN, TRAPPED } from "./engine.js";
import { DisposedError, InvokeError, Trap, asyncImport } from "./errors.js";
import { NO_FRAMES, framesOf } from "./frames.js";
import type { Guest } from "./guest.js";
import { type HostFunction, contextOf, serve } from "./imports.js";
import type { Pace } from "./pace.js";

/** What is needed to serve a guest's host calls. */
export interface Served {
  readonly engine: Engine;
  readonly guest: Guest;
  /** The imported functions, in the module's order. */
  readonly functions: readonly HostFunction[];
}

/** What driving a call came to. One that is out of fuel is still there, and can go on. */
export type Ending<T> =
  | { readonly status: "ok"; readonly value: T; readonly fuelUsed: bigint }
  | { readonly status: "out-of-fuel"; readonly fuelUsed: bigint }
  | { readonly status: "trap"; readonly trap: Trap; readonly fuelUsed: bigint };

/** Makes a step. Steps throw only when the engine aborts. */
export function makeStep(engine: Engine, step: () => number): number {
  engine.check();
  try {
    return step();
  } catch (cause) {
    throw engine.broken(cause);
  }
}

/** Drives a call until it finishes, after its first step. Throws why it ended otherwise. */
export function drive(served: Served, step: number): void {
  const last = driveToEnd(served, step);
  if (last !== FINISHED) throw ended(served.engine, last);
}

/** Drives a call to its end, after its first step, and gives the last. */
export function driveToEnd(served: Served, step: number): number {
  const { engine, functions } = served;
  while (step === HOST_CALL) {
    const handle = engine.head(0);
    const host = functions[engine.head(1)] as HostFunction;
    const context = contextOf(served, host);
    let answered = false;
    try {
      const result = serve(host, context, host.params.takeAll(engine));
      if (isThenable(result)) throw asyncImport(result);
      engine.check();
      host.results.putResult(engine, result);
      answered = true;
    } finally {
      context?.close();
      // Whatever was thrown goes on its way, as the same object.
      if (!answered && engine.isLive) engine.host.cancel(handle);
    }
    step = makeStep(engine, () => engine.host.answer(handle));
  }
  return step;
}

/**
 * Drives a call until it finishes, traps or is out of fuel, waiting for imports and giving the
 * event loop its turn between slices. `finish` is called as soon as the results are in the
 * exchange, before any other call can put its own there.
 *
 * What an import throws, and what ends the call by its pace, is thrown; the call is over then.
 */
export async function driveAsync<T>(served: Served, handle: number, pace: Pace, finish: () => T): Promise<Ending<T>> {
  const { engine, functions } = served;
  let isKept = false;
  try {
    let step = makeStep(engine, () => engine.host.step(handle));
    for (;;) {
      if (step === HOST_CALL) {
        const host = functions[engine.head(1)] as HostFunction;
        const context = contextOf(served, host);
        try {
          const returned = serve(host, context, host.params.takeAll(engine));
          const waits = isThenable(returned);
          const isTurn = pace.isTurnAfterCall();
          // What the guest's other callers do meanwhile is not nested in this call. An import that has
          // disposed of the sandbox is waited for too: what it rejects with is nobody else's to see.
          if ((waits || isTurn) && engine.isLive) engine.use((raw) => raw.suspend(handle));
          const result = waits ? await pace.race(returned) : returned;
          if (isTurn) await pace.turn();
          pace.check();
          engine.check();
          host.results.putResult(engine, result);
        } catch (thrown) {
          const unpaid = context?.unpaid;
          if (unpaid === undefined || thrown !== unpaid) throw thrown;
          return { status: "trap", trap: unpaid, fuelUsed: unpaid.fuelUsed };
        } finally {
          context?.close();
        }
        step = makeStep(engine, () => engine.host.answer(handle));
      } else if (step === SLICE_OVER) {
        if (pace.isTurnAfterSlice()) await pace.turn();
        else pace.check();
        step = makeStep(engine, () => engine.host.step(handle));
      } else if (step === OUT_OF_FUEL) {
        isKept = true;
        return { status: "out-of-fuel", fuelUsed: engine.longHead(4) };
      } else {
        isKept = true;
        const fuelUsed = engine.longHead(4);
        if (step === FINISHED) return { status: "ok", value: finish(), fuelUsed };
        const error = ended(engine, step);
        if (error instanceof Trap) return { status: "trap", trap: error, fuelUsed };
        throw error;
      }
    }
  } finally {
    if (!isKept && engine.isLive) engine.host.cancel(handle);
  }
}

/** The value of a call that is to have finished; for one that has not, its trap is thrown. */
export function valueOf<T>(engine: Engine, handle: number, ending: Ending<T>): T {
  if (ending.status === "ok") return ending.value;
  if (ending.status === "trap") throw ending.trap;
  throw outOfFuel(engine, handle, ending.fuelUsed);
}

/** Ends a call that is out of fuel, and returns the trap that says so. */
function outOfFuel(engine: Engine, handle: number, used: bigint): Trap {
  const frames = framesOf(engine.use((host) => host.frames(handle)));
  engine.use((host) => host.cancel(handle));
  return new Trap("out-of-fuel", "out of fuel", used, frames);
}

// What a trap has besides its code, by bits.
const HAS_FRAMES = 1, HAS_MESSAGE = 2;

/** The error for a call that ended without results. */
export function ended(engine: Engine, step: number): Error {
  const used = engine.longHead(4);
  if (step === TRAPPED) {
    const code = engine.head(1);
    const has = engine.head(2);
    const own = (has & HAS_MESSAGE) === 0 ? undefined : engine.use((host) => host.trap_message());
    const frames = (has & HAS_FRAMES) === 0 ? NO_FRAMES : framesOf(engine.use((host) => host.trap_frames()));
    const message = own ?? engine.trapMessages[code] ?? "engine error";
    return new Trap(engine.trapCodes[code] ?? "engine", message, used, frames);
  }
  if (step === OUT_OF_FUEL) return outOfFuel(engine, engine.head(0), used);
  if (step === TORN_DOWN) return new DisposedError("torn-down", "the guest was disposed of");
  return new InvokeError("refused", "the call could not be begun");
}
