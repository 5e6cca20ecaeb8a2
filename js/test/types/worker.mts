// How a sandbox in a worker is used from TypeScript; types.test.mjs and package.test.mjs compile it and never run it.
import type { Outcome, Result } from "guestbox";
import { type WorkerAllocation, type WorkerGuest, type WorkerModule, WorkerSandbox, type WorkerSandboxOptions } from "guestbox/worker";

const bytes = new Uint8Array(8);

interface Shop {
  total(item: number, count: number): number;
  weigh(item: number): bigint;
  reset(): void;
}
interface ShopHost {
  shop: { price(item: number): Promise<number> | number };
}
const elsewhereOptions: WorkerSandboxOptions = { limits: "strict", simd: true, warm: true };
using elsewhere = await WorkerSandbox.load(elsewhereOptions);
using compiledElsewhere: WorkerModule = await elsewhere.compile(bytes, { frames: true });
const [firstImport, firstExport]: [string | undefined, string | undefined] = [
  compiledElsewhere.imports[0]?.module,
  compiledElsewhere.exports[0]?.name,
];
using distant: WorkerGuest<Shop> = await compiledElsewhere.instantiate<Shop, ShopHost>(
  { shop: { price: async (item) => item * 100 } },
  { fuel: 5, timeout: 20, overlapping: "queue" },
);
const distantTotal: number = await distant.call("total", [4, 3], { signal: AbortSignal.timeout(3), deadline: 5 });
const distantOutcome: Outcome<bigint> = await distant.tryCall("weigh", [4]);
if (distantOutcome.status === "out-of-fuel") await distantOutcome.resume(5n);
const room: WorkerAllocation = await distant.allocate("text");
const [read, wrote, texts]: [Uint8Array, number, string[]] = [
  await distant.memory.read(room.pointer, room.length),
  await distant.memory.writeString(0, "text"),
  [await distant.readString(0, 4, { lossy: true }), await distant.memory.readString(0, 4)],
];
await distant.memory.write(0, bytes);
await room.free();
const used: number = await distant.withString("text", async (pointer, length) => pointer + length);
const untyped: WorkerGuest = await compiledElsewhere.instantiate();
const anything: Result = await untyped.call("anything", [1, 2n, null]);
export { distantTotal, firstExport, firstImport, read, anything, texts, used, wrote };
// @ts-expect-error -- it exports no such function
await distant.call("totel", [4, 3]);
// @ts-expect-error -- a number is no BigInt
await distant.call("total", [4, 3n]);
// @ts-expect-error -- what is in a worker gives promises
const wrong: number = distant.call("total", [4, 3]);
// @ts-expect-error -- there are no exports on this side
distant.exports;
// @ts-expect-error -- an import that takes text
await compiledElsewhere.instantiate<Shop, { shop: { price(item: string): number } }>({ shop: { price: () => 1 } });
// @ts-expect-error -- leaks are the worker's own
await WorkerSandbox.load({ onLeak: () => {} });
// @ts-expect-error -- this is no worker
await WorkerSandbox.load({ worker: "thread.js" });
