// The guest of `tests/guests/stacked`, which keeps large frames on a stack in its memory.
import { readFileSync } from "node:fs";

const WASM = new URL("../../target/wasm32-unknown-unknown/release/guestbox_test_stacked.wasm", import.meta.url);

export function bytesOfGuest() {
  try {
    return readFileSync(WASM);
  } catch (error) {
    throw new Error(`guestbox_test_stacked is not built (${error.code}): run \`make supervisor\``, { cause: error });
  }
}
