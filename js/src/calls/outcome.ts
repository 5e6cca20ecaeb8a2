/** What a call came to, with one that is out of fuel as a thing that can go on. */
import { checkFuel } from "../base/checks.js";
import { constant } from "../base/define.js";
import { disposable } from "../base/disposable.js";
import { type Names, known, merged, optionsOf } from "../base/options.js";
import { shown, toJSON, writable } from "../base/shown.js";
import type { Result } from "../host/value.js";
import type * as Types from "../types.js";
import type { Outcome, PaceOptions, ResumeOptions } from "../types.js";
import type { Call } from "./calls.js";
import { type Ending, driveAsync } from "./drive.js";
import { Pace } from "./pace.js";
import { Paused } from "./paused.js";
import type { Served } from "./served.js";

export const RESUME_NAMES: Names<ResumeOptions> = { deadline: true, signal: true, slice: true, timeout: true };
const RESUME_OPTIONS = known(RESUME_NAMES);

/** A call that is out of fuel. */
export class OutOfFuel extends Paused implements Types.OutOfFuel {
  readonly status = "out-of-fuel";

  /** @internal */
  constructor(
    served: Served,
    call: Call,
    private readonly options: PaceOptions,
    private readonly finish: () => Result,
    fuelUsed: bigint,
  ) {
    super(served, call, fuelUsed);
  }

  async resume(fuel: bigint | number, options?: ResumeOptions): Promise<Outcome> {
    const { served, finish } = this;
    const more = checkFuel("fuel", fuel);
    const given = optionsOf(options, RESUME_OPTIONS);
    // Another time to end at takes the place of the call's own.
    const isTimed = given.deadline !== undefined || given.timeout !== undefined;
    const all = merged(isTimed ? merged(this.options, { deadline: Infinity }) : this.options, given);
    const pace = new Pace(all, served.tempo);
    return outcomeOf(served, this.take(more, pace), pace, all, finish);
  }
}

disposable(OutOfFuel);
constant(OutOfFuel.prototype, "toJSON", toJSON);
shown(OutOfFuel, ({ fuelUsed }) => `${fuelUsed} units used`);

/** Drives a call, and says what it came to. */
export async function outcomeOf(served: Served, call: Call, pace: Pace, options: PaceOptions, finish: () => Result): Promise<Outcome> {
  const ending: Ending<Result> = await driveAsync(served, call, pace, finish);
  if (ending.status !== "out-of-fuel") return writable(ending);
  // A timeout is counted from when the call began.
  const kept = merged(options, { deadline: pace.deadline ?? Infinity, timeout: Infinity });
  return new OutOfFuel(served, call, kept, finish, ending.fuelUsed);
}
