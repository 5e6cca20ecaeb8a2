;; A start function that is out of fuel, and one that is given enough.
;;! limits fuel=5000
;;! guest starts
;;! guest starts fuel=164
;;! guest starts fuel=1000000
;;! call starts made
(module $starts
  (import "host" "left" (func $left (result i64)))
  (memory (export "memory") 1)
  (func $start (local i32)
    (loop
      (i32.store (local.get 0) (local.get 0))
      (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 4))) (i32.const 4096))))
    (i64.store (i32.const 0) (call $left)))
  (start $start)
  (func (export "made") (result i64) (i64.load (i32.const 0))))
