// Real guests, parked at their host calls: in another sandbox they make the same host call, with the same fuel and memory.
//
// Looked at are some of their host calls, or with MOMENTS in the environment so many at most of each guest.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { Sandbox, call } from "guestbox";
import { loadBytes } from "../../tests/guests/bytes.mjs";
import { guests } from "../../tests/guests/index.mjs";
import { rejectionOf } from "./wat.mjs";

const MOMENTS = Number(process.env.MOMENTS ?? 6);
const limits = { fuel: 10n ** 12n, replayFuel: 10n ** 12n, journalBytes: 2 ** 26, parkedBytes: 2 ** 27 };

const wrap = (memory) => ({
  memory,
  read: (offset, length) => memory.read(offset, length),
  write: (offset, bytes) => memory.write(offset, bytes),
  size: () => memory.pages,
});

/** What an import is told, and what is in the memory of its guest. */
const momentOf = (c, name, args) => ({
  name,
  args: args.map(String),
  fuel: c.fuel,
  number: c.number,
  memory: createHash("sha1").update(c.memory.read(0, c.memory.byteLength)).digest("hex"),
});

/** An engine for the drivers whose guests are recorded, and parked at one of so many host calls. */
function recording(sandbox, oneOf, seen) {
  let count = 0;
  return {
    memory: (type) => wrap(sandbox.memory(type)),
    instantiate(bytes, given) {
      const module = sandbox.compile(bytes);
      const imports = importsOf(given, (name, target) =>
        call((c, ...args) => {
          if (count++ % oneOf === 0) seen.push({ module: bytes, bytes: guest.park().bytes, moment: momentOf(c, name, args) });
          return target(...args);
        }),
      );
      const guest = module.instantiate(imports, { journal: true });
      return { guest, call: (name, ...args) => guest.exports[name](...args), memory: (name) => wrap(guest.exports[name]) };
    },
    get hostCalls() {
      return count;
    },
  };
}

/** Imports of a driver, with functions and memories of ours. */
function importsOf(given, functionOf, memoryOf = ({ memory }) => memory) {
  const fields = ([module, fields]) => {
    const ours = Object.entries(fields).map(([name, target]) => [
      name,
      typeof target === "function" ? functionOf(`${module}.${name}`, target) : memoryOf(target),
    ]);
    return [module, new Map(ours)];
  };
  return new Map(Object.entries(given).map(fields));
}

/** The imports of a module, which say where the guest is and end its call. */
function stopping(sandbox, module, stop) {
  const imports = new Map();
  for (const { module: from, name, kind, initial, maximum } of module.imports) {
    if (!imports.has(from)) imports.set(from, new Map());
    const memory = () => sandbox.memory(maximum === undefined ? { initial } : { initial, maximum });
    imports.get(from).set(name, kind === "memory" ? memory() : call((c, ...args) => stop(momentOf(c, `${from}.${name}`, args))));
  }
  return imports;
}

describe("real guests are the same elsewhere at each host call", () => {
  for (const guest of guests) {
    test(guest.name, async () => {
      const bytes = loadBytes(guest.name);
      const sandbox = await Sandbox.load({ limits });
      const all = recording(sandbox, Infinity, []);
      guest.run(all, bytes, () => {});
      const [seen, oneOf] = [[], Math.max(1, Math.ceil(all.hostCalls / MOMENTS))];
      guest.run(recording(sandbox, oneOf, seen), bytes, () => {});
      sandbox.dispose();
      // One of them makes no host calls.
      assert.ok(seen.length >= Math.min(MOMENTS, all.hostCalls) / 2, `${seen.length} of ${all.hostCalls} host calls`);
      const there = await Sandbox.load({ limits });
      const modules = new Map();
      for (const { module: code, bytes: parked, moment } of seen) {
        if (!modules.has(code)) modules.set(code, there.compile(code));
        const module = modules.get(code);
        let found;
        const stop = (moment) => {
          found = moment;
          throw new Error("here");
        };
        const unparked = await module.unpark(stopping(there, module, stop), there.parked(parked), { journal: true });
        assert.equal((await rejectionOf(unparked.calls.at(-1).proceed())).message, "here");
        assert.deepEqual(found, moment);
        for (const outer of [...unparked.calls].reverse()) outer.abort();
        unparked.guest.dispose();
      }
      there.dispose();
    });
  }
});
