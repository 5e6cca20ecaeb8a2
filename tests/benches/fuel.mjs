// What a unit of fuel is worth in this Node, of crossings against plain code in the same run, and where real code runs:
// the half in JavaScript of `fuel.rs`.
import { Sandbox, call } from "../../js/dist/index.js";
import { GUESTS, bytesOf } from "./guests.mjs";
import { quickjs } from "./quickjs.mjs";

const TURNS = 5_000;
const WARM_UP = 100;
const ROUNDS = 50;

const compile = (name) => sandbox.compile(bytesOf(name));
const sandbox = await Sandbox.load({ limits: { fuel: Number.MAX_SAFE_INTEGER }, warm: true });
const module = compile("crossings");
const nothing = () => {};

/** A guest whose import `nest` does what `nest` does with the guest's exports and the call's context. */
function guestWith(nest) {
  const made = module.instantiate({ env: { host: nothing, nest: call((context) => nest(made.exports, context)) } });
  return made;
}

/** The nanoseconds and the fuel of each of so many turns, the best of some rounds. */
async function measure(run, turns = TURNS, warmUp = WARM_UP) {
  let nanoseconds = Infinity;
  let fuel;
  for (let round = -warmUp; round < ROUNDS; round++) {
    const start = process.hrtime.bigint();
    const used = await run(turns);
    const took = Number(process.hrtime.bigint() - start) / turns;
    fuel = Number(used) / turns;
    if (round >= 0) nanoseconds = Math.min(nanoseconds, took);
  }
  return { nanoseconds, fuel };
}

const used = (guest, name, turns) => {
  const outcome = guest.tryCallSync(name, [turns]);
  if (outcome.status !== "ok") throw outcome.trap;
  return outcome.fuelUsed;
};
const beyond = (one, other) => ({ nanoseconds: one.nanoseconds - other.nanoseconds, fuel: one.fuel - other.fuel });

const guest = guestWith(nothing);
const plain = await measure((turns) => used(guest, "plain", turns));
const host = await measure((turns) => used(guest, "host", turns));
const withContext = await measure((turns) => used(guest, "nest", turns));
const ofNothing = guest.tryCallSync("nothing").fuelUsed;
const exported = await measure((turns) => {
  for (let turn = 0; turn < turns; turn++) guest.exports.nothing();
  return ofNothing * BigInt(turns);
});
const nesting = (nest) => {
  const nests = guestWith(nest);
  return measure((turns) => used(nests, "nest", turns));
};
const nested = await nesting((exports) => exports.nothing());
const byContext = await nesting((_, context) => context.callSync("nothing"));
const patient = module.instantiate({ env: { host: async () => {}, nest: nothing } });
const awaited = await measure(async (turns) => (await patient.tryCall("host", [turns])).fuelUsed, 2_000);

const ROWS = [
  ["plain code", plain],
  ["host call", host],
  ["host call with a context", withContext],
  ["awaited host call", awaited],
  ["export call", exported],
  ["nested call", beyond(nested, withContext)],
  ["nested call by callSync", beyond(byContext, withContext)],
];
const show = (number) => number.toFixed(2);
const line = (name, ...columns) => console.log(name.padEnd(28), ...columns.map((column, at) => column.padStart([10, 10, 12, 10][at])));
const ofUnit = ({ nanoseconds, fuel }) => nanoseconds / fuel;

console.log(`\nin Node ${process.versions.node}, best of ${ROUNDS} rounds`);
line("crossing", "ns each", "fuel each", "ns a unit", "to plain");
for (const [name, cost] of ROWS) {
  const unit = ofUnit(cost);
  line(name, show(cost.nanoseconds), show(cost.fuel), show(unit), show(unit / ofUnit(plain)));
}

const PROGRAM = "(() => { let sum = 0; for (let i = 0; i < 10000; i++) sum = (sum * 31 + i) % 1000003; return sum; })()";
const defaults = await Sandbox.load();
const guestLine = (name, cost) => {
  const unit = ofUnit(cost);
  line(name, show(cost.nanoseconds / 1e6), show(cost.fuel / 1e6), show(unit), show((defaults.limits.fuel * unit) / 1e6));
};

console.log();
line("guest", "ms", "M units", "ns a unit", "default fuel, ms");
for (const [label, name, argument] of GUESTS) {
  const guest = compile(name).instantiate();
  guestLine(label, await measure(() => used(guest, "run", argument), 1, 3));
}
const interpreter = quickjs(sandbox);
const evaluate = async () => {
  await interpreter.evaluate(PROGRAM, { slice: Number.MAX_SAFE_INTEGER });
  return interpreter.fuelUsed;
};
guestLine("QuickJS, 10,000 turns", await measure(evaluate, 1, 3));
