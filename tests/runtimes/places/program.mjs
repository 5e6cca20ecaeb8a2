// The scenarios as a program, which prints what came of them: `program.mjs [SUITE...]` leaves suites out.
import * as guestbox from "guestbox";
import * as scale from "guestbox/scale";
import * as wasi from "guestbox/wasi";
import * as worker from "guestbox/worker";
import { run } from "./scenarios.mjs";

console.log(JSON.stringify(await run({ guestbox, scale, wasi, worker, vectors: () => ({ simd: true }) }, process.argv.slice(2))));
