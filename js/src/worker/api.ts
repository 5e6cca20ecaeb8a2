/** What `guestbox/worker` exports, whoever starts the worker. */
export type { WorkerLike } from "./port.js";
export { type WorkerModule, WorkerSandbox, type WorkerSandboxOptions } from "./sandbox.js";
export type { WorkerAllocation, WorkerGuest, WorkerMemory } from "./guest.js";
