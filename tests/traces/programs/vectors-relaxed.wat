;; Every relaxed operator, over edge values of integers and of floats. Other engines may come to other results; here they are
;; the same everywhere.
;;! guest table
;;! call table all
(module $table
  (import "host" "echo.lanes" (func $lanes (param i64 i64)))
  (import "host" "echo.number" (func $number (param i32)))
  (memory 1)
  (data (i32.const 0)
    "\00\01\02\03\04\05\06\07\08\09\0a\0b\0c\0d\0e\0f" ;; each byte its place
    "\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff" ;; all set
    "\80\00\7f\ff\80\00\7f\ff\80\00\7f\ff\80\00\7f\ff" ;; the edges of 8 bits
    "\00\80\ff\7f\ff\ff\00\00\01\00\01\80\00\01\ff\00" ;; of 16 bits
    "\00\00\00\80\ff\ff\ff\7f\ff\ff\ff\ff\01\00\00\00" ;; of 32 bits
    "\00\00\00\00\00\00\00\80\ff\ff\ff\ff\ff\ff\ff\7f" ;; of 64 bits
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
  (func $row (param $a v128) (param $b v128) (param $c v128) (param $n i32)
    (call $show (i32x4.relaxed_trunc_f32x4_s (local.get $a)))
    (call $show (i32x4.relaxed_trunc_f32x4_u (local.get $a)))
    (call $show (i32x4.relaxed_trunc_f64x2_s_zero (local.get $a)))
    (call $show (i32x4.relaxed_trunc_f64x2_u_zero (local.get $a)))
    (call $show (i8x16.relaxed_swizzle (local.get $a) (local.get $b)))
    (call $show (f32x4.relaxed_min (local.get $a) (local.get $b)))
    (call $show (f32x4.relaxed_max (local.get $a) (local.get $b)))
    (call $show (f64x2.relaxed_min (local.get $a) (local.get $b)))
    (call $show (f64x2.relaxed_max (local.get $a) (local.get $b)))
    (call $show (i16x8.relaxed_q15mulr_s (local.get $a) (local.get $b)))
    (call $show (i16x8.relaxed_dot_i8x16_i7x16_s (local.get $a) (local.get $b)))
    (call $show (f32x4.relaxed_madd (local.get $a) (local.get $b) (local.get $c)))
    (call $show (f32x4.relaxed_nmadd (local.get $a) (local.get $b) (local.get $c)))
    (call $show (f64x2.relaxed_madd (local.get $a) (local.get $b) (local.get $c)))
    (call $show (f64x2.relaxed_nmadd (local.get $a) (local.get $b) (local.get $c)))
    (call $show (i8x16.relaxed_laneselect (local.get $a) (local.get $b) (local.get $c)))
    (call $show (i16x8.relaxed_laneselect (local.get $a) (local.get $b) (local.get $c)))
    (call $show (i32x4.relaxed_laneselect (local.get $a) (local.get $b) (local.get $c)))
    (call $show (i64x2.relaxed_laneselect (local.get $a) (local.get $b) (local.get $c)))
    (call $show (i32x4.relaxed_dot_i8x16_i7x16_add_s (local.get $a) (local.get $b) (local.get $c))))
  (func (export "all")
    (local $i i32)
    (loop $next
      (call $row
        (v128.load offset=0 (i32.shl (local.get $i) (i32.const 4)))
        (v128.load offset=16 (i32.shl (local.get $i) (i32.const 4)))
        (v128.load offset=32 (i32.shl (local.get $i) (i32.const 4)))
        (local.get $i))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 14))))))
