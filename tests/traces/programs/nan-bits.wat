;; The bits of a signalling NaN go unchanged through locals, globals, memory, select, calls, tables and
;; the supervisor; only what computes makes them canonical.
;;! guest nan
;;! call nan single 0x7fa00001
;;! call nan single 0xff800001
;;! call nan double 0x7ff4000000000001
;;! call nan double 0xffffffffffffffff
;;! call nan sources
(module $nan
  (import "host" "echo.single" (func $echo_single (param f32) (result f32)))
  (import "host" "echo.double" (func $echo_double (param f64) (result f64)))
  (type $f32 (func (param f32) (result f32)))
  (type $f64 (func (param f64) (result f64)))
  (memory (export "memory") 1)
  (global $f32 (export "f32") (mut f32) (f32.const 0))
  (global $f64 (export "f64") (mut f64) (f64.const -nan:0x123))
  (table funcref (elem $f32 $f64))
  (func $f32 (param $x f32) (result f32) (return (local.get $x)))
  (func $f64 (param $x f64) (result f64) (block (result f64) (local.get $x)))
  (func (export "single") (param $x f32) (result f32 f32 f32 f32)
    (local $y f32)
    (local.set $y (local.get $x))
    (global.set $f32 (local.get $y))
    (f32.store (i32.const 5) (global.get $f32))
    (call_indirect (type $f32) (f32.load (i32.const 5)) (i32.const 0))
    (select (call $echo_single (local.get $y)) (f32.const 0) (i32.load (i32.const 5)))
    (f32.reinterpret_i32 (i32.reinterpret_f32 (local.get $y)))
    (f32.add (local.get $y) (f32.const 0)))
  (func (export "double") (param $x f64) (result f64 f64 f64 f64)
    (local $y f64)
    (local.set $y (local.get $x))
    (global.set $f64 (local.get $y))
    (f64.store (i32.const 9) (global.get $f64))
    (call_indirect (type $f64) (f64.load (i32.const 9)) (i32.const 1))
    (select (call $echo_double (local.get $y)) (f64.const 0) (i32.load (i32.const 9)))
    (f64.reinterpret_i64 (i64.reinterpret_f64 (local.get $y)))
    (f64.add (local.get $y) (f64.const 0)))
  (func $zero (result f64) (f64.load (i32.const 64)))
  (func (export "sources") (result f64 f64 f64 f64 f64 f32)
    (f64.div (call $zero) (call $zero))
    (f64.sub (f64.div (f64.const 1) (call $zero)) (f64.const inf))
    (f64.mul (call $zero) (f64.const -inf))
    (f64.sqrt (f64.sub (call $zero) (f64.const 1)))
    (f64.neg (f64.div (call $zero) (call $zero)))
    (f32.demote_f64 (f64.min (call $zero) (f64.const nan:0x1)))))
