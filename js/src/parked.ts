/** Parked guests: with their calls that are under way, as bytes. */
import { OF_ANOTHER_COPY, isMarked, mark } from "./base/copies.js";
import { UnparkError } from "./base/errors.js";
import { counted, shown } from "./base/shown.js";
import type { Engine } from "./host/engine.js";
import type { Keeper } from "./host/net.js";
import { Captured } from "./snapshot.js";

/** What a call of a parked guest waits for. */
export type WaitsFor =
  | {
      /** For more fuel, or for its next slice. */
      readonly kind: "fuel";
    }
  | {
      /** For what an import returns. */
      readonly kind: "host-call";
      /** The module of the import. */
      readonly module: string;
      /** Its name there. */
      readonly name: string;
      /** Which host call of the guest it is: what `c.number` was and will be. */
      readonly number: number;
    };

/**
 * A guest with its calls that are under way: what it was when it began to be recorded, and what its supervisor did since. By its `bytes`
 * it goes on in another sandbox, in another process, or natively: `module.unpark`.
 *
 * They contain what is in the guest's memory and what its imports returned, and they decide what it does next: who lets that carry weight signs them,
 * and encrypts them where they leave his hands.
 */
export class Parked extends Captured {
  protected readonly reader = "sandbox.parked(bytes)";
  protected override readonly name = "parked guest";
  private known: readonly WaitsFor[] | undefined;

  /** @internal */
  constructor(engine: Engine, handle: number) {
    super(engine, handle, drop, "parked");
  }

  /** The bytes, a copy of your own; `sandbox.parked(bytes)` reads them. The same acts have the same bytes, natively and in every runtime. */
  get bytes(): Uint8Array {
    return this.read((host, handle) => host.parked_bytes(handle));
  }

  /** What its calls wait for that are under way, in the order in which they began; empty where none is. */
  get waiting(): readonly WaitsFor[] {
    return (this.known ??= waitsFor(this.read((host, handle) => host.parked_waiting(handle))));
  }

  /** The fuel that its calls used since it began to be recorded, which `module.unpark` uses again. */
  get fuel(): bigint {
    return this.read((host, handle) => host.parked_fuel(handle));
  }

  protected override elsewhere(message: string): Error {
    return new UnparkError("other-sandbox", message);
  }
}

shown(Parked, ({ waiting }) => `${counted(waiting.length, "call")} under way`);
mark(Parked.prototype, "parked");

const drop = (engine: Keeper, handle: number): void => engine.proceed((host) => host.drop_parked(handle));

/** What calls wait for, as the engine writes it. */
function waitsFor(description: string): readonly WaitsFor[] {
  const written = JSON.parse(description) as ([module: string, name: string, number: number] | [])[];
  const waiting = written.map((waits): WaitsFor => {
    if (waits.length === 0) return Object.freeze({ kind: "fuel" });
    return Object.freeze({ kind: "host-call", module: waits[0], name: waits[1], number: waits[2] });
  });
  return Object.freeze(waiting);
}

/** @internal The handle of what should be a parked guest, for one engine. */
export function parkedHandle(engine: Engine, parked: Parked): number {
  if (!(parked instanceof Parked)) {
    const isOther = isMarked(parked, "parked");
    throw new TypeError(
      isOther ? `the parked guest ${OF_ANOTHER_COPY}, or read its bytes` : "a parked guest is asked for, something else is given",
    );
  }
  return parked.handleIn(engine);
}
