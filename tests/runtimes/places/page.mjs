// Runs the scenarios in the page, and in each kind of worker that it can have, and tells what came of them: nobody drives it.
import * as guestbox from "./node_modules/guestbox/dist/index.js";
import * as scale from "./node_modules/guestbox/dist/scale.js";
import * as wasi from "./node_modules/guestbox/dist/wasi.js";
import * as worker from "./node_modules/guestbox/dist/worker.js";
import { run } from "./scenarios.mjs";

const { Worker, MessageChannel, navigator } = globalThis;

const tell = (said) => fetch("/told", { method: "POST", body: JSON.stringify(said) });

const places = {
  page: () => run({ guestbox, scale, wasi, worker, vectors: () => ({ simd: true }) }),
  "module worker": () => saidBy(new Worker("/worker.mjs", { type: "module" })),
  "classic worker": () => saidBy(new Worker("/script.js")),
  "service worker": async () => {
    await navigator.serviceWorker.register("/script.js");
    return saidBy((await navigator.serviceWorker.ready).active);
  },
};

/** Asks a worker for what comes of the scenarios in it. */
function saidBy(worker) {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve, reject) => {
    worker.onerror = (event) => reject(new Error(event.message ?? "the worker did not load"));
    port1.onmessage = ({ data }) => resolve(data);
    worker.postMessage("run", [port2]);
  });
}

for (const [place, resultsIn] of Object.entries(places)) {
  await tell({
    place,
    ...(await resultsIn().then(
      (results) => ({ results }),
      (error) => ({ failed: `${error}\n${error?.stack}` }),
    )),
  });
}
await tell({ userAgent: navigator.userAgent });
