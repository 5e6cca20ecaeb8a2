/** Calls of a guest that was unparked, which go on where they were. */
import { checkFuel } from "../base/checks.js";
import { disposable } from "../base/disposable.js";
import { known, optionsOf } from "../base/options.js";
import { shown } from "../base/shown.js";
import type { Result } from "../host/value.js";
import type * as Types from "../types.js";
import type { Outcome, PaceOptions } from "../types.js";
import type { WaitsFor } from "../parked.js";
import { PACE_NAMES } from "./caller.js";
import type { Call } from "./calls.js";
import { driveAsync, valueOf } from "./drive.js";
import { outcomeOf } from "./outcome.js";
import { Pace } from "./pace.js";
import { Paused } from "./paused.js";
import type { Served } from "./served.js";

const PACE_OPTIONS = known(PACE_NAMES);

/** A call that was parked. */
export class ParkedCall extends Paused implements Types.ParkedCall {
  /** @internal */
  constructor(
    served: Served,
    call: Call,
    readonly name: string | undefined,
    readonly waitsFor: WaitsFor,
    private readonly finish: () => Result,
    fuelUsed: bigint,
  ) {
    super(served, call, fuelUsed);
    call.isKept = true;
  }

  async proceed(options?: PaceOptions): Promise<Result> {
    const { served, finish } = this;
    const { call, pace } = this.goOn(options);
    return valueOf(served.engine, call, await driveAsync(served, call, pace, finish));
  }

  async tryProceed(options?: PaceOptions): Promise<Outcome> {
    const { call, pace, given } = this.goOn(options);
    return outcomeOf(this.served, call, pace, given, this.finish);
  }

  private goOn(options: PaceOptions | undefined): { readonly call: Call; readonly pace: Pace; readonly given: PaceOptions } {
    const given = optionsOf(options, PACE_OPTIONS);
    const pace = new Pace(given, this.served.tempo);
    return { call: this.take(given.fuel === undefined ? 0n : checkFuel("fuel", given.fuel), pace), pace, given };
  }
}

disposable(ParkedCall);
shown(ParkedCall, ({ name, waitsFor }) => `${name ?? "start"}, waits for ${waitsFor.kind === "fuel" ? "fuel" : waitsFor.name}`);
