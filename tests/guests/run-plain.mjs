// Runs the guests under plain WebAssembly:  node run-plain.mjs [--list | --frames name... | name...]
// With --frames each import call has a line before its own that says where the guest is.
// The traces go to standard output, nothing else does; titles and times go to standard error.
import { guests } from "./index.mjs";
import { loadBytes } from "./bytes.mjs";
import { framesEngine } from "./frames.mjs";
import { plainEngine } from "./plain.mjs";

const all = process.argv.slice(2);
const withFrames = all.includes("--frames");
const names = all.filter((name) => name !== "--frames");

if (names.includes("--list")) {
  for (const guest of guests) console.log(`${guest.name}: ${guest.title}`);
} else {
  for (const name of names) {
    if (!guests.some((guest) => guest.name === name)) {
      console.error(`no guest is called ${name}; see --list`);
      process.exit(2);
    }
  }
  for (const guest of guests) {
    if (names.length > 0 && !names.includes(guest.name)) continue;
    console.error(`# ${guest.name}: ${guest.title}`);
    const lines = [];
    const print = (line) => lines.push(line);
    const engine = withFrames ? framesEngine(print) : plainEngine;
    const begin = performance.now();
    try {
      guest.run(engine, loadBytes(guest.name), print);
    } finally {
      // Printed after an error too: the last line says how far the guest came.
      process.stdout.write(lines.map((line) => line + "\n").join(""));
    }
    const time = (performance.now() - begin).toFixed(0);
    console.error(`# ${lines.length} lines, ${time} ms`);
  }
}
