// Many short lives: rounds of instantiating a guest with a memory of 1 MiB, calling it and disposing
// of it, alone and beside a long-lived memory that every guest shares; and of a guest that is reset
// by a snapshot in each round and has grown in every tenth.
//
//   node js/test/soak.mjs [rounds]
//
// Prints the memory of the engine's wasm module and of the process at the start, after a tenth of
// the rounds and at the end. What grew by more than a fifth after the tenth is a leak: exit code 1.
import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Sandbox } from "guestbox";
import { wat } from "./wat.mjs";

const rounds = Number(process.argv[2] ?? 20_000);
if (!Number.isInteger(rounds) || rounds < 10) {
  console.error("usage: node js/test/soak.mjs [rounds], 10 at least");
  process.exit(2);
}
const GROWTH = 1.2;

// Garbage that is not collected yet is no leak, so it is collected before the process is measured.
setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc");

const OWN = wat(`(module (import "e" "tick" (func $tick)) (memory (export "memory") 16)
  (func (export "run") (param i32) (result i32) (call $tick)
    (i32.store (i32.const 1048572) (local.get 0)) (i32.load (i32.const 1048572))))`);
const SHARING = wat(`(module (import "e" "tick" (func $tick)) (import "e" "shared" (memory 1)) (memory (export "memory") 16)
  (func (export "run") (param i32) (result i32) (call $tick)
    (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
    (i32.store 1 (i32.const 1048572) (local.get 0)) (i32.load 1 (i32.const 1048572))))`);
const GROWING = wat(`(module (import "e" "tick" (func $tick)) (memory 16) (global $sum (mut i32) (i32.const 0))
  (func (export "run") (param i32) (result i32) (call $tick)
    (if (i32.eqz (i32.rem_u (local.get 0) (i32.const 10))) (then (drop (memory.grow (i32.const 16)))))
    (global.set $sum (i32.add (global.get $sum) (local.get 0)))
    (i32.store (i32.const 1048572) (i32.add (i32.load (i32.const 1048572)) (global.get $sum)))
    (i32.load (i32.const 1048572))))`);

/** What one kind of round takes: the memory of the wasm module and of the process, in MiB. */
async function soak(title, bytes, { isShared = false, isReset = false } = {}) {
  const sandbox = await Sandbox.load();
  const module = sandbox.compile(bytes);
  const shared = isShared ? sandbox.memory({ initial: 1 }) : undefined;
  let ticks = 0;
  const imports = { e: { tick: () => void ticks++, ...(isShared && { shared }) } };
  const measure = () => {
    collectGarbage();
    return [sandbox.engine.memoryBytes, process.memoryUsage.rss()].map((size) => size / 2 ** 20);
  };
  const shown = ([engine, rss]) => `wasm ${engine.toFixed(1)} MiB, process ${rss.toFixed(0)} MiB`;

  console.log(`${title}: ${rounds} rounds`);
  console.log(`  start  ${shown(measure())}`);
  const resident = isReset ? module.instantiate(imports) : undefined;
  const kept = resident?.snapshot();
  const oneRound = (round) => {
    const guest = resident ?? module.instantiate(imports);
    if (guest.exports.run(round) !== round) throw new Error(`round ${round} went wrong`);
    if (kept === undefined) return guest.dispose();
    guest.restore(kept);
    guest.snapshot().dispose();
  };
  let warm = 0;
  // In the first second the runtime compiles the engine, which takes memory of its own.
  for (const end = performance.now() + 1_000; performance.now() < end; warm++) oneRound(warm);
  await setTimeout(200);
  const begin = performance.now();
  let early;
  for (let round = 0; round < rounds; round++) {
    oneRound(round);
    if (round + 1 === Math.ceil(rounds / 10)) console.log(`   10 %  ${shown((early = measure()))}`);
  }
  const late = measure();
  const micros = ((performance.now() - begin) * 1_000) / rounds;
  console.log(`    end  ${shown(late)}, ${micros.toFixed(0)} us a round`);
  if (ticks !== warm + rounds) throw new Error(`${ticks} host calls`);
  if (shared !== undefined && new DataView(shared.read(0, 4).buffer).getUint32(0, true) !== ticks)
    throw new Error("the shared memory lost rounds");
  sandbox.dispose();
  return late.every((size, i) => size <= early[i] * GROWTH);
}

const flat = [
  await soak("memories of their own", OWN),
  await soak("beside one long-lived shared memory", SHARING, { isShared: true }),
  await soak("one guest that is reset", GROWING, { isReset: true }),
];
console.log(flat.every(Boolean) ? "flat" : "GREW by more than a fifth after the first tenth");
process.exitCode = flat.every(Boolean) ? 0 : 1;
