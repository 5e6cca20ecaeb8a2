;; A call that is given its fuel in portions: it stops at the same places as with slices, and comes to the
;; same result with the same fuel as in one go.
;;! guest work
;;! call work run 200
;;! call work run 200 fuel=1000+1000+1000+1+2+3+100000
;;! call work run 200 fuel=0+1+10+100+1000+10000
;;! call work run 200 fuel=500+500
;;! call work run 3
(module $work
  (import "host" "left" (func $left (result i64)))
  (memory (export "memory") 1)
  (func (export "run") (param $n i32) (result i64)
    (local $sum i64)
    (loop $next
      (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (local.get $n))))
      (memory.fill (local.get $n) (local.get $n) (local.get $n))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (drop (call $left))
    (local.get $sum)))
