/** Warming the engine up: runtimes compile its interpreter well only once it has run for a while. */
import { now } from "../base/yield.js";
import type { Module } from "../types.js";

/** `(module (func (export "spin") (loop (br 0))))` */
const SPIN = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0],
  ...[7, 8, 1, 4, 0x73, 0x70, 0x69, 0x6e, 0, 0, 10, 9, 1, 7, 0, 3, 0x40, 0x0c, 0, 0x0b, 0x0b],
);

/** Fuel of one measurement, how many times faster is warm, and milliseconds after which it is given up. */
const FUEL = 1_000_000,
  FASTER = 3,
  LONGEST = 1_000;

let warming: Promise<boolean> | undefined;

/** Warms up what all sandboxes have in common, once, as far as the limits of the one that compiles let it. */
export async function warmUp(compile: (bytes: Uint8Array) => Module): Promise<void> {
  warming ??= run(compile).catch(() => false);
  if (!(await warming)) warming = undefined;
}

/** Runs a guest, in turns with everything else, until that is much faster than at first. Whether it ran. */
async function run(compile: (bytes: Uint8Array) => Module): Promise<boolean> {
  const module = compile(SPIN);
  const guest = module.instantiate();
  const began = now();
  let last = began,
    first: number | undefined,
    took: number;
  try {
    do {
      const outcome = await guest.tryCall("spin", [], { fuel: FUEL, timeout: began + LONGEST - last });
      if (outcome.status !== "out-of-fuel") return false;
      outcome.abort();
      took = now() - last;
      last += took;
      first ??= took;
    } while (took * FASTER > first && last - began < LONGEST);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  } finally {
    guest.dispose();
    module.dispose();
  }
  return true;
}
