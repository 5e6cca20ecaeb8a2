/**
 * Giving the event loop its turn, sooner than a timer would.
 *
 * By a message to ourselves, or what a runtime has for it: both wait their turn among all tasks.
 * `scheduler.yield` would not. What it continues comes before timers and messages, so that in
 * a page an endless loop in slices would keep `AbortSignal.timeout` from ever firing.
 */

const waiting: (() => void)[] = [];
let channel: MessageChannel | undefined;

/** Resolves after the event loop had a turn. */
export function yieldToEventLoop(): Promise<void> {
  if (typeof setImmediate === "function") return new Promise((resolve) => setImmediate(resolve));
  channel ??= openChannel();
  const { port2 } = channel;
  return new Promise((resolve) => {
    waiting.push(resolve);
    port2.postMessage(undefined);
  });
}

function openChannel(): MessageChannel {
  const opened = new MessageChannel();
  opened.port1.onmessage = () => waiting.shift()?.();
  return opened;
}
