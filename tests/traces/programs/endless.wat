;; Loops without an end, until the fuel has one; the guest stays usable.
;;! limits fuel=30000
;;! guest endless
;;! call endless empty
;;! call endless counts
;;! call endless stores
;;! call endless calls
;;! call endless host_calls
;;! call endless grows
;;! call endless fine
;;! call endless counts fuel=1000
;;! call endless counts fuel=0
;;! call endless fine fuel=1
;;! call endless fine fuel=65
;;! call endless fine fuel=66
(module $endless
  (import "host" "echo.f64" (func $echo (param f64) (result f64)))
  (memory (export "memory") 1)
  (global $rounds (export "rounds") (mut i64) (i64.const 0))
  (func (export "empty") (loop (br 0)))
  (func $count (export "count")
    (global.set $rounds (i64.add (global.get $rounds) (i64.const 1))))
  (func (export "counts")
    (loop (global.set $rounds (i64.add (global.get $rounds) (i64.const 1))) (br 0)))
  (func (export "stores") (local i32)
    (loop
      (i32.store (i32.and (local.get 0) (i32.const 0xfff)) (local.get 0))
      (local.set 0 (i32.add (local.get 0) (i32.const 5)))
      (br 0)))
  (func (export "calls") (loop (call $count) (br 0)))
  (func (export "host_calls") (local f64) (local i32)
    (loop
      (if (i32.eqz (i32.and (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (i32.const 63)))
        (then (local.set 0 (f64.add (call $echo (local.get 0)) (f64.const 0.1)))))
      (br 0)))
  (func (export "grows") (loop (drop (memory.grow (i32.const 0))) (br 0)))
  (func (export "fine") (result i32) (i32.const 7)))
