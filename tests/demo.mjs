// `make demo`: real guests under three supervisors, compared line by line with a run of plain
// WebAssembly, and what only guestbox does: an endless loop stopped.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Sandbox, Trap } from "../js/dist/index.js";
import { loadBytes } from "./guests/bytes.mjs";
import { guests } from "./guests/index.mjs";
import { plainEngine } from "./guests/plain.mjs";
import { sandboxed } from "./guests/sandboxed.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const isTerminal = process.stdout.isTTY;
const bold = (text) => (isTerminal ? `\x1b[1m${text}\x1b[0m` : text);
const dim = (text) => (isTerminal ? `\x1b[2m${text}\x1b[0m` : text);

/** What a program writes. Where it fails its own words are shown, and the demo ends. */
function run(command, args) {
  const { status, signal, error, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 });
  if (status === 0) return stdout;
  const how = error?.message ?? (signal === null ? `ended with ${status}` : `was ended by ${signal}`);
  console.error(`FAILED: ${[command, ...args].join(" ")}: ${how}`);
  console.error([stdout, stderr].filter(Boolean).join("\n").trimEnd());
  process.exit(1);
}

/** What a guest's trace has besides calls: the results, in words. */
const isResult = (line) => !/^(call|invoke|memory|--) /.test(line);
const SHOWN = 6;

/** A trace and how long it took. */
async function traced(guest, engine) {
  const lines = [];
  const bytes = await loadBytes(guest.name);
  const start = performance.now();
  guest.run(engine, bytes, (line) => lines.push(line));
  return { lines, ms: performance.now() - start };
}

const failures = [];
console.log(bold("guestbox: five real guests, unmodified, under three supervisors\n"));
const browser = JSON.parse(run(process.execPath, ["tests/browser/run.mjs", "--json"]));
for (const guest of guests) {
  const { name, title } = guest;
  const plain = await traced(guest, plainEngine);
  const sandbox = await Sandbox.load();
  const node = await traced(guest, sandboxed(sandbox));
  const start = performance.now();
  const native = { lines: run("target/optimized/guests", [name]).trimEnd().split("\n"), ms: performance.now() - start };
  console.log(`${bold(name)}  ${title}`);
  const shown = plain.lines.filter(isResult);
  for (const line of shown.slice(0, SHOWN)) console.log(`    ${line.length > 100 ? `${line.slice(0, 99)}…` : line}`);
  if (shown.length > SHOWN) console.log(dim(`    … and ${shown.length - SHOWN} more like these`));
  for (const [where, { lines, ms }] of [
    ["native", native],
    [`Node ${process.versions.node}`, node],
    ["Chrome", browser[name]],
  ]) {
    const at = plain.lines.findIndex((line, index) => line !== lines[index]);
    const same = at < 0 && lines.length === plain.lines.length;
    if (!same) failures.push(`${name} in ${where} differs at line ${at + 1}: ${lines[at]}`);
    const verdict = same ? `${lines.length} lines, the same as plain WebAssembly` : "DIFFERS";
    console.log(`  ${same ? "✔" : "✘"} ${where.padEnd(13)} ${verdict} ${dim(`(${ms.toFixed(0)} ms)`)}`);
  }
  console.log();
  sandbox.dispose();
}

console.log(bold("an endless loop, stopped on the thread it runs on"));
// (module (func (export "spin") (loop br 0)))
const spin = Uint8Array.of(
  0,
  97,
  115,
  109,
  1,
  0,
  0,
  0,
  1,
  4,
  1,
  96,
  0,
  0,
  3,
  2,
  1,
  0,
  7,
  8,
  1,
  4,
  115,
  112,
  105,
  110,
  0,
  0,
  10,
  9,
  1,
  7,
  0,
  3,
  64,
  12,
  0,
  11,
  11,
);
const sandbox = await Sandbox.load();
const spinner = sandbox.compile(spin).instantiate();
const begin = performance.now();
let ticks = 0;
const timer = setInterval(() => ticks++, 10);
await spinner.call("spin", [], { signal: AbortSignal.timeout(250), fuel: 1n << 60n }).catch((error) => {
  console.log(`  ✔ ${error.name} after ${(performance.now() - begin).toFixed(0)} ms; a timer fired ${ticks} times meanwhile`);
});
clearInterval(timer);
if (ticks < 5) failures.push(`the event loop stood still: ${ticks} ticks`);
try {
  spinner.exports.spin();
} catch (error) {
  if (!(error instanceof Trap)) throw error;
  console.log(`  ✔ called synchronously: Trap ${error.code} after ${error.fuelUsed} units of fuel\n`);
}

for (const failure of failures) console.error(`FAILED: ${failure}`);
console.log(failures.length === 0 ? bold("all the same, everywhere") : bold("some differ"));
process.exitCode = failures.length === 0 ? 0 : 1;
