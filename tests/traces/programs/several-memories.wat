;; A guest with three memories, one of them the supervisor's.
;;! memory given 1 2
;;! guest several
;;! call several spread 77
;;! call several gather
;;! call several copy
;;! call several grow
(module $several
  (import "memory" "given" (memory $given 1 2))
  (memory $own (export "own") 1 1)
  (memory $third (export "third") 2)
  (data $bytes "\01\02\03\04")
  (func (export "spread") (param i32)
    (i32.store $given (i32.const 8) (local.get 0))
    (i32.store $own (i32.const 12) (i32.add (local.get 0) (i32.const 1)))
    (i32.store8 $third offset=131071 (i32.const 0) (local.get 0))
    (memory.fill $own (i32.const 100) (local.get 0) (i32.const 50))
    (memory.init $third $bytes (i32.const 65534) (i32.const 0) (i32.const 4)))
  (func (export "gather") (result i32 i32 i32)
    (i32.load $given (i32.const 8))
    (i32.load $own (i32.const 12))
    (i32.load $third (i32.const 65534)))
  (func (export "copy")
    (memory.copy $given $own (i32.const 1000) (i32.const 100) (i32.const 60))
    (memory.copy $own $third (i32.const 65532) (i32.const 65534) (i32.const 4)))
  (func (export "grow") (result i32 i32 i32 i32 i32 i32)
    (memory.grow $given (i32.const 1)) (memory.grow $own (i32.const 1)) (memory.grow $third (i32.const 3))
    (memory.size $given) (memory.size $own) (memory.size $third)))
