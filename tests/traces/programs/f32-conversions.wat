;; What an f32 is converted to where that cannot trap. A signalling NaN is promoted to the canonical
;; one, and keeps its bits where it is reinterpreted.
;;! guest table
;;! call table all
(module $table
  (import "host" "echo.row" (func $row (param f32 i32 i32 i64 i64 i32 f64)))
  (memory 1)
  (data (i32.const 0)
    "\00\00\00\00" ;; 0
    "\00\00\00\80" ;; -0
    "\00\00\80\3f" ;; 1
    "\00\00\c0\bf" ;; -1.5
    "\00\00\80\7f" ;; inf
    "\00\00\80\ff" ;; -inf
    "\00\00\c0\7f" ;; the canonical NaN
    "\01\00\a0\7f" ;; a signalling NaN
    "\45\23\c1\ff" ;; a negative NaN with a payload
    "\01\00\00\00" ;; the least above 0
    "\ff\ff\7f\7f" ;; the greatest
    "\00\00\00\3f" ;; 0.5
    "\00\00\20\40" ;; 2.5
    "\01\00\00\bf" ;; a bit below -0.5
    "\01\00\00\4b" ;; 8388609
    "\00\00\00\40" ;; 2
    "\ff\ff\7f\80" ;; a negative subnormal
    "\00\00\00\4f" ;; 2^31
    "\00\00\00\cf" ;; -2^31
    "\01\00\00\cf" ;; below -2^31
    "\ff\ff\ff\4e" ;; the greatest below 2^31
    "\00\00\80\4f" ;; 2^32
    "\00\00\00\5f" ;; 2^63
    "\00\00\00\df" ;; -2^63
    "\00\00\80\5f" ;; 2^64
    "\ff\ff\7f\bf" ;; the least above -1
  )
  (func $show (param $a f32)
    (call $row
      (local.get $a)
      (i32.trunc_sat_f32_s (local.get $a))
      (i32.trunc_sat_f32_u (local.get $a))
      (i64.trunc_sat_f32_s (local.get $a))
      (i64.trunc_sat_f32_u (local.get $a))
      (i32.reinterpret_f32 (local.get $a))
      (f64.promote_f32 (local.get $a))))
  (func (export "all")
    (local $i i32)
    (loop $next
      (call $show (f32.load (i32.shl (local.get $i) (i32.const 2))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 26))))))
