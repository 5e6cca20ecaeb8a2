// Measures in the runtime that runs this, and prints what as JSON.
import { Sandbox } from "../../js/dist/index.js";
import { measure } from "./measure.mjs";

console.log(JSON.stringify(await measure(Sandbox)));
