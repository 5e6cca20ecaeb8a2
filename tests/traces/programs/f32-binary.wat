;; Every f32 operator of two operands over pairs of edge values. NaNs that are computed are canonical;
;; copysign keeps all bits but the sign.
;;! guest table
;;! call table all
(module $table
  (import "host" "echo.row" (func $row (param f32 f32 f32 f32 f32 f32 f32 f32 f32 i32)))
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
  )
  (func $show (param $a f32) (param $b f32)
    (call $row
      (local.get $a) (local.get $b)
      (f32.add (local.get $a) (local.get $b))
      (f32.sub (local.get $a) (local.get $b))
      (f32.mul (local.get $a) (local.get $b))
      (f32.div (local.get $a) (local.get $b))
      (f32.min (local.get $a) (local.get $b))
      (f32.max (local.get $a) (local.get $b))
      (f32.copysign (local.get $a) (local.get $b))
      ;; eq, ne, lt, gt, le, ge, from the lowest bit on
      (i32.or
          (i32.or
          (i32.or
          (i32.or
          (i32.or
          (f32.eq (local.get $a) (local.get $b))
          (i32.shl (f32.ne (local.get $a) (local.get $b)) (i32.const 1)))
          (i32.shl (f32.lt (local.get $a) (local.get $b)) (i32.const 2)))
          (i32.shl (f32.gt (local.get $a) (local.get $b)) (i32.const 3)))
          (i32.shl (f32.le (local.get $a) (local.get $b)) (i32.const 4)))
          (i32.shl (f32.ge (local.get $a) (local.get $b)) (i32.const 5)))))
  (func (export "all")
    (local $i i32) (local $j i32)
    (loop $left
      (local.set $j (i32.const 0))
      (loop $right
        (call $show
          (f32.load (i32.shl (local.get $i) (i32.const 2)))
          (f32.load (i32.shl (local.get $j) (i32.const 2))))
        (local.set $j (i32.add (local.get $j) (i32.const 1)))
        (br_if $right (i32.lt_u (local.get $j) (i32.const 11))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $left (i32.lt_u (local.get $i) (i32.const 11))))))
