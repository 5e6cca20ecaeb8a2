/** Guests with vectors: in the engine that has them, and what the other says. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CompileError, Sandbox } from "guestbox";
import { thrownBy } from "./wat.mjs";

/**
 * `(func (export "dup") (param v128) (result v128 v128) local.get 0 local.get 0 i32.const 7 i32x4.splat i32x4.add)`, by its bytes, as
 * the text format that the tests have knows no vectors.
 */
const MODULE = Uint8Array.from([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 7, 1, 0x60, 1, 0x7b, 2, 0x7b, 0x7b],
  ...[3, 2, 1, 0],
  ...[7, 7, 1, 3, 0x64, 0x75, 0x70, 0, 0],
  ...[10, 15, 1, 13, 0, 0x20, 0, 0x20, 0, 0x41, 7, 0xfd, 17, 0xfd, 0xae, 1, 0x0b],
]);

/** Vectors of four integers, the lowest first. */
const vector = (lanes) => lanes.reduceRight((all, lane) => (all << 32n) | BigInt(lane >>> 0), 0n);

describe("vectors", () => {
  test("are refused by name without the engine for them, and the error says which it is", async () => {
    const sandbox = await Sandbox.load();
    const error = thrownBy(() => sandbox.compile(MODULE));
    assert.ok(CompileError.is(error, "unsupported") && error.proposal === "simd", String(error));
    assert.match(error.message, /, or load the sandbox with `simd: true`$/);
    await assert.rejects(Sandbox.load({ simd: 1 }), TypeError);
  });
  test("are computed with, and cross as BigInts", async () => {
    const sandbox = await Sandbox.load({ simd: true });
    const module = sandbox.compile(MODULE);
    assert.deepEqual(module.exports, [{ name: "dup", kind: "function", params: ["v128"], results: ["v128", "v128"] }]);
    const { dup } = module.instantiate().exports;
    const given = vector([1, -1, 2 ** 31, 0]);
    assert.deepEqual(dup(given), [given, vector([8, 6, 2 ** 31 + 7, 7])]);
    assert.deepEqual(dup((1n << 128n) - 1n), [(1n << 128n) - 1n, vector([6, 6, 6, 6])]);
    for (const wrong of [-1n, 1n << 128n]) assert.throws(() => dup(wrong), RangeError);
    for (const wrong of [1, "1", undefined]) assert.throws(() => dup(wrong), TypeError);
    sandbox.dispose();
  });
  test("have an engine of their own, compiled once; others stay without", async () => {
    const [one, other, plain] = await Promise.all([Sandbox.load({ simd: true }), Sandbox.load({ simd: true }), Sandbox.load()]);
    for (const sandbox of [one, other]) assert.equal(sandbox.compile(MODULE).exports.length, 1);
    assert.throws(() => plain.compile(MODULE), CompileError);
  });
});
