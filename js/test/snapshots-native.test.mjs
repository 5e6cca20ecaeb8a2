// A guest that lives by turns here and in a native program, carried by its snapshots.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Sandbox } from "guestbox";
import { wat } from "./wat.mjs";

const program = fileURLToPath(new URL("../../target/debug/snapshots", import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "guestbox-"));
after(() => rmSync(directory, { recursive: true }));

// Counts, computes with floats, calls by table, grows to three pages and leaves traces in all of them.
const TEXT = `(module (memory 1 3) (memory (export "second") 1)
  (global $count (mut i32) (i32.const 0)) (global $long (mut i64) (i64.const 88172645463325252))
  (global $single (mut f32) (f32.const nan:0x200001)) (global $double (mut f64) (f64.const 0.1))
  (table 1 funcref) (elem (i32.const 0) $next) (type $next (func (result i64)))
  (func $next (result i64)
    (global.set $long (i64.xor (global.get $long) (i64.shl (global.get $long) (i64.const 13))))
    (global.set $long (i64.xor (global.get $long) (i64.shr_u (global.get $long) (i64.const 7))))
    (global.set $long (i64.xor (global.get $long) (i64.shl (global.get $long) (i64.const 17))))
    (global.get $long))
  (func (export "work") (local $i i32)
    (global.set $count (i32.add (global.get $count) (i32.const 1)))
    (drop (memory.grow (i32.and (global.get $count) (i32.const 1))))
    (global.set $double (f64.div (global.get $double) (f64.const 0.3)))
    (f64.store 1 (i32.mul (global.get $count) (i32.const 264)) (global.get $double))
    (loop $again
      (i64.store
        (i32.rem_u (i32.wrap_i64 (i64.shr_u (call_indirect (type $next) (i32.const 0)) (i64.const 11)))
                   (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 8)))
        (global.get $long))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100))))))`;

describe("a guest", () => {
  test("needs the native program: `cargo build -p guestbox-tests --bin snapshots` makes it", () => assert.ok(existsSync(program)));
  test("lives by turns here and natively, with the same bytes as if it had stayed here", async () => {
    const sandbox = await Sandbox.load();
    const bytes = wat(TEXT);
    const file = join(directory, "module.wasm");
    writeFileSync(file, bytes);
    const module = sandbox.compile(bytes);
    const stays = module.instantiate();

    const natively = (snapshot) => {
      const files = snapshot === undefined ? [] : [join(directory, "snapshot")];
      if (snapshot !== undefined) writeFileSync(files[0], snapshot);
      return new Uint8Array(execFileSync(program, [file, ...files], { maxBuffer: 1 << 24 }));
    };
    const here = (snapshot) => {
      const guest = module.instantiate({}, snapshot === undefined ? {} : { snapshot: sandbox.snapshot(snapshot) });
      guest.exports.work();
      const { bytes } = guest.snapshot();
      guest.dispose();
      return bytes;
    };
    let [carried, native] = [undefined, undefined];
    for (let turn = 0; turn < 6; turn++) {
      stays.exports.work();
      carried = (turn % 2 === 0 ? natively : here)(carried);
      native = (turn % 2 === 0 ? here : natively)(native);
      const expected = stays.snapshot().bytes;
      assert.deepEqual(carried, expected, `turn ${turn}, natively first`);
      assert.deepEqual(native, expected, `turn ${turn}, here first`);
    }
    assert.ok(carried.length > 50_000, `${carried.length} bytes`);
    sandbox.dispose();
  });
});
