/**
 * What `guestbox/wasi` exports: programs of WASI preview 1, built for `wasm32-wasip1`.
 *
 * ```ts
 * import { Sandbox } from "guestbox";
 * import * as wasi from "guestbox/wasi";
 * const sandbox = await Sandbox.load();
 * const { exitCode } = await wasi.run(sandbox.compile(bytes), { args: ["program"], stdout: (bytes) => process.stdout.write(bytes) });
 * ```
 */
export { WasiError } from "./base/errors.js";
export {
  type Contents,
  type Directory,
  type FileEntry,
  type Files,
  LazyFile,
  Mount,
  type MountOptions,
  type Mounts,
  SymbolicLink,
  lazyFile,
  mount,
  symbolicLink,
} from "./wasi/files.js";
export type { Clock, WasiLimits, WasiOptions } from "./wasi/options.js";
export { type RunOptions, type RunResult, run } from "./wasi/run.js";
export type { Sink, Stdin } from "./wasi/streams.js";
export { WasiSnapshot } from "./wasi/snapshot.js";
export { Wasi, type WasiImports } from "./wasi/system.js";
