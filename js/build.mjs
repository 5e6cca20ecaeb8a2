// Builds the npm package into dist/: the wasm module, without vectors and with, their glue and the TypeScript API.
//
//   node build.mjs [--features a,b] [--fast]
//
// --features are cargo features of the wasm-host (an allocator); --fast skips wasm-opt.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { notices } from "./notices.mjs";
import { optimize } from "./optimize.mjs";
import { addProbe } from "./probe.mjs";

const { values: options } = parseArgs({
  options: { features: { type: "string", default: "" }, fast: { type: "boolean", default: false } },
});
const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("..", import.meta.url));
const run = (command, args, cwd = root) => execFileSync(command, args, { cwd, stdio: "inherit" });
const read = (file) => readFileSync(file, "utf8");
const tool = (name) => `${here}node_modules/.bin/${name}`;

const built = `${root}target/wasm32-unknown-unknown/release/guestbox_wasm_host.wasm`;
const finished = `${here}dist`;
// Built beside the old one, which stays in place until the new one is whole.
const dist = `${here}dist.new`;

// What of the tables in Rust is JavaScript's, and the documentation's. No guest runs, so that nothing needs to be optimised.
const unoptimized = ["wasmi", "wasmi_core", "wasmi_ir", "wasmi_collections", "wasmparser", "wast"].flatMap((name) => [
  "--config",
  `profile.dev.package.${name}.opt-level=0`,
]);
run("cargo", [...unoptimized, "run", "--quiet", "--package", "guestbox-wasm-host", "--bin", "tables"]);
rmSync(dist, { recursive: true, force: true });
for (const folder of ["host", "load"]) mkdirSync(`${dist}/${folder}`, { recursive: true });
const wasm = `${dist}/guestbox.wasm`;
const vectors = `${dist}/guestbox-simd.wasm`;
const glue = build(wasm, options.features);
// The one glue is that of both.
const other = build(vectors, `simd,${options.features}`);
if (read(`${glue}/glue.js`) !== read(`${other}/glue.js`)) throw new Error("the glue of the two wasm modules is not the same");

/** Builds the wasm module with features of cargo's, and its glue, which is in the folder that is returned. */
function build(wasm, features) {
  run("cargo", [
    ...["build", "--package", "guestbox-wasm-host", "--lib", "--release"],
    ...["--target", "wasm32-unknown-unknown", "--features", features],
  ]);
  const glue = `${root}target/glue/${basename(wasm, ".wasm")}`;
  rmSync(glue, { recursive: true, force: true });
  run("wasm-bindgen", ["--target", "web", "--out-dir", glue, "--out-name", "glue", "--omit-default-module-path", built]);
  if (options.fast) {
    copyFileSync(`${glue}/glue_bg.wasm`, wasm);
  } else {
    optimize(`${glue}/glue_bg.wasm`, wasm);
  }
  addProbe(wasm);
  return glue;
}

/** Replaces what has to be there. */
function replace(text, pattern, by) {
  const replaced = text.replace(pattern, by);
  if (replaced === text) throw new Error(`the glue has nothing like ${pattern}`);
  return replaced;
}

// The generated glue has one module-wide instance. Each sandbox wants one of its own, so that
// one that aborted can be thrown away: the glue becomes a function that returns a fresh glue. It is
// given what runs code outside, which the glue knows by this name.
const bundled = esbuild.buildSync({
  entryPoints: [`${glue}/glue.js`],
  bundle: true,
  write: false,
  format: "esm",
  target: "es2022",
  define: { "import.meta.url": "undefined" },
});
const code = replace(bundled.outputFiles[0].text, /export \{([^}]*)\};\s*$/, (_, names) => {
  const pairs = names.split(",").map((name) => name.trim().split(" as "));
  return `return { ${pairs.map(([name, as = name]) => `${as}: ${name}`).join(", ")} };`;
});
// A field is defined where it is not there yet, not set: no setter of `Object.prototype` sees it.
const guarded = replace(code, /^(?:var|export) (\w+ = )?class.*\{$/gm, "$&\n  __wbg_ptr = 0;");
writeFileSync(`${dist}/host/glue.js`, `export function makeGlue(outside) {\n${guarded}\n}\n`);
copyFileSync(`${glue}/glue.d.ts`, `${here}src/host/glue-types.d.ts`);
copyFileSync(`${glue}/glue.d.ts`, `${dist}/host/glue-types.d.ts`);
writeFileSync(`${dist}/host/glue.d.ts`, 'export function makeGlue(outside?: object): typeof import("./glue-types.js");\n');
copyFileSync(`${dist}/host/glue.d.ts`, `${here}src/host/glue.d.ts`);

// For those who have no file of it: the module within the JavaScript.
writeFileSync(
  `${dist}/load/inline-bytes.js`,
  `export const gzipped = "${gzipSync(readFileSync(wasm), { level: 9 }).toString("base64")}";\n`,
);
for (const name of ["guestbox", "guestbox-simd"]) copyFileSync(`${here}src/guestbox.wasm.d.ts`, `${dist}/${name}.wasm.d.ts`);
for (const name of ["LICENSE-APACHE", "LICENSE-MIT"]) copyFileSync(`${root}${name}`, `${here}${name}`);
writeFileSync(`${here}THIRD-PARTY-NOTICES.txt`, notices(root, "guestbox-wasm-host", `simd,${options.features}`));

run(tool("tsc"), ["--project", "tsconfig.json", "--outDir", dist], here);
const size = (file) => `${(statSync(file).size / 1024).toFixed(0)} KiB`;
console.log(`built dist/: guestbox.wasm ${size(wasm)}, guestbox-simd.wasm ${size(vectors)}`);
rmSync(finished, { recursive: true, force: true });
renameSync(dist, finished);
