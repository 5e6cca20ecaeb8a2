/** What a sandbox and its worker say to each other, as data that can be cloned. */
import type { ErrorJSON } from "../base/details.js";
import { GuestboxError } from "../base/errors.js";
import type { Frame } from "../base/frames.js";
import type { Result, Value } from "../host/value.js";
import type { ExportDescriptor, ImportDescriptor } from "../types.js";

/** What is given for an import: a function of the number in its place, or a value. */
export type Given = readonly [module: string, name: string, isFunction: boolean, value?: unknown];

/** What is known of a module outside of the worker. */
export interface Compiled {
  readonly id: number;
  readonly imports: readonly ImportDescriptor[];
  readonly exports: readonly ExportDescriptor[];
}

/** An outcome on its way. */
export type Ended =
  | { readonly status: "ok"; readonly value: Result; readonly fuelUsed: bigint }
  | { readonly status: "trap"; readonly trap: ErrorFailure; readonly fuelUsed: bigint }
  | {
      readonly status: "out-of-fuel";
      readonly id: number;
      readonly fuelUsed: bigint;
      readonly frames: readonly Frame[];
      readonly leftOut: number;
    };

/** Room in a guest's memory. */
export interface Room {
  readonly id: number;
  readonly pointer: number;
  readonly length: number;
}

/** The operations on memories. */
export type MemoryAct = "read" | "readString" | "write" | "writeString";

/** What a worker does when it is asked to. Modules, guests, rooms and outcomes are known by numbers; options are looked at by the worker. */
export interface Acts {
  load(options: object): undefined;
  compile(bytes: Uint8Array, options: object | undefined): Promise<Compiled>;
  instantiate(module: number, supply: number, given: readonly Given[], options: object): Promise<number>;
  call(guest: number, name: string, args: readonly Value[], options: object): Promise<Result>;
  tryCall(guest: number, name: string, args: readonly Value[], options: object): Promise<Ended>;
  resume(outcome: number, fuel: bigint | number, options: object): Promise<Ended>;
  allocate(guest: number, contents: Uint8Array | number | string): Room;
  memory(guest: number, act: MemoryAct, args: readonly unknown[]): unknown;
  readString(guest: number, pointer: number, length: number | undefined, options: object | undefined): string;
  free(room: number): Promise<undefined>;
  disposeModule(module: number): undefined;
  disposeGuest(guest: number): undefined;
  abort(outcome: number): undefined;
}

/** The name of an act. */
export type Act = keyof Acts;

/** What an act comes to. */
export type Answer<A extends Act> = Awaited<ReturnType<Acts[A]>>;

/** To the worker: an act, the end of one that is under way, or what an import came to, unless it threw. */
export type ToWorker =
  | { readonly kind: "ask"; readonly ask: number; readonly act: Act; readonly args: readonly unknown[]; readonly hasSignal: boolean }
  | { readonly kind: "abort"; readonly ask: number }
  | { readonly kind: "served"; readonly serve: number; readonly value: unknown; readonly threw: boolean };

/** From the worker: what an act came to, or the call of an import. */
export type FromWorker =
  | { readonly kind: "value"; readonly ask: number; readonly value: unknown }
  | { readonly kind: "failure"; readonly ask: number; readonly failure: Failure }
  | { readonly kind: "serve"; readonly serve: number; readonly supply: number; readonly at: number; readonly args: readonly unknown[] };

/** One kind of messages. */
export type Of<Message extends { readonly kind: string }, Kind extends Message["kind"]> = Extract<Message, { readonly kind: Kind }>;

/** Why an act failed. */
export type Failure =
  /** It is what an import threw, by the number of its call. */
  | { readonly kind: "thrown"; readonly serve: number }
  /** It was aborted by its signal. */
  | { readonly kind: "aborted" }
  | ErrorFailure;

/** An error. */
export type ErrorFailure =
  | { readonly kind: "guestbox"; readonly json: ErrorJSON }
  /** One of the runtime's, by its name. */
  | { readonly kind: "other"; readonly name: string; readonly message: string; readonly isOfPlatform: boolean };

/** An error, on its way out. */
export function failureOf(error: unknown): ErrorFailure {
  if (error instanceof GuestboxError) return { kind: "guestbox", json: error.toJSON() };
  const { name, message } = error instanceof Error ? error : { name: "Error", message: String(error) };
  return { kind: "other", name, message, isOfPlatform: typeof DOMException === "function" && error instanceof DOMException };
}

/** An error that has come out. */
export function errorOf(failure: ErrorFailure): Error {
  if (failure.kind === "guestbox") return GuestboxError.from(failure.json) ?? new Error(failure.json.message);
  const { name, message, isOfPlatform } = failure;
  if (isOfPlatform) return new DOMException(message, name);
  const Class = name === "TypeError" ? TypeError : name === "RangeError" ? RangeError : Error;
  return new Class(message);
}
