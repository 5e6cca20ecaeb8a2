/** `guestbox/worker`, for Node, whose workers are threads. */
import { Worker } from "node:worker_threads";
import "./node.js";
import { threads } from "./worker/line.js";

export * from "./worker/api.js";

// What Node was started with, such as a loader, is not for the package's own script.
threads.start = () => new Worker(new URL("./node-worker-thread.js", import.meta.url), { execArgv: [] });
