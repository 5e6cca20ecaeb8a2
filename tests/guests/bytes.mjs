// Reads the wasm bytes of the guests out of node_modules. Node only: a page fetches the same files.
import { readFileSync } from "node:fs";
import { WASM_FILES } from "./files.mjs";

export function loadBytes(name) {
  if (WASM_FILES[name] === undefined) throw new Error("no guest is called " + name);
  // A copy: the buffer of a small file is otherwise a slice of a larger one.
  return new Uint8Array(readFileSync(new URL("node_modules/" + WASM_FILES[name], import.meta.url)));
}
