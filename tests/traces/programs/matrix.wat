;; The product of two matrices of f64, 24 by 24, again and again until it overflows; NaNs come of it.
;;! guest matrix
;;! call matrix fill
;;! call matrix multiply
;;! call matrix trace
;;! call matrix powers 12
;;! call matrix trace
(module $matrix
  (memory (export "memory") 1)
  ;; Two factors and their product, of 24 * 24 * 8 bytes each.
  (func $at (param $base i32) (param $row i32) (param $column i32) (result i32)
    (i32.add (local.get $base)
      (i32.shl (i32.add (i32.mul (local.get $row) (i32.const 24)) (local.get $column)) (i32.const 3))))
  (func (export "fill")
    (local $i i32)
    (loop $next
      (f64.store (i32.shl (local.get $i) (i32.const 3))
        (f64.div (f64.convert_i32_s (i32.sub (i32.rem_u (i32.mul (local.get $i) (i32.const 37)) (i32.const 101)) (i32.const 50)))
          (f64.const 7)))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1152)))))
  (func $multiply (export "multiply")
    (local $i i32) (local $j i32) (local $k i32) (local $sum f64)
    (loop $rows
      (local.set $j (i32.const 0))
      (loop $columns
        (local.set $k (i32.const 0))
        (local.set $sum (f64.const 0))
        (loop $terms
          (local.set $sum (f64.add (local.get $sum)
            (f64.mul
              (f64.load (call $at (i32.const 0) (local.get $i) (local.get $k)))
              (f64.load (call $at (i32.const 4608) (local.get $k) (local.get $j))))))
          (br_if $terms (i32.lt_u (local.tee $k (i32.add (local.get $k) (i32.const 1))) (i32.const 24))))
        (f64.store (call $at (i32.const 9216) (local.get $i) (local.get $j)) (local.get $sum))
        (br_if $columns (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 24))))
      (br_if $rows (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 24)))))
  (func (export "powers") (param $n i32)
    (loop $next
      (memory.copy (i32.const 0) (i32.const 9216) (i32.const 4608))
      (memory.copy (i32.const 4608) (i32.const 9216) (i32.const 4608))
      (call $multiply)
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "trace") (result f64)
    (local $i i32) (local $sum f64)
    (loop $next
      (local.set $sum
        (f64.add (local.get $sum) (f64.load (call $at (i32.const 9216) (local.get $i) (local.get $i)))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 24))))
    (local.get $sum)))
