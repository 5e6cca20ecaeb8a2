/** `guestbox/worker/thread`, for a thread of Node's. */
import { parentPort } from "node:worker_threads";
import { Port } from "./worker/port.js";
import { serve } from "./worker/thread.js";

if (parentPort === null) throw new Error("`guestbox/worker/thread` is for a worker");
serve(new Port(parentPort));
