/** What `guestbox` exports, for workerd, which compiles no bytes: there the wasm module is imported as a module. */
import wasm from "./guestbox.wasm";
import { packaged } from "./load/load.js";

export * from "./api.js";

packaged.source = () => wasm;
