/** How a call is paced: its fuel, its slices, and what ends it before it has finished. */
import { checkFuel } from "./checks.js";
import { yieldToEventLoop } from "./yield.js";

/** How an asynchronous call is paced and ended. */
export interface PaceOptions {
  /**
   * The fuel of the call, a BigInt or a number. By default what the guest was made with, which is the
   * sandbox's limit if nothing was said then; a call that an import makes before it first waits, or
   * through its context, draws on the call that it serves.
   */
  readonly fuel?: bigint | number;
  /**
   * The fuel of a slice, by default 2,000,000. After each the deadline is looked at, and the event loop
   * gets its turn if it has not had one for 4 milliseconds.
   */
  readonly slice?: bigint | number;
  /** Ends the call, with the signal's reason, at the end of the slice, or at once while it waits. */
  readonly signal?: AbortSignal;
  /**
   * When the call ends with a `TimeoutError`, in milliseconds as `performance.now()` counts them. It is
   * looked at after each slice and import, so it holds also where no timer gets its turn.
   */
  readonly deadline?: number;
}

/**
 * The fuel of a slice: about two milliseconds of straight code, and some 60 microseconds of an
 * interpreter, which burns much more: to leave it and to find its data again costs one or two.
 */
export const DEFAULT_SLICE = 2_000_000n;

/** Milliseconds after which the event loop gets its turn: a quarter of a frame of a page. */
const TURN = 4;

/** Slices after which it gets its turn in any case: in some runtimes the clock stands still meanwhile. */
const SLICES_OF_A_TURN = 64;

/** Host calls after which it gets its turn in any case, and after which the clock is looked at. */
const CALLS_OF_A_TURN = 4_096, CALLS_OF_A_LOOK = 16;

/** The longest time that timers can wait. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The pace of a call, its options checked. */
export class Pace {
  readonly fuel: bigint | undefined;
  readonly slice: bigint;
  private readonly signal: AbortSignal | undefined;
  private readonly deadline: number | undefined;
  private calls = 0;
  private slices = 0;
  /** When the event loop had its last turn. */
  private turned = performance.now();

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
    await yieldToEventLoop();
    this.calls = 0;
    this.slices = 0;
    this.turned = performance.now();
    this.check();
  }

  /** Gives the event loop its turn after something, whose value comes then. */
  async turnAfter<T>(first: T | PromiseLike<T>): Promise<T> {
    const value = await first;
    await this.turn();
    return value;
  }

  /** Whether the event loop is to get its turn after a host call, however little fuel that took. */
  isTurnAfterCall(): boolean {
    const calls = ++this.calls;
    return calls >= CALLS_OF_A_TURN || (calls % CALLS_OF_A_LOOK === 0 && this.isTime());
  }

  /** Whether the event loop is to get its turn after a slice. */
  isTurnAfterSlice(): boolean {
    return ++this.slices >= SLICES_OF_A_TURN || this.isTime();
  }

  private isTime(): boolean {
    return performance.now() - this.turned >= TURN;
  }

  /** The promise's value, or what ends the call if that comes first. */
  race(promise: PromiseLike<unknown>): PromiseLike<unknown> {
    const { signal, deadline } = this;
    if (signal === undefined && deadline === undefined) return promise;
    let forget = (): void => {};
    const ended = new Promise<never>((_, reject) => {
      const abort = (): void => reject(signal?.reason);
      // A signal that was aborted before says nothing any more: the import itself may have done it.
      if (signal?.aborted) abort();
      signal?.addEventListener("abort", abort, { once: true });
      const wait = deadline === undefined ? Infinity : deadline - performance.now();
      const timer = wait <= LONGEST_TIMER ? setTimeout(() => reject(late()), Math.max(Math.ceil(wait), 0)) : undefined;
      forget = () => {
        signal?.removeEventListener("abort", abort);
        clearTimeout(timer);
      };
    });
    return Promise.race([promise, ended]).finally(forget);
  }
}

const late = (): DOMException => new DOMException("the call's deadline has passed", "TimeoutError");
