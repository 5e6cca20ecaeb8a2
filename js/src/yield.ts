/** Giving the event loop its turn, sooner than a timer would. */

interface Scheduler {
  yield?: () => Promise<void>;
}

const waiting: (() => void)[] = [];
let channel: MessageChannel | undefined;

/** Resolves after the event loop had a turn. */
export function yieldToEventLoop(): Promise<void> {
  const { scheduler } = globalThis as { scheduler?: Scheduler };
  if (typeof scheduler?.yield === "function") return scheduler.yield();
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
