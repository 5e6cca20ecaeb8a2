/** The wasm modules as files beside the package's JavaScript. Bundlers that copy files know this form of their addresses. */
import { packaged } from "./load/load.js";

/** @internal Where the module without vectors is. */
export const beside = (): URL => new URL("./guestbox.wasm", import.meta.url);

packaged.source ??= beside;
packaged.simd ??= () => new URL("./guestbox-simd.wasm", import.meta.url);
