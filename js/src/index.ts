/**
 * guestbox: a sandbox for untrusted WebAssembly guests.
 *
 * ```ts
 * import { Sandbox } from "guestbox";
 * const sandbox = await Sandbox.load();
 * const guest = sandbox.compile(bytes).instantiate<{ run(n: number): void }>({ env: { log: console.log } });
 * guest.exports.run(42);
 * ```
 */
import "./beside.js";

export * from "./api.js";
