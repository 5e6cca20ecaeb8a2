;; Values of every type to the supervisor and back, alone, many and several at once, with all their bits.
;;! guest values
;;! call values single 0x7fa00001
;;! call values single 0x80000000
;;! call values double 0xfff4000000000001
;;! call values double 0x0000000000000001
;;! call values int -2147483648
;;! call values long -9223372036854775808
;;! call values several -1 -2 0xffa00001 0x7ff4000000000001
;;! call values many 7
;;! call values passed_on -5 0x7fa00001
(module $values
  (import "host" "echo.f32" (func $f32 (param f32) (result f32)))
  (import "host" "echo.f64" (func $f64 (param f64) (result f64)))
  (import "host" "echo.i32" (func $i32 (param i32) (result i32)))
  (import "host" "echo.i64" (func $i64 (param i64) (result i64)))
  (import "host" "echo.all" (func $all (param i32 i64 f32 f64) (result i32 i64 f32 f64)))
  (import "host" "echo.two" (func $two (param i64 f32) (result i64 f32)))
  (import "host" "echo.many" (func $many
    (param i32 i64 f32 f64 i32 i64 f32 f64 i32 i64 f32 f64 i32 i64 f32 f64) (result i32 i64 f32 f64 i32 i64 f32 f64)))
  (export "passed_on" (func $two))
  (func (export "single") (param f32) (result f32) (call $f32 (local.get 0)))
  (func (export "double") (param f64) (result f64) (f64.neg (call $f64 (local.get 0))))
  (func (export "int") (param i32) (result i32) (i32.sub (call $i32 (local.get 0)) (i32.const 1)))
  (func (export "long") (param i64) (result i64) (i64.sub (call $i64 (local.get 0)) (i64.const 1)))
  (func (export "several") (param i32 i64 f32 f64) (result i32 i64 f32 f64)
    (call $all (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
  (func (export "many") (param $n i32) (result i32 i64 f32 f64 i32 i64 f32 f64)
    (call $many
      (local.get $n) (i64.const 1) (f32.const 2) (f64.const 3)
      (i32.const 4) (i64.extend_i32_s (local.get $n)) (f32.const 6) (f64.const 7)
      (i32.const 8) (i64.const 9) (f32.convert_i32_s (local.get $n)) (f64.const 11)
      (i32.const 12) (i64.const 13) (f32.const 14) (f64.convert_i32_s (local.get $n)))))
