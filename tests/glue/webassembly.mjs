/**
 * The standard `WebAssembly` API over a sandbox, as far as glue of emscripten's and wasm-bindgen's needs it: for tests that run published
 * packages by their own JavaScript.
 *
 * Glue has views of a guest's memory. So typed arrays that are made of the `buffer` of one here are views of where its
 * bytes are in the engine's own memory: which no user of guestbox could rely on, as that may grow or the bytes move.
 * Here room is made before, and glue makes its views anew where it has grown a memory.
 */

const Native = globalThis.WebAssembly;

/** The numbers that JavaScript's values become, as the standard converts them. */
const CONVERT = {
  i32: (value) => value | 0,
  i64: (value) => BigInt.asIntN(64, BigInt(value)),
  f32: (value) => Math.fround(value),
  f64: Number,
  externref: (value) => value,
};

export function webAssemblyOver(sandbox) {
  /** The standard's objects of guestbox's, and the other way. */
  const outer = new WeakMap();
  const inner = new WeakMap();

  makeRoom(sandbox);
  const buffers = new WeakSet();
  viewBuffers(buffers);

  function wrapped(thing, Class, descriptor) {
    if (!outer.has(thing)) bind(thing, Reflect.construct(Class, [{ ...descriptor, thing }]));
    return outer.get(thing);
  }

  function bind(thing, object) {
    outer.set(thing, object);
    inner.set(object, thing);
    return object;
  }

  class Memory {
    constructor({ thing, initial, maximum }) {
      bind(thing ?? settled(sandbox.memory(maximum === undefined ? { initial } : { initial, maximum })), this);
    }
    get buffer() {
      const memory = inner.get(this);
      const { size } = memory;
      if (this.known?.size !== size) {
        const buffer = {
          byteLength: size * 65_536,
          bytes: () => memory.slice(0, size * 65_536),
          // As the standard's are once their memory has grown.
          get detached() {
            return memory.size !== size;
          },
        };
        buffers.add(buffer);
        this.known = { size, buffer };
      }
      return this.known.buffer;
    }
    grow(pages) {
      return inner.get(this).grow(pages);
    }
  }

  /** Lets a memory come to where it stays: to a guest that imports it. */
  function settled(memory) {
    sandbox.compile(IMPORTS_MEMORY).instantiate({ m: { m: memory } });
    return memory;
  }

  class Table {
    constructor({ thing, element, initial, maximum }) {
      bind(thing ?? sandbox.table(maximum === undefined ? { element, initial } : { element, initial, maximum }), this);
      this.ofAnything = element === "externref";
    }
    get length() {
      return inner.get(this).length;
    }
    get(index) {
      const element = inner.get(this).get(index);
      return this.ofAnything || element === null ? element : functionOf(element);
    }
    set(index, value) {
      inner.get(this).set(index, this.ofAnything ? value : element(value));
    }
    grow(delta, value) {
      return inner.get(this).grow(delta, this.ofAnything ? value : element(value));
    }
  }

  /** What a table is given; glue tries with functions of its own, and makes one of the standard's where it may not. */
  function element(value = null) {
    if (value !== null && !inner.has(value)) throw new TypeError("no function of WebAssembly");
    return value === null ? null : inner.get(value);
  }

  class Global {
    constructor(given, value) {
      bind(given.thing ?? sandbox.global(given, CONVERT[given.value](value ?? 0)), this);
    }
    get value() {
      return inner.get(this).value;
    }
    set value(value) {
      inner.get(this).value = value;
    }
  }

  /** A guest's function, for JavaScript; it takes what the standard's would. */
  function functionOf(function_, params) {
    const known = outer.get(function_);
    if (known !== undefined) return known;
    const called = (...args) => {
      const converted = params === undefined ? args.map(likely) : params.map((type, at) => CONVERT[type](args[at]));
      return function_(...converted);
    };
    return bind(function_, called);
  }

  /** JavaScript's function, for guests. */
  const importOf = (target, { results }) =>
    inner.get(target) ??
    ((...args) => {
      const result = target(...args);
      if (results.length === 0) return undefined;
      return results.length === 1 ? CONVERT[results[0]](result) : results.map((type, at) => CONVERT[type](result[at]));
    });

  /** Of a function whose types are not at hand: what does not fit it says itself. */
  const likely = (value) =>
    typeof value === "bigint" ? BigInt.asIntN(64, value) : typeof value === "boolean" ? Number(value) : (value ?? 0);

  class Module {
    constructor(bytes) {
      const view = ArrayBuffer.isView(bytes) ? bytes : new Uint8Array(bytes);
      this.bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
      inner.set(this, sandbox.compile(this.bytes));
    }
    static exports = (module) => inner.get(module).exports.map(({ name, kind }) => ({ name, kind }));
    static imports = (module) => inner.get(module).imports.map(({ module, name, kind }) => ({ module, name, kind }));
    static customSections = (module, name) => Native.Module.customSections(new Native.Module(module.bytes), name);
  }

  class Instance {
    constructor(module, imports = {}) {
      const compiled = inner.get(module);
      if (isTrampoline(compiled)) {
        const [{ params, results }] = compiled.imports;
        this.exports = { f: new Function({ parameters: params, results }, imports.e.f) };
        return;
      }
      const given = new Map();
      for (const descriptor of compiled.imports) {
        const target = imports[descriptor.module][descriptor.name];
        if (!given.has(descriptor.module)) given.set(descriptor.module, new Map());
        const isFunction = descriptor.kind === "function" && typeof target === "function";
        const thing = isFunction ? importOf(target, descriptor) : (inner.get(Object(target)) ?? target);
        given.get(descriptor.module).set(descriptor.name, thing);
      }
      const guest = compiled.instantiate(given);
      const exports = compiled.exports.map((descriptor) => [descriptor.name, exportOf(guest.exports[descriptor.name], descriptor)]);
      this.exports = Object.freeze(Object.assign(Object.create(null), Object.fromEntries(exports)));
    }
  }

  /** Whether glue made it to have a function for a table, as it does where there is no `WebAssembly.Function`. */
  const isTrampoline = ({ imports, exports }) =>
    [imports, exports].every((list) => list.length === 1 && list[0].kind === "function" && list[0].name === "f");

  function exportOf(thing, descriptor) {
    const { kind, params } = descriptor;
    if (kind === "function") return functionOf(thing, params);
    return wrapped(thing, { memory: Memory, table: Table, global: Global }[kind], descriptor);
  }

  /** A function of JavaScript's for tables. */
  const Function = function ({ parameters, results }, target) {
    return functionOf(sandbox.function({ parameters, results }, importOf(target, { results })), parameters);
  };

  const instantiate = async (source, imports) => {
    if (source instanceof Module) return new Instance(source, imports);
    const module = new Module(source);
    return { module, instance: new Instance(module, imports) };
  };
  const { CompileError, LinkError, RuntimeError, validate } = Native;
  return {
    CompileError,
    LinkError,
    RuntimeError,
    validate,
    Function,
    Global,
    Instance,
    Memory,
    Module,
    Table,
    compile: async (bytes) => new Module(bytes),
    instantiate,
  };
}

/** Has the engine's memory grow now, so that it need not later. */
function makeRoom(sandbox) {
  const memory = sandbox.memory({ initial: PAGES });
  memory.write(PAGES * 65_536 - 1, new Uint8Array(1));
  memory.dispose();
}

const PAGES = 4_000;

/** `(module (import "m" "m" (memory 0)))` */
const IMPORTS_MEMORY = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 2, 8, 1, 1, 0x6d, 1, 0x6d, 2, 0, 0);

/** Lets typed arrays be made of the buffers of memories. */
function viewBuffers(buffers) {
  const kinds = ["Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array", "Int32Array", "Uint32Array"];
  for (const kind of [...kinds, "Float32Array", "Float64Array", "BigInt64Array", "BigUint64Array", "DataView"]) {
    globalThis[kind] = new Proxy(globalThis[kind], {
      construct(Array, [buffer, offset = 0, length], target) {
        if (!buffers.has(buffer)) return Reflect.construct(Array, [...arguments[1]], target);
        const { buffer: all, byteOffset } = buffer.bytes();
        const count = length ?? (buffer.byteLength - offset) / (Array.BYTES_PER_ELEMENT ?? 1);
        const view = new Array(all, byteOffset + offset, count);
        const { byteLength } = view;
        // By one or the other glue finds that it needs another view.
        return Object.defineProperties(view, {
          buffer: { value: buffer },
          byteLength: { get: () => (buffer.detached ? 0 : byteLength) },
        });
      },
    });
  }
}
