/** The errors of calls that ended without results. */
import { type Engine, OUT_OF_FUEL, TORN_DOWN, TRAPPED } from "./engine.js";
import { DisposedError, InvokeError, Trap } from "./errors.js";
import { NO_FRAMES, framesOf } from "./frames.js";

/** A trap of a call that is paused; `error` is what an import threw, if that is why. */
export function trapOfPaused(engine: Engine, handle: number, code: string, message: string, error?: Error): Trap {
  const used = engine.proceed((host) => host.fuel_used(handle));
  const frames = framesOf(engine.proceed((host) => host.frames(handle)));
  return new Trap(code, message, used, frames, error);
}

/** The trap that says of a paused call that it is out of fuel. */
export const outOfFuel = (engine: Engine, handle: number): Trap => trapOfPaused(engine, handle, "out-of-fuel", "out of fuel");

// What a trap has besides its code, by bits.
const HAS_FRAMES = 1,
  HAS_MESSAGE = 2;

/** The error for a call that ended without results. */
export function ended(engine: Engine, step: number): Error {
  if (step === TRAPPED) {
    const used = engine.longHead(4);
    const code = engine.head(1);
    const has = engine.head(2);
    const own = (has & HAS_MESSAGE) === 0 ? undefined : engine.proceed((host) => host.trap_message());
    const frames = (has & HAS_FRAMES) === 0 ? NO_FRAMES : framesOf(engine.proceed((host) => host.trap_frames()));
    const message = own ?? engine.trapMessages[code] ?? "engine error";
    return new Trap(engine.trapCodes[code] ?? "engine", message, used, frames);
  }
  if (step === OUT_OF_FUEL) {
    const handle = engine.head(0);
    const trap = outOfFuel(engine, handle);
    engine.proceed((host) => host.cancel(handle));
    return trap;
  }
  if (step === TORN_DOWN) return new DisposedError("torn-down", "the guest was disposed of");
  return new InvokeError("refused", "the call could not be begun");
}
