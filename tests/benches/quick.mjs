// The quick benchmark's JavaScript half: the npm package in this Node, guest code against native
// guestbox (whose times the native half wrote to the file given), and the cost of crossings.
//
//   node tests/benches/quick.mjs target/bench-quick.json
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Sandbox } from "../../js/dist/index.js";
import { GUESTS, bytesOf } from "./guests.mjs";
import { quickjs } from "./quickjs.mjs";

const require = createRequire(new URL("../../js/package.json", import.meta.url));
const { Bare } = require("../target/bench-engine/guestbox_bench_engine.js");
const ROUNDS = 15;
const FUEL = Number.MAX_SAFE_INTEGER;

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

/** The median time of `work` in nanoseconds, after two rounds to warm up. */
async function measure(work) {
  const times = [];
  for (let round = -2; round < ROUNDS; round++) {
    const time = await once(work);
    if (round >= 0) times.push(time);
  }
  return median(times);
}

/** The median time of `subject`, and of its ratio to `peer`, which takes turns with it. */
async function inTurns(subject, peer) {
  const [times, ratios] = [[], []];
  for (let round = -2; round < ROUNDS; round++) {
    const theirs = await once(peer);
    const ours = await once(subject);
    if (round >= 0) (times.push(ours), ratios.push(ours / theirs));
  }
  return [median(times), median(ratios)];
}

/** The time of `work` in nanoseconds. */
async function once(work) {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start);
}

const show = (ns) => (ns >= 1e6 ? `${(ns / 1e6).toFixed(2)} ms` : `${ns.toFixed(0)} ns`).padStart(12);
const against = (ratio) => `x ${ratio.toFixed(2).padStart(5)}`.padStart(23);
const row = (name, ours, against, goal) => console.log(`${name.padEnd(52)} ${show(ours)} ${against}   goal ${goal}`);

const native = JSON.parse(readFileSync(process.argv[2], "utf8"));
console.log(`\nguestbox in Node ${process.versions.node}; median of ${ROUNDS} rounds\n`);
const sandbox = await Sandbox.load({ limits: { fuel: FUEL, journalBytes: 2 ** 24, parkedBytes: 2 ** 25, replayFuel: FUEL } });

for (const [label, name, argument] of GUESTS) {
  const bytes = bytesOf(name);
  const guest = sandbox.compile(bytes).instantiate();
  // The same in this Node's own WebAssembly, once: both must compute the same.
  const expected = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.run(argument);
  const first = guest.exports.run(argument);
  if (first !== expected) throw new Error(`${label}: ${first} instead of ${expected}`);
  const ours = await measure(() => guest.exports.run(argument));
  const theirs = native[label];
  row(label, ours, `${show(theirs)}   x ${(ours / theirs).toFixed(2).padStart(5)}`, "<= 2.5 of native");
}

/** The geometric mean of ratios. */
const mean = (ratios) => Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);

// Interpreted against the same compiled, in this Node's own WebAssembly, which has no limits.
const slower = [];
for (const [label, name, argument] of GUESTS) {
  const bytes = bytesOf(name);
  const guest = sandbox.compile(bytes).instantiate();
  const { run } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
  const [time, ratio] = await inTurns(
    () => guest.exports.run(argument),
    () => run(argument),
  );
  slower.push(ratio);
  row(`${label}: against plain WebAssembly`, time, against(ratio), "-");
}
console.log(`${"against plain WebAssembly, geometric mean".padEnd(65)} ${against(mean(slower))}   goal -`);

// The bare engine with fuel against itself without; the npm package always meters.
const metering = [];
for (const [label, name, argument] of GUESTS) {
  const bytes = bytesOf(name);
  const [metered, unmetered] = [new Bare(bytes, true), new Bare(bytes, false)];
  if (metered.run(argument) !== unmetered.run(argument)) throw new Error(`${label}: fuel changes the result`);
  const [time, ratio] = await inTurns(
    () => metered.run(argument),
    () => unmetered.run(argument),
  );
  metering.push(ratio);
  row(`${label}: fuel on against off, bare engine`, time, against(ratio), "-");
}
console.log(`${"fuel on against off, geometric mean".padEnd(65)} ${against(mean(metering))}   goal <= 1.10`);

// The engine with vectors, on guests that have none.
const withVectors = await Sandbox.load({ simd: true, limits: { fuel: FUEL } });
const compared = [];
for (const [label, name, argument] of GUESTS) {
  const [theirs, ours] = [sandbox, withVectors].map((engine) => engine.compile(bytesOf(name)).instantiate());
  const [time, ratio] = await inTurns(
    () => ours.exports.run(argument),
    () => theirs.exports.run(argument),
  );
  compared.push(ratio);
  row(`${label}: engine with vectors against without`, time, against(ratio), "-");
}
console.log(`${"engine with vectors against without, geometric mean".padEnd(65)} ${against(mean(compared))}   goal <= 1.03`);
withVectors.dispose();

// Slices, with a turn of the event loop after each, against the same call without.
for (const [label, name, argument] of GUESTS) {
  const guest = sandbox.compile(bytesOf(name)).instantiate();
  const [time, ratio] = await inTurns(
    () => guest.call("run", [argument]),
    () => guest.call("run", [argument], { slice: FUEL }),
  );
  row(`${label}: in slices against one`, time, against(ratio), "<= 1.05");
}

// An interpreter, which burns much more fuel in the same time.
const interpreter = quickjs(sandbox);
const loop = "(() => { let sum = 0; for (let i = 0; i < 100000; i++) sum = (sum * 31 + i) % 1000003; return sum; })()";
if ((await interpreter.evaluate(loop)) !== new Function(`return ${loop}`)()) throw new Error("QuickJS: a wrong sum");
const [sliced, ratio] = await inTurns(
  () => interpreter.evaluate(loop),
  () => interpreter.evaluate(loop, { slice: FUEL }),
);
row("QuickJS, a loop: in slices against one", sliced, against(ratio), "<= 1.05");

const CALLS = 100_000;
const module = sandbox.compile(bytesOf("host-calls"));
const add = (a, b) => (a + b) | 0;
const guest = module.instantiate({ env: { add } });
const host = (await measure(() => guest.exports.run(CALLS))) / CALLS;
row("host call to a plain function", host, "".padEnd(23), "<= 250 ns");

const recorded = module.instantiate({ env: { add } }, { journal: true });
const [noted, noting] = await inTurns(
  () => (recorded.record(), recorded.exports.run(CALLS)),
  () => guest.exports.run(CALLS),
);
row("host call, recorded against not", noted / CALLS, against(noting), "<= 1.05");

// A call that uses some fuel and then waits, against the same parked, and unparked.
{
  const waits = sandbox.compile(bytesOf("durable"));
  const imports = { env: { next: () => new Promise(() => {}) } };
  const until = async (guest) => {
    const controller = new AbortController();
    const ended = guest.call("wait", [250_000], { slice: FUEL, signal: controller.signal }).catch(() => {});
    return { end: () => (controller.abort(), ended) };
  };
  const plain = waits.instantiate(imports);
  const whole = async () => (await until(plain)).end();
  const waiting = waits.instantiate(imports, { journal: true });
  await until(waiting);
  const parked = waiting.park();
  const millions = Number(parked.fuel) / 1e6;
  const [parking, once] = await inTurns(() => waiting.park().dispose(), whole);
  row(`parking a call of ${millions.toFixed(2)} million units, against it`, parking, against(once), "-");
  const [unparking, again] = await inTurns(async () => {
    const { guest } = await waits.unpark(imports, parked, { slice: FUEL });
    guest.dispose();
  }, whole);
  row(`unparking it, ${millions.toFixed(2)} million units`, unparking, against(again), "-");
}

const exported = guest.exports.nothing;
const call = await measure(() => {
  for (let i = 0; i < CALLS; i++) exported(i);
});
row("export call", call / CALLS, "".padEnd(23), "<= 200 ns");

const awaiting = module.instantiate({ env: { add: async (a, b) => add(a, b) } });
const TURNS = 10_000;
const awaited = await measure(() => awaiting.call("run", [TURNS]));
row("awaited async host call", awaited / TURNS, "".padEnd(23), "-");
