// Garbage collection on demand, for tests of what is collected.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");

/** Collects at once. Finalizers run when the event loop has its turn. */
export const gc = runInNewContext("gc");

/** Collects, and gives finalizers their turn; as often as it takes for what others have kept. */
export async function collect(times = 4) {
  for (let i = 0; i < times; i++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
