/**
 * Giving the event loop its turn, sooner than a timer would.
 *
 * What is used waits for its turn among all tasks. `scheduler.yield` does not: what it continues
 * comes before timers and messages, so that in a page an endless loop in slices would keep
 * `AbortSignal.timeout` from ever firing.
 */

// As they were when the package was loaded: who puts others in their place, for tests of timers, does not mean these.
const { setImmediate, setTimeout, MessageChannel } = globalThis;
const clock = performance.now.bind(performance);

/** The time in milliseconds. */
export const now = (): number => clock();

/** Resolves after the event loop had a turn. */
export function yieldToEventLoop(): Promise<void> {
  if (typeof setImmediate === "function") return new Promise((resolve) => setImmediate(resolve));
  if (typeof MessageChannel === "function") return messageToOurselves();
  return waitForTimer();
}

/** Resolves after a turn of the event loop in which timers were looked at. */
export function waitForTimer(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function messageToOurselves(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      // An open port would keep some runtimes from ending.
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
