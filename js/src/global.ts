/** Globals: made by the supervisor, or exported by a guest. */
import { checkBoolean } from "./base/checks.js";
import { mark } from "./base/copies.js";
import { disposable } from "./base/disposable.js";
import { GlobalError } from "./base/errors.js";
import { printable } from "./base/frames.js";
import { known, optionsOf } from "./base/options.js";
import { shown } from "./base/shown.js";
import type { Engine } from "./host/engine.js";
import { Leases } from "./host/functions.js";
import { Handle, type Owner } from "./host/handle.js";
import type { Keeper } from "./host/net.js";
import type { FloatMode, Value, ValueType } from "./host/value.js";
import { ValueList, floatMode, isType } from "./host/values.js";

/** What a global is made as. */
export interface GlobalType {
  /** The type of its value. */
  readonly value: ValueType;
  /** Whether it can be set. By default it is a constant. */
  readonly mutable?: boolean;
  /** How its `value` shows floats: as numbers, or as their raw bits. */
  readonly floats?: FloatMode;
}

const GLOBAL_TYPE = known<GlobalType>({ floats: true, mutable: true, value: true });

/** What is known of a global before the engine is asked for it. */
interface Descriptor {
  readonly type: ValueType;
  readonly mutable: boolean;
}

/** A global: a value that guests can share, with each other and with JavaScript. `Global<number>` is one whose type of value is named. */
export class Global<V extends Value = Value> {
  /** Does what `dispose` does, at the end of a `using`. */
  declare readonly [Symbol.dispose]: () => void;
  private readonly handle: Handle;
  private list: ValueList | undefined;
  /** Of the guests that it may have functions of, which live as long. */
  private readonly leases = new Leases();

  /** @internal A guest's own global is given its owner, any other its handle. */
  constructor(
    private readonly engine: Engine,
    private readonly type: Descriptor,
    private readonly mode: FloatMode,
    of: number | Owner,
  ) {
    this.handle = new Handle(engine, this, "global", of, drop);
  }

  /** @internal Makes one that guests can import. */
  static make(engine: Engine, given: GlobalType, value: Value): Global {
    const options = optionsOf(given, GLOBAL_TYPE);
    const type = options.value;
    const mutable = checkBoolean("mutable", options.mutable);
    const mode = floatMode(options.floats);
    engine.check();
    if (!isType(type)) throw new TypeError('value is none of "i32", "i64", "f32", "f64", "v128", "funcref" and "externref"');
    new ValueList([type], mode, { one: "value", of: "the global" }).putAll(engine, [value]);
    const handle = engine.use((host) => host.new_global(type, mutable));
    const global = new Global(engine, { type, mutable }, mode, handle);
    global.leases.hold(value);
    return global;
  }

  /** The value. */
  get value(): V {
    const { engine, values } = this;
    const handle = this.handle.use();
    engine.use((host) => host.global(handle));
    return values.takeResult(engine) as V;
  }

  set value(value: V) {
    const { engine, values } = this;
    const handle = this.handle.use();
    if (!this.type.mutable) throw new GlobalError("immutable", "the global is not mutable");
    values.putAll(engine, [value]);
    engine.use((host) => host.set_global(handle));
    this.leases.hold(value);
  }

  /**
   * Ends the life of this object. Guests that import the global keep it; a guest's own global goes with the guest.
   */
  dispose(): void {
    this.handle.dispose();
  }

  /** @internal Ends its life with that of its guest. */
  forget(): void {
    this.handle.forget();
  }

  /** @internal The handle, for the same engine only. */
  handleIn(engine: Engine): number {
    if (engine !== this.engine) throw new GlobalError("other-store", "the global belongs to another sandbox");
    return this.handle.use();
  }

  /** @internal What is printed of it. */
  get text(): string {
    this.handle.check();
    return `${this.type.mutable ? "mutable" : "constant"} ${this.type.type}`;
  }

  private get values(): ValueList {
    const { name } = this.handle;
    const of = name === undefined ? "the global" : `the global \`${printable(name)}\``;
    return (this.list ??= new ValueList([this.type.type], this.mode, { one: "value", of }));
  }
}

disposable(Global);
shown(Global, ({ text }) => text);
mark(Global.prototype, "global");

const drop = (engine: Keeper, handle: number): void => engine.proceed((host) => host.drop_global(handle));
