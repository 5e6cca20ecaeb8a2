/**
 * The values of JavaScript that guests have an `externref` to. The engine knows each by a number; the same value has
 * the same one.
 *
 * Which of them guests still have the engine knows. It is asked once there are twice as many as it said last time, so that
 * looking takes no more than putting them in; and when a guest ends that may have had some.
 */

import { append } from "../base/define.js";

/** How many there may be before it is asked for the first time. */
const FEW = 1_024;

/** In the place of -0, which a Map takes for 0. */
const NEGATIVE_ZERO = Symbol("-0");

const keyOf = (value: unknown): unknown => (Object.is(value, -0) ? NEGATIVE_ZERO : value);

export class Externs {
  /** By their numbers. */
  private readonly values: unknown[] = [];
  private readonly numbers = new Map<unknown, number>();
  /** Numbers that stand for nothing. */
  private readonly free: number[] = [];
  private many = FEW;
  private isSoon = false;

  /** `ask` gives the numbers that guests still have. */
  constructor(private readonly ask: () => Uint32Array) {}

  /** The number of a value. It holds until guests have the value, or `tidy` is called. */
  number(value: unknown): number {
    const key = keyOf(value);
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    const number = this.free.pop() ?? this.values.length;
    if (number === this.values.length) append(this.values, value);
    else this.values[number] = value;
    this.numbers.set(key, number);
    return number;
  }

  /** The value of a number. */
  value(number: number): unknown {
    return this.values[number];
  }

  /** Forgets what guests have no more, if it is time for that. */
  tidy(): void {
    if (this.numbers.size >= this.many) this.sweep();
  }

  /** Forgets what guests have no more. */
  sweep(): void {
    if (this.numbers.size === 0) return;
    const inUse = this.ask();
    const isKept = new Uint8Array(this.values.length);
    for (let at = 0; at < inUse.length; at++) isKept[inUse[at] as number] = 1;
    for (const [key, number] of this.numbers) {
      if (isKept[number] === 1) continue;
      this.numbers.delete(key);
      this.values[number] = undefined;
      append(this.free, number);
    }
    this.many = Math.max(FEW, this.numbers.size * 2);
  }

  /** Forgets what guests have no more, once for all that end in this turn of the event loop. */
  sweepSoon(): void {
    if (this.isSoon || this.numbers.size === 0) return;
    this.isSoon = true;
    queueMicrotask(() => {
      this.isSoon = false;
      try {
        this.sweep();
      } catch {
        // Who uses the sandbox next learns of it.
      }
    });
  }

  /** Forgets all of them. */
  clear(): void {
    this.numbers.clear();
    this.values.length = this.free.length = 0;
  }
}
