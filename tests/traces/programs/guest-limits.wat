;; Guests with fuel of their own: it is what each outermost call begins with, and nothing to a nested call.
;;! guest poor fuel=200
;;! guest rich fuel=20000
;;! call poor work 10
;;! call poor work 100
;;! call poor work 100 fuel=5000
;;! call rich asks_poor 100
;;! call poor asks_rich 100
(module $poor
  (import "host" "call.rich.work" (func $rich (param i32) (result i32)))
  (func (export "work") (param i32) (result i32)
    (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (i32.const 1))
  (func (export "asks_rich") (param i32) (result i32) (call $rich (local.get 0))))
(module $rich
  (import "host" "call.poor.work" (func $poor (param i32) (result i32)))
  (func (export "work") (param i32) (result i32)
    (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (i32.const 2))
  (func (export "asks_poor") (param i32) (result i32) (call $poor (local.get 0))))
