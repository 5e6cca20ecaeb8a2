// Programs of WASI that print, in this Node against native guestbox, whose times and modules the native half wrote:
//
//   node tests/benches/wasi.mjs target/bench-wasi/times.json
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Sandbox } from "../../js/dist/index.js";
import { run } from "../../js/dist/wasi.js";

const ROUNDS = 15;
const LINES = 50_000;
const GOAL = 3;

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

const file = process.argv[2];
const native = JSON.parse(readFileSync(file, "utf8"));
const sandbox = await Sandbox.load();
console.log(`\n${LINES} lines in Node ${process.versions.node}; median of ${ROUNDS} rounds\n`);
for (const [name, theirs] of Object.entries(native)) {
  const module = sandbox.compile(readFileSync(join(dirname(file), `${name}.wasm`)));
  const times = [];
  // Until the engine is compiled well, which takes it some rounds.
  for (let round = -5; round < ROUNDS; round++) {
    let written = 0;
    const begin = performance.now();
    const { exitCode } = await run(module, { args: ["println"], stdout: (bytes) => void (written += bytes.length) });
    if (round >= 0) times.push(performance.now() - begin);
    if (exitCode !== 0 || written !== LINES * 11) throw new Error(`${name}: ${written} bytes, exit code ${exitCode}`);
  }
  const ours = median(times);
  const [line, ratio] = [`${((ours * 1e6) / LINES).toFixed(0)} ns a line`, (ours * 1e6) / theirs];
  console.log(
    `${name.padEnd(20)} ${ours.toFixed(2).padStart(8)} ms, ${line.padStart(16)}   x ${ratio.toFixed(2)} of native   goal <= ${GOAL}`,
  );
}
