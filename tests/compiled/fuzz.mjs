// Runs cases of the fuzz by the host's WebAssembly, rewritten by the core, and compares all that they come to with
// what they came to in the interpreter: a line of JSON each, see `../src/fuzz/compiled.rs`. Prints a line for each
// that differs, and at the end one with counts.

import { createInterface } from "node:readline";
import { Ended, Host, importsOf, memoryOf, read, show } from "../src/fuzz/host.mjs";
import { Guest, Space } from "./runtime.mjs";

/** Kinds of trap, as in `host.rs`; 0 where it depends on the engine. */
const KINDS = {
  unreachable: 1,
  "memory-out-of-bounds": 2,
  "table-out-of-bounds": 3,
  "bad-signature": 4,
  "indirect-call-to-null": 4,
  "integer-division-by-zero": 5,
  "bad-conversion-to-integer": 6,
  "integer-overflow": 6,
  "host-error": 7,
};

const counts = {};
const skipped = {};
const count = (counts, name) => (counts[name] = (counts[name] ?? 0) + 1);

const invoke = (guest, { export: exported, args }, fuel) => {
  const outcome = guest.call(exported, args.map(read), fuel);
  if (outcome.trap === "host-error" && !(outcome.reason instanceof Ended)) throw outcome.reason;
  return outcome;
};

const compare = (test) => {
  let module;
  try {
    module = new WebAssembly.Module(Buffer.from(test.bytes, "hex"));
  } catch (error) {
    return console.log(JSON.stringify({ case: test.case, text: `the host refuses it: ${error.message}\n` }));
  }
  const space = new Space(test.limits);
  let guest;
  const host = new Host(test.back, (back) => {
    const { trap, values } = invoke(guest, back);
    return trap === undefined ? { values } : { kind: KINDS[trap] ?? 0 };
  });
  const { imports, memories } = importsOf(test, (ordinal, type) => ({
    results: type.results,
    serve: (args) => host.serve(ordinal, type, args),
  }));
  for (const [at, expected] of test.entries.entries()) {
    let outcome;
    let results = [];
    if (at === 0) {
      try {
        guest = new Guest(space, module, test.facts, imports);
        outcome = guest.start(BigInt(test.limits.fuel));
        if (outcome.trap === "host-error" && !(outcome.reason instanceof Ended)) throw outcome.reason;
        if (outcome.trap === undefined) memories.push(...test.memories.map((name) => guest.memory(name)));
        else guest = undefined;
      } catch (error) {
        // A segment that does not fit.
        if (!(error instanceof WebAssembly.RuntimeError)) throw error;
        outcome = { trap: "segment", fuelUsed: 0n };
      }
      host.isNested = false;
    } else {
      const call = test.calls[at - 1];
      outcome = invoke(guest, call, BigInt(call.fuel));
      results = call.results;
    }
    const { trap, values, fuelUsed } = outcome;
    if (space.lackedWords) {
      count(skipped, "compiled, its stack");
      return;
    }
    const found = {
      end: trap ?? results.map((type, at) => show(type, values[at])),
      fuel: Number(fuelUsed),
      calls: host.calls,
      trace: host.trace,
      memories: memories.map(memoryOf),
      globals: test.globals.filter(() => guest).map(([name, type]) => show(type, guest.global(name).value)),
    };
    const [here, there] = [expected, found].map((entry) => JSON.stringify(entry, Object.keys(found)));
    if (here !== there) {
      const text = `compiled: entry ${at} differs\n   plain: ${here}\n   other: ${there}\n`;
      console.log(JSON.stringify({ case: test.case, text }));
      return;
    }
    count(counts, `compiled, ${trap ?? "finished"}`);
  }
};

for await (const line of createInterface({ input: process.stdin })) {
  const test = JSON.parse(line);
  try {
    compare(test);
  } catch (error) {
    console.log(JSON.stringify({ case: test.case, text: error.stack }));
  }
}
console.log(JSON.stringify({ version: "", compared: counts, skipped }));
