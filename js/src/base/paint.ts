/**
 * The frames of a page, which who has a lot to do keeps from coming.
 *
 * The messages by which the event loop is given its turn come before frames in Firefox: while there is always another one it
 * paints every 70 to 80 ms, however short each turn is. So a frame that is late is waited for, a moment in which nothing else
 * is begun. In Chromium, where frames come first, none is late.
 */
import { now, yieldToEventLoop } from "./yield.js";

/** Milliseconds after which a frame that was asked for is late: at 60 Hz there is one every 17. */
const LATE = 20;

/** Milliseconds that a late frame is waited for. */
const PATIENCE = 5;

/** Milliseconds in which none is waited for again after one did not come, as in an `iframe` that is out of sight. */
const BACK_OFF = 250;

// As they were when the package was loaded.
const { document, requestAnimationFrame, setTimeout } = globalThis as Partial<typeof globalThis> & Pick<typeof globalThis, "setTimeout">;

/** When a frame was asked for that has not come yet. */
let asked: number | undefined;

/** Who waits for it. */
let waiting: ((painted: Promise<void>) => void) | undefined;

/** Until when none is waited for. */
let backOff = -Infinity;

/** Resolves behind a frame that is late, or soon without it; `undefined` where none is late, or there are no frames. */
export function lateFrame(): Promise<void> | undefined {
  if (requestAnimationFrame === undefined || document?.visibilityState !== "visible") return undefined;
  const time = now();
  if (asked === undefined) {
    asked = time;
    requestAnimationFrame(() => {
      asked = undefined;
      // What comes next is for after the painting.
      waiting?.(yieldToEventLoop());
      waiting = undefined;
    });
    return undefined;
  }
  if (time - asked < LATE || time < backOff) return undefined;
  return new Promise((resolve) => {
    waiting = resolve;
    setTimeout(() => {
      if (waiting !== resolve) return;
      waiting = undefined;
      backOff = now() + BACK_OFF;
      resolve();
    }, PATIENCE);
  });
}
