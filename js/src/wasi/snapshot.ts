/** Snapshots of WASI systems. */
import { counted, shown } from "../base/shown.js";
import type { Engine } from "../host/engine.js";
import type { Keeper } from "../host/net.js";
import { Captured } from "../snapshot.js";

/**
 * The state of a WASI system: its files, descriptors, clocks, random numbers and the input that was not read yet; and not what
 * was written.
 *
 * It is kept beside the engine. Files are copied when they are next written to, so that neither taking it nor restoring it
 * depends on how large they are. Its `bytes` are for another sandbox, another process, or a native one.
 */
export class WasiSnapshot extends Captured {
  protected readonly reader = "system.restore(bytes)";

  private constructor(engine: Engine, handle: number) {
    super(engine, handle, drop);
  }

  /** @internal */
  static of(engine: Engine, handle: number): WasiSnapshot {
    return new WasiSnapshot(engine, handle);
  }

  /** The bytes, a copy of your own; `system.restore(bytes)` reads them. They are the same natively and in every runtime, for the same state. */
  get bytes(): Uint8Array {
    return this.read((host, handle) => host.wasi_snapshot_bytes(handle));
  }
}

shown(WasiSnapshot, ({ bytes }) => counted(bytes.length, "byte"));

const drop = (engine: Keeper, handle: number): void => engine.proceed((host) => host.drop_wasi_snapshot(handle));
