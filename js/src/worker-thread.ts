/** `guestbox/worker/thread`, which a worker runs: nothing is exported. */
import { Port } from "./worker/port.js";
import { serve } from "./worker/thread.js";

serve(new Port(globalThis));
