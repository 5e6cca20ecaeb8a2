;; Every f64 operator of one operand over edge values. abs and neg keep the bits of a NaN, the others
;; make it canonical.
;;! guest table
;;! call table all
(module $table
  (import "host" "echo.row" (func $row (param f64 f64 f64 f64 f64 f64 f64 f64)))
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
  )
  (func $show (param $a f64)
    (call $row
      (local.get $a)
      (f64.abs (local.get $a))
      (f64.neg (local.get $a))
      (f64.ceil (local.get $a))
      (f64.floor (local.get $a))
      (f64.trunc (local.get $a))
      (f64.nearest (local.get $a))
      (f64.sqrt (local.get $a))))
  (func (export "all")
    (local $i i32)
    (loop $next
      (call $show (f64.load (i32.shl (local.get $i) (i32.const 3))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 17))))))
