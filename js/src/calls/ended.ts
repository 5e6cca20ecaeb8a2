/** The errors of calls that ended without results. */
import { DisposedError, InvokeError, Trap } from "../base/errors.js";
import { NO_FRAMES, framesOf } from "../base/frames.js";
import { Protocol, Step, type TrapCode } from "../base/tables.js";
import type { Engine, TrapKind } from "../host/engine.js";

/** A trap of a call that is paused; `error` is what an import threw, if that is why. */
export function trapOfPaused(engine: Engine, handle: number, code: TrapCode, message: string, error?: Error): Trap {
  const used = engine.proceed((host) => host.fuel_used(handle));
  const frames = framesOf(engine.proceed((host) => host.frames(handle)));
  return new Trap(code, message, used, frames, error);
}

/** The trap that says of a paused call that it is out of fuel. */
export function outOfFuel(engine: Engine, handle: number): Trap {
  const trap = engine.traps.find(({ code }) => code === "out-of-fuel") as TrapKind;
  return trapOfPaused(engine, handle, trap.code, trap.message);
}

/** The error for a call that ended without results. */
export function ended(engine: Engine, step: Step): Error {
  if (step === Step.TRAPPED) {
    const used = engine.longHead(Protocol.USED_WORD);
    const { code, message } = engine.traps[engine.head(Protocol.DETAIL_WORD)] as TrapKind;
    const has = engine.head(Protocol.STATE_WORD);
    const own = (has & Protocol.HAS_MESSAGE) === 0 ? undefined : engine.proceed((host) => host.trap_message());
    const frames = (has & Protocol.HAS_FRAMES) === 0 ? NO_FRAMES : framesOf(engine.proceed((host) => host.trap_frames()));
    return new Trap(code, own ?? message, used, frames);
  }
  if (step === Step.OUT_OF_FUEL) {
    const handle = engine.head(Protocol.CALL_WORD);
    const trap = outOfFuel(engine, handle);
    engine.proceed((host) => host.cancel(handle));
    return trap;
  }
  if (step === Step.TORN_DOWN) return new DisposedError("torn-down", "the guest was disposed of");
  return new InvokeError("refused", "the call could not be begun");
}
