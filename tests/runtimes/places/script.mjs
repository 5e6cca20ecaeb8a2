// The scenarios in a worker that is no module, or a service worker: bundled into a script, with the engine within it.
import * as guestbox from "guestbox/inline";
import * as scale from "guestbox/scale";
import * as wasi from "guestbox/wasi";
import { run } from "./scenarios.mjs";

const vectors = () => ({ wasm: "/node_modules/guestbox/dist/guestbox-simd.wasm" });

globalThis.addEventListener("message", (event) => {
  const ran = run({ guestbox, scale, wasi, vectors }).then((results) => event.ports[0].postMessage(results));
  // A service worker lives as long as it says that it has to.
  event.waitUntil?.(ran);
});
