// Prints what each entry of the package and both builds of the engine take, as they are, by gzip and by brotli, and holds them to
// tests/sizes.json, which has the most that each may take:
//
//   node tests/size.mjs            the table; what is above its gate fails
//   node tests/size.mjs --parts    what is in both builds of the engine, by crates, and in the entry `guestbox`, by files
//   node tests/size.mjs --record   writes what each takes now, and a hundredth more, where the gate is higher
//
// An entry is what esbuild makes of it for a page: minified, with all that it imports, but for what it loads on demand.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { partsOf } from "./size-parts.mjs";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const esbuild = createRequire(at("../js/package.json"))("esbuild");
const { values: options } = parseArgs({ options: { parts: { type: "boolean" }, record: { type: "boolean" } } });
const GATES = at("sizes.json");
const MEASURES = {
  raw: ({ length }) => length,
  gzip: (bytes) => gzipSync(bytes, { level: 9 }).length,
  brotli: (bytes) => brotliCompressSync(bytes).length,
};

/** The entries, by the files that they are. */
const ENTRIES = {
  guestbox: "index",
  "guestbox/inline": "inline",
  "guestbox/scale": "scale",
  "guestbox/slim": "slim",
  "guestbox/substrate": "substrate",
  "guestbox/wasi": "wasi",
  "guestbox/worker": "worker",
  "guestbox/worker/thread": "worker-thread",
};

function built(file) {
  return esbuild.buildSync({
    ...{ entryPoints: [at(`../js/dist/${file}.js`)], bundle: true, minify: true, write: false, format: "esm", target: "es2022" },
    ...{ external: ["node:*"], metafile: true, outdir: "unwritten", splitting: true },
  });
}

/** The files of an entry that are loaded with it, and those that are loaded on demand. */
function filesOf(file) {
  const { metafile, outputFiles } = built(file);
  const loaded = new Set(Object.keys(metafile.outputs).filter((path) => metafile.outputs[path].entryPoint?.endsWith(`/dist/${file}.js`)));
  for (const path of loaded) {
    for (const { path: imported, kind } of metafile.outputs[path].imports) if (kind === "import-statement") loaded.add(imported);
  }
  const isLoaded = ({ path }) => [...loaded].some((one) => path.endsWith(one));
  const contents = (is) => Buffer.concat(outputFiles.filter((one) => isLoaded(one) === is).map(({ contents }) => contents));
  return { loaded: contents(true), onDemand: contents(false) };
}

if (options.parts) {
  for (const name of ["guestbox", "guestbox-simd"]) {
    console.log(
      `${name}.wasm before wasm-opt`.padEnd(40) +
        Object.keys(MEASURES)
          .map((how) => how.padStart(12))
          .join(""),
    );
    const parts = [...partsOf(readFileSync(at(`../target/glue/${name}/glue_bg.wasm`)))].filter(([, { length }]) => length >= 4_096);
    for (const [part, bytes] of parts.sort(([, a], [, b]) => b.length - a.length)) {
      console.log(
        part.padEnd(40) +
          Object.values(MEASURES)
            .map((measure) => String(measure(bytes)).padStart(12))
            .join(""),
      );
    }
  }
  console.log("guestbox");
  const inputs = Object.values(built(ENTRIES.guestbox).metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
  for (const [path, { bytesInOutput }] of inputs.sort(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput)) {
    console.log(path.replace(/^.*js\/dist\//, "").padEnd(40) + String(bytesInOutput).padStart(12));
  }
} else {
  const things = [
    ...Object.entries(ENTRIES).map(([name, file]) => [name, filesOf(file).loaded]),
    ["guestbox, engine host", filesOf(ENTRIES.guestbox).onDemand],
    ...["guestbox.wasm", "guestbox-simd.wasm"].map((name) => [name, readFileSync(at(`../js/dist/${name}`))]),
  ];
  const sizes = Object.fromEntries(
    things.map(([name, bytes]) => [name, Object.fromEntries(Object.entries(MEASURES).map(([how, measure]) => [how, measure(bytes)]))]),
  );
  if (options.record) record(sizes);
  table(sizes, JSON.parse(readFileSync(GATES, "utf8")));
}

function record(sizes) {
  const gates = JSON.parse(readFileSync(GATES, "utf8"));
  for (const [name, measured] of Object.entries(sizes)) {
    for (const [how, size] of Object.entries(measured)) {
      const gate = Math.ceil(size * 1.01);
      gates[name] = { ...gates[name], [how]: Math.min(gates[name]?.[how] ?? gate, gate) };
    }
  }
  writeFileSync(GATES, `${JSON.stringify(gates, undefined, 2)}\n`);
}

function table(sizes, gates) {
  const cells = (first, rest) => first.padEnd(24) + rest.map((cell) => cell.padStart(26)).join("");
  console.log(cells("bytes, and the gate", Object.keys(MEASURES)));
  for (const [name, measured] of Object.entries(sizes)) {
    const row = Object.entries(measured).map(([how, size]) => {
      const gate = gates[name]?.[how];
      if (gate !== undefined && size <= gate) return `${size} of ${gate}`;
      process.exitCode = 1;
      return `${size} ABOVE ${gate ?? "no gate"}`;
    });
    console.log(cells(name, row));
  }
  for (const name of Object.keys(gates).filter((name) => sizes[name] === undefined)) {
    process.exitCode = 1;
    console.log(`${name} has a gate and is not there`);
  }
}
