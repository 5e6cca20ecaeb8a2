;; Guests that are made and dropped while another waits, one that is dropped while it waits itself, and
;; calls of guests that are not there.
;;! guest makes
;;! call makes run 3
;;! call makes leaves
;;! call makes ask
;;! call makes bad
;;! call makes ends
(module $makes
  (import "host" "new.child" (func $new))
  (import "host" "drop.child" (func $drop))
  (import "host" "new.broken" (func $broken))
  (import "host" "drop.makes" (func $end))
  (import "host" "call.child.next" (func $next (param i32) (result i32)))
  (func (export "run") (param $n i32) (result i32)
    (local $sum i32)
    (loop $again
      (call $new)
      (local.set $sum (i32.add (local.get $sum) (call $next (local.get $n))))
      (local.set $sum (i32.add (local.get $sum) (call $next (local.get $n))))
      (call $drop)
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  (func (export "leaves") (call $new) (drop (call $next (i32.const 5))))
  (func (export "ask") (result i32) (call $next (i32.const 1)) (call $drop) (drop (call $next (i32.const 1))))
  (func (export "bad") (call $broken))
  (func (export "ends") (result i32) (call $end) (i32.const 8)))
(module $child
  (memory (export "memory") 1)
  (global $n (export "n") (mut i32) (i32.const 100))
  (func $start (i32.store (i32.const 0) (i32.const 6)))
  (start $start)
  (func (export "next") (param i32) (result i32)
    (global.set $n (i32.add (global.get $n) (local.get 0)))
    (i32.mul (global.get $n) (i32.load (i32.const 0)))))
(module $broken
  (func $start (drop (i32.div_u (i32.const 1) (i32.const 0))))
  (start $start))
