;; Every f64 operator of two operands over pairs of edge values. NaNs that are computed are canonical;
;; copysign keeps all bits but the sign.
;;! guest table
;;! call table all
(module $table
  (import "host" "echo.row" (func $row (param f64 f64 f64 f64 f64 f64 f64 f64 f64 i32)))
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
  )
  (func $show (param $a f64) (param $b f64)
    (call $row
      (local.get $a) (local.get $b)
      (f64.add (local.get $a) (local.get $b))
      (f64.sub (local.get $a) (local.get $b))
      (f64.mul (local.get $a) (local.get $b))
      (f64.div (local.get $a) (local.get $b))
      (f64.min (local.get $a) (local.get $b))
      (f64.max (local.get $a) (local.get $b))
      (f64.copysign (local.get $a) (local.get $b))
      ;; eq, ne, lt, gt, le, ge, from the lowest bit on
      (i32.or
          (i32.or
          (i32.or
          (i32.or
          (i32.or
          (f64.eq (local.get $a) (local.get $b))
          (i32.shl (f64.ne (local.get $a) (local.get $b)) (i32.const 1)))
          (i32.shl (f64.lt (local.get $a) (local.get $b)) (i32.const 2)))
          (i32.shl (f64.gt (local.get $a) (local.get $b)) (i32.const 3)))
          (i32.shl (f64.le (local.get $a) (local.get $b)) (i32.const 4)))
          (i32.shl (f64.ge (local.get $a) (local.get $b)) (i32.const 5)))))
  (func (export "all")
    (local $i i32) (local $j i32)
    (loop $left
      (local.set $j (i32.const 0))
      (loop $right
        (call $show
          (f64.load (i32.shl (local.get $i) (i32.const 3)))
          (f64.load (i32.shl (local.get $j) (i32.const 3))))
        (local.set $j (i32.add (local.get $j) (i32.const 1)))
        (br_if $right (i32.lt_u (local.get $j) (i32.const 11))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $left (i32.lt_u (local.get $i) (i32.const 11))))))
