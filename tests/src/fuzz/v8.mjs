// Runs cases of the fuzz in this Node's own WebAssembly and compares what they come to with what
// they came to in guestbox: a line of JSON each, see `v8.rs`. Prints a line for each that differs,
// and at the end one with counts.

import { createInterface } from "node:readline";
import { setFlagsFromString } from "node:v8";
import { Ended, Host, importsOf, memoryOf, read, show } from "./host.mjs";

// Node 20 has this behind a flag; several memories it does not have, and refuses.
if (Number(process.versions.node.split(".")[0]) < 22) setFlagsFromString("--experimental-wasm-extended-const");

// Kinds of trap, as in `host.rs`; 0 where it depends on the engine.
const kindOf = (error) => {
  if (error instanceof Ended) return 7;
  if (error instanceof RangeError) return 0;
  if (!(error instanceof WebAssembly.RuntimeError)) throw error;
  const message = error.message.replace(/^WebAssembly.Instance\(\): /, "");
  const kinds = [
    [/^unreachable/, 1],
    [/^memory access out of bounds|^data segment/, 2],
    [/^table index is out of bounds|^table access|^element segment|^table initializer/, 3],
    [/null function or function signature|^indirect call/, 4],
    [/^divide by zero|^remainder by zero/, 5],
    [/^divide result unrepresentable|^float unrepresentable/, 6],
  ];
  const kind = kinds.find(([pattern]) => pattern.test(message));
  if (!kind) throw error;
  return kind[1];
};

const invoke = (exports, call) => {
  try {
    const result = exports[call.export](...call.args.map(read));
    return { values: call.results.length > 1 ? result : [result] };
  } catch (error) {
    return { kind: kindOf(error) };
  }
};

const counts = {};
const skipped = {};
const count = (counts, name) => (counts[name] = (counts[name] ?? 0) + 1);

const compare = (test) => {
  const bytes = Buffer.from(test.bytes, "hex");
  let module;
  try {
    module = new WebAssembly.Module(bytes);
  } catch (error) {
    count(skipped, /one memory|memory count/.test(error.message) ? ", several memories" : " refuses");
    return;
  }
  let exports;
  const host = new Host(test.back, (back) => invoke(exports, back));
  const { imports, memories } = importsOf(test, (ordinal, type) => (...args) => {
    const values = host.serve(ordinal, type, args);
    return values.length > 1 ? values : values[0];
  });
  for (const [at, expected] of test.entries.entries()) {
    let end;
    if (at === 0) {
      try {
        exports = new WebAssembly.Instance(module, imports).exports;
        host.isNested = false;
        end = [];
        memories.push(...test.memories.map((name) => exports[name]));
      } catch (error) {
        end = kindOf(error);
        // A segment that does not fit is a trap here.
        if (expected.end === "segment" && (end === 2 || end === 3)) end = "segment";
      }
    } else {
      const call = test.calls[at - 1];
      const { kind, values } = invoke(exports, call);
      end = kind ?? call.results.map((type, at) => show(type, values[at]));
    }
    if (end === 0 || host.isTainted) {
      count(skipped, ", its stack");
      return;
    }
    const found = {
      end,
      calls: host.calls,
      trace: host.trace,
      memories: memories.map(memoryOf),
      globals: test.globals.filter(() => exports).map(([name, type]) => show(type, exports[name].value)),
    };
    const [here, there] = [expected, found].map((entry) => JSON.stringify(entry, ["end", "calls", "trace", "memories", "globals"]));
    if (here !== there) {
      const text = `V8 ${process.versions.v8}: entry ${at} differs\n   plain: ${here}\n   other: ${there}\n`;
      console.log(JSON.stringify({ case: test.case, text }));
      return;
    }
    count(counts, "");
  }
};

for await (const line of createInterface({ input: process.stdin })) {
  compare(JSON.parse(line));
}
const version = `V8 of Node ${process.versions.node.split(".")[0]}`;
console.log(JSON.stringify({ version, compared: counts, skipped }));
