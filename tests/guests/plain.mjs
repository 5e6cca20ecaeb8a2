// The engine interface of the drivers over the standard WebAssembly API, for Node and browsers.
// Its runs are the reference that every other engine is compared with.

class PlainMemory {
  constructor(memory) {
    this.memory = memory;
  }
  read(offset, length) {
    return new Uint8Array(this.memory.buffer, offset, length).slice();
  }
  write(offset, bytes) {
    new Uint8Array(this.memory.buffer).set(bytes, offset);
  }
  size() {
    return this.memory.buffer.byteLength / 65536;
  }
}

class PlainGuest {
  constructor(instance) {
    this.instance = instance;
  }
  call(name, ...args) {
    return this.instance.exports[name](...args);
  }
  memory(exportName) {
    return new PlainMemory(this.instance.exports[exportName]);
  }
}

export const plainEngine = {
  memory({ initial, maximum }) {
    return new PlainMemory(new WebAssembly.Memory({ initial, maximum }));
  },
  instantiate(bytes, imports) {
    const given = {};
    for (const module of Object.keys(imports)) {
      given[module] = {};
      for (const name of Object.keys(imports[module])) {
        const value = imports[module][name];
        given[module][name] = value instanceof PlainMemory ? value.memory : value;
      }
    }
    return new PlainGuest(new WebAssembly.Instance(new WebAssembly.Module(bytes), given));
  },
};
