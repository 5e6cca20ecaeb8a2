export function makeGlue(): typeof import("./glue-types.js");
