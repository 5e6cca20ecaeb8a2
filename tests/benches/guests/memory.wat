;; Memory traffic: `n` rounds of load, add, rotate and store over 64 KiB.
(module
  (memory 1)
  (func (export "run") (param $n i32) (result i32)
    (local $at i32) (local $sum i32)
    (loop $next
      (local.set $sum
        (i32.rotl
          (i32.add (local.get $sum) (i32.load (local.get $at)))
          (i32.const 5)))
      (i32.store (local.get $at) (i32.xor (local.get $sum) (local.get $n)))
      (local.set $at (i32.and (i32.add (local.get $at) (i32.const 4)) (i32.const 0xFFFC)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))
