// The engine interface of the drivers, over the guestbox npm package.

/**
 * Makes an engine for the drivers of a loaded `Sandbox`. `around` is given each call of an export as
 * a function, runs it and returns what it does; `make` makes a guest of a module and imports, which are Maps.
 */
export function sandboxed(sandbox, around = (act) => act(), make = (module, imports) => module.instantiate(imports)) {
  const wrap = (memory) => ({
    memory,
    read: (offset, length) => memory.read(offset, length),
    write: (offset, bytes) => memory.write(offset, bytes),
    size: () => memory.size,
  });
  return {
    memory: (type) => wrap(sandbox.memory(type)),
    instantiate(bytes, imports) {
      const resolved = new Map();
      for (const [module, fields] of Object.entries(imports)) {
        const targets = Object.entries(fields).map(([name, target]) => [name, target.memory ?? target]);
        resolved.set(module, new Map(targets));
      }
      const guest = make(sandbox.compile(bytes), resolved);
      return {
        guest,
        call: (name, ...args) => around(() => guest.exports[name](...args)),
        memory: (name) => wrap(guest.exports[name]),
      };
    },
  };
}
