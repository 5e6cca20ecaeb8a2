// The guests of the scenarios as WebAssembly text. The module that the runtimes import has their bytes.
import { ECHO } from "../../js/test/programs.mjs";
import { wat } from "../../js/test/wat.mjs";

const texts = {
  answers: '(module (func (export "run") (result i32) (i32.const 42)))',
  adds: `(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "wide") (param i64 f64) (result i64 f64) (i64.mul (local.get 0) (i64.const 3)) (f64.div (local.get 1) (f64.const 0))))`,
  asks: `(module (import "env" "ask" (func $ask (param i32) (result i32)))
    (func (export "run") (param i32) (result i32) (i32.add (call $ask (local.get 0)) (i32.const 1))))`,
  divides: '(module (func (export "divide") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1))))',
  greets: `(module (import "env" "log" (func $log (param i32 i32))) (memory (export "memory") 1)
    (func (export "allocate") (param i32) (result i32) (i32.const 1024))
    (func (export "greet") (param i32 i32) (result i32) (call $log (local.get 0) (local.get 1))
      (i32.store8 (local.get 0) (i32.const 74)) (local.get 0))
    (func (export "stray") (call $log (i32.const 65530) (i32.const 100))))`,
  grows: `(module (memory (export "memory") 1 100) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))`,
  loops: `(module (global $rounds (export "rounds") (mut i32) (i32.const 0))
    (func (export "run") (param i32) (loop (global.set $rounds (i32.add (global.get $rounds) (i32.const 1)))
      (br_if 0 (i32.ne (global.get $rounds) (local.get 0)))))
    (func (export "spin") (loop (br 0))) (func (export "fine") (result i32) (i32.const 7)))`,
  recurses: '(module (func $f (export "f") (result i32) (i32.add (call $f) (call $f))))',
  shares: `(module (import "env" "memory" (memory 1)) (import "env" "count" (global $count (mut i32))) (import "env" "table" (table 1 funcref))
    (type $unary (func (param i32) (result i32)))
    (func (export "apply") (param i32) (result i32) (i32.store (i32.const 8) (local.get 0))
      (global.set $count (i32.add (global.get $count) (i32.const 1))) (call_indirect (type $unary) (local.get 0) (i32.const 0))))`,
  spins: '(module (func (export "run") (loop (br 0))))',
  vectors: `(module (func (export "sum") (param i32) (result i32) (local $v v128)
    (local.set $v (i32x4.add (i32x4.splat (local.get 0)) (v128.const i32x4 1 2 3 4)))
    (i32.add (i32x4.extract_lane 0 (local.get $v)) (i32x4.extract_lane 3 (local.get $v)))))`,
};

const bytes = { echo: ECHO, ...Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, wat(text)])) };

/** The bytes of a guest. */
export const bytesOf = (name) => bytes[name];

/** The module that has them all. */
export const guestsModule = `const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
export const guests = {
${Object.entries(bytes)
  .map(([name, of]) => `  ${name}: bytes("${Buffer.from(of).toString("base64")}"),\n`)
  .join("")}};
`;
