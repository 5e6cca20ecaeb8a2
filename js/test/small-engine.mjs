// The package's wasm module with a small memory, so that a test can really exhaust it.
import { readFile } from "node:fs/promises";
import { leb as readNumber, number } from "../probe.mjs";

const MEMORY_SECTION = 5;

/** The bytes of guestbox.wasm, whose memory may then grow to `pages` pages of 64 KiB only. */
export async function smallEngine(pages) {
  const bytes = await readFile(new URL(import.meta.resolve("guestbox/guestbox.wasm")));
  let at = 8;
  for (;;) {
    const id = bytes[at];
    const [length, content] = readNumber(bytes, at + 1);
    if (id === MEMORY_SECTION) {
      const [count, limits] = readNumber(bytes, content);
      if (count !== 1 || bytes[limits] !== 0) throw new Error("not one memory without a maximum");
      const [initial] = readNumber(bytes, limits + 1);
      if (initial > pages) throw new Error(`the module starts with ${initial} pages`);
      const section = [1, 1, ...number(initial), ...number(pages)];
      return Buffer.concat([
        bytes.subarray(0, at),
        Uint8Array.of(MEMORY_SECTION, ...number(section.length), ...section),
        bytes.subarray(content + length),
      ]);
    }
    at = content + length;
  }
}
