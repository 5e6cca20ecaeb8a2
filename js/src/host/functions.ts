/** Functions of guests as JavaScript has them, and how the engine knows them. */
import { DisposedError } from "../base/errors.js";
import type { Engine } from "./engine.js";
import type { GuestFunction } from "./value.js";

/** Keeps a guest until that ends. */
export interface Lease {
  guest: object | undefined;
}

const FEW_LEASES = 16;

/** Those of the guests that something may have functions of, which live as long as it. */
export class Leases {
  private readonly leases = new Set<Lease>();
  /** How many there may be before those are looked for of guests that have ended. */
  private many = FEW_LEASES;

  /** Keeps the guest of a function, in a table if one is given. */
  hold(value: unknown, table?: object): void {
    const lease = sourceOf(value)?.lease(table as never);
    if (lease !== undefined) this.keep(lease);
  }

  /** Keeps a guest. */
  keep(lease: Lease): void {
    const { leases } = this;
    leases.add(lease);
    if (leases.size <= this.many) return;
    for (const known of leases) if (known.guest === undefined) leases.delete(known);
    this.many = Math.max(FEW_LEASES, leases.size * 2);
  }
}

/** Where a function is from. */
export interface FunctionSource {
  readonly engine: Engine;
  /** Its handle, for a table if one is given; throws where there is none, or its guest is not there any more. */
  readonly handle: (table?: never) => number;
  /** What keeps its guest, if it has one. */
  readonly lease: (table?: never) => Lease | undefined;
}

const sources = new WeakMap<object, FunctionSource>();

/** Notes where a function is from. */
export function noteFunction(function_: GuestFunction, source: FunctionSource): void {
  sources.set(function_, source);
}

/** Where a function is from; `undefined` of one that is no guest's. */
export const sourceOf = (value: unknown): FunctionSource | undefined => (typeof value === "function" ? sources.get(value) : undefined);

/** The function of a handle. */
export function functionOf(engine: Engine, handle: number): GuestFunction {
  let guest: ReturnType<Engine["living"]>;
  try {
    guest = engine.living(engine.use((host) => host.func_instance(handle)));
  } finally {
    // Nobody has the handle who would drop it later.
    if (guest === undefined && engine.isLive) engine.proceed((host) => host.drop_func(handle));
  }
  if (guest === undefined) throw new DisposedError("torn-down", "the guest that the function is of was disposed of");
  return guest.functionBy(handle) as GuestFunction;
}
