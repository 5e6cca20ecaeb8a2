;; Globals of every type, one of them with a computed initial value.
;;! guest globals
;;! call globals step
;;! call globals step
;;! call globals step
(module $globals
  (global $i32 (export "i32") (mut i32) (i32.sub (i32.mul (i32.const 8) (i32.const 6)) (i32.const 8)))
  (global $i64 (export "i64") (mut i64) (i64.const -9223372036854775808))
  (global $f32 (export "f32") (mut f32) (f32.const 0x1.99999ap-4))
  (global $f64 (export "f64") (mut f64) (f64.const nan:0x4000000000001))
  (global (export "fixed") i32 (i32.const 42))
  (global $function (mut funcref) (ref.null func))
  (func $add (export "step") (result i32)
    (global.set $i32 (i32.mul (global.get $i32) (i32.const -3)))
    (global.set $i64 (i64.rotl (i64.xor (global.get $i64) (i64.const 1)) (i64.const 7)))
    (global.set $f32 (f32.mul (global.get $f32) (global.get $f32)))
    (global.set $f64 (f64.copysign (global.get $f64) (f64.convert_i32_s (global.get $i32))))
    (ref.is_null (global.get $function))
    (global.set $function (ref.func $add))))
