/** Calls that are paused, and that somebody has. */
import { InvokeError } from "../base/errors.js";
import { type Frames, NO_FRAMES, framesOf } from "../base/frames.js";
import type { Held, Keeper } from "../host/net.js";
import type { Call } from "./calls.js";
import type { Pace } from "./pace.js";
import type { Served } from "./served.js";

/** A call that keeps its place in its guest until it goes on or is ended, once. */
export abstract class Paused {
  declare readonly [Symbol.dispose]: () => void;
  private readonly held: Held<Call>;

  constructor(
    protected readonly served: Served,
    call: Call,
    readonly fuelUsed: bigint,
  ) {
    this.held = served.engine.net.watch(this, "outcome", call, end);
  }

  get frames(): Frames {
    const { engine } = this.served;
    const call = this.held.value;
    if (call === undefined || call.outlived !== undefined) return NO_FRAMES;
    return framesOf(engine.use((host) => host.frames(call.handle)));
  }

  abort(): void {
    this.held.dispose();
  }

  dispose(): void {
    this.abort();
  }

  /** The call, to be driven on with so much more fuel. Where this throws it is still where it was. */
  protected take(more: bigint, pace: Pace): Call {
    const { engine, calls } = this.served;
    engine.enter();
    const call = this.held.value;
    if (call === undefined) throw new InvokeError("call-over", "the call was resumed or ended before");
    if (calls.isAround(call)) throw calls.busy();
    this.held.forget();
    const { handle, outlived } = call;
    // Of one that has ended the handle may be another call's.
    if (outlived !== undefined) return call;
    engine.proceed((host) => {
      host.add_fuel(handle, more);
      host.set_slice(handle, pace.slice);
    });
    return call;
  }
}

const end = (_: Keeper, call: Call): void => call.end();
