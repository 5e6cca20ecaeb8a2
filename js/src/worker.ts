/**
 * What `guestbox/worker` exports: a sandbox in a worker of its own.
 *
 * ```ts
 * import { WorkerSandbox } from "guestbox/worker";
 * const sandbox = await WorkerSandbox.load();
 * const module = await sandbox.compile(bytes);
 * const guest = await module.instantiate({ env: { log: console.log } });
 * await guest.call("run", [42], { timeout: 250 });
 * sandbox.dispose();
 * ```
 */
import "./beside.js";
import { threads } from "./worker/line.js";

export * from "./worker/api.js";

// In one line, as bundlers know it.
threads.start ??= () => new Worker(new URL("./worker-thread.js", import.meta.url), { type: "module" });
