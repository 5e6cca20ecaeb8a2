// What compiling takes in this Node: the npm package against the bare engine, over the modules named by the
// arguments. Both take turns, and each row is the median of the rounds' ratios.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename } from "node:path";
import { Sandbox } from "../../js/dist/index.js";

const require = createRequire(import.meta.url);
const { compile } = require("../../target/bench-engine/guestbox_bench_engine.js");
const ENOUGH_MS = 4_000;
const LEAST_ROUNDS = 5;

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

function time(work) {
  const began = performance.now();
  work();
  return performance.now() - began;
}

console.log(`\nguestbox against bare wasmi in Node ${process.version}, both in wasm; medians\n`);
console.log("module".padEnd(34), "MB".padStart(9), "bare".padStart(10), "compile".padStart(14), "with frames".padStart(14));
for (const path of process.argv.slice(2)) {
  const bytes = readFileSync(path);
  // One for each module: what compiling takes of its memory stays.
  const sandbox = await Sandbox.load({ limits: "unlimited" });
  const plain = () => sandbox.compile(bytes).dispose();
  const framed = () => sandbox.compile(bytes, { frames: true }).dispose();
  const [bare, ours, withFrames] = [[], [], []];
  for (const began = performance.now(); bare.length < LEAST_ROUNDS || performance.now() - began < ENOUGH_MS;) {
    const theirs = time(() => compile(bytes));
    bare.push(theirs);
    ours.push(time(plain) / theirs);
    withFrames.push(time(framed) / theirs);
  }
  console.log(
    basename(path).padEnd(34),
    (bytes.length / 1e6).toFixed(2).padStart(9),
    `${median(bare).toFixed(1)} ms`.padStart(10),
    `${median(ours).toFixed(2)} x`.padStart(14),
    `${median(withFrames).toFixed(2)} x`.padStart(14),
  );
}
