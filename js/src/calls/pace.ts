/** How a call is paced: its fuel, its slices, and what ends it before it has finished. */
import { checkFuel, checkSignal, checkTime } from "../base/checks.js";
import { Step } from "../base/tables.js";
import type { Signal } from "../base/web.js";
import { now } from "../base/yield.js";
import type { PaceOptions } from "../types.js";
import { type Job, isTurnOver, join, leave, sliceTime, spend } from "./schedule.js";
import type { Tempo } from "./tempo.js";

/** Milliseconds of a call's first slice, which is run at once. */
const FIRST = 0.03;

/** Host calls after which the event loop gets its turn in any case, and after which the clock is looked at. */
const CALLS_OF_A_TURN = 4_096,
  CALLS_OF_A_LOOK = 16;

/** The longest time that timers can wait. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The pace of a call, its options checked. */
export class Pace {
  readonly fuel: bigint | undefined;
  /** The fuel of the call's next slice. */
  slice: bigint;
  private readonly isFixed: boolean;
  private readonly signal: Signal | undefined;
  /** When it ends, as `performance.now()` counts. */
  readonly deadline: number | undefined;
  private calls = 0;
  /** Ends what it waits for. */
  private interrupt: ((reason: unknown) => void) | undefined;
  /** Looks no longer for what ends it. */
  private unwatch: (() => void) | undefined;

  constructor(
    { fuel, slice, signal, deadline, timeout }: PaceOptions,
    private readonly tempo: Tempo,
  ) {
    this.fuel = fuel === undefined ? undefined : checkFuel("fuel", fuel);
    this.isFixed = slice !== undefined;
    this.slice = slice === undefined ? BigInt(tempo.fuelOf(FIRST)) : checkFuel("slice", slice);
    if (this.slice === 0n) throw new RangeError("slice is not above 0");
    this.signal = checkSignal(signal);
    checkTime("deadline", deadline);
    checkTime("timeout", timeout);
    const end = Math.min(deadline ?? Infinity, timeout === undefined ? Infinity : performance.now() + timeout);
    this.deadline = end === Infinity ? undefined : end;
    this.check();
  }

  /** Throws where the call is to end. */
  check(): void {
    this.signal?.throwIfAborted();
    if (this.deadline !== undefined && performance.now() >= this.deadline) throw late();
  }

  /**
   * Makes steps of a call, a slice in each of its turns, until one does anything but use up its slice, and
   * gives that. `step` is told where slices get another length.
   */
  slices(step: (slice: bigint | undefined) => Step): Promise<Step> {
    return this.wait((resolve, reject) => ({
      run: () => {
        try {
          this.check();
          const slice = this.nextSlice();
          const made = this.time(() => step(slice));
          if (made === Step.SLICE_OVER) return true;
          resolve(made);
        } catch (error) {
          reject(error);
        }
        return false;
      },
    }));
  }

  /** Waits until it is the call's turn. */
  async turn(): Promise<void> {
    await this.wait<undefined>((resolve) => ({
      run: () => {
        resolve(undefined);
        return false;
      },
    }));
    this.calls = 0;
    this.check();
  }

  /** Waits until it is the call's turn after something, whose value comes then. */
  async turnAfter<T>(first: T | PromiseLike<T>): Promise<T> {
    const value = await first;
    await this.turn();
    return value;
  }

  /** Whether the event loop is to get its turn after a host call, however little fuel that took. */
  isTurnAfterCall(): boolean {
    const calls = ++this.calls;
    return calls >= CALLS_OF_A_TURN || (calls % CALLS_OF_A_LOOK === 0 && isTurnOver());
  }

  /** The promise's value, or what ends the call if that comes first. */
  race<T>(promise: PromiseLike<T>): PromiseLike<T> {
    if (this.signal === undefined && this.deadline === undefined) return promise;
    return new Promise((resolve, reject) => {
      this.watch(reject);
      promise.then(resolve, reject);
    });
  }

  /** Whether it is what the signal ended the call with. */
  isReason(thrown: unknown): boolean {
    return this.signal?.aborted === true && this.signal.reason === thrown;
  }

  /** The call has ended, or waits for somebody to go on with it: nothing ends it by its pace any more. */
  close(): void {
    this.unwatch?.();
    this.unwatch = this.interrupt = undefined;
  }

  /** Stands in line, until the job says that it is over or something ends the call. */
  private wait<T>(make: (resolve: (value: T) => void, reject: (reason: unknown) => void) => Job): Promise<T> {
    return new Promise((resolve, reject) => {
      const job = make(resolve, reject);
      join(job);
      this.watch((reason) => {
        leave(job);
        reject(reason);
      });
    });
  }

  /** Looks for what ends the call from now on, not only after slices and imports. */
  private watch(interrupt: (reason: unknown) => void): void {
    this.interrupt = interrupt;
    const { signal, deadline } = this;
    // A signal that was aborted while nobody waited.
    if (signal?.aborted) interrupt(signal.reason);
    if (this.unwatch !== undefined || (signal === undefined && deadline === undefined)) return;
    const abort = (): void => this.interrupt?.(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    const wait = deadline === undefined ? Infinity : deadline - performance.now();
    const timer = wait <= LONGEST_TIMER ? setTimeout(() => this.interrupt?.(late()), Math.max(Math.ceil(wait), 0)) : undefined;
    this.unwatch = () => {
      signal?.removeEventListener("abort", abort);
      clearTimeout(timer);
    };
  }

  /** Makes a step, and learns from how long it took. */
  time(step: () => Step): Step {
    const start = now();
    return this.note(step(), now() - start);
  }

  /** Learns from how long a step took that was made. */
  note(made: Step, passed: number): Step {
    if (made !== Step.SLICE_OVER) return made;
    const fuel = Number(this.slice);
    this.tempo.note(fuel, passed);
    spend(fuel, passed);
    return made;
  }

  /** How long slices are from now on, where that is not nearly what they were. */
  private nextSlice(): bigint | undefined {
    if (this.isFixed) return undefined;
    const fuel = this.tempo.fuelOf(sliceTime());
    const ratio = fuel / Number(this.slice);
    if (ratio > 0.8 && ratio < 1.25) return undefined;
    return (this.slice = BigInt(fuel));
  }
}

const late = (): DOMException => new DOMException("the call's deadline has passed", "TimeoutError");
