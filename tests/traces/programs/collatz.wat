;; The longest Collatz sequence of those that begin below a number; each that is longer is told to the host.
;;! guest collatz
;;! call collatz steps 27
;;! call collatz steps 837799
;;! call collatz longest 3000
;;! call collatz longest 0
(module $collatz
  (import "host" "echo.best" (func $best (param i32 i32)))
  (func $steps (export "steps") (param $start i32) (result i32)
    (local $n i64) (local $steps i32)
    (local.set $n (i64.extend_i32_u (local.get $start)))
    (block $done
      (loop $again
        (br_if $done (i64.le_u (local.get $n) (i64.const 1)))
        (local.set $n
          (select
            (i64.add (i64.mul (local.get $n) (i64.const 3)) (i64.const 1))
            (i64.shr_u (local.get $n) (i64.const 1))
            (i32.wrap_i64 (i64.and (local.get $n) (i64.const 1)))))
        (local.set $steps (i32.add (local.get $steps) (i32.const 1)))
        (br $again)))
    (local.get $steps))
  (func (export "longest") (param $limit i32) (result i32 i32)
    (local $i i32) (local $steps i32) (local $best i32) (local $most i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $i) (local.get $limit)))
        (local.set $steps (call $steps (local.get $i)))
        (if (i32.gt_u (local.get $steps) (local.get $most))
          (then
            (local.set $most (local.get $steps))
            (local.set $best (local.get $i))
            (call $best (local.get $best) (local.get $most))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
    (local.get $best)
    (local.get $most)))
