/** What `guestbox` exports; its entries differ in where the wasm module comes from. */
export type { CallOptions, Result, SyncCallOptions } from "./caller.js";
export type { Overlapping } from "./calls.js";
export type { Bytes } from "./checks.js";
export type { ErrorDetails } from "./details.js";
export {
  AsyncImportError,
  CompileError,
  DisposedError,
  GlobalError,
  GuestboxError,
  InstantiateError,
  InvokeError,
  LoadError,
  MemoryError,
  PoisonedError,
  RestoreError,
  SnapshotError,
  Trap,
} from "./errors.js";
export type { Frame, Frames } from "./frames.js";
export type { Global } from "./global.js";
export type { Exports, Guest, GuestOptions } from "./guest.js";
export { type CallContext, type ImportTarget, call } from "./imports.js";
export type { Features, Limits, LimitsPreset, LoadOptions, StoreOptions } from "./limits.js";
export type { WasmSource } from "./load.js";
export { Memory, PAGE_BYTES, type ReadStringOptions } from "./memory.js";
export type { ExportDescriptor, ExternType, ImportDescriptor, ImportModule, Imports, InstantiateOptions, Module } from "./module.js";
export type { Leak, LeakKind } from "./net.js";
export type { OutOfFuel, Outcome, ResumeOptions, SyncOutcome } from "./outcome.js";
export type { PaceOptions } from "./pace.js";
export { type CompileOptions, type MemoryType, Sandbox, type SandboxOptions } from "./sandbox.js";
export type { Snapshot } from "./snapshot.js";
export type { ErrorCode, ErrorCodes, TrapCode } from "./tables.js";
export type { FloatMode, Value, ValueType } from "./values.js";
