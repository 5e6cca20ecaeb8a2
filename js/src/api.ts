/** What `guestbox` exports; its entries differ in where the wasm module comes from. */
export type { Bytes } from "./base/checks.js";
export type { ErrorDetails } from "./base/details.js";
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
  TableError,
  Trap,
  WasiError,
} from "./base/errors.js";
export type { Frame, Frames } from "./base/frames.js";
export type { Global, GlobalType } from "./global.js";
export { call } from "./calls/imports.js";
export type { Features, Limits, LimitsPreset, LoadOptions, StoreOptions } from "./load/limits.js";
export type { WasmSource } from "./load/load.js";
export { Memory, PAGE_BYTES, type ReadStringOptions } from "./memory.js";
export type { Leak, LeakKind } from "./host/net.js";
export { type CompileOptions, type MemoryType, Sandbox, type SandboxOptions } from "./sandbox.js";
export type { Snapshot } from "./snapshot.js";
export type { ElementValue, Table, TableElement, TableType } from "./table.js";
export type { FunctionType } from "./made.js";
export type { GuestFunction } from "./host/functions.js";
export type { ErrorCode, ErrorCodes, ModuleNeeds, TrapCode } from "./base/tables.js";
export type { FloatMode, Value, ValueType } from "./host/values.js";
export type {
  CallContext,
  CallOptions,
  ExportDescriptor,
  Exports,
  ExternType,
  Guest,
  GuestOptions,
  ImportDescriptor,
  ImportModule,
  ImportTarget,
  Importable,
  Imports,
  InstantiateOptions,
  Module,
  OutOfFuel,
  Outcome,
  Overlapping,
  PaceOptions,
  Result,
  ResumeOptions,
  SyncCallOptions,
  SyncOutcome,
} from "./types.js";
