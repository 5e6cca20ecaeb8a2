// Optimises a wasm module with wasm-opt: node optimize.mjs <from> <to>
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const ends = fileURLToPath(new URL("ends.mjs", import.meta.url));
const wasmOpt = fileURLToPath(new URL("node_modules/.bin/wasm-opt", import.meta.url));

// By name: all of them together would make wasm-opt emit what Node cannot read.
const FEATURES = ["bulk-memory", "multivalue", "mutable-globals", "nontrapping-float-to-int", "reference-types", "sign-ext"];

/** Writes the module in the file `from`, optimised, to the file `to`; they may be one. */
export function optimize(from, to) {
  const enabled = FEATURES.map((feature) => `--enable-${feature}`);
  execFileSync(wasmOpt, ["-O1", ...enabled, from, "-o", to], { stdio: "inherit" });
  // Blocks lie in each other a thousand deep, and are read by as many calls within each other.
  execFileSync(process.execPath, ["--stack-size=4000", ends, to], { stdio: "inherit" });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) optimize(...process.argv.slice(2));
