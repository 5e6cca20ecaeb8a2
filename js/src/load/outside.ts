/** Loading what runs guests by the runtime's own WebAssembly: only where it is asked for. */
import type { Loaded } from "../outside/load.js";
import type { Limits, StoreOptions } from "./limits.js";

/** What runs guests outside, if the engine of this name does. */
export async function outsideFor(name: unknown = "interpreter", limits: StoreOptions["limits"]): Promise<Loaded | undefined> {
  if (name !== "interpreter" && name !== "host" && name !== "auto")
    throw new TypeError('engine is none of "interpreter", "host" and "auto"');
  if (name === "interpreter") return undefined;
  const { load } = await import("../outside/load.js");
  const frames = typeof limits === "object" ? (limits as Limits | null)?.guestFrames : undefined;
  return load(name === "auto", frames);
}
