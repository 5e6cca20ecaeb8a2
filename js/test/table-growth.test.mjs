// `table.grow` in slices and under first fuels of every size is what it is in one go.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Sandbox, Trap, call } from "guestbox";
import { rejectionOf, wat } from "./wat.mjs";

const BODY = `
  (func $grows (param $n i32) (result i32) (local $i i32) (local $sum i32)
    (loop
      (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31)) (table.grow $t (ref.func $seven) (local.get $n))))
      (local.set $sum (i32.add (local.get $sum) (call $w (table.size $t))))
      (local.set $sum (i32.add (local.get $sum) (table.grow $x (ref.null extern) (i32.const 33))))
      (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 4))))
    (i32.add (local.get $sum) (call_indirect $t (type $f) (i32.sub (table.size $t) (i32.const 1)))))
  (func $refused (param $n i32) (result i32) (local $k i32)
    (local.set $k (i32.const 1000))
    (i32.add (local.get $k) (i32.add (table.grow $b (ref.null func) (local.get $n)) (i32.mul (i32.const 7) (table.grow $b (ref.null func) (i32.const -1))))))
  (func $late (param $n i32) (result i32)
    (drop (table.grow $t (ref.func $seven) (local.get $n))) (call_indirect $t (type $f) (i32.const 100000)))`;
const text = (start) => `(module (type $f (func (result i32))) (import "env" "wait" (func $w (param i32) (result i32)))
  (table $t 1 30000 funcref) (table $x 0 10000 externref) (table $b 2 3 funcref) (elem declare func $seven)
  (global $out (export "out") (mut i32) (i32.const 0))
  (func $seven (result i32) (i32.const 7)) ${BODY}
  (export "grows" (func $grows)) (export "refused" (func $refused)) (export "late" (func $late))
  (func (export "size") (result i32) (table.size $t))
  ${start ? "(func $s (global.set $out (call $grows (i32.const 700)))) (start $s)" : ""})`;

const sandbox = await Sandbox.load({ limits: { fuel: 10_000_000 } });
for (const frames of [false, true]) {
  const module = sandbox.compile(wat(text(false)), { frames });
  const starting = sandbox.compile(wat(text(true)), { frames });
  const wait = { env: { wait: (n) => n } };
  const slow = {
    env: {
      wait: async (n) => {
        await null;
        return n;
      },
    },
  };
  const shown = (o) =>
    o.status === "trap" ? [o.status, o.trap.code, JSON.stringify(o.trap.frames), o.fuelUsed] : [o.status, o.value, o.fuelUsed];
  const whole = (name, n) => {
    const guest = module.instantiate(wait);
    const o = shown(guest.tryCallSync(name, [n]));
    const size = guest.exports.size();
    guest.dispose();
    return [o, size];
  };
  for (const [name, n] of [
    ["grows", 0],
    ["grows", 100],
    ["grows", 5_000],
    ["grows", 9_000],
    ["refused", 1],
    ["refused", 2],
    ["late", 3_000],
  ]) {
    test(`${name}(${n}) frames ${frames}: slices`, async () => {
      const wanted = whole(name, n);
      const total = Number(wanted[0].at(-1));
      for (let slice = 1; slice <= total + 1; slice += slice < 120 ? 1 : 97) {
        const guest = module.instantiate(slow);
        const o = shown(await guest.tryCall(name, [n], { slice }));
        assert.deepEqual([o, guest.exports.size()], wanted, `slice ${slice}`);
        guest.dispose();
      }
    });
    test(`${name}(${n}) frames ${frames}: first fuel, resumed in steps, aborted`, async () => {
      const wanted = whole(name, n);
      const total = Number(wanted[0].at(-1));
      for (let fuel = 0; fuel <= total + 1; fuel += fuel < 150 || fuel > total - 20 ? 1 : 61)
        for (const step of [1, 13, 100_000]) {
          if (step === 1 && total > 2_000 && fuel % 7) continue;
          const guest = module.instantiate(fuel % 2 ? slow : wait);
          let o = await guest.tryCall(name, [n], { fuel, ...(fuel % 3 ? { slice: 1 + (fuel % 50) } : {}) });
          let pauses = 0;
          let given = fuel;
          while (o.status === "out-of-fuel") {
            assert.ok(o.fuelUsed <= BigInt(given), `used ${o.fuelUsed} of ${given}`);
            if (pauses++ > 400) {
              given += 1e6;
              o = await o.resume(1_000_000);
            } else {
              given += step;
              o = await o.resume(step);
            }
          }
          assert.deepEqual([shown(o), guest.exports.size()], wanted, `fuel ${fuel} step ${step}`);
          guest.dispose();
          if (step !== 13) continue;
          // Given up at the first pause, a guest is as good as another.
          const other = module.instantiate(wait);
          const first = await other.tryCall(name, [n], { fuel });
          if (first.status === "out-of-fuel") {
            if (fuel % 5 === 0) {
              other.dispose();
              assert.ok(["ok", "trap"].includes((await first.resume(1_000_000)).status));
              continue;
            }
            first.abort();
          }
          const size = other.exports.size();
          assert.ok(size >= 1 && size <= 30_000);
          other.dispose();
        }
      assert.ok(sandbox.memoryPagesInUse >= 0);
    });
  }
  test(`start function, frames ${frames}`, async () => {
    const guest = starting.instantiate(wait);
    const out = guest.exports.out.value;
    for (let slice = 1; slice < 2_000; slice += slice < 90 ? 1 : 53) {
      const made = await starting.instantiateAsync(slow, { slice });
      assert.equal(made.exports.out.value, out, `slice ${slice}`);
      made.dispose();
    }
    let fewest;
    for (let fuel = 1; fuel < 6_000; fuel += 7) {
      const made = await starting.instantiateAsync(slow, { fuel, slice: 1 + (fuel % 31) }).catch((error) => error);
      if (made instanceof Error) assert.ok(Trap.is(made, "out-of-fuel"), String(made));
      else {
        fewest ??= fuel;
        assert.equal(made.exports.out.value, out);
        made.dispose();
      }
    }
    assert.ok(fewest);
    const controller = new AbortController();
    const aborts = {
      env: {
        wait: (n) => {
          if (n > 1_000) controller.abort(new Error("enough"));
          return n;
        },
      },
    };
    assert.equal((await rejectionOf(starting.instantiateAsync(aborts, { signal: controller.signal }))).message, "enough");
  });
  test(`many guests in turns, frames ${frames}`, async () => {
    const wanted = whole("grows", 5_000);
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, async (_, k) => {
        const guest = module.instantiate({
          env: {
            wait: async (n) => {
              await new Promise(setImmediate);
              return n;
            },
          },
        });
        const o = await guest.tryCall("grows", [5_000], { slice: 1 + k * 3 });
        return [shown(o), guest.exports.size()];
      }),
    );
    for (const o of outcomes) assert.deepEqual(o, wanted);
  });
}
test("the table limit of a sandbox while others are paused in growing", async () => {
  const own = await Sandbox.load({ limits: { fuel: 10_000_000 } });
  const module = own.compile(wat(text(false)));
  const guests = Array.from({ length: 30 }, () => module.instantiate({ env: { wait: (n) => n } }));
  const held = [];
  for (const guest of guests) held.push(await guest.tryCall("grows", [7_000], { fuel: 30 }));
  const ends = [];
  for (const outcome of held.reverse()) ends.push(await outcome.resume(1_000_000));
  console.log(new Set(ends.map((o) => String([o.status, o.value, o.trap?.code, o.fuelUsed]))));
  own.dispose();
});
test("a hostile one: nested growth in imports, recursion, huge numbers", async () => {
  const hostile = sandbox.compile(
    wat(`(module (import "env" "f" (func $f (param i32)))
    (table $t 0 funcref) (table $u 1 1 funcref) (elem (table $u) (i32.const 0) func $deep)
    (type $v (func (param i32)))
    (func $deep (export "deep") (param i32) (drop (table.grow $t (ref.null func) (i32.const 50)))
      (call $f (local.get 0)) (call_indirect $u (type $v) (i32.add (local.get 0) (i32.const 1)) (i32.const 0)))
    (func (export "huge") (result i32) (i32.add (table.grow $t (ref.func $deep) (i32.const 0x7fffffff)) (table.grow $t (ref.func $deep) (i32.const -1))))
    (func (export "size") (result i32) (table.size $t)) (elem declare func $deep))`),
  );
  for (const slice of [1, 2, 3, 50, 1_000]) {
    const guest = hostile.instantiate({
      env: {
        f: call((c, n) => {
          if (n % 500 === 3) {
            c.exports.huge();
          }
        }),
      },
    });
    const o = await guest.tryCall("deep", [0], { slice, fuel: 20_000_000 });
    const sync = hostile.instantiate({
      env: {
        f: call((c, n) => {
          if (n % 500 === 3) {
            c.exports.huge();
          }
        }),
      },
    });
    const s = sync.tryCallSync("deep", [0], { fuel: 20_000_000 });
    assert.deepEqual([o.status, o.trap?.code, o.fuelUsed, guest.exports.size()], [s.status, s.trap?.code, s.fuelUsed, sync.exports.size()]);
    guest.dispose();
    sync.dispose();
  }
});
