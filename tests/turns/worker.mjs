// A worker of workerd: does the same step by step, and says in a stream when each step is done, so that
// whoever reads it can measure.
import wasm from "guestbox.wasm";
import { Sandbox } from "../../js/dist/index.js";
import { spinners } from "./measure.mjs";

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export default {
  fetch(request) {
    const calls = Number(new URL(request.url).searchParams.get("calls"));
    const { readable, writable } = new TransformStream();
    const writer = writable.getWriter();
    const say = (word) => writer.write(new TextEncoder().encode(`${word}\n`));
    void run(calls, say)
      .catch((error) => say(`error ${error?.stack ?? error}`))
      .finally(() => writer.close());
    return new Response(readable);
  },
};

async function run(calls, say) {
  const { begin } = await spinners(Sandbox, { wasm }, calls + 1);
  await sleep(0);
  await say("begins");
  const controllers = Array.from({ length: calls }, () => new AbortController());
  const running = controllers.map(({ signal }, at) => begin(at, { signal }).catch(() => {}));
  await say("begun");
  await sleep(200);
  for (let i = 0; i < 50; i++) {
    await sleep(0);
    await say("timer");
  }
  await say("signal");
  await begin(calls, { signal: AbortSignal.timeout(50) }).catch(() => {});
  await say("signalled");
  await say("deadline");
  await begin(calls, { deadline: performance.now() + 50 }).catch(() => {});
  await say("timed out");
  for (let at = 0; at < calls; at++) {
    await say("abort");
    controllers[at].abort();
    await running[at];
    await say("aborted");
  }
}
