;; Fibonacci numbers: by recursion, and by a loop until they wrap.
;;! guest fib
;;! call fib recursive 0
;;! call fib recursive 1
;;! call fib recursive 18
;;! call fib loop 50
;;! call fib loop 93
;;! call fib loop 1000
(module $fib
  (func $recursive (export "recursive") (param $n i32) (result i64)
    (if (result i64) (i32.lt_s (local.get $n) (i32.const 2))
      (then (i64.extend_i32_s (local.get $n)))
      (else (i64.add
        (call $recursive (i32.sub (local.get $n) (i32.const 1)))
        (call $recursive (i32.sub (local.get $n) (i32.const 2)))))))
  (func (export "loop") (param $n i32) (result i64)
    (local $a i64) (local $b i64)
    (local.set $b (i64.const 1))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $n)))
        (local.get $b)
        (local.set $b (i64.add (local.get $a) (local.get $b)))
        (local.set $a)
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $next)))
    (local.get $a)))
