// How a TypeScript program imports what the package has besides its code; package.test.mjs compiles it.
import { type LoadError, Sandbox } from "guestbox";
import wasm from "guestbox/guestbox.wasm";
import vectors from "guestbox/guestbox-simd.wasm";
import { Sandbox as Inline } from "guestbox/inline";
import { ScaleStore } from "guestbox/scale";
import { Sandbox as Slim } from "guestbox/slim";
import { Substrate } from "guestbox/substrate";
import { WorkerSandbox } from "guestbox/worker";
import "guestbox/worker/thread";

const sandboxes: Sandbox[] = [await Sandbox.load({ wasm }), await Inline.load(), await Slim.load({ wasm: vectors })];
const others: [ScaleStore, Substrate] = [await ScaleStore.load({ wasm }), await Substrate.load({ wasm })];
const given: string | WebAssembly.Module = wasm;
class Host {
  #calls = 0;
  price(item: number): number {
    return item * ++this.#calls;
  }
}
interface Shop {
  price(item: number): number;
}
const shop: Shop = new Host();
const module = (sandboxes[0] as Sandbox).compile(new Uint8Array());
// What the imports are: instances of classes, and what interfaces describe, as well as literals and Maps.
for (const imports of [{ shop }, { shop: new Host() }, new Map([["shop", new Host()]]), { shop: { price: (item: number) => item } }]) {
  module.instantiate(imports);
}
module.instantiate({ shop: { price: (item) => item } });
export const codeOf = (error: LoadError): string => error.code;
// A worker of the web's own.
const started = new Worker(new URL("./thread.js", import.meta.url), { type: "module" });
export const elsewhere: WorkerSandbox = await WorkerSandbox.load({ worker: started, wasm });
export default [sandboxes, others, given];
// @ts-expect-error -- it is no instance, whose exports could be called
wasm.memory;
