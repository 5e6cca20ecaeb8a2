// The quick benchmark's JavaScript half: the npm package in this Node, guest code against native
// guestbox (whose times the native half wrote to the file given), and the cost of crossings.
//
//   node tests/benches/quick.mjs target/bench-quick.json
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Sandbox } from "../../js/dist/index.js";

const require = createRequire(new URL("../../js/package.json", import.meta.url));
const wabt = await require("wabt")();
const ROUNDS = 15;
const FUEL = Number.MAX_SAFE_INTEGER;

const compile = (name) => {
  const text = readFileSync(new URL(`guests/${name}.wat`, import.meta.url), "utf8");
  return wabt.parseWat(name, text).toBinary({}).buffer;
};
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

/** The time of `work` in nanoseconds. */
async function once(work) {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start);
}

const show = (ns) => (ns >= 1e6 ? `${(ns / 1e6).toFixed(2)} ms` : `${ns.toFixed(0)} ns`).padStart(12);
const row = (name, ours, against, goal) => console.log(`${name.padEnd(52)} ${show(ours)} ${against}   goal ${goal}`);

const native = JSON.parse(readFileSync(process.argv[2], "utf8"));
console.log(`\nguestbox in Node ${process.versions.node}; median of ${ROUNDS} rounds\n`);
const sandbox = await Sandbox.load({ limits: { fuel: FUEL } });

const GUEST_CODE = [
  ["fib(27)", "fib", 27],
  ["memory loop, 2 M rounds", "memory", 2_000_000],
  ["SHA-256, 2,000 blocks", "sha256", 2_000],
];
for (const [label, name, argument] of GUEST_CODE) {
  const bytes = compile(name);
  const guest = sandbox.compile(bytes).instantiate();
  // The same in this Node's own WebAssembly, once: both must compute the same.
  const expected = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.run(argument);
  const first = guest.exports.run(argument);
  if (first !== expected) throw new Error(`${label}: ${first} instead of ${expected}`);
  const ours = await measure(() => guest.exports.run(argument));
  const theirs = native[label];
  row(label, ours, `${show(theirs)}   x ${(ours / theirs).toFixed(2).padStart(5)}`, "<= 2.5 of native");
}

// Slices, with a turn of the event loop after each, against the same call without.
for (const [label, name, argument] of GUEST_CODE) {
  const guest = sandbox.compile(compile(name)).instantiate();
  const ratios = [];
  const ours = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const whole = await once(() => guest.call("run", [argument], { slice: FUEL }));
    const sliced = await once(() => guest.call("run", [argument]));
    // The first round of each warms caches up and is not counted.
    if (round > 0) ratios.push(sliced / whole), ours.push(sliced);
  }
  row(`${label}: in slices against one`, median(ours), `x ${median(ratios).toFixed(2).padStart(5)}`.padStart(23), "<= 1.05");
}

const CALLS = 100_000;
const module = sandbox.compile(compile("host-calls"));
const add = (a, b) => (a + b) | 0;
const guest = module.instantiate({ env: { add } });
const host = (await measure(() => guest.exports.run(CALLS))) / CALLS;
row("host call to a plain function", host, "".padEnd(23), "<= 250 ns");

const exported = guest.exports.nothing;
const call = await measure(() => {
  for (let i = 0; i < CALLS; i++) exported(i);
});
row("export call", call / CALLS, "".padEnd(23), "<= 200 ns");

const awaiting = module.instantiate({ env: { add: async (a, b) => add(a, b) } });
const TURNS = 10_000;
const awaited = await measure(() => awaiting.call("run", [TURNS]));
row("awaited async host call", awaited / TURNS, "".padEnd(23), "-");
