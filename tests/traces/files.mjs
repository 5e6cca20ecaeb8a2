// The programs with their modules as bytes, and the recorded traces. Node only.
import { wat } from "../../js/test/wat.mjs";
import { readPrograms, recorded } from "./read.mjs";

export { recorded };
export const programs = readPrograms(wat);
