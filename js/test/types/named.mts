// Guests whose exports and imports are named, as TypeScript programs use them: with no other types than those of ECMAScript, neither the
// DOM's nor Node's. types.test.mjs and package.test.mjs compile it and never run it.
import {
  type CallArguments,
  type CallContext,
  type CallOptions,
  type ExportValue,
  type Exports,
  type FunctionName,
  type Global,
  type Guest,
  type GuestFunction,
  type ImportTarget,
  Memory,
  type Module,
  type Outcome,
  type Result,
  Sandbox,
  type Snapshot,
  type SyncOutcome,
  type Table,
  Trap,
  type Value,
  call,
} from "guestbox";
import { ScaleStore } from "guestbox/scale";
import { Substrate } from "guestbox/substrate";
import * as wasi from "guestbox/wasi";

interface Shop {
  total(item: number, count: number): number;
  weight(item: number): bigint;
  split(item: number): [number, bigint];
  reset(): void;
  keep(place: number, value: object): void;
  kept(place: number): unknown;
  handler(place: number): GuestFunction | null;
  exit(code: number): never;
  readonly optional?: (code: number) => number;
  readonly memory: Memory;
  readonly count: Global<number>;
  readonly table: Table;
}
interface Host {
  env: {
    price(item: number): Promise<number> | number;
    log(pointer: number, length: number): void;
    look?(value: unknown): void;
  };
}

const sandbox = await Sandbox.load({ limits: "strict" });
const module: Module = sandbox.compile(new Uint8Array());

// Exports that are named.
const log = call((c, pointer: number, length: number) => void c.memory.readString(pointer, length));
const guest: Guest<Shop> = module.instantiate<Shop, Host>({ env: { price: async (item) => item * 2, log } }, { fuel: 5n });
guest.exports.total(4, 3) satisfies number;
guest.exports.split(1) satisfies [number, bigint];
guest.exports.memory.read(0, 5) satisfies Uint8Array;
guest.exports.count.value += 1;
guest.exports.table.set(0, guest.exports.total);
guest.exports.optional?.(5) satisfies number | undefined;
(await guest.call("total", [4, 3])) satisfies number;
(await guest.call("split", [4], { timeout: 5 }))[1] satisfies bigint;
(await guest.call("kept", [1])) satisfies unknown;
await guest.call("reset");
await guest.call("reset", [], { fuel: 5n });
guest.callSync("keep", [0, { title: "A page" }], { fuel: 5n });
guest.callSync("weight", [4]) satisfies bigint;
let outcome: Outcome<number> = await guest.tryCall("total", [4, 3], { fuel: 5n });
while (outcome.status === "out-of-fuel") outcome = await outcome.resume(5n);
if (outcome.status === "ok") outcome.value satisfies number;
const synchronous: SyncOutcome<number> = guest.tryCallSync("total", [4, 3]);
if (synchronous.status === "trap") synchronous.trap satisfies Trap;
guest.withString("text", (pointer, length) => guest.exports.total(pointer, length)) satisfies number;
(await guest.withString("text", (pointer) => guest.call("weight", [pointer]))) satisfies bigint;
guest.readString(guest.allocate(new Int32Array(2)).pointer, 8, { encoding: "utf-16le", lossy: true }) satisfies string;
guest.allocate("text").free();
module.instantiate<Shop>({}, { allocator: { allocate: "take", free: "give" } });
// @ts-expect-error -- it is none that there is
guest.exports.memory.readString(0, 8, { encoding: "latin1" });
(guest.exports.memory.pages * 65_536 - guest.exports.memory.byteLength) satisfies number;
const fork: Guest<Shop> = guest.fork();
const later: Guest<Shop> = await module.instantiateAsync<Shop>({}, { timeout: 5, snapshot: fork.snapshot() satisfies Snapshot });
guest.restore(later.snapshot());
// @ts-expect-error -- it is misspelt
guest.exports.totel(4, 3);
// @ts-expect-error -- it is misspelt
guest.callSync("totel", [4, 3]);
// @ts-expect-error -- it is no function
guest.callSync("memory");
// @ts-expect-error -- it takes two
guest.callSync("total", [4]);
// @ts-expect-error -- it takes two
await guest.call("total");
// @ts-expect-error -- it takes an i32
await guest.tryCall("weight", [4n]);
// @ts-expect-error -- it returns an i64
(await guest.call("weight", [4])) satisfies number;
// @ts-expect-error -- a synchronous call is made at once or not at all
guest.callSync("total", [4, 3], { timeout: 5 });
// @ts-expect-error -- it is a number
guest.exports.count.value = 5n;
// @ts-expect-error -- the imports are missing
module.instantiate<Shop, Host>();
// @ts-expect-error -- one of them is
module.instantiate<Shop, Host>({ env: { log } });
// @ts-expect-error -- and one takes something else
module.instantiate<Shop, Host>({ env: { log: (text: bigint) => void text, price: (item) => item } });

// Each of them needs only some of the others.
const any: Guest<object>[] = [guest, module.instantiate(), fork];
any[0]?.dispose();
const some: Guest<Pick<Shop, "total">> = guest;
some.exports.total(1, 2);
const first = <E extends object>(guests: readonly Guest<E>[]): E | undefined => guests[0]?.exports;
first([guest]) satisfies Shop | undefined;

// Contexts whose guest's exports are named.
const nested = call(async (c: CallContext<Shop>, item: number) => {
  c.exports.total(item, 1) satisfies number;
  c.guest.exports.memory satisfies Memory;
  // @ts-expect-error -- it is misspelt
  c.callSync("totel", [1, 2]);
  return (await c.call("total", [item, 1])) satisfies number;
});
nested satisfies (item: number) => Promise<number>;
module.instantiate<Shop, Host>({ env: { price: nested, log: call((c, pointer, length) => void c.memory.read(pointer, length)) } });

// Nothing is named: exports are what the module says that they are.
const unnamed: Guest = module.instantiate({
  env: { price: (item) => item, log, base: 1024, high: 1n, memory: sandbox.memory({ initial: 1 }) },
});
const exported: ExportValue | undefined = unnamed.exports["total"];
if (typeof exported === "function") exported(1, 2n) satisfies Result;
else if (exported instanceof Memory) exported.read(0, 1);
const total = unnamed.exports["total"] as (item: number, count: number) => number;
total(1, 2) satisfies number;
(await unnamed.call("total", [4, 3])) satisfies Result;
unnamed.callSync("reset") satisfies Result;
unnamed.callSync("reset", undefined, { fuel: 5n });
const every: Outcome = await unnamed.tryCall("total", [4, 3n, null], { fuel: 5n });
if (every.status === "ok") every.value satisfies Result;
for (const { name, kind } of module.exports) if (kind === "function") unnamed.callSync(name, [] as readonly Value[]);
// @ts-expect-error -- it may be a memory
unnamed.exports["total"]?.(1, 2);
// @ts-expect-error -- and the result a BigInt
(await unnamed.call("total", [4, 3])) satisfies number;
// @ts-expect-error -- arguments are in an array
await unnamed.call("total", 4);
// @ts-expect-error -- a number is no text
call((c, pointer: number) => c.memory.readString(pointer, "5"));

const loose = module.instantiate<any>({ env: {} });
loose.exports.total(1, 2).toFixed();
(await loose.call("total", [1, 2])) satisfies Result;

const indexed = module.instantiate<Record<string, (item: number) => number>>();
indexed.callSync("total", [1]) satisfies number;
declare const brand: unique symbol;
type Pointer = number & { readonly [brand]: "pointer" };
const branded = module.instantiate<{ take(bytes: number): Pointer; give(pointer: Pointer): void }>();
branded.exports.give(branded.exports.take(5));
// @ts-expect-error -- it is no such pointer
branded.exports.give(5);

// Imports by interfaces, classes, Maps and as the standard has them.
class Counter {
  #calls = 0;
  count(by: number): number {
    return (this.#calls += by);
  }
}
interface Env {
  count(by: number): number;
}
const env: Env = new Counter();
module.instantiate({ env });
module.instantiate<Exports, { env: Env }>({ env });
module.instantiate<Exports, { env: Counter }>({ env: new Counter() });
module.instantiate(new Map([["env", new Map([["count", env.count]])]]));
const plain: Record<string, Record<string, Function | object | number>> = {};
module.instantiate(plain);
module.instantiate<Exports, Record<string, Record<string, Function | object | number>>>(plain);
const targets: { [name: string]: ImportTarget } = { text: (text: string) => text, big: (n: bigint) => n, none: () => {}, any: (x) => x };
module.instantiate({ env: targets });

// What no guest can have is refused, and why is said.
// @ts-expect-error -- text lies in its memory
module.instantiate<{ greet(name: number): string }>();
// @ts-expect-error -- an i32 is no boolean
module.instantiate<{ isOpen(): boolean }>();
// @ts-expect-error -- which value an `externref` is the guest decides
module.instantiate<{ page(): { title: string } }>();
// @ts-expect-error -- functions are called synchronously; it is `call` that returns promises
module.instantiate<{ total(item: number): Promise<number> }>();
// @ts-expect-error -- each of several results is one of its values
module.instantiate<{ split(): [number, string] }>();
// @ts-expect-error -- a global is an object
module.instantiate<{ readonly count: number }>();
// @ts-expect-error -- it is the runtime's own
module.instantiate<{ readonly memory: { readonly buffer: ArrayBuffer } }>();
// @ts-expect-error -- text lies in its memory
module.instantiate<Exports, { env: { log(text: string): void } }>({ env: { log: () => {} } });
// @ts-expect-error -- which value an `externref` is the guest decides
module.instantiate<Exports, { env: { show(page: { title: string }): void } }>({ env: { show: () => {} } });
// @ts-expect-error -- imports are in modules
module.instantiate<Exports, { log(item: number): void }>({ log: () => {} });
// @ts-expect-error -- imports are in modules
module.instantiate<Exports, { base: number }>({ base: 5 });
// @ts-expect-error -- text is no object of imports
module.instantiate("imports");

// What is inside is not seen.
// @ts-expect-error -- the engine is the package's own
sandbox.engine;
// @ts-expect-error -- memories are made by the sandbox
new Memory();
// @ts-expect-error -- its handle is the package's own
guest.exports.memory.handleIn;
// @ts-expect-error -- systems' snapshots are taken
new wasi.WasiSnapshot();

// What other runtimes have may be given, whatever it is called there.
const options: CallOptions = { deadline: 5, slice: 5 };
await guest.call("total", [1, 2], options);
const answer = { ok: true, status: 200, statusText: "", arrayBuffer: async () => new ArrayBuffer(8) };
(await sandbox.compileStreaming(answer)) satisfies Module;
const system = new wasi.Wasi(sandbox, { stdin: ["text"], stdout: (bytes) => void bytes.length });
await system.initialize(guest);
const substrate = await Substrate.load();
substrate.attach({ exports: {} });
(await ScaleStore.load()).memoryNew(1, 2) satisfies number;

// What others declare by it can be named.
export const inferred = {
  ...{ sandbox, module, guest, unnamed, log, nested, outcome, synchronous, options, system, substrate, loose, any },
  ...{ imports: system.imports(), call: guest.call, signal: options.signal, json: new Trap("engine", "message", 5n).toJSON() },
  ...{ room: guest.allocate(5), error: Trap.from(5), is: Trap.is(5), wasi: new wasi.WasiError("exit", "message"), entries: module.exports },
};
export const wrapped = <E extends object, N extends FunctionName<E>>(
  guest: Guest<E>,
  name: N,
  ...given: CallArguments<E[N], CallOptions>
) => guest.call(name, ...given);
(await wrapped(guest, "total", [4, 3])) satisfies number;
