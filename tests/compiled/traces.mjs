// Runs the programs of the recorded traces and the real guests by the host's WebAssembly: what the core made of their
// modules comes as JSON, see `../tests/all/hosted/traces.rs`. Prints a line for each that differs, and at the end
// how many did not.

import { text } from "node:stream/consumers";
import { loadBytes } from "../guests/bytes.mjs";
import { guests } from "../guests/index.mjs";
import { readPrograms, recorded } from "../traces/read.mjs";
import { runGuest } from "../traces/real-guests.mjs";
import { difference, runProgram } from "../traces/run.mjs";
import * as api from "./sandbox.mjs";

const rewritten = JSON.parse(await text(process.stdin));
let equal = 0;

const compare = async (name, run) => {
  let different;
  try {
    different = difference(name, recorded.get(name), await run());
  } catch (error) {
    different = `${name}: ${error.stack}`;
  }
  if (different === undefined) equal += 1;
  else console.log(different);
};

for (const program of readPrograms()) {
  const modules = rewritten.programs[program.name];
  if (modules !== undefined) await compare(program.name, () => runProgram(api, program, (module) => modules[module]));
}

const byBytes = new Map(rewritten.guests.map(({ original, ...module }) => [original, module]));
api.Sandbox.rewritten = (bytes) => byBytes.get(Buffer.from(bytes).toString("hex"));
for (const guest of rewritten.guests.length > 0 ? guests : []) {
  await compare(guest.name, async () => runGuest(api, guest, await loadBytes(guest.name)));
}
console.log(`${equal} are the same`);
