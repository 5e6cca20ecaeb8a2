/** Tables: made by the supervisor, or exported by a guest. */
import { checkU32 } from "./base/checks.js";
import { mark } from "./base/copies.js";
import { disposable } from "./base/disposable.js";
import { TableError } from "./base/errors.js";
import { known, optionsOf } from "./base/options.js";
import { counted, shown } from "./base/shown.js";
import type { Engine } from "./host/engine.js";
import { type Lease, Leases, sourceOf } from "./host/functions.js";
import { Handle, type Owner } from "./host/handle.js";
import type { Keeper } from "./host/net.js";
import type { GuestFunction, Value, ValueType } from "./host/value.js";
import { ValueList, putReference } from "./host/values.js";

/** What the elements of a table are: functions of guests, or anything. */
export type TableElement = "funcref" | "externref";

/** An element of a table. */
export type ElementValue<E extends TableElement> = E extends "funcref" ? GuestFunction | null : Value;

/** What a table is made as, in elements. */
export interface TableType<E extends TableElement | "anyfunc" = "funcref" | "anyfunc"> {
  /** What its elements are: functions, by either name, which is the default, or anything. */
  readonly element?: E;
  /** The size to begin with. */
  readonly initial: number;
  /** The size that it can grow to. */
  readonly maximum?: number;
}

/** The type of a function that is made for tables. */
export interface FunctionType {
  /** The types of the parameters, in order. */
  readonly parameters: readonly ValueType[];
  /** The types of the results, in order. */
  readonly results: readonly ValueType[];
}

const TABLE_TYPE = known<TableType<TableElement | "anyfunc">>({ element: true, initial: true, maximum: true });

const ELEMENTS = new Map<string, ValueType>([
  ["funcref", "funcref"],
  ["anyfunc", "funcref"],
  ["externref", "externref"],
]);

/**
 * A table that guests can share, with each other and with JavaScript: of functions, or of any values. A function in it is called as an export
 * is, synchronously, and the same function is the same object: that of `exports`, where its guest exports it.
 */
export class Table<E extends TableElement = "funcref"> {
  /** Does what `dispose` does, at the end of a `using`. */
  declare readonly [Symbol.dispose]: () => void;
  private readonly handle: Handle;
  private readonly elements: ValueList;
  /** Of the guests that it may have functions of, which live as long. */
  private readonly leases = new Leases();

  /** @internal A guest's own table is given its owner, any other its handle. */
  constructor(
    private readonly engine: Engine,
    private readonly type: ValueType,
    of: number | Owner,
  ) {
    this.handle = new Handle(engine, this, "table", of, drop);
    this.elements = new ValueList([type], "number", { one: "value", of: "the table" });
  }

  /** @internal Makes one that guests can import. */
  static make<E extends TableElement>(engine: Engine, given: TableType<E | "anyfunc">, value: ElementValue<E> | undefined): Table<E> {
    const options = optionsOf(given, TABLE_TYPE);
    const element: string = options.element ?? "funcref";
    const type = ELEMENTS.get(element);
    if (type === undefined) throw new TypeError('element is none of "funcref", "anyfunc" and "externref"');
    const initial = checkU32("initial", options.initial);
    const maximum = options.maximum === undefined ? -1 : checkU32("maximum", options.maximum);
    const isEmpty = value === null || (value === undefined && type === "funcref");
    const handle = engine.use((host) => host.new_table(type === "funcref", isEmpty ? initial : 0, maximum));
    const table = new Table<E>(engine, type, handle);
    try {
      if (!isEmpty) table.grow(initial, value);
    } catch (error) {
      table.dispose();
      throw error;
    }
    return table;
  }

  /** The number of elements. */
  get length(): number {
    const handle = this.handle.use();
    return this.engine.use((host) => host.table_size(handle));
  }

  /** The element at a place: a function, or `null`, or whatever a table of any values has. */
  get(index: number): ElementValue<E> {
    checkU32("index", index);
    const { engine, elements } = this;
    const handle = this.handle.use();
    engine.use((host) => host.table_get(handle, index));
    return elements.takeResult(engine) as ElementValue<E>;
  }

  /**
   * Sets the element at a place: in a table of functions to one of a guest, of `sandbox.function`, or `null`, in others to
   * anything. Without a value it is `null`, or `undefined` in a table of any values.
   */
  set(index: number, value?: ElementValue<E>): void {
    checkU32("index", index);
    const handle = this.handle.use();
    this.put(value);
    this.engine.use((host) => host.table_set(handle, index));
    this.hold(value);
  }

  /** Grows the table by `delta` elements, such a value each, and returns its size before. */
  grow(delta: number, value?: ElementValue<E>): number {
    checkU32("delta", delta);
    const handle = this.handle.use();
    this.put(value);
    const before = this.engine.use((host) => host.table_grow(handle, delta));
    this.hold(value);
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
  keep(lease: Lease): void {
    this.leases.keep(lease);
  }

  /** Puts what is to be an element into the exchange. */
  private put(value: unknown): void {
    const { engine, elements, type } = this;
    const source = type === "funcref" ? sourceOf(value) : undefined;
    if (source === undefined) {
      if (type === "funcref" && value !== undefined && value !== null) throw new TypeError(NO_FUNCTION);
      elements.putAll(engine, [type === "funcref" ? null : value]);
      return;
    }
    if (source.engine !== engine) throw new TableError("other-store", "the function is of a guest in another sandbox");
    engine.check();
    putReference(engine, 0, source.handle(this as never));
  }

  private hold(value: unknown): void {
    if (this.type === "funcref") this.leases.hold(value, this);
  }
}

const NO_FUNCTION =
  "a table takes functions of guests, from their `exports` or a table, those of `sandbox.function`, and null; something else is given";

disposable(Table);
shown(Table, ({ length }) => counted(length, "element"));
mark(Table.prototype, "table");

const drop = (engine: Keeper, handle: number): void => engine.proceed((host) => host.drop_table(handle));
