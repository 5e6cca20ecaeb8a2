/** How fast a module's code burns fuel, so that its slices take the time that they should. */

/** Units in a millisecond to begin with: straight code in an engine that is not warm yet. */
const UNITS = 200_000;

/** The least fuel of a slice, and the most of a millisecond where the clock says nothing. */
const LEAST = 1_000,
  UNCLOCKED = 500_000;

/** Milliseconds after which the clock, which may tick seldom, is believed. */
const ENOUGH = 0.5;

/** The tempo of a module, learned from the slices of its calls. */
export class Tempo {
  /** Units in a millisecond. */
  private units = UNITS;
  // Since it was last known better:
  private fuel = 0;
  private milliseconds = 0;

  /** The fuel that takes about so many milliseconds. */
  fuelOf(milliseconds: number): number {
    return Math.max(Math.round(this.units * milliseconds), LEAST);
  }

  /** Notes how long a slice took. */
  note(fuel: number, milliseconds: number): void {
    this.fuel += fuel;
    this.milliseconds += milliseconds;
    if (this.milliseconds >= ENOUGH) {
      // An engine that is still being compiled, or a machine that was busy, says little of what comes.
      this.learn(Math.min(Math.max(this.fuel / this.milliseconds, this.units / 8), this.units * 8));
    } else if (this.fuel > this.units * 2 && this.units < UNCLOCKED) {
      this.learn(Math.min(this.units * 2, UNCLOCKED));
    }
  }

  private learn(units: number): void {
    this.units = units;
    this.fuel = this.milliseconds = 0;
  }
}
