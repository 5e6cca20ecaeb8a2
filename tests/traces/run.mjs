// Runs the programs in this JavaScript runtime, and compares traces with the recorded ones. Node and the
// page use it; the README here defines the files.
import { Host } from "./host.mjs";

/**
 * Runs a program, each call in slices of so much fuel where that is given, and returns its trace.
 * Slices are to change nothing of it.
 *
 * `api` has `Sandbox`, `Trap` and `call` of the package, `bytesOf` gives a module's bytes by its name.
 */
export async function runProgram(api, program, bytesOf, slice) {
  const sandbox = await api.Sandbox.load({ limits: program.limits, simd: program.name.startsWith("vectors-") });
  const host = new Host(api, sandbox, program, bytesOf);
  for (const { name, initial, maximum } of program.memories) {
    host.memories.set(name, sandbox.memory(maximum === undefined ? { initial } : { initial, maximum }));
  }
  for (const step of program.steps) {
    if (step.do === "guest") await host.start(step, slice);
    else await host.call(step, slice);
  }
  host.showState();
  sandbox.dispose();
  return host.lines;
}

/** Where a trace differs first from the recorded one, in words; nothing where it does not. */
export function difference(name, recorded, lines) {
  if (recorded === undefined) return `${name}: no trace is recorded`;
  if (recorded === lines.map((line) => `${line}\n`).join("")) return undefined;
  const expected = recorded.split("\n");
  const is = [...lines, ""];
  let at = 0;
  while (is[at] === expected[at]) at += 1;
  const show = (line) => (line === undefined ? "nothing" : `\`${line}\``);
  return `${name}, line ${at + 1}: ${show(is[at])}, recorded is ${show(expected[at])}`;
}
