/**
 * The loops that drive guest calls.
 *
 * A call is a sequence of steps. Between two steps nothing of the engine is on the stack, so a
 * synchronous and an asynchronous call differ only in whether they wait for what an import
 * returned.
 */
import { isThenable } from "../base/checks.js";
import { InvokeError, Trap, asyncImport, asyncSystem } from "../base/errors.js";
import { Protocol, Step, type Wait } from "../base/tables.js";
import type { Engine, Outside } from "../host/engine.js";
import { type Call, SYNCHRONOUS } from "./calls.js";
import { ended, outOfFuel } from "./ended.js";
import { type Context, contextOf, serve, trapOfImport } from "./imports.js";
import type { Pace } from "./pace.js";
import type { HostFunction, Served } from "./served.js";
import type { System } from "./system.js";

/** What driving a call came to. One that is out of fuel is still there, and can go on. */
export type Ending<T> =
  | { readonly status: "ok"; readonly value: T; readonly fuelUsed: bigint }
  | { readonly status: "out-of-fuel"; readonly fuelUsed: bigint }
  | { readonly status: "trap"; readonly trap: Trap; readonly fuelUsed: bigint };

/** Drives a call until it finishes, after its first step. Throws why it ended otherwise. */
export function drive(served: Served, step: Step): void {
  const last = driveToEnd(served, step);
  if (last instanceof Trap) throw last;
  if (last === Step.BUSY) throw served.calls.busy();
  if (last !== Step.FINISHED) throw ended(served.engine, last);
}

/** Drives a call to its end, after its first step, and gives the last, or the trap if it could not pay. */
export function driveToEnd(served: Served, step: Step): Step | Trap {
  // Most calls are over with their first step.
  if (step === Step.FINISHED) return step;
  const mark = served.calls.mark();
  const serving = (next: Step): Step | Trap => serveUntil(served, next, mark);
  const last = serving(step);
  // Its code is run by the host, and calls back for each host call.
  return last === Step.OUTSIDE ? outsideOf(served).run(serving) : last;
}

/** What runs code that is not the engine's to run: a step has said so. */
const outsideOf = ({ engine }: Served): Outside => engine.outside as Outside;

/** Serves host calls until a step is none, and gives that, or the trap if the call could not pay. */
function serveUntil(served: Served, step: Step, mark: number): Step | Trap {
  const { engine, calls } = served;
  for (;;) {
    if (step === Step.WAITS) {
      step = waitSync(served);
      continue;
    }
    if (step === Step.EXITED) throw exitOf(served);
    if (step !== Step.HOST_CALL) return step;
    const handle = engine.head(Protocol.CALL_WORD);
    const server = serverOf(served, handle);
    const markElsewhere = server.calls.mark();
    const host = server.functions[engine.head(Protocol.DETAIL_WORD)] as HostFunction;
    const context = contextOf(server, host);
    let answered = false;
    const before = calls.serve(SYNCHRONOUS);
    const beforeElsewhere = server === served ? undefined : server.calls.serve(SYNCHRONOUS);
    try {
      const result = serve(host, context, host.params.takeAll(engine));
      if (isThenable(result)) throw asyncImport(result);
      engine.check();
      host.results.putResult(engine, result);
      answered = true;
    } catch (thrown) {
      const trap = trapOfImport(server, handle, host, context, thrown);
      if (trap === undefined) throw thrown;
      return trap;
    } finally {
      context?.close();
      if (server !== served) {
        server.calls.outlive(markElsewhere);
        server.calls.served(beforeElsewhere);
      }
      calls.outlive(mark);
      calls.served(before);
      // Whatever was thrown goes on its way, as the same object.
      if (!answered && engine.isLive) engine.host.cancel(handle);
      calls.nextSoon();
    }
    step = engine.answer(handle);
    // A call of another guest that shares its chain was left behind in the import: this one cannot go on.
    if (step === Step.BUSY) engine.host.cancel(handle);
  }
}

/** Makes the next step of a call that waits, where what it waits for can be had at once. */
function waitSync(served: Served): Step {
  const { engine } = served;
  const handle = engine.head(Protocol.CALL_WORD);
  const kind = engine.head(Protocol.DETAIL_WORD) as Wait;
  let isThere = false;
  try {
    isThere = systemOf(served, handle).waitSync(kind);
  } finally {
    if (!isThere && engine.isLive) engine.host.cancel(handle);
  }
  if (!isThere) throw asyncSystem();
  return engine.step(handle);
}

/** Waits for what a call waits for. */
async function wait(served: Served, call: Call, pace: Pace): Promise<void> {
  const { engine } = served;
  const kind = engine.head(Protocol.DETAIL_WORD) as Wait;
  const waiting = systemOf(served, call.handle).wait(kind);
  try {
    const promise = waiting && call.race(pace.race(waiting.promise));
    // Input that is always there at once is to keep nobody from having a turn.
    if (pace.isTurnAfterCall()) await pace.turnAfter(promise);
    else await promise;
  } finally {
    waiting?.stop();
  }
  call.check();
  pace.check();
}

/** The system whose function a call has called. */
const systemOf = (served: Served, handle: number): System => serverOf(served, handle).system as System;

/** The error for a call in which the program exited. */
function exitOf(served: Served): Error {
  const { engine } = served;
  const code = engine.head(Protocol.DETAIL_WORD);
  const fuelUsed = engine.longHead(Protocol.USED_WORD);
  return systemOf(served, engine.head(Protocol.CALL_WORD)).exited(code, fuelUsed);
}

/**
 * What serves the host call in the exchange: what serves the call's guest, or another guest that it reached through a
 * table. Where that is none that JavaScript has, the call ends.
 */
function serverOf(served: Served, handle: number): Served {
  const { engine } = served;
  const guest = engine.head(Protocol.GUEST_WORD);
  if (guest === 0) return served;
  const living = engine.living(guest - 1);
  if (living !== undefined) return living.serving as Served;
  engine.host.cancel(handle);
  throw new InvokeError("not-started", "a function was called, through a table, of a guest whose start function has not returned yet");
}

/**
 * Drives a call until it finishes, traps or is out of fuel, waiting for imports and giving the
 * event loop its turn between slices. `finish` is called as soon as the results are in the
 * exchange, before any other call can put its own there.
 *
 * What an import throws, and what ends the call by its pace, is thrown; the call is over then.
 */
export function driveAsync<T>(served: Served, call: Call, pace: Pace, finish: () => T): Promise<Ending<T>> {
  const ending = makeSteps(served, call, pace, finish);
  return served.system === undefined ? ending : withOutput(served.system, pace, ending);
}

/** Hands over the rest of what was written, however a call has ended. */
async function withOutput<T>(system: System, pace: Pace, ending: Promise<T>): Promise<T> {
  try {
    const settle = await ending.then(
      (value) => () => value,
      (error: unknown) => {
        // A program that exits has come to its end.
        if (!system.hasEndedWith(error)) throw error;
        return () => {
          throw error;
        };
      },
    );
    const written = system.deliver();
    if (written !== undefined) await pace.race(written);
    return settle();
  } catch (error) {
    deliverSoon(system);
    throw error;
  } finally {
    pace.close();
  }
}

/** Hands over what was written in a call that somebody has ended, who does not wait for that. */
function deliverSoon(system: System): void {
  try {
    if (system.engine.isLive) void system.deliver()?.then(undefined, () => {});
  } catch {
    // Why the call has ended is said already.
  }
}

async function makeSteps<T>(served: Served, call: Call, pace: Pace, finish: () => T): Promise<Ending<T>> {
  const { engine, calls, system } = served;
  const { handle } = call;
  const mark = calls.mark();
  let isOver = false;
  call.isKept = false;
  try {
    // It may have waited for its turn, and have been outlived between that and now.
    call.check();
    let step = pace.time(() => engine.step(handle));
    for (;;) {
      if (step === Step.HOST_CALL) {
        const server = serverOf(served, handle);
        const markElsewhere = server.calls.mark();
        const host = server.functions[engine.head(Protocol.DETAIL_WORD)] as HostFunction;
        const context = (call.context = contextOf(server, host));
        try {
          const promise = serveAsync(served, server, call, host, context, pace);
          if (promise !== undefined) {
            const result = await promise;
            call.check();
            putResult(engine, host, pace, result);
          }
        } catch (thrown) {
          const isOfImport = call.outlived === undefined && !pace.isReason(thrown);
          const trap = isOfImport ? trapOfImport(server, handle, host, context, thrown) : undefined;
          if (trap === undefined) throw thrown;
          return { status: "trap", trap, fuelUsed: trap.fuelUsed };
        } finally {
          context?.close();
          if (server !== served) server.calls.outlive(markElsewhere);
        }
        calls.outlive(mark, call);
        step = engine.answer(handle);
      } else if (step === Step.OUTSIDE) {
        const back = outsideOf(served).leave();
        const { step: made, passed } = isThenable(back) ? await back : back;
        call.check();
        step = pace.note(made(), passed);
      } else if (step === Step.SLICE_OVER) {
        step = await pace.slices((slice) => {
          call.check();
          engine.check();
          if (slice !== undefined) engine.host.set_slice(handle, slice);
          const made = engine.step(handle);
          // What is in the exchange has to be taken first, where anything is.
          if (made === Step.SLICE_OVER) void system?.deliver();
          return made;
        });
      } else if (step === Step.WAITS) {
        await wait(served, call, pace);
        step = engine.step(handle);
      } else if (step === Step.YIELDED) {
        // How much of its slice it has used is not known, so that this tells nothing of how fast it is.
        void system?.deliver();
        await pace.turn();
        call.check();
        step = engine.step(handle);
      } else if (step === Step.EXITED) {
        isOver = true;
        throw exitOf(served);
      } else if (step === Step.BUSY) {
        // A call of another guest that shares its chain was left behind in the import.
        throw calls.busy();
      } else if (step === Step.OUT_OF_FUEL) {
        call.isKept = true;
        return { status: "out-of-fuel", fuelUsed: engine.longHead(Protocol.USED_WORD) };
      } else {
        isOver = true;
        const fuelUsed = engine.longHead(Protocol.USED_WORD);
        if (step === Step.FINISHED) return { status: "ok", value: finish(), fuelUsed };
        const error = ended(engine, step);
        if (error instanceof Trap) return { status: "trap", trap: error, fuelUsed };
        throw error;
      }
    }
  } catch (thrown) {
    const { outlived } = call;
    if (outlived === undefined || thrown !== outlived) throw thrown;
    return { status: "trap", trap: outlived, fuelUsed: outlived.fuelUsed };
  } finally {
    pace.close();
    if (isOver) call.over();
    else if (!call.isKept) call.end();
  }
}

/**
 * Serves the host call that an asynchronous call waits for, and puts the result into the exchange.
 * Where that is to be waited for, or the event loop gets its turn first, a promise of it instead.
 */
function serveAsync(
  { engine, calls }: Served,
  server: Served,
  call: Call,
  host: HostFunction,
  context: Context | undefined,
  pace: Pace,
): PromiseLike<unknown> | undefined {
  const before = calls.serve(call);
  const beforeElsewhere = server.calls === calls ? undefined : server.calls.serve(call);
  try {
    const returned = serve(host, context, host.params.takeAll(engine));
    const isPromise = isThenable(returned);
    const isTurn = pace.isTurnAfterCall();
    if (!isPromise && !isTurn) {
      putResult(engine, host, pace, returned);
      return undefined;
    }
    // What the guest's other callers do meanwhile is not nested in this call. An import that has
    // disposed of the sandbox is waited for too: what it rejects with is nobody else's to see.
    if (engine.isLive) engine.host.suspend(call.handle);
    const result = isPromise ? call.race(pace.race(returned)) : returned;
    return isTurn ? pace.turnAfter(result) : (result as PromiseLike<unknown>);
  } finally {
    if (server.calls !== calls) server.calls.served(beforeElsewhere);
    calls.served(before);
  }
}

/** Puts what an import has returned, or the promise of it, into the exchange. */
function putResult(engine: Engine, host: HostFunction, pace: Pace, result: unknown): void {
  pace.check();
  engine.check();
  host.results.putResult(engine, result);
}

/** The value of a call that is to have finished; for one that has not, its trap is thrown. */
export function valueOf<T>(engine: Engine, call: Call, ending: Ending<T>): T {
  call.check();
  if (ending.status === "ok") return ending.value;
  if (ending.status === "trap") throw ending.trap;
  const trap = outOfFuel(engine, call.handle);
  call.end();
  throw trap;
}
