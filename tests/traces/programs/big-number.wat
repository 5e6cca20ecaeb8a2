;; Factorials in digits to the base of a thousand million: how many digits, and a sum over all of them.
;;! guest factorial
;;! call factorial run 20
;;! call factorial run 200
;;! call factorial run 0
(module $factorial
  (memory (export "memory") 1)
  (func (export "run") (param $n i32) (result i32 i64)
    (local $i i32) (local $at i32) (local $len i32) (local $carry i64) (local $sum i64)
    (memory.fill (i32.const 0) (i32.const 0) (i32.const 1024))
    (i32.store (i32.const 0) (i32.const 1))
    (local.set $len (i32.const 4))
    (block $done
      (loop $factors
        (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (local.set $carry (i64.const 0))
        (local.set $at (i32.const 0))
        (loop $digits
          (local.set $carry (i64.add (local.get $carry)
            (i64.mul (i64.load32_u (local.get $at)) (i64.extend_i32_u (local.get $i)))))
          (i64.store32 (local.get $at) (i64.rem_u (local.get $carry) (i64.const 1000000000)))
          (local.set $carry (i64.div_u (local.get $carry) (i64.const 1000000000)))
          (br_if $digits (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4))) (local.get $len))))
        (if (i64.ne (local.get $carry) (i64.const 0))
          (then
            (i64.store32 (local.get $len) (local.get $carry))
            (local.set $len (i32.add (local.get $len) (i32.const 4)))))
        (br $factors)))
    (local.set $at (i32.const 0))
    (loop $sum
      (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 31)) (i64.load32_u (local.get $at))))
      (br_if $sum (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4))) (local.get $len))))
    (i32.shr_u (local.get $len) (i32.const 2))
    (local.get $sum)))
