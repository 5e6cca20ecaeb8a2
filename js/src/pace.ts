/** How a call is paced: its fuel, its slices, and what ends it before it has finished. */
import { checkFuel } from "./checks.js";
import { yieldToEventLoop } from "./yield.js";

/** How an asynchronous call is paced and ended. */
export interface PaceOptions {
  /**
   * The fuel of the call, a BigInt or a number. By default what the guest was made with, which is the
   * sandbox's limit if nothing was said then; a call that an import makes before it first waits
   * draws on the call that it serves.
   */
  readonly fuel?: bigint | number;
  /** The fuel of a slice: after each the event loop gets its turn. By default 200,000. */
  readonly slice?: bigint | number;
  /** Ends the call, with the signal's reason, at the end of the slice or of an import. */
  readonly signal?: AbortSignal;
  /**
   * When the call ends with a `TimeoutError`, in milliseconds as `performance.now()` counts them. It is
   * looked at after each slice and import, so it holds also where no timer gets its turn.
   */
  readonly deadline?: number;
}

/** The fuel of a slice: about a millisecond, so that a frame is never late for a guest. */
export const DEFAULT_SLICE = 200_000n;

/** Host calls after which the event loop gets its turn, however little fuel they took: about a millisecond. */
const CALLS_OF_A_TURN = 4_096;

/** The longest time that timers can wait. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The pace of a call, its options checked. */
export class Pace {
  readonly fuel: bigint | undefined;
  readonly slice: bigint;
  private readonly signal: AbortSignal | undefined;
  private readonly deadline: number | undefined;
  private calls = 0;

  constructor({ fuel, slice, signal, deadline }: PaceOptions) {
    this.fuel = fuel === undefined ? undefined : checkFuel("fuel", fuel);
    this.slice = slice === undefined ? DEFAULT_SLICE : checkFuel("slice", slice);
    if (this.slice === 0n) throw new RangeError("slice is not above 0");
    if (deadline !== undefined && typeof deadline !== "number") throw new TypeError("deadline is not a number");
    if (Number.isNaN(deadline)) throw new RangeError("deadline is NaN");
    this.signal = signal;
    this.deadline = deadline;
    this.check();
  }

  /** Throws where the call is to end. */
  check(): void {
    this.signal?.throwIfAborted();
    if (this.deadline !== undefined && performance.now() >= this.deadline) throw late();
  }

  /** Gives the event loop its turn. */
  async turn(): Promise<void> {
    this.calls = 0;
    await yieldToEventLoop();
    this.check();
  }

  /** Whether the event loop is to get its turn after a host call. */
  isTurn(): boolean {
    return ++this.calls >= CALLS_OF_A_TURN;
  }

  /** The promise's value, or what ends the call if that comes first. */
  race(promise: PromiseLike<unknown>): PromiseLike<unknown> {
    const { signal, deadline } = this;
    this.calls = 0;
    if (signal === undefined && deadline === undefined) return promise;
    let forget = (): void => {};
    const ended = new Promise<never>((_, reject) => {
      const abort = (): void => reject(signal?.reason);
      // A signal that was aborted before says nothing any more: the import itself may have done it.
      if (signal?.aborted) abort();
      signal?.addEventListener("abort", abort, { once: true });
      const wait = deadline === undefined ? Infinity : deadline - performance.now();
      const timer = wait <= LONGEST_TIMER ? setTimeout(() => reject(late()), Math.max(wait, 0)) : undefined;
      forget = () => {
        signal?.removeEventListener("abort", abort);
        clearTimeout(timer);
      };
    });
    return Promise.race([promise, ended]).finally(forget);
  }
}

const late = (): DOMException => new DOMException("the call's deadline has passed", "TimeoutError");
