/** Snapshots: the state of a guest at a time when no call of it was under way. */
import { OF_ANOTHER_COPY, isMarked, mark } from "./base/copies.js";
import { disposable } from "./base/disposable.js";
import { DisposedError, SnapshotError } from "./base/errors.js";
import { counted, shown } from "./base/shown.js";
import type { Engine } from "./host/engine.js";
import type { Host } from "./host/glue-types.js";
import type { LeakKind } from "./host/leak.js";
import type { Held, Keeper } from "./host/net.js";

/** Something that was captured, and is kept beside the engine. */
export abstract class Captured {
  /** Does what `dispose` does, at the end of a `using`. */
  declare readonly [Symbol.dispose]: () => void;
  private readonly held: Held;
  /** What reads its bytes. Each kind has its own, so that none is taken for another. */
  protected abstract readonly reader: string;
  /** What it is called in errors. */
  protected readonly name: string = "snapshot";

  /** @internal */
  constructor(
    private readonly engine: Engine,
    handle: number,
    drop: (engine: Keeper, handle: number) => void,
    kind: LeakKind = "snapshot",
  ) {
    this.held = engine.net.watch(this, kind, handle, drop);
  }

  /** The bytes, a copy of your own. They are the same natively and in every runtime, for the same state. */
  abstract get bytes(): Uint8Array;

  /** Frees it. What was made from it goes on. */
  dispose(): void {
    this.held.dispose();
  }

  /** @internal The handle, for the same engine only. */
  handleIn(engine: Engine): number {
    this.engine.check();
    if (engine !== this.engine) {
      throw this.elsewhere(`the ${this.name} is kept in another sandbox; \`${this.reader}\` reads its bytes`);
    }
    const handle = this.held.value;
    if (handle === undefined) throw new DisposedError("torn-down", `the ${this.name} was disposed of`);
    return handle;
  }

  /** The error where it is of another sandbox. */
  protected elsewhere(message: string): Error {
    return new SnapshotError("other-sandbox", message);
  }

  /** @internal What the engine says of it. */
  protected read<T>(read: (host: Host, handle: number) => T): T {
    const handle = this.handleIn(this.engine);
    return this.engine.use((host) => read(host, handle));
  }
}

disposable(Captured);

/**
 * The state of a guest: its memories and mutable globals, imported ones too.
 *
 * It is kept beside the engine, so that `guest.restore` copies memory and nothing crosses. It can
 * be restored any number of times, into the guest it is of or another of the same module; by its
 * `bytes` also in another sandbox, another process, or natively.
 */
export class Snapshot extends Captured {
  protected readonly reader = "sandbox.snapshot(bytes)";

  /** @internal */
  constructor(engine: Engine, handle: number) {
    super(engine, handle, drop);
  }

  /**
   * The bytes, a copy of your own; `sandbox.snapshot(bytes)` reads them. Zeros are left out. They
   * are the same natively and in every runtime, for the same state.
   */
  get bytes(): Uint8Array {
    return this.read((host, handle) => host.snapshot_bytes(handle));
  }
}

shown(Snapshot, ({ bytes }) => counted(bytes.length, "byte"));
mark(Snapshot.prototype, "snapshot");

const drop = (engine: Keeper, handle: number): void => engine.proceed((host) => host.drop_snapshot(handle));

/** @internal The handle of what should be a snapshot, for one engine. */
export function snapshotHandle(engine: Engine, snapshot: Snapshot): number {
  if (!(snapshot instanceof Snapshot)) {
    const isOther = isMarked(snapshot, "snapshot");
    throw new TypeError(
      isOther ? `the snapshot ${OF_ANOTHER_COPY}, or read its bytes` : "a snapshot is asked for, something else is given",
    );
  }
  return snapshot.handleIn(engine);
}
