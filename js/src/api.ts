/** What `guestbox` exports; its entries differ in where the wasm module comes from. */
export type { Bytes } from "./base/checks.js";
export type { ErrorDetails, ErrorJSON } from "./base/details.js";
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
  ParkError,
  PoisonedError,
  RestoreError,
  SnapshotError,
  TableError,
  Trap,
  UnparkError,
  WasiError,
} from "./base/errors.js";
export type { AddressLike, AnswerLike, SignalLike } from "./base/web.js";
export type { Frame, Frames } from "./base/frames.js";
export type { Global, GlobalType } from "./global.js";
export { call } from "./calls/imports.js";
export type { Features, Limits, LimitsPreset, LoadOptions, StoreOptions } from "./load/limits.js";
export type { WasmSource } from "./load/load.js";
export { type Encoding, Memory, PAGE_BYTES, type ReadStringOptions } from "./memory.js";
export type { Leak, LeakKind } from "./host/leak.js";
export { type CompileOptions, type EngineName, type MemoryType, Sandbox, type SandboxOptions } from "./sandbox.js";
export type {
  CallArguments,
  ExportValue,
  Exports,
  ExportsOf,
  FunctionName,
  ImportModule,
  ImportTarget,
  Importable,
  Imports,
  ImportsOf,
  InstantiateArguments,
  ResultOf,
} from "./signatures.js";
export type { Parked, WaitsFor } from "./parked.js";
export type { Snapshot } from "./snapshot.js";
export type { ElementValue, FunctionType, Table, TableElement, TableType } from "./table.js";
export type { ErrorCode, ErrorCodes, ModuleNeeds, TrapCode } from "./base/tables.js";
export type { FloatMode, GuestFunction, Result, Value, ValueType } from "./host/value.js";
export type {
  Allocation,
  AllocatorNames,
  CallContext,
  CallOptions,
  ExportDescriptor,
  ExternType,
  Guest,
  GuestOptions,
  ImportDescriptor,
  InstantiateOptions,
  Module,
  OutOfFuel,
  Outcome,
  Overlapping,
  PaceOptions,
  ParkedCall,
  ResumeOptions,
  SyncCallOptions,
  SyncOutcome,
  UnparkOptions,
  Unparked,
} from "./types.js";
