/** Instances of the package's own wasm module, each with its glue. */
import { yieldToEventLoop } from "../base/yield.js";
import type * as Glue from "../host/glue-types.js";
import { makeGlue } from "../host/glue.js";
import { type WasmSource, loadModule, otherModule } from "./load.js";

/**
 * An instance of the wasm module with its own glue, which calls `outside` for code that is run there; its memory; and what is called before it is entered:
 * it throws the runtime's own error where the stack has too little room for what the engine does.
 */
export async function instantiateGlue(
  source: WasmSource | undefined,
  hasVectors: boolean,
  outside?: object,
): Promise<[typeof Glue, WebAssembly.Memory, () => void]> {
  const glue = makeGlue(outside);
  const module_or_path = await loadModule(source, hasVectors);
  const exports = await glue.default({ module_or_path }).catch((error: unknown) => {
    throw error instanceof WebAssembly.LinkError || error instanceof TypeError ? otherModule(error) : error;
  });
  // Node has its event loop stand still until code is optimised, for who goes on where code was compiled.
  await yieldToEventLoop();
  // It is put in when the package is built; the glue knows nothing of it.
  return [glue, exports.memory, (exports as unknown as { readonly probe: () => void }).probe];
}
