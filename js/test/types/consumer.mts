// How the package is used from TypeScript; types.test.mjs compiles it and never runs it.
import {
  type Bytes,
  type CallContext,
  type CallOptions,
  type ErrorCode,
  type ErrorCodes,
  type ErrorDetails,
  type Features,
  type Frame,
  type Frames,
  type Global,
  GlobalError,
  type GlobalType,
  type Guest,
  GuestboxError,
  InvokeError,
  type Leak,
  type LeakKind,
  type Limits,
  LoadError,
  MemoryError,
  type MemoryType,
  type Outcome,
  type Overlapping,
  type Result,
  Sandbox,
  type ParkedCall,
  ParkError,
  type Parked,
  type Snapshot,
  SnapshotError,
  UnparkError,
  type UnparkOptions,
  type Unparked,
  type WaitsFor,
  type SyncOutcome,
  type Table,
  TableError,
  type TableType,
  Trap,
  type TrapCode,
  type Value,
  call,
} from "guestbox";
import { ScaleStore, encodeArguments, encodeResult } from "guestbox/scale";
import { Substrate } from "guestbox/substrate";
import * as wasi from "guestbox/wasi";

const limits: Limits = { fuel: 5n, nesting: 3 };
using sandbox = await Sandbox.load({ limits });
const bytes: Uint8Array = new Uint8Array(8);
using module = sandbox.compile(bytes);
using memory = sandbox.memory({ initial: 1 });
memory.write(0, bytes);

const say = call((c, pointer: number, length: number) => c.memory.readString(pointer, length));
interface Named {
  run(...args: Value[]): Result;
}
using guest: Guest<Named> = module.instantiate<Named>(
  { env: { memory, say, later: async (x: bigint) => x } },
  { state: 1, floats: "bits" },
);
const mapped = await module.instantiateAsync(new Map([["env", new Map([["f", () => 1]])]]), { fuel: 5 });

const options: CallOptions = { fuel: 1n, slice: 5, signal: AbortSignal.timeout(3) };
const result: Value | Value[] = await mapped.call("run", [1, 2n], options);
for (const descriptor of module.imports) {
  if (descriptor.kind === "function") console.log(descriptor.module, descriptor.params.length);
  if (descriptor.kind === "memory") console.log(descriptor.maximum ?? descriptor.initial);
}
const features: Features = { floats: false, tailCalls: true };
const strict = await Sandbox.load({ limits: "strict", features });
const copy = await Sandbox.load({ limits: JSON.parse(JSON.stringify(strict.limits)) });
const pages: number = copy.limits.memoryPages;
const poor = module.instantiate({}, { fuel: 5n, maxMemoryPages: pages, maxCallDepth: 3 });
poor.callSync("run", [1], { fuel: 100 });
call((c) => c.charge(c.fuel - 1n));
const queued = module.instantiate({}, { overlapping: "queue" satisfies Overlapping });
await Promise.all([queued.call("main", [], { keepStack: true }), queued.tryCall("run")]);
call(async (c: CallContext<{ price(item: number): number }>, item: number) => {
  const first: number = await c.call("price", [item], { signal: AbortSignal.timeout(5) });
  const second: Outcome<number> = await c.tryCall("price", [item], { fuel: 5n });
  const third: SyncOutcome = c.tryCallSync("price", [item]);
  return [first, second.status, third.fuelUsed, c.callSync("price", [item], { keepStack: true }), c.exports.price(item)];
});
// @ts-expect-error -- there is no such way
module.instantiate({}, { overlapping: "wait" });
// @ts-expect-error -- a synchronous call is made at once or not at all
queued.callSync("run", [], { signal: AbortSignal.timeout(5) });
let outcome: Outcome = await poor.tryCall("run", [], { deadline: performance.now() + 5 });
while (outcome.status === "out-of-fuel") outcome = await outcome.resume(1_000n, { slice: 5 });
if (outcome.status === "ok") console.log(outcome.value, outcome.fuelUsed + 1n);
else console.log(outcome.trap.code, outcome.fuelUsed);
using framed = sandbox.compile(bytes, { frames: true });
const place = (frames: Frames): string | undefined =>
  frames.map(({ functionIndex, name, offset }: Frame) => name ?? `${functionIndex + offset}`)[frames.leftOut];
framed.instantiate({ env: { f: call((c) => place(c.frames)) } });
if (outcome.status === "trap") console.log(place(outcome.trap.frames));
{
  using paused = await poor.tryCall("run").then((one) => (one.status === "out-of-fuel" ? one : undefined));
  paused?.abort();
}
// @ts-expect-error -- only a call that is out of fuel can be resumed
outcome.resume(1n);
// @ts-expect-error -- there is no such feature
await Sandbox.load({ features: { float: false } });
try {
  guest.exports.run(1, result);
} catch (error) {
  if (Trap.is(error, "out-of-fuel")) console.log(error.fuelUsed + 1n);
  if (GuestboxError.is(error)) console.log(error.code);
}

const lost = new Map<LeakKind, number>();
const told = await Sandbox.load({ onLeak: ({ kind }: Leak) => void lost.set(kind, (lost.get(kind) ?? 0) + 1) });
const paged: MemoryType = { initial: 1, maximum: 2 };
console.log(told.memory(paged).size * 65_536 < told.memoryBytes);
// @ts-expect-error -- there is no such option
guest.call("run", [], { timeLimit: 5 });
guest.call("run", [], { timeout: 5, deadline: 10 });
const copied: GuestboxError | undefined = GuestboxError.from(structuredClone(new Error("mine")));
if (Trap.is(copied, "out-of-fuel")) console.log(copied.frames.leftOut);
const details: ErrorDetails & { readonly message: string } = new GuestboxError("attached", "message").toJSON();
console.log(details.guestbox, details.code, details.frames?.[0]?.offset);

// Codes are known: of any error, of a class, and of what was asked for.
const code: ErrorCode = details.code;
const advice = (error: LoadError | InvokeError): string => {
  switch (error.code) {
    case "csp":
    case "no-compiling":
    case "no-host-engine":
    case "no-simd":
      return "give a module";
    case "html":
    case "status":
    case "unreachable":
    case "not-wasm":
    case "other-module":
      return "see where the file is";
    case "busy":
    case "call-over":
    case "queue-full":
      return "later";
    case "ids-exhausted":
    case "limit":
      return "too much";
    case "apart":
    case "arguments":
    case "export-not-found":
    case "no-jspi":
    case "no-memory":
    case "not-a-function":
    case "not-started":
    case "refused":
    case "signature":
      return "look it up";
  }
};
if (copied instanceof LoadError || copied instanceof InvokeError) console.log(advice(copied));
const traps: { readonly [code in TrapCode]?: string } = { "out-of-fuel": "it took too long", unreachable: "it gave up" };
if (outcome.status === "trap") console.log(traps[outcome.trap.code]);
if (copied instanceof GuestboxError) console.log(copied.code satisfies ErrorCode);
if (MemoryError.is(copied, "limit")) console.log(copied.code satisfies "limit");
const ofMemory: ErrorCodes["MemoryError"] = new MemoryError("out-of-bounds", "message").code;
console.log(code, ofMemory, LoadError.from(copied)?.message);
// @ts-expect-error -- no trap has this code
Trap.is(copied, "out-of-fuels");
// @ts-expect-error -- traps have it, memories have not
MemoryError.is(copied, "out-of-fuel");
// @ts-expect-error -- and can be made with their own only
new MemoryError("out-of-fuel", "message");
// @ts-expect-error -- a typing error
new GuestboxError("atached", "message");
// @ts-expect-error -- a code is one of them, not any text
const text: ErrorCodes["Trap"] = String(code);
// @ts-expect-error -- no global can be out of bounds
if (copied instanceof GlobalError && copied.code === "out-of-bounds") console.log(text);
if (Trap.is(copied, "unreachable")) {
  // @ts-expect-error -- it is another
  console.log(copied.code === "out-of-fuel");
}

const counter: GlobalType = { value: "i32", mutable: true, floats: "number" };
using count: Global = sandbox.global(counter, 5);
count.value = 6;
sandbox.global({ value: "externref" }, { any: "thing" }).value = document;
// @ts-expect-error -- a value is asked for
sandbox.global({ value: "i32" });
const functions: TableType = { element: "funcref", initial: 1, maximum: 2 };
using table: Table = sandbox.table(functions);
table.set(0, guest.exports.run);
const called = table.get(0)?.(1, 2n);
if (table.grow(1) < table.length) table.set(1);
if (TableError.is(copied, "apart")) console.log(called, copied.code satisfies ErrorCodes["TableError"]);
if (Trap.is(copied, "torn-down")) console.log(copied.fuelUsed);
const things: Table<"externref"> = sandbox.table({ element: "externref", initial: 1 }, "any value");
things.set(0, new Map());
// @ts-expect-error -- there are none of other references
sandbox.table({ element: "anyref", initial: 1 });
// @ts-expect-error -- text is no function
table.set(0, "run");
// @ts-expect-error -- no table has this code
new TableError("immutable", "message");
using snapshot: Snapshot = guest.snapshot();
const kept: Uint8Array = snapshot.bytes;
guest.restore(sandbox.snapshot(kept));
const copies: Guest<object>[] = [
  guest.fork({ env: { memory, count, table, base: 1024, high: 1n } }),
  module.instantiate({}, { snapshot, state: 2 }),
];
if (SnapshotError.is(copies, "busy")) console.log(copies.code);

// Durable calls.
interface Adder {
  add(a: number, b: number): number;
}
const keeping: Guest<Adder> = module.instantiate<Adder>({}, { journal: true });
keeping.record();
using parked: Parked = keeping.park();
const waiting: readonly WaitsFor[] = sandbox.parked(parked.bytes).waiting;
for (const waits of waiting) if (waits.kind === "host-call") console.log(waits.module, waits.name, waits.number + 1);
const unparkOptions: UnparkOptions = { journal: true, timeout: 100, fuel: 10n };
const unparked: Unparked<Adder> = await module.unpark<Adder>({}, parked, unparkOptions);
console.log(unparked.guest.exports.add(1, 2), unparked.trap?.code, unparked.endedAt.length);
for (const parkedCall of unparked.calls) {
  const one: ParkedCall = parkedCall;
  console.log(one.name?.length, one.waitsFor.kind, one.fuelUsed + 1n, one.frames.length);
  const value: Result = await one.proceed({ fuel: 100 });
  if ((await one.tryProceed()).status === "ok") console.log(value);
  one.abort();
}
// @ts-expect-error -- a snapshot is no parked guest
void module.unpark({}, snapshot);
// @ts-expect-error -- what a parked guest is read from are bytes
sandbox.parked(parked);
call((c: CallContext) => {
  const number: number | undefined = c.number;
  return number ?? 0;
});
if (ParkError.is(waiting, "journal-full") || UnparkError.is(waiting, "diverged")) console.log(waiting);

const store = await ScaleStore.load({ limits });
const answer: Bytes = store.invoke(() => encodeResult(undefined), 0, "run", encodeArguments([{ type: "i32", value: 1 }]), 0);
store.memorySet(0, 0, answer);

const host = await Substrate.load({ limits });
const { instance } = await WebAssembly.instantiate(new Uint8Array(8), { env: { ...host.imports, more: () => 1 } });
host.attach(instance, { memory: new WebAssembly.Memory({ initial: 1 }) });
const address: number = host.imports.ext_allocator_malloc_version_1(8);
console.log(address);

const program: wasi.RunOptions = {
  args: ["program"],
  env: { HOME: "/" },
  files: {
    "/": { "a/b": "text", c: wasi.lazyFile(3, async () => new Uint8Array(3)), d: wasi.symbolicLink("c"), e: {} },
    "/ro": wasi.mount({}, { readOnly: true }),
  },
  stdin: new ReadableStream<Uint8Array>(),
  stdout: (bytes: Uint8Array) => void bytes.length,
  stderr: new WritableStream<Uint8Array>(),
  clock: { start: new Date(), tick: 1 },
  random: "host",
  limits: { preset: "strict", fileBytes: 1 },
  timeout: Infinity,
  fuel: 5n,
};
const { exitCode, fuelUsed, files }: wasi.RunResult = await wasi.run(module, program);
const again: wasi.RunOptions = { files, stdin: "text" };
using system = new wasi.Wasi(sandbox, { stdin: [new Uint8Array(1), "text"] });
const reactor = module.instantiate({ ...system.imports(), env: { memory } });
await system.initialize(reactor, { timeout: 5 });
using keptSystem: wasi.WasiSnapshot = system.snapshot();
system.restore(keptSystem);
system.restore(keptSystem.bytes);
const inodes: number = new wasi.Wasi(module, { limits: "strict" }).limits.inodes;
console.log(inodes);
if (wasi.WasiError.is(exitCode, "exit")) console.log(exitCode.exitCode, fuelUsed, again);
// @ts-expect-error -- there is no such clock
wasi.run(module, { clock: "real" });
// @ts-expect-error -- there is no such limit of a system
wasi.run(module, { limits: { fuel: 5 } });
// @ts-expect-error -- a snapshot of a guest is none of a system
system.restore(reactor.snapshot());
// @ts-expect-error -- there is no such limit
const misspelt: Limits = { fuels: 1 };
// @ts-expect-error -- a guest is made by a module
new module.constructor.Guest();
// @ts-expect-error -- i64 is a BigInt, and its bits do not fit a number
encodeArguments([{ type: "i64", value: 1 }]);
// @ts-expect-error -- text is no object of imports
module.instantiate("imports");
// @ts-expect-error -- bytes are no snapshot before they are read
guest.restore(kept);
console.log(misspelt);
