// The guests that the benches share, and their bytes.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const wabt = await createRequire(new URL("../../js/package.json", import.meta.url))("wabt")();

/** The bytes of a guest, by the name of its text in guests/. */
export const bytesOf = (name) => {
  const text = readFileSync(new URL(`guests/${name}.wat`, import.meta.url), "utf8");
  return wabt.parseWat(name, text).toBinary({}).buffer;
};

/** Guests of pure computation: a label, a name, an argument. */
export const GUESTS = [
  ["fib(27)", "fib", 27],
  ["memory loop, 2 M rounds", "memory", 2_000_000],
  ["SHA-256, 2,000 blocks", "sha256", 2_000],
  ["sieve below 65,536", "sieve", 65_536],
  ["matrix product, 64 x 64", "matrix", 64],
  ["heap sort of 16,384", "sort", 16_384],
  ["Mandelbrot set, 100 x 100", "mandelbrot", 100],
];
