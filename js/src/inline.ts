/** What `guestbox` exports, with the wasm module within the JavaScript: nothing else is to be found or served. */
import { inlined } from "./load/inlined.js";
import { packaged } from "./load/load.js";

export * from "./api.js";

packaged.source = inlined;
