// What build.sh built, from this checkout. Node only.
import { readFileSync } from "node:fs";

/** The files of the runtime: with a memory of its own, and with an imported one. */
export const runtimes = ["own_memory", "imports_memory"];

export const WASM = "wasm32-unknown-unknown/release/examples";

function built(path) {
  try {
    return readFileSync(new URL(`target/${path}`, import.meta.url));
  } catch (error) {
    throw new Error(`the runtime is not built (${error.code}): run \`make runtime\``, { cause: error });
  }
}

export const runtimeBytes = (file) => built(`${WASM}/${file}.wasm`);

/** The dump of the runtime's native form. */
export const oracle = () => built("oracle.txt").toString();
