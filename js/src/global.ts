/** Exported globals. */
import { GlobalError } from "./base/errors.js";
import { printable } from "./base/frames.js";
import type { Engine } from "./host/engine.js";
import { type FloatMode, type Value, ValueList } from "./host/values.js";
import type { ExportDescriptor } from "./types.js";

/** An exported global. */
export class Global {
  /** @internal */
  constructor(
    private readonly engine: Engine,
    private readonly instance: () => number,
    private readonly descriptor: ExportDescriptor & { kind: "global" },
    private readonly mode: FloatMode,
  ) {}

  /** The value. Of a vector or reference type it cannot be passed: a TypeError. */
  get value(): Value {
    const { engine, list } = this;
    const instance = this.instance();
    const word = engine.use((host) => host.global(instance, this.descriptor.name));
    engine.refresh();
    engine.u64[0] = word ?? 0n;
    return list.takeResult(engine) as Value;
  }

  set value(value: Value) {
    const { engine, list } = this;
    const instance = this.instance();
    if (!this.descriptor.mutable) throw new GlobalError("immutable", "the global is not mutable");
    list.putAll(engine, [value]);
    const word = engine.u64[0] as bigint;
    engine.use((host) => host.set_global(instance, this.descriptor.name, word));
  }

  private get list(): ValueList {
    return new ValueList([this.descriptor.type], this.mode, { one: "value", of: `the global \`${printable(this.descriptor.name)}\`` });
  }
}
