// How fairly calls that never end share their page or process with everything else. Runs in every runtime
// that has a clock; workerd, whose clock stands still while code runs, is measured from outside.

/** `(module (func (export "spin") (loop (br 0))))` */
const SPIN = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0],
  ...[7, 8, 1, 4, 0x73, 0x70, 0x69, 0x6e, 0, 0, 10, 9, 1, 7, 0, 3, 0x40, 0x0c, 0, 0x0b, 0x0b],
);

export const COUNTS = [1, 8, 32, 100];

/** Guests whose calls never end by themselves, and what begins one. */
export async function spinners(Sandbox, options, count) {
  const sandbox = await Sandbox.load({ ...options, limits: { fuel: Number.MAX_SAFE_INTEGER } });
  const module = sandbox.compile(SPIN);
  const guests = Array.from({ length: count }, () => module.instantiate());
  return { sandbox, begin: (at, options) => guests[at].call("spin", [], options) };
}

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
const now = () => performance.now();

/** A row for each number of calls, in milliseconds, besides what a timer takes where nothing runs. */
export async function measure(Sandbox, options) {
  const { sandbox, begin } = await spinners(Sandbox, options, Math.max(...COUNTS) + 1);
  // The largest gap between two turns of the event loop while the engine is cold.
  let gap = 0;
  let last = now();
  const cold = new AbortController();
  const warming = begin(0, { signal: cold.signal }).catch(() => {});
  for (const until = now() + 3_000; now() < until;) {
    gap = Math.max(gap, now() - last);
    last = now();
    await sleep(0);
  }
  cold.abort();
  await warming;
  await sleep(50);
  const idle = await lateness();
  const rows = [];
  for (const calls of COUNTS) rows.push({ calls, ...(await row(begin, calls)) });
  sandbox.dispose();
  return { gap, idle: median(idle), rows };
}

async function row(begin, calls) {
  const controllers = Array.from({ length: calls }, () => new AbortController());
  const start = now();
  const running = controllers.map(({ signal }, at) => begin(at, { signal }).catch(() => now()));
  const beginning = now() - start;
  await sleep(100);
  const late = await lateness();
  const deadline = now() + 50;
  const timedOut = (await begin(calls, { deadline }).catch(() => now())) - deadline;
  const signalled = now() + 50;
  const abortedByTimer = (await begin(calls, { signal: AbortSignal.timeout(50) }).catch(() => now())) - signalled;
  const aborts = [];
  for (let at = 0; at < calls; at++) {
    const began = now();
    controllers[at].abort();
    aborts.push((await running[at]) - began);
    if (calls > 1) await sleep(0);
  }
  return { beginning, timer: median(late), worst: Math.max(...late), abort: Math.max(...aborts), timedOut, abortedByTimer };
}

/** How long timers of 0 ms take, 50 of them. */
async function lateness() {
  const late = [];
  for (let i = 0; i < 50; i++) {
    const start = now();
    await sleep(0);
    late.push(now() - start);
  }
  return late;
}
