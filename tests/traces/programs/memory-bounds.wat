;; Accesses at the end of a memory and beyond it. One that traps writes nothing.
;;! guest memory
;;! call memory load32 65532
;;! call memory load32 65533
;;! call memory load32 65536
;;! call memory load32 -1
;;! call memory load64 65528
;;! call memory load64 65529
;;! call memory store64 65529
;;! call memory store64 -8
;;! call memory store16 65535
;;! call memory store8 65535
;;! call memory store8 65536
;;! call memory far 0
;;! call memory far -1
;;! call memory wraps 4
;;! call memory constant
;;! call memory grown
(module $memory
  (memory (export "memory") 1 3)
  (func (export "load32") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "load64") (param i32) (result i64) (i64.load (local.get 0)))
  (func (export "store64") (param i32) (i64.store (local.get 0) (i64.const -1)))
  (func (export "store16") (param i32) (i32.store16 (local.get 0) (i32.const -1)))
  (func (export "store8") (param i32) (i32.store8 (local.get 0) (i32.const 7)))
  (func (export "far") (param i32) (result i32) (i32.load8_u offset=65535 (local.get 0)))
  (func (export "wraps") (param i32) (result i32) (i32.load8_u offset=4294967295 (local.get 0)))
  (func (export "constant") (result f64) (f64.load offset=65530 (i32.const 0)))
  (func (export "grown") (result i32 i32)
    (i32.store offset=65536 (i32.const 0) (memory.grow (i32.const 1)))
    (i32.load offset=65536 (i32.const 0))
    (i32.load offset=131072 (i32.const 0))))
