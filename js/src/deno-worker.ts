/** `guestbox/worker`, for Deno, which has the web's workers, and may not be allowed to read the engine's file. */
import "./node.js";

export * from "./worker.js";
