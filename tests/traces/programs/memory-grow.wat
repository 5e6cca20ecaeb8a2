;; memory.grow: what succeeds, and the three reasons for -1: the memory's maximum, the limit of a memory,
;; and what the guest may take. Growing zeroes, and the host's growing does not count as the guest's.
;;! limits memoryPages=20
;;! guest bounded
;;! call bounded grow 0
;;! call bounded grow 2
;;! call bounded grow 2
;;! call bounded grow 1
;;! call bounded grow 1
;;! call bounded grow -1
;;! guest unbounded
;;! call unbounded grow 19
;;! call unbounded grow 1
;;! call unbounded grow 65535
;;! guest poor maxMemoryPages=4
;;! call poor grow 4
;;! call poor host_grows 5
;;! call poor grow 3
;;! call poor grow 1
;;! call poor host_grows 100
(module $bounded
  (memory (export "memory") 1 5)
  (func (export "grow") (param i32) (result i32 i32) (memory.grow (local.get 0)) (memory.size)))
(module $unbounded
  (memory (export "memory") 0)
  (func (export "grow") (param i32) (result i32 i32) (memory.grow (local.get 0)) (memory.size)))
(module $poor
  (import "host" "grow" (func $grow (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "grow") (param i32) (result i32 i32) (memory.grow (local.get 0)) (memory.size))
  (func (export "host_grows") (param i32) (result i32 i32) (call $grow (local.get 0)) (memory.size)))
