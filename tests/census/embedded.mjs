// Modules that packages carry within their JavaScript, and in compressed files.
import { brotliDecompressSync, gunzipSync } from "node:zlib";

const HEADER = Buffer.from([0x00, 0x61, 0x73, 0x6d]);

/** Less is what programs ask the runtime with whether it knows an operator. */
const LEAST_BYTES = 256;

/** Whether bytes are a module, or a component, and not just a probe. */
export const isModule = (bytes) => bytes.length >= LEAST_BYTES && HEADER.equals(bytes.subarray(0, 4));

// `\0asm` and the version 1, each as text: in base64, in hexadecimal digits, as the numbers of an array.
const FORMS = [
  [/AGFzbQEAAA[A-Za-z0-9+/]+={0,2}/g, (text) => Buffer.from(text, "base64")],
  [/0061736d01000000(?:[0-9a-f]{2})+/gi, (text) => Buffer.from(text, "hex")],
  [/\b0,\s*97,\s*115,\s*109,\s*1,\s*0,\s*0,\s*0(?:,\s*\d{1,3})+/g, (text) => Buffer.from(text.split(",").map(Number))],
];

/** The modules in a text, in the order of the forms and of the text. */
export function embedded(text) {
  return FORMS.flatMap(([pattern, decode]) => Array.from(text.matchAll(pattern), ([found]) => decode(found))).filter(isModule);
}

const READERS = [
  [/\.wasm$/, (bytes) => [bytes]],
  [/\.wasm\.gz$/, (bytes) => [gunzipSync(bytes)]],
  [/\.wasm\.br$/, (bytes) => [brotliDecompressSync(bytes)]],
  [/\.[cm]?js$/, (bytes) => embedded(bytes.toString("latin1"))],
];

/** How the modules of a file are read, by its name; `undefined` for a file that can have none. */
export const readerOf = (name) => READERS.find(([pattern]) => pattern.test(name))?.[1];
