// The campaign of hostile modules in Node: what each kind takes to be compiled or refused, under the default and under the
// strict limits, against what is promised. The largest are twice as long as they may be.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Sandbox } from "../js/dist/index.js";

const PROGRAM = process.argv[2] ?? "target/optimized/hostile";
/** Bombs of each kind; their sizes begin anew after six. */
const EACH = 6;
/** Milliseconds for each MiB of a module. */
const PER_MIB = 300;
const MIB = 1 << 20;
/** What the engine's memory may have at the end, which never shrinks, where modules may have so many bytes. */
const mostBytes = (moduleBytes) => 16 * MIB + 24 * moduleBytes;
/** A small one may take 40 milliseconds. */
const SMALL = (40 / PER_MIB) * MIB;
/** Most of these in one go: others may have the machine, and the runtime compiles what it runs. */
const ROUNDS = 5;

/** The milliseconds that it takes for each MiB, the fewest of some rounds where that is too many. */
function perMib(sandbox, bytes) {
  let least = Infinity;
  for (let round = 0; round < ROUNDS && least > PER_MIB; round++) {
    const began = performance.now();
    try {
      sandbox.compile(bytes).dispose();
    } catch (error) {
      if (error.name !== "CompileError") throw error;
    }
    const took = performance.now() - began;
    least = Math.min(least, (took * MIB) / Math.max(bytes.length, SMALL));
  }
  return least;
}

let isKept = true;
for (const preset of ["default", "strict"]) {
  const sandbox = await Sandbox.load({ limits: preset, warm: true });
  const { moduleBytes } = sandbox.limits;
  const largest = 2 * moduleBytes;
  console.log(`\nHostile modules in Node ${process.versions.node} under ${preset} limits, ms / MiB`);
  for (const kind of execFileSync(PROGRAM, ["--kinds"], { encoding: "utf8" }).trim().split("\n")) {
    const directory = mkdtempSync(join(tmpdir(), "guestbox-"));
    try {
      execFileSync(PROGRAM, ["--write", directory, EACH, largest, kind].map(String));
      const files = readdirSync(directory);
      if (files.length < EACH) throw new Error(`${kind}: ${files.length} files for ${EACH}`);
      const worst = Math.max(...files.map((file) => perMib(sandbox, readFileSync(join(directory, file)))));
      console.log(`${kind.padStart(28)} ${worst.toFixed(1).padStart(8)}`);
      if (worst > PER_MIB) isKept = false;
    } finally {
      rmSync(directory, { recursive: true });
    }
  }
  const [bytes, most] = [sandbox.memoryBytes, mostBytes(moduleBytes)];
  console.log(`the wasm module's memory: ${(bytes / MIB).toFixed(0)} MiB, and may be ${(most / MIB).toFixed(0)}`);
  if (bytes > most) isKept = false;
}
process.exitCode = isKept ? 0 : 1;
