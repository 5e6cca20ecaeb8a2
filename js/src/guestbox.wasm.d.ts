import type { PlainModule } from "./base/web.js";

/**
 * What an import of the wasm module is depends on who serves it: a module in workerd, an address where a bundler
 * makes an asset of it. `load({ wasm })` takes both.
 */
declare const wasm: string | PlainModule;
export default wasm;
