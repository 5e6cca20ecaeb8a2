;; Two guests that call each other through the supervisor, on the fuel of the outermost call.
;;! limits fuel=100000
;;! guest even
;;! guest odd
;;! call even is_even 10
;;! call even is_even 13
;;! call odd is_odd 4
;;! call even is_even 6 fuel=156
;;! call odd spends 3
;;! call odd spends 1000000
;;! call odd tries
(module $even
  (import "host" "call.odd.is_odd" (func $is_odd (param i32) (result i32)))
  (global $calls (export "calls") (mut i32) (i32.const 0))
  (func (export "is_even") (param i32) (result i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (if (i32.eqz (local.get 0)) (then (return (i32.const 1))))
    (call $is_odd (i32.sub (local.get 0) (i32.const 1))))
  (func (export "spend") (param i32) (result i32)
    (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (i32.const 9)))
(module $odd
  (import "host" "call.even.is_even" (func $is_even (param i32) (result i32)))
  (import "host" "call.even.spend" (func $spend (param i32) (result i32)))
  (import "host" "try.even.spend" (func $try (param i32) (result i32)))
  (import "host" "left" (func $left (result i64)))
  (func (export "is_odd") (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
    (call $is_even (i32.sub (local.get 0) (i32.const 1))))
  (func (export "spends") (param i32) (result i32) (call $spend (local.get 0)))
  (func (export "tries") (result i32 i64)
    (call $try (i32.const 1000))
    (drop (call $try (i32.const 1000000)))
    (call $left)))
