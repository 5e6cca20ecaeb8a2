/** The wasm module as a file beside the package's JavaScript. Bundlers that copy files know this form of its address. */
import { packaged } from "./load/load.js";

export const beside = (): URL => new URL("./guestbox.wasm", import.meta.url);

packaged.source ??= beside;
