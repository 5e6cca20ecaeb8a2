/** What a call came to, with one that is out of fuel as a thing that can go on. */
import { checkFuel } from "./checks.js";
import { constant } from "./define.js";
import { disposable } from "./disposable.js";
import { shown, toJSON, writable } from "./shown.js";
import type { Call } from "./calls.js";
import type { Engine } from "./engine.js";
import { type Ending, type Served, driveAsync } from "./drive.js";
import { InvokeError, type Trap } from "./errors.js";
import { type Frames, NO_FRAMES, framesOf } from "./frames.js";
import type { Result } from "./caller.js";
import type { Held } from "./net.js";
import { type Names, known, merged, optionsOf } from "./options.js";
import { Pace, type PaceOptions } from "./pace.js";

/** What `guest.tryCall` came to. */
export type Outcome =
  | {
      readonly status: "ok";
      /** The results. */
      readonly value: Result;
      /** The fuel used, by calls nested in it that drew on it and by charges too. */
      readonly fuelUsed: bigint;
    }
  | OutOfFuel
  | {
      readonly status: "trap";
      readonly trap: Trap;
      /** The fuel used until then. */
      readonly fuelUsed: bigint;
    };

/** What `guest.tryCallSync` came to. */
export type SyncOutcome = Exclude<Outcome, OutOfFuel>;

/** How a call goes on. The rest is as it was begun with. */
export type ResumeOptions = Omit<PaceOptions, "fuel">;

export const RESUME_NAMES: Names<ResumeOptions> = { deadline: true, signal: true, slice: true, timeout: true };
const RESUME_OPTIONS = known(RESUME_NAMES);

/** A call that is out of fuel. It keeps its place in the guest until it is resumed or ended. */
export class OutOfFuel {
  /** Does what `abort` does, at the end of a `using`. */
  declare readonly [Symbol.dispose]: () => void;
  readonly status = "out-of-fuel";
  private readonly held: Held<Call>;

  /** @internal */
  constructor(
    private readonly served: Served,
    call: Call,
    private readonly options: PaceOptions,
    private readonly finish: () => Result,
    /** The fuel used so far. */
    readonly fuelUsed: bigint,
  ) {
    const { engine } = served;
    this.held = engine.net.watch(this, "outcome", call, end);
  }

  /** Where the guest is, see `Trap`; nowhere once the call was resumed or ended. */
  get frames(): Frames {
    const { engine } = this.served;
    const call = this.held.value;
    if (call === undefined || call.outlived !== undefined) return NO_FRAMES;
    return framesOf(engine.use((host) => host.frames(call.handle)));
  }

  /**
   * Goes on with more fuel, a BigInt or a number. Signal, deadline and slice are those of the call
   * unless others are given. An outcome can be resumed once; what then happens is the next outcome. What
   * is refused, also as the signal is aborted or the deadline has passed, leaves the call where it is, and
   * holding its guest: `abort` ends it. What a nested call is given it shares with those around it, as it
   * draws on their fuel.
   */
  async resume(fuel: bigint | number, options?: ResumeOptions): Promise<Outcome> {
    const { served, finish } = this;
    const more = checkFuel("fuel", fuel);
    const given = optionsOf(options, RESUME_OPTIONS);
    // Another time to end at takes the place of the call's own.
    const isTimed = given.deadline !== undefined || given.timeout !== undefined;
    const all = merged(isTimed ? merged(this.options, { deadline: Infinity }) : this.options, given);
    const pace = new Pace(all, served.guest.module.tempo);
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

  /** Ends the call where it is. What the guest did stays done, and it can be called again. */
  abort(): void {
    this.held.dispose();
  }

  /** Does what `abort` does. */
  dispose(): void {
    this.abort();
  }
}

disposable(OutOfFuel);
constant(OutOfFuel.prototype, "toJSON", toJSON);
shown(OutOfFuel, ({ fuelUsed }) => `${fuelUsed} units used`);

const end = (_: Engine, call: Call): void => call.end();

/** Drives a call, and says what it came to. */
export async function outcomeOf(served: Served, call: Call, pace: Pace, options: PaceOptions, finish: () => Result): Promise<Outcome> {
  const ending: Ending<Result> = await driveAsync(served, call, pace, finish);
  if (ending.status !== "out-of-fuel") return writable(ending);
  // A timeout is counted from when the call began.
  const kept = merged(options, { deadline: pace.deadline ?? Infinity, timeout: Infinity });
  return new OutOfFuel(served, call, kept, finish, ending.fuelUsed);
}
