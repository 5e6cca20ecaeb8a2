;; What an f64 is converted to where that cannot trap. A signalling NaN is demoted to the canonical
;; one, and keeps its bits where it is reinterpreted.
;;! guest table
;;! call table all
(module $table
  (import "host" "echo.row" (func $row (param f64 i32 i32 i64 i64 i64 f32)))
  (memory 1)
  (data (i32.const 0)
    "\00\00\00\00\00\00\00\00" ;; 0
    "\00\00\00\00\00\00\00\80" ;; -0
    "\00\00\00\00\00\00\f0\3f" ;; 1
    "\00\00\00\00\00\00\f8\bf" ;; -1.5
    "\00\00\00\00\00\00\f0\7f" ;; inf
    "\00\00\00\00\00\00\f0\ff" ;; -inf
    "\00\00\00\00\00\00\f8\7f" ;; the canonical NaN
    "\01\00\00\00\00\00\f4\7f" ;; a signalling NaN
    "\bc\9a\78\56\34\12\f8\ff" ;; a negative NaN with a payload
    "\01\00\00\00\00\00\00\00" ;; the least above 0
    "\ff\ff\ff\ff\ff\ff\ef\7f" ;; the greatest
    "\00\00\00\00\00\00\e0\3f" ;; 0.5
    "\00\00\00\00\00\00\04\40" ;; 2.5
    "\01\00\00\00\00\00\e0\bf" ;; a bit below -0.5
    "\01\00\00\00\00\00\30\43" ;; 4503599627370497
    "\00\00\00\00\00\00\00\40" ;; 2
    "\ff\ff\ff\ff\ff\ff\0f\80" ;; a negative subnormal
    "\00\00\c0\ff\ff\ff\df\41" ;; 2^31 - 1
    "\00\00\00\00\00\00\e0\41" ;; 2^31
    "\00\00\20\00\00\00\e0\c1" ;; -2^31 - 1
    "\ff\ff\1f\00\00\00\e0\c1" ;; a bit above -2^31 - 1
    "\00\00\00\00\00\00\f0\41" ;; 2^32
    "\00\00\00\00\00\00\e0\43" ;; 2^63
    "\00\00\00\00\00\00\e0\c3" ;; -2^63
    "\01\00\00\00\00\00\e0\c3" ;; below -2^63
    "\00\00\00\00\00\00\f0\43" ;; 2^64
    "\ff\ff\ff\ff\ff\ff\ef\bf" ;; the least above -1
    "\00\00\00\00\00\00\a0\36" ;; the least f32 above 0
    "\00\00\00\00\00\00\90\36" ;; half of that
    "\00\00\00\e0\ff\ff\ef\47" ;; the greatest f32
    "\00\00\00\f0\ff\ff\ef\47" ;; rounds to infinity
  )
  (func $show (param $a f64)
    (call $row
      (local.get $a)
      (i32.trunc_sat_f64_s (local.get $a))
      (i32.trunc_sat_f64_u (local.get $a))
      (i64.trunc_sat_f64_s (local.get $a))
      (i64.trunc_sat_f64_u (local.get $a))
      (i64.reinterpret_f64 (local.get $a))
      (f32.demote_f64 (local.get $a))))
  (func (export "all")
    (local $i i32)
    (loop $next
      (call $show (f64.load (i32.shl (local.get $i) (i32.const 3))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 31))))))
