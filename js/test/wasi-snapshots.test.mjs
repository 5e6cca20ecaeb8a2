// Snapshots of WASI systems: with those of guests they are all that a program's next call depends on.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { DisposedError, RestoreError, Sandbox, SnapshotError } from "guestbox";
import * as wasi from "guestbox/wasi";
import { ECHO, REACTOR, TALK, WORLD, cat, program, write } from "./programs.mjs";
import { deferred, rejectionOf, thrownBy } from "./wat.mjs";

const sandbox = await Sandbox.load();
const decoder = new TextDecoder();

/** A program with a system, whose output is text. */
function begin(bytes, options = {}, of = sandbox) {
  const said = [];
  const system = new wasi.Wasi(of, { stdout: (bytes) => void said.push(...bytes), ...options });
  const guest = of.compile(bytes).instantiate(system.imports());
  return { system, guest, said: () => decoder.decode(Uint8Array.from(said.splice(0))) };
}

describe("a snapshot of a system", () => {
  test("and one of the guest run a command again, with the same bytes", async () => {
    const { system, guest, said } = begin(WORLD);
    const kept = [guest.snapshot(), system.snapshot()];
    const outcomes = [];
    for (let round = 0; round < 3; round++) {
      outcomes.push(await guest.tryCall("_start"));
      outcomes.push(said());
      guest.restore(kept[0]);
      system.restore(kept[1]);
    }
    const [first, text] = outcomes;
    assert.equal(first.status, "ok");
    assert.equal(text.length > 0, true);
    assert.deepEqual(outcomes, [first, text, first, text, first, text]);
  });
  test("runs a command that exits again", async () => {
    const { system, guest, said } = begin(TALK);
    const kept = [guest.snapshot(), system.snapshot()];
    for (let round = 0; round < 3; round++) {
      const error = await rejectionOf(guest.call("_start"));
      assert.deepEqual([error.code, error.exitCode, said()], ["exit", 7, "outout"]);
      guest.restore(kept[0]);
      system.restore(kept[1]);
    }
  });
  test("has files, descriptors and unread input, and not what was written", async () => {
    const { system, guest } = begin(REACTOR, { stdin: "abc", files: { "/": { a: "b" } } });
    assert.equal(guest.exports.read(), 97);
    const kept = system.snapshot();
    assert.equal(guest.exports.read(), 98);
    system.restore(kept);
    assert.deepEqual([guest.exports.read(), guest.exports.read(), guest.exports.read()], [98, 99, -1]);
    assert.deepEqual(decoder.decode(system.files["/"].a), "b");

    const writer = begin(write("new"), { files: { "/": {} } });
    const before = writer.system.snapshot();
    await writer.guest.call("_start");
    assert.equal(decoder.decode(writer.system.files["/"].new), "written");
    const after = writer.system.snapshot();
    writer.system.restore(before);
    assert.deepEqual(Object.keys(writer.system.files["/"]), []);
    writer.system.restore(after);
    assert.equal(decoder.decode(writer.system.files["/"].new), "written");
  });
  test("goes elsewhere by its bytes, which are the same again", async () => {
    const { system, guest } = begin(REACTOR, { stdin: "abc", args: ["x"], random: 5n });
    guest.exports.read();
    const { bytes } = system.snapshot();
    assert.equal(decoder.decode(bytes.subarray(0, 8)), "gboxwasi");
    const other = await Sandbox.load();
    const copy = begin(REACTOR, {}, other);
    copy.system.restore(bytes);
    assert.deepEqual(copy.system.snapshot().bytes, bytes);
    copy.system.restore(bytes.buffer.slice(0));
    assert.deepEqual([copy.guest.exports.read(), copy.guest.exports.read(), copy.guest.exports.read()], [98, 99, -1]);
    const foreign = thrownBy(() => copy.system.restore(system.snapshot()));
    assert.ok(SnapshotError.is(foreign, "other-sandbox"), foreign);
    assert.match(foreign.message, /system\.restore\(bytes\)/);
    other.dispose();
  });
  test("does not give again what a stream gave", async () => {
    const { system, guest } = begin(REACTOR, { stdin: ["a", "b", "c"] });
    const kept = system.snapshot();
    assert.equal(await guest.call("read"), 97);
    system.restore(kept);
    assert.deepEqual([await guest.call("read"), await guest.call("read"), await guest.call("read")], [98, 99, -1]);
  });
  test("keeps what was written on its way to a slow sink, once each", async () => {
    const gates = [];
    const said = [];
    const stdout = (bytes) => {
      said.push(decoder.decode(bytes));
      const gate = deferred();
      gates.push(gate);
      return gate.promise;
    };
    const { system, guest } = begin(REACTOR, { stdout });
    const before = system.snapshot();
    guest.exports.say();
    guest.exports.say();
    const after = system.snapshot();
    system.restore(before);
    system.restore(after);
    guest.exports.say();
    while (said.join("").length < 15) {
      gates.splice(0).forEach(({ resolve }) => resolve());
      await sleep(1);
    }
    gates.splice(0).forEach(({ resolve }) => resolve());
    await sleep(5);
    assert.equal(said.join(""), "said\nsaid\nsaid\n");
  });
  test("has lazy files, as long as they are the same", async () => {
    let loads = 0;
    const files = (size) => ({ "/": { lazy: wasi.lazyFile(size, () => ((loads += 1), "lazy")) } });
    const { system, guest, said } = begin(cat("lazy"), { files: files(4) });
    const kept = [guest.snapshot(), system.snapshot()];
    for (let round = 1; round <= 2; round++) {
      await guest.call("_start");
      assert.deepEqual([said(), loads], ["lazy", round]);
      guest.restore(kept[0]);
      system.restore(kept[1]);
    }
    const { bytes } = kept[1];
    new wasi.Wasi(sandbox, { files: files(4) }).restore(bytes);
    for (const other of [files(5), { "/": {} }, {}]) {
      const one = new wasi.Wasi(sandbox, { files: other });
      assert.ok(
        RestoreError.is(
          thrownBy(() => one.restore(bytes)),
          "mounts",
        ),
      );
      assert.ok(
        RestoreError.is(
          thrownBy(() => one.restore(kept[1])),
          "mounts",
        ),
      );
    }
  });
  test("is for the same directories, used in the same way", () => {
    const kept = new wasi.Wasi(sandbox, { files: { "/a": {}, "/b": {} } }).snapshot();
    new wasi.Wasi(sandbox, { files: { "/a": { file: "x" }, "/b": {} } }).restore(kept);
    for (const files of [
      { "/a": {} },
      { "/b": {}, "/a": {} },
      { "/a": {}, "/b": {}, "/c": {} },
      { "/a": {}, "/b": wasi.mount({}, { readOnly: true }) },
      { "/a": {}, "/b": wasi.mount({}, { onWrite: () => {} }) },
    ]) {
      const other = new wasi.Wasi(sandbox, { files });
      const error = thrownBy(() => other.restore(kept));
      assert.ok(RestoreError.is(error, "mounts"), error);
      assert.match(error.message, /`files`/);
    }
  });
  test("is refused while a call waits, and afterwards not", async () => {
    const gate = deferred();
    async function* input() {
      await gate.promise;
      yield "a";
    }
    const { system, guest } = begin(REACTOR, { stdin: input() });
    const kept = system.snapshot();
    const reading = guest.call("read");
    await sleep(5);
    const refused = thrownBy(() => system.snapshot());
    assert.ok(SnapshotError.is(refused, "busy"), refused);
    assert.ok(
      RestoreError.is(
        thrownBy(() => system.restore(kept)),
        "busy",
      ),
    );
    assert.ok(
      RestoreError.is(
        thrownBy(() => system.restore(kept.bytes)),
        "busy",
      ),
    );
    gate.resolve();
    assert.equal(await reading, 97);
    system.restore(kept);
    system.snapshot();
  });
  test("of bytes that are none is refused, and the system is as it was", () => {
    const system = new wasi.Wasi(sandbox, { args: ["a"] });
    const { bytes } = system.snapshot();
    const code = (given) => thrownBy(() => system.restore(given)).code;
    assert.equal(code(new Uint8Array()), "not-a-snapshot");
    assert.equal(code(Uint8Array.of(1, 2, 3)), "not-a-snapshot");
    const { guest } = begin(ECHO);
    assert.equal(code(guest.snapshot().bytes), "not-a-snapshot");
    assert.equal(code(bytes.subarray(0, 30)), "corrupted");
    for (let at = 12; at < bytes.length; at += 3) {
      const damaged = bytes.slice();
      damaged[at] ^= 1;
      assert.equal(code(damaged), "corrupted", `byte ${at}`);
    }
    const newer = bytes.slice();
    newer[8] += 1;
    assert.equal(code(newer), "version");
    assert.ok(
      SnapshotError.is(
        thrownBy(() => sandbox.snapshot(bytes)),
        "not-a-snapshot",
      ),
    );
    assert.throws(() => system.restore(), TypeError);
    assert.throws(() => system.restore("bytes"), TypeError);
    assert.throws(() => system.restore(guest.snapshot()), TypeError);
    assert.throws(() => guest.restore(system.snapshot()), TypeError);
    assert.deepEqual(system.snapshot().bytes, bytes);
  });
  test("is under the limits of whom it is restored to", () => {
    const large = new wasi.Wasi(sandbox, { files: { "/": { file: new Uint8Array(5_000_000) } } });
    const strict = new wasi.Wasi(sandbox, { files: { "/": {} }, limits: "strict" });
    for (const kept of [large.snapshot(), large.snapshot().bytes]) {
      const error = thrownBy(() => strict.restore(kept));
      assert.ok(SnapshotError.is(error, "limit"), error);
      assert.match(error.message, /limit `fileBytes` is 4194304/);
    }
    const tiny = new wasi.Wasi(sandbox, { limits: { fileBytes: 10 } });
    const far = new Uint8Array(300_000_000);
    assert.ok(
      SnapshotError.is(
        thrownBy(() => tiny.restore(far)),
        "limit",
      ),
    );
    assert.ok(sandbox.memoryBytes < far.length, "it was not copied to the engine");
    const small = new wasi.Wasi(sandbox, { files: { "/": { file: "x" } } });
    strict.restore(small.snapshot());
    assert.equal(strict.files["/"].file.length, 1);
    assert.equal(strict.limits.fileBytes, 4 << 20, "limits stay its own");
  });
  test("goes on with the runtime's clocks from where they were", async () => {
    const now = program(
      ["clock_time_get"],
      `(func (export "now") (result i64) (drop (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 200)))
        (i64.load (i32.const 200)))`,
    );
    const { system, guest } = begin(now, { clock: "host" });
    await sleep(30);
    const first = guest.exports.now();
    const kept = system.snapshot();
    await sleep(300);
    assert.ok(guest.exports.now() - first > 250_000_000n);
    system.restore(kept);
    const again = guest.exports.now() - first;
    assert.ok(again >= 0n && again < 250_000_000n, `${again}`);
    await sleep(5);
    assert.ok(guest.exports.now() - first > again);
  });
  test("can be disposed of, and printed", () => {
    const leaving = new wasi.Wasi(sandbox);
    const kept = leaving.snapshot();
    assert.match(inspect(kept), /^WasiSnapshot \(\d+ bytes\)$/);
    leaving.dispose();
    assert.ok(
      DisposedError.is(
        thrownBy(() => leaving.snapshot()),
        "torn-down",
      ),
    );
    assert.ok(
      DisposedError.is(
        thrownBy(() => leaving.restore(kept)),
        "torn-down",
      ),
    );
    const other = new wasi.Wasi(sandbox);
    other.restore(kept);
    kept.dispose();
    kept.dispose();
    assert.ok(
      DisposedError.is(
        thrownBy(() => kept.bytes),
        "torn-down",
      ),
    );
    assert.ok(
      DisposedError.is(
        thrownBy(() => other.restore(kept)),
        "torn-down",
      ),
    );
  });
});

describe("limits of a system", () => {
  test("are those of the sandbox's preset, or of their own", async () => {
    const usual = new wasi.Wasi(sandbox).limits;
    assert.deepEqual([usual.fileBytes, usual.inodes, usual.descriptors], [64 << 20, 10_000, 256]);
    const strict = new wasi.Wasi(sandbox, { limits: "strict" }).limits;
    assert.deepEqual([strict.fileBytes, strict.inodes, strict.descriptors], [4 << 20, 1_000, 64]);
    assert.deepEqual(new wasi.Wasi(sandbox, { limits: { preset: "strict", inodes: 5 } }).limits, { ...strict, inodes: 5 });
    assert.deepEqual(new wasi.Wasi(sandbox, { limits: { inodes: 5 } }).limits, { ...usual, inodes: 5 });
    assert.deepEqual(new wasi.Wasi(sandbox, { limits: JSON.parse(JSON.stringify(strict)) }).limits, strict);
    for (const limits of ["strict", { preset: "strict", fuel: 5 }]) {
      const other = await Sandbox.load({ limits });
      assert.deepEqual(new wasi.Wasi(other).limits, strict);
      assert.deepEqual(new wasi.Wasi(other, { limits: {} }).limits, strict);
      assert.deepEqual(new wasi.Wasi(other, { limits: { depth: 3 } }).limits, { ...strict, depth: 3 });
      assert.deepEqual(new wasi.Wasi(other, { limits: "default" }).limits, usual);
      other.dispose();
    }
    for (const [preset, like] of [
      ["default", usual],
      ["self-metered", usual],
    ]) {
      const other = await Sandbox.load({ limits: preset });
      assert.deepEqual(new wasi.Wasi(other).limits, like);
      other.dispose();
    }
    const most = new wasi.Wasi(sandbox, { limits: "unlimited" }).limits;
    assert.equal(most.descriptors, 65_536);
    assert.ok(most.fileBytes > 2 ** 63);
    assert.deepEqual(new wasi.Wasi(sandbox, { limits: most }).limits, most, "those that cannot be raised stay");
  });
  test("hold for runs", async () => {
    const strict = await Sandbox.load({ limits: "strict" });
    const files = { "/": { file: new Uint8Array(5 << 20) } };
    const error = await rejectionOf(wasi.run(strict.compile(ECHO), { files }));
    assert.ok(wasi.WasiError.is(error, "limit"), error);
    assert.match(error.message, /limit `fileBytes` is 4194304/);
    assert.equal((await wasi.run(strict.compile(ECHO), { files, limits: "default" })).exitCode, 0);
    assert.equal((await wasi.run(sandbox.compile(ECHO), { files })).exitCode, 0);
    assert.ok(wasi.WasiError.is(await rejectionOf(wasi.run(sandbox.compile(ECHO), { files, limits: "strict" })), "limit"));
    strict.dispose();
  });
  test("that there are not are refused", () => {
    const make = (limits) => () => new wasi.Wasi(sandbox, { limits });
    assert.throws(make("severe"), { name: "RangeError", message: /no preset of limits `severe`/ });
    assert.throws(make({ preset: 5 }), TypeError);
    assert.throws(make({ fuel: 5 }), { name: "TypeError", message: /unknown limit `fuel`/ });
    assert.throws(make({ inodes: -1 }), RangeError);
    assert.throws(make({ inodes: "5" }), TypeError);
    assert.throws(make(5), TypeError);
  });
});
