;; What a supervisor charges for its own work: it adds to the fuel of the call, and one that cannot pay ends.
;;! guest pays
;;! call pays pays 1000
;;! call pays pays 0
;;! call pays pays 90 fuel=228
;;! call pays pays 100 fuel=228
;;! call pays pays -1 fuel=1000
;;! call pays nested 500 fuel=824
;;! call pays nested 700 fuel=824
;;! call pays tries 700 fuel=824
;;! call pays tries 300 fuel=824
(module $pays
  (import "host" "charge" (func $charge (param i64)))
  (import "host" "left" (func $left (result i64)))
  (import "host" "call.pays.pays" (func $pays (param i64) (result i64)))
  (import "host" "try.pays.pays" (func $try (param i64) (result i32)))
  (func (export "pays") (param i64) (result i64)
    (call $charge (local.get 0))
    (i64.sub (call $left) (i64.const 0)))
  (func (export "nested") (param i64) (result i64) (call $pays (local.get 0)))
  (func (export "tries") (param i64) (result i32 i64) (call $try (local.get 0)) (call $left)))
