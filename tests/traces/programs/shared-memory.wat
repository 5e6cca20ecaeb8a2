;; Two guests of different modules that import one memory of the supervisor's, and both grow it.
;;! memory common 1 6
;;! guest writer
;;! guest reader
;;! call writer write 10 1234
;;! call reader read 10
;;! call reader grow 2
;;! call writer write 131072 99
;;! call reader read 131072
;;! call writer asks
;;! call reader grow 3
;;! call reader grow 2
(module $writer
  (import "memory" "common" (memory 1 6))
  (import "host" "call.reader.change" (func $change (result i32)))
  (data (i32.const 0) "writer")
  (func (export "write") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
  (func (export "asks") (result i32 i32 i32)
    (i32.store (i32.const 500) (i32.const 1))
    (call $change)
    (i32.load (i32.const 500))
    (memory.size)))
(module $reader
  (import "memory" "common" (memory 1 6))
  (import "host" "poke" (func $poke (param i32 i32)))
  (data (i32.const 3) "READER")
  (func (export "read") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "change") (result i32)
    (call $poke (i32.const 501) (i32.const 2))
    (i32.store8 (i32.const 502) (i32.const 3))
    (memory.grow (i32.const 1))))
