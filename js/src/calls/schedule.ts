/**
 * The one schedule of all asynchronous calls of a page or process, whichever sandboxes they are in.
 *
 * A call that has more to do than it may at once stands in line. In each turn of the event loop guests
 * run for some milliseconds together, a slice each, first come first served; then whatever else waits has
 * its turn: timers, messages, a frame.
 */
import { lateFrame } from "../base/paint.js";
import { now, waitForTimer, yieldToEventLoop } from "../base/yield.js";

/** Milliseconds that guests run in a turn of the event loop: a quarter of a frame of a page. */
const TURN = 4;

/** Milliseconds of a slice, of which there are several in a turn. */
const SLICE = 1;

/**
 * Whether each call waits for timers of its own, and all their slices share a turn. So it is in workerd, where
 * a request's timers end with it, messages come before timers, and the clock may stand still while code runs.
 */
const WITH_TIMERS = "WebSocketPair" in globalThis;

/** The fuel that they use in a turn at most where the clock ticks too seldom. */
const FUEL_OF_A_TURN = 4_000_000;

/** What stands in line. */
export interface Job {
  /**
   * Does its part, when it is its turn. Whether it stands in line again, at its end. If not, whoever waits
   * for it goes on before anything else runs: what the engine left in the exchange is there still.
   */
  run(): boolean;
}

const line = new Set<Job>();

/** When the turn that is under way began; `undefined` where none is known of. */
let began: number | undefined;

/** The fuel used in it. */
let fuelUsed = 0;

/** The shortest time that the clock was seen to move by while code ran. */
let tick = Infinity;

/** Whether a turn of the event loop has been asked for. */
let isAsked = false;

/** Gets in line. */
export function join(job: Job): void {
  line.add(job);
  if (WITH_TIMERS) void takeTurns(job);
  else ask();
}

/** Gets out of line. */
export function leave(job: Job): void {
  line.delete(job);
}

/** Whether guests have run for so long that it is the event loop's turn. */
export function isTurnOver(): boolean {
  if (began === undefined) {
    // Somebody else's turn: when it ends is only seen from the next one.
    begin();
    ask();
    return false;
  }
  return now() - began >= TURN || (tick > TURN && fuelUsed >= FUEL_OF_A_TURN);
}

/** Notes what a slice used, and how many milliseconds it took. */
export function spend(fuel: number, milliseconds: number): void {
  fuelUsed += fuel;
  if (milliseconds > 0) tick = Math.min(tick, milliseconds);
}

function begin(): void {
  began = now();
  fuelUsed = 0;
}

function ask(): void {
  if (isAsked || WITH_TIMERS) return;
  isAsked = true;
  void (lateFrame() ?? yieldToEventLoop()).then(turn);
}

function turn(): void {
  isAsked = false;
  begin();
  // Not `for`, which would ask the iterator for a `return` when what a job left is in the exchange.
  const jobs = line.values();
  for (let next = jobs.next(); !next.done; next = jobs.next()) {
    const job = next.value;
    line.delete(job);
    if (!job.run()) break;
    line.add(job);
    if (isTurnOver()) break;
  }
  began = undefined;
  if (line.size > 0) ask();
}

/** Milliseconds that a slice takes. */
export function sliceTime(): number {
  return WITH_TIMERS ? Math.min(TURN / line.size, SLICE) : SLICE;
}

/** Runs a job after a timer of its own, until it is over. */
async function takeTurns(job: Job): Promise<void> {
  for (;;) {
    await waitForTimer();
    if (!line.has(job)) return;
    begin();
    const isAgain = job.run();
    // As others see it, it was in line meanwhile: its slice was one of as many.
    line.delete(job);
    if (!isAgain) return;
    line.add(job);
  }
}
