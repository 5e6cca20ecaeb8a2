// The guests that have drivers, in the order in which they are run.
import * as llhttp from "./llhttp.mjs";
import * as xxhash from "./xxhash.mjs";
import * as sourceMap from "./source-map.mjs";
import * as argon2 from "./argon2.mjs";
import * as quickjs from "./quickjs.mjs";

export const guests = [llhttp, xxhash, sourceMap, argon2, quickjs];
