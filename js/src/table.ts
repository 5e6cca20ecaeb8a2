/** Tables of functions: made by the supervisor, or exported by a guest. */
import { checkU32 } from "./base/checks.js";
import { mark } from "./base/copies.js";
import { disposable } from "./base/disposable.js";
import { DisposedError, TableError } from "./base/errors.js";
import { known, optionsOf } from "./base/options.js";
import { counted, shown } from "./base/shown.js";
import { Protocol } from "./base/tables.js";
import type { Engine } from "./host/engine.js";
import { type GuestFunction, type Lease, sourceOf } from "./host/functions.js";
import { Handle, type Owner } from "./host/handle.js";
import type { Keeper } from "./host/net.js";

/** What a table is made as, in elements. */
export interface TableType {
  /** What its elements are: references to functions, by either name. */
  readonly element?: "funcref" | "anyfunc";
  /** The size to begin with. */
  readonly initial: number;
  /** The size that it can grow to. */
  readonly maximum?: number;
}

/** In the place of the handle of a function. */
const NULL: number = Protocol.NO_CALL;

const FEW_LEASES = 16;

const TABLE_TYPE = known<TableType>({ element: true, initial: true, maximum: true });

/**
 * A table of functions that guests can share, with each other and with JavaScript. A function in it is called as an export
 * is, synchronously, and the same function is the same object: that of `exports`, where its guest exports it.
 */
export class Table {
  /** Does what `dispose` does, at the end of a `using`. */
  declare readonly [Symbol.dispose]: () => void;
  private readonly handle: Handle;
  /** Of the guests that it may have functions of, which live as long. */
  private readonly leases = new Set<Lease>();
  /** How many there may be before it looks for those of guests that have ended. */
  private many = FEW_LEASES;

  /** @internal A guest's own table is given its owner, any other its handle. */
  constructor(
    private readonly engine: Engine,
    of: number | Owner,
  ) {
    this.handle = new Handle(engine, this, "table", of, drop);
  }

  /** @internal Makes one that guests can import. */
  static make(engine: Engine, given: TableType): Table {
    const options = optionsOf(given, TABLE_TYPE);
    if (options.element !== undefined && options.element !== "funcref" && options.element !== "anyfunc")
      throw new TypeError('element is neither "funcref" nor "anyfunc"');
    const initial = checkU32("initial", options.initial);
    const maximum = options.maximum === undefined ? -1 : checkU32("maximum", options.maximum);
    return new Table(
      engine,
      engine.use((host) => host.new_table(initial, maximum)),
    );
  }

  /** The number of elements. */
  get length(): number {
    const handle = this.handle.use();
    return this.engine.use((host) => host.table_size(handle));
  }

  /** The function at a place, or `null`. */
  get(index: number): GuestFunction | null {
    checkU32("index", index);
    const { engine } = this;
    const handle = this.handle.use();
    const function_ = engine.use((host) => host.table_get(handle, index));
    if (function_ === NULL) return null;
    const guest = engine.living(engine.use((host) => host.func_instance(function_)));
    if (guest === undefined) throw new DisposedError("torn-down", "the guest that the function is of was disposed of");
    return guest.functionBy(function_) as GuestFunction;
  }

  /** Sets the element at a place to a function: of a guest, of `sandbox.function`, or `null`. */
  set(index: number, value: GuestFunction | null = null): void {
    checkU32("index", index);
    const handle = this.handle.use();
    const element = this.place(value);
    this.engine.use((host) => host.table_set(handle, index, element.handle));
    if (element.lease !== undefined) this.hold(element.lease);
  }

  /** Grows the table by `delta` elements, such a function or `null` each, and returns its size before. */
  grow(delta: number, value: GuestFunction | null = null): number {
    checkU32("delta", delta);
    const handle = this.handle.use();
    const element = this.place(value);
    const before = this.engine.use((host) => host.table_grow(handle, delta, element.handle));
    if (element.lease !== undefined) this.hold(element.lease);
    return before;
  }

  /** Ends the life of this object. Guests that import the table keep it; a guest's own table goes with the guest. */
  dispose(): void {
    this.handle.dispose();
  }

  /** @internal Ends its life with that of its guest. */
  forget(): void {
    this.handle.forget();
  }

  /** @internal The handle, for the same engine only. */
  handleIn(engine: Engine): number {
    if (engine !== this.engine) throw new TableError("other-store", "the table belongs to another sandbox");
    return this.handle.use();
  }

  /** @internal Keeps a guest that it may have functions of. */
  hold(lease: Lease): void {
    const { leases } = this;
    leases.add(lease);
    if (leases.size <= this.many) return;
    for (const known of leases) if (known.guest === undefined) leases.delete(known);
    this.many = Math.max(FEW_LEASES, leases.size * 2);
  }

  /** The engine's handle of what is to be an element, and whose it is. */
  private place(value: unknown): { readonly handle: number; readonly lease?: Lease } {
    if (value === null) return { handle: NULL };
    const source = typeof value === "function" ? sourceOf(value as GuestFunction) : undefined;
    if (source === undefined) throw new TypeError(NO_FUNCTION);
    if (source.engine !== this.engine) throw new TableError("other-store", "the function is of a guest in another sandbox");
    return source.place(this as never);
  }
}

const NO_FUNCTION =
  "a table takes functions of guests, from their `exports` or a table, those of `sandbox.function`, and null; something else is given";

disposable(Table);
shown(Table, ({ length }) => counted(length, "element"));
mark(Table.prototype, "table");

const drop = (engine: Keeper, handle: number): void => engine.proceed((host) => host.drop_table(handle));
