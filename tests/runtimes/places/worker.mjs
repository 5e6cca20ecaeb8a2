// The scenarios in a worker that is a module.
import * as guestbox from "./node_modules/guestbox/dist/index.js";
import * as scale from "./node_modules/guestbox/dist/scale.js";
import * as wasi from "./node_modules/guestbox/dist/wasi.js";
import * as worker from "./node_modules/guestbox/dist/worker.js";
import { run } from "./scenarios.mjs";

globalThis.onmessage = async ({ ports }) => {
  ports[0].postMessage(await run({ guestbox, scale, wasi, worker, vectors: () => ({ simd: true }) }));
};
