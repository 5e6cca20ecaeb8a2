/** What a call came to, with one that is out of fuel as a thing that can go on. */
import { checkFuel } from "../base/checks.js";
import { constant } from "../base/define.js";
import { disposable } from "../base/disposable.js";
import { InvokeError } from "../base/errors.js";
import { type Frames, NO_FRAMES, framesOf } from "../base/frames.js";
import { type Names, known, merged, optionsOf } from "../base/options.js";
import { shown, toJSON, writable } from "../base/shown.js";
import type { Held, Keeper } from "../host/net.js";
import type { Result } from "../host/value.js";
import type * as Types from "../types.js";
import type { Outcome, PaceOptions, ResumeOptions } from "../types.js";
import type { Call } from "./calls.js";
import { type Ending, driveAsync } from "./drive.js";
import { Pace } from "./pace.js";
import type { Served } from "./served.js";

export const RESUME_NAMES: Names<ResumeOptions> = { deadline: true, signal: true, slice: true, timeout: true };
const RESUME_OPTIONS = known(RESUME_NAMES);

/** A call that is out of fuel. */
export class OutOfFuel implements Types.OutOfFuel {
  declare readonly [Symbol.dispose]: () => void;
  readonly status = "out-of-fuel";
  private readonly held: Held<Call>;

  /** @internal */
  constructor(
    private readonly served: Served,
    call: Call,
    private readonly options: PaceOptions,
    private readonly finish: () => Result,
    readonly fuelUsed: bigint,
  ) {
    const { engine } = served;
    this.held = engine.net.watch(this, "outcome", call, end);
  }

  get frames(): Frames {
    const { engine } = this.served;
    const call = this.held.value;
    if (call === undefined || call.outlived !== undefined) return NO_FRAMES;
    return framesOf(engine.use((host) => host.frames(call.handle)));
  }

  async resume(fuel: bigint | number, options?: ResumeOptions): Promise<Outcome> {
    const { served, finish } = this;
    const more = checkFuel("fuel", fuel);
    const given = optionsOf(options, RESUME_OPTIONS);
    // Another time to end at takes the place of the call's own.
    const isTimed = given.deadline !== undefined || given.timeout !== undefined;
    const all = merged(isTimed ? merged(this.options, { deadline: Infinity }) : this.options, given);
    const pace = new Pace(all, served.tempo);
    served.engine.enter();
    // Only now: what is refused above leaves the call where it is.
    const call = this.held.value;
    if (call === undefined) throw new InvokeError("call-over", "the call was resumed or ended before");
    this.held.forget();
    const { handle, outlived } = call;
    if (outlived !== undefined) return { status: "trap", trap: outlived, fuelUsed: outlived.fuelUsed };
    served.engine.proceed((host) => {
      host.add_fuel(handle, more);
      host.set_slice(handle, pace.slice);
    });
    return outcomeOf(served, call, pace, all, finish);
  }

  abort(): void {
    this.held.dispose();
  }

  dispose(): void {
    this.abort();
  }
}

disposable(OutOfFuel);
constant(OutOfFuel.prototype, "toJSON", toJSON);
shown(OutOfFuel, ({ fuelUsed }) => `${fuelUsed} units used`);

const end = (_: Keeper, call: Call): void => call.end();

/** Drives a call, and says what it came to. */
export async function outcomeOf(served: Served, call: Call, pace: Pace, options: PaceOptions, finish: () => Result): Promise<Outcome> {
  const ending: Ending<Result> = await driveAsync(served, call, pace, finish);
  if (ending.status !== "out-of-fuel") return writable(ending);
  // A timeout is counted from when the call began.
  const kept = merged(options, { deadline: pace.deadline ?? Infinity, timeout: Infinity });
  return new OutOfFuel(served, call, kept, finish, ending.fuelUsed);
}
