// Real guests, parked at their host calls: in another sandbox they make the same host call, with the same fuel and memory.
//
// Looked at are some of their host calls, or with MOMENTS in the environment so many at most of each guest.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { Sandbox, call } from "guestbox";
import { loadBytes } from "../../tests/guests/bytes.mjs";
import { guests } from "../../tests/guests/index.mjs";
import { sandboxed } from "../../tests/guests/sandboxed.mjs";
import { rejectionOf } from "./wat.mjs";

const MOMENTS = Number(process.env.MOMENTS ?? 6);
const limits = { fuel: 10n ** 12n, replayFuel: 10n ** 12n, journalBytes: 2 ** 26, parkedBytes: 2 ** 27 };

/** What an import is told, and what is in the memory of its guest. */
const momentOf = (c, name, args) => ({
  name,
  args: args.map(String),
  fuel: c.fuel,
  number: c.number,
  memory: createHash("sha1").update(c.memory.read(0, c.memory.byteLength)).digest("hex"),
});

/** An engine for the drivers whose guests are recorded, and parked at one of so many host calls, which are counted in `seen`. */
function recording(sandbox, oneOf, seen) {
  return sandboxed(sandbox, undefined, (module, given) => {
    const noting = (name, target) =>
      call((c, ...args) => {
        if (seen.hostCalls++ % oneOf === 0) seen.moments.push({ bytes: c.guest.park().bytes, moment: momentOf(c, name, args) });
        return target(...args);
      });
    const imports = new Map();
    for (const [from, fields] of given) {
      const ours = [...fields].map(([name, one]) => [name, typeof one === "function" ? noting(`${from}.${name}`, one) : one]);
      imports.set(from, new Map(ours));
    }
    return module.instantiate(imports, { journal: true });
  });
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
      const none = { hostCalls: 0, moments: [] };
      guest.run(recording(sandbox, Infinity, none), bytes, () => {});
      const seen = { hostCalls: 0, moments: [] };
      guest.run(recording(sandbox, Math.max(1, Math.ceil(none.hostCalls / MOMENTS)), seen), bytes, () => {});
      sandbox.dispose();
      // One of them makes no host calls.
      assert.ok(seen.moments.length >= Math.min(MOMENTS, none.hostCalls) / 2, `${seen.moments.length} of ${none.hostCalls} host calls`);
      const there = await Sandbox.load({ limits });
      const module = there.compile(bytes);
      for (const { bytes: parked, moment } of seen.moments) {
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
