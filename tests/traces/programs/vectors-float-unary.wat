;; Every operator on one vector of floats, over edge values of both widths. abs, neg and what moves lanes keep the bits of a
;; NaN, the others make it canonical.
;;! guest table
;;! call table all
(module $table
  (import "host" "echo.lanes" (func $lanes (param i64 i64)))
  (import "host" "echo.number" (func $number (param i32)))
  (memory 1)
  (data (i32.const 0)
    "\00\00\c0\3f\00\00\20\c0\ff\ff\7f\4f\01\00\00\bf" ;; 1.5, -2.5, large, a bit below -0.5
    "\00\00\c0\7f\01\00\a0\7f\45\23\c1\ff\00\00\80\3f" ;; NaNs of every kind, and 1
    "\00\00\00\80\00\00\00\00\00\00\80\7f\00\00\80\ff" ;; -0, 0, inf, -inf
    "\01\00\00\00\ff\ff\7f\80\01\00\00\4b\ab\aa\aa\3e" ;; subnormals, 8388609, a third
    "\00\00\00\00\00\00\f8\3f\00\00\00\00\00\00\04\c0" ;; 1.5, -2.5
    "\01\00\00\00\00\00\f4\7f\45\23\01\00\00\00\f8\ff" ;; NaNs
    "\00\00\00\00\00\00\00\80\00\00\00\00\00\00\f0\7f" ;; -0, inf
    "\00\00\e0\ff\ff\ff\ef\41\00\00\20\00\00\00\e0\c1" ;; the edges of 32 bits
    "\01\00\00\00\00\00\00\00\55\55\55\55\55\55\d5\3f" ;; a subnormal, a third
    "\00\00\80\bf\db\0f\49\40\00\00\00\00\00\00\80\3f" ;; -1, pi, 0, 1
  )
  (func $show (param $v v128)
    (call $lanes (i64x2.extract_lane 0 (local.get $v)) (i64x2.extract_lane 1 (local.get $v))))
  (func $row (param $a v128) (param $n i32)
    (call $show (f32x4.abs (local.get $a)))
    (call $show (f32x4.neg (local.get $a)))
    (call $show (f32x4.ceil (local.get $a)))
    (call $show (f32x4.floor (local.get $a)))
    (call $show (f32x4.trunc (local.get $a)))
    (call $show (f32x4.nearest (local.get $a)))
    (call $show (f32x4.sqrt (local.get $a)))
    (call $show (f32x4.convert_i32x4_s (local.get $a)))
    (call $show (f32x4.convert_i32x4_u (local.get $a)))
    (call $show (f32x4.demote_f64x2_zero (local.get $a)))
    (call $show (f64x2.abs (local.get $a)))
    (call $show (f64x2.neg (local.get $a)))
    (call $show (f64x2.ceil (local.get $a)))
    (call $show (f64x2.floor (local.get $a)))
    (call $show (f64x2.trunc (local.get $a)))
    (call $show (f64x2.nearest (local.get $a)))
    (call $show (f64x2.sqrt (local.get $a)))
    (call $show (f64x2.convert_low_i32x4_s (local.get $a)))
    (call $show (f64x2.convert_low_i32x4_u (local.get $a)))
    (call $show (f64x2.promote_low_f32x4 (local.get $a)))
    (call $show (i32x4.trunc_sat_f32x4_s (local.get $a)))
    (call $show (i32x4.trunc_sat_f32x4_u (local.get $a)))
    (call $show (i32x4.trunc_sat_f64x2_s_zero (local.get $a)))
    (call $show (i32x4.trunc_sat_f64x2_u_zero (local.get $a)))
    (call $show (f32x4.splat (f32x4.extract_lane 2 (local.get $a))))
    (call $show (f32x4.replace_lane 0 (local.get $a) (f32x4.extract_lane 1 (local.get $a))))
    (call $show (f64x2.splat (f64x2.extract_lane 1 (local.get $a))))
    (call $show (f64x2.replace_lane 0 (local.get $a) (f64x2.extract_lane 1 (local.get $a)))))
  (func (export "all")
    (local $i i32)
    (loop $next
      (call $row
        (v128.load offset=0 (i32.shl (local.get $i) (i32.const 4)))
        (local.get $i))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 10))))))
