;; A pseudo-random generator of 64 bits whose numbers, as integers and as floats, are strewn over a memory
;; that grows on the way.
;;! guest random
;;! call random walk 500
;;! call random walk 500
;;! call random floats 300
(module $random
  (memory (export "memory") 1 4)
  (global $state (export "state") (mut i64) (i64.const 88172645463325252))
  (func $next (result i64)
    (global.set $state (i64.xor (global.get $state) (i64.shl (global.get $state) (i64.const 13))))
    (global.set $state (i64.xor (global.get $state) (i64.shr_u (global.get $state) (i64.const 7))))
    (global.set $state (i64.xor (global.get $state) (i64.shl (global.get $state) (i64.const 17))))
    (global.get $state))
  (func $place (result i32)
    (i32.rem_u
      (i32.wrap_i64 (i64.shr_u (call $next) (i64.const 11)))
      (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 8))))
  (func (export "walk") (param $n i32) (result i32)
    (loop $again
      (if (i64.eqz (i64.rem_u (call $next) (i64.const 200))) (then (drop (memory.grow (i32.const 1)))))
      (i64.store (call $place) (i64.mul (call $next) (i64.const 0x2545f4914f6cdd1d)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (memory.size))
  (func (export "floats") (param $n i32) (result f64 f32)
    (local $sum f64) (local $product f32)
    (local.set $product (f32.const 1))
    (loop $again
      (local.set $sum (f64.add (local.get $sum) (f64.mul (f64.convert_i64_s (call $next)) (f64.const 0x1p-63))))
      (local.set $product (f32.mul (local.get $product)
        (f32.add (f32.const 0.5) (f32.mul (f32.convert_i64_u (call $next)) (f32.const 0x1p-64)))))
      ;; Whatever bits: among them NaNs, which become canonical.
      (f64.store (call $place) (f64.add (f64.reinterpret_i64 (call $next)) (local.get $sum)))
      (f32.store (call $place)
        (f32.sqrt (f32.reinterpret_i32 (i32.wrap_i64 (call $next)))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)
    (local.get $product)))
