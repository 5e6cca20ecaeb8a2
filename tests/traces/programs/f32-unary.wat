;; Every f32 operator of one operand over edge values. abs and neg keep the bits of a NaN, the others
;; make it canonical.
;;! guest table
;;! call table all
(module $table
  (import "host" "echo.row" (func $row (param f32 f32 f32 f32 f32 f32 f32 f32)))
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
  )
  (func $show (param $a f32)
    (call $row
      (local.get $a)
      (f32.abs (local.get $a))
      (f32.neg (local.get $a))
      (f32.ceil (local.get $a))
      (f32.floor (local.get $a))
      (f32.trunc (local.get $a))
      (f32.nearest (local.get $a))
      (f32.sqrt (local.get $a))))
  (func (export "all")
    (local $i i32)
    (loop $next
      (call $show (f32.load (i32.shl (local.get $i) (i32.const 2))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 17))))))
