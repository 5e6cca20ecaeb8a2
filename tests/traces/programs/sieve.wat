;; The primes below a number, by the sieve of Eratosthenes: how many, and the greatest.
;;! guest sieve
;;! call sieve primes 100
;;! call sieve primes 60000
;;! call sieve primes 65537
(module $sieve
  (memory (export "memory") 1)
  (func (export "primes") (param $n i32) (result i32 i32)
    (local $i i32) (local $j i32) (local $count i32) (local $last i32)
    (memory.fill (i32.const 0) (i32.const 1) (local.get $n))
    (local.set $i (i32.const 2))
    (loop $next
      (if (i32.load8_u (local.get $i))
        (then
          (local.set $count (i32.add (local.get $count) (i32.const 1)))
          (local.set $last (local.get $i))
          (local.set $j (i32.mul (local.get $i) (local.get $i)))
          (block $done
            (loop $strike
              (br_if $done (i32.ge_u (local.get $j) (local.get $n)))
              (i32.store8 (local.get $j) (i32.const 0))
              (local.set $j (i32.add (local.get $j) (local.get $i)))
              (br $strike)))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.get $count)
    (local.get $last)))
