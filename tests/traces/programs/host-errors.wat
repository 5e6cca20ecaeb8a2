;; Host calls that fail, or return another type than declared. What the guest did before stays done.
;;! guest asks
;;! call asks fails
;;! call asks count
;;! call asks wrong
;;! call asks count
;;! call asks peek 65535
;;! call asks peek 65536
;;! call asks poke 0 300
;;! call asks poke -1 1
;;! call asks later 3
;;! call asks count
(module $asks
  (import "host" "fail" (func $fail))
  (import "host" "wrong" (func $wrong (result i32)))
  (import "host" "peek" (func $peek (param i32) (result i32)))
  (import "host" "poke" (func $poke (param i32 i32)))
  (memory (export "memory") 1)
  (global $count (mut i32) (i32.const 0))
  (func $counts (global.set $count (i32.add (global.get $count) (i32.const 1))))
  (func (export "count") (result i32) (global.get $count))
  (func (export "fails") (call $counts) (call $fail) (call $counts))
  (func (export "wrong") (result i32) (call $counts) (call $wrong) (call $counts))
  (func (export "peek") (param i32) (result i32)
    (i32.store8 (i32.const 65535) (i32.const 99))
    (call $peek (local.get 0)))
  (func (export "poke") (param i32 i32) (result i32)
    (call $poke (local.get 0) (local.get 1))
    (i32.load8_u (local.get 0)))
  (func (export "later") (param i32)
    (loop
      (call $counts)
      (call $poke (local.get 0) (local.get 0))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (call $fail)))
