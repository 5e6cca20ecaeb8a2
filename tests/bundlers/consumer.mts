// How a TypeScript program imports what the package has besides its code; package.test.mjs compiles it.
import { type LoadError, Sandbox } from "guestbox";
import wasm from "guestbox/guestbox.wasm";
import { Sandbox as Inline } from "guestbox/inline";
import { ScaleStore } from "guestbox/scale";
import { Substrate } from "guestbox/substrate";

const sandboxes: Sandbox[] = [await Sandbox.load({ wasm }), await Inline.load()];
const others: [ScaleStore, Substrate] = [await ScaleStore.load({ wasm }), await Substrate.load({ wasm })];
const given: string | WebAssembly.Module = wasm;
export const codeOf = (error: LoadError): string => error.code;
export default [sandboxes, others, given];
// @ts-expect-error -- it is no instance, whose exports could be called
wasm.memory;
