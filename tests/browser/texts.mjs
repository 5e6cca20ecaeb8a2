// The guests of the checks as WebAssembly text; run.mjs serves each as /checks/NAME.wasm.
export const texts = {
  adds: '(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))',
  asks: `(module (import "e" "ask" (func $ask (param i32) (result i32)))
    (func (export "run") (param i32) (result i32) (i32.add (call $ask (local.get 0)) (i32.const 1))))`,
  loops: `(module (global $rounds (export "rounds") (mut i32) (i32.const 0))
    (func (export "forever") (loop (global.set $rounds (i32.add (global.get $rounds) (i32.const 1))) (br 0)))
    (func (export "fine") (result i32) (i32.const 7)))`,
  traps: '(module (func $inner unreachable) (func (export "run") (call $inner)))',
  recurses: '(module (func $f (export "f") (result i32) (i32.add (call $f) (call $f))) (func (export "fine") (result i32) (i32.const 7)))',
  remembers: '(module (memory (export "memory") 1 50) (func (export "grow") (result i32) (memory.grow (i32.const 49))))',
  floats:
    '(module (import "e" "f" (func $f (param f32) (result f32))) (func (export "f") (param f32) (result f32) (call $f (local.get 0))))',
};
