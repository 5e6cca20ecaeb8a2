/** Globals: made by the supervisor, or exported by a guest. */
import { checkBoolean } from "./base/checks.js";
import { mark } from "./base/copies.js";
import { disposable } from "./base/disposable.js";
import { GlobalError } from "./base/errors.js";
import { printable } from "./base/frames.js";
import { known, optionsOf } from "./base/options.js";
import { shown } from "./base/shown.js";
import type { Engine } from "./host/engine.js";
import { Handle, type Owner } from "./host/handle.js";
import type { Keeper } from "./host/net.js";
import { type FloatMode, type Value, ValueList, type ValueType, floatMode, isNumeric } from "./host/values.js";

/** What a global is made as. */
export interface GlobalType {
  /** The type of its value. */
  readonly value: "i32" | "i64" | "f32" | "f64";
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

/** A global: a number that guests can share, with each other and with JavaScript. */
export class Global {
  /** Does what `dispose` does, at the end of a `using`. */
  declare readonly [Symbol.dispose]: () => void;
  private readonly handle: Handle;
  private list: ValueList | undefined;

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
    if (!isNumeric(type)) throw new TypeError('value is none of "i32", "i64", "f32" and "f64"');
    const word = put(engine, new ValueList([type], mode, { one: "value", of: "the global" }), value);
    const handle = engine.use((host) => host.new_global(type, mutable, word));
    return new Global(engine, { type, mutable }, mode, handle);
  }

  /** The value. Of a vector or reference type it cannot be passed: a TypeError. */
  get value(): Value {
    const { engine, values } = this;
    const handle = this.handle.use();
    const word = engine.use((host) => host.global(handle));
    engine.refresh();
    engine.u64[0] = word ?? 0n;
    return values.takeResult(engine) as Value;
  }

  set value(value: Value) {
    const { engine, values } = this;
    const handle = this.handle.use();
    if (!this.type.mutable) throw new GlobalError("immutable", "the global is not mutable");
    const word = put(engine, values, value);
    engine.use((host) => host.set_global(handle, word));
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

/** The word of a value, which is put into the exchange. */
function put(engine: Engine, values: ValueList, value: unknown): bigint {
  values.putAll(engine, [value]);
  return engine.u64[0] as bigint;
}
