;; Quicksort of 500 pseudo-random numbers in memory, and a check that they are in order.
;;! guest sort
;;! call sort fill 500 12345
;;! call sort is_sorted 500
;;! call sort run 0 499
;;! call sort is_sorted 500
;;! call sort run 0 499
(module $sort
  (memory (export "memory") 1)
  (func (export "fill") (param $n i32) (param $seed i32)
    (local $i i32)
    (loop $next
      (local.set $seed (i32.add (i32.mul (local.get $seed) (i32.const 1103515245)) (i32.const 12345)))
      (i32.store (i32.shl (local.get $i) (i32.const 2)) (i32.shr_s (local.get $seed) (i32.const 8)))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n)))))
  (func $at (param i32) (result i32) (i32.load (i32.shl (local.get 0) (i32.const 2))))
  (func $put (param i32 i32) (i32.store (i32.shl (local.get 0) (i32.const 2)) (local.get 1)))
  (func (export "is_sorted") (param $n i32) (result i32)
    (local $i i32)
    (loop $next
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (if (i32.ge_u (local.get $i) (local.get $n)) (then (return (i32.const 1))))
      (br_if $next
        (i32.le_s (call $at (i32.sub (local.get $i) (i32.const 1))) (call $at (local.get $i)))))
    (i32.const 0))
  (func $run (export "run") (param $low i32) (param $high i32)
    (local $i i32) (local $j i32) (local $pivot i32) (local $swap i32)
    (if (i32.ge_s (local.get $low) (local.get $high)) (then (return)))
    (local.set $pivot
      (call $at (i32.shr_u (i32.add (local.get $low) (local.get $high)) (i32.const 1))))
    (local.set $i (local.get $low))
    (local.set $j (local.get $high))
    (loop $part
      (loop $up
        (if (i32.lt_s (call $at (local.get $i)) (local.get $pivot))
          (then (local.set $i (i32.add (local.get $i) (i32.const 1))) (br $up))))
      (loop $down
        (if (i32.gt_s (call $at (local.get $j)) (local.get $pivot))
          (then (local.set $j (i32.sub (local.get $j) (i32.const 1))) (br $down))))
      (if (i32.le_s (local.get $i) (local.get $j))
        (then
          (local.set $swap (call $at (local.get $i)))
          (call $put (local.get $i) (call $at (local.get $j)))
          (call $put (local.get $j) (local.get $swap))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (local.set $j (i32.sub (local.get $j) (i32.const 1)))))
      (br_if $part (i32.le_s (local.get $i) (local.get $j))))
    (call $run (local.get $low) (local.get $j))
    (call $run (local.get $i) (local.get $high))))
