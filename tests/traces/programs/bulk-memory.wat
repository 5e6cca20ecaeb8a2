;; memory.fill, memory.copy over itself in both directions, memory.init and data.drop, with their traps.
;;! guest bulk
;;! call bulk fill 16 171 32
;;! call bulk fill 65530 1 6
;;! call bulk fill 65530 2 7
;;! call bulk fill 65536 0 0
;;! call bulk fill 65537 0 0
;;! call bulk init 100 0 26
;;! call bulk copy 104 100 26
;;! call bulk copy 100 103 26
;;! call bulk copy 65535 100 2
;;! call bulk copy 100 -1 1
;;! call bulk copy 40000 0 25536
;;! call bulk init 200 20 7
;;! call bulk init 200 25 1
;;! call bulk init 200 26 0
;;! call bulk drop
;;! call bulk init 200 0 0
;;! call bulk init 200 0 1
;;! call bulk init 200 1 0
;;! call bulk active
(module $bulk
  (memory (export "memory") 1)
  (data $alphabet "abcdefghijklmnopqrstuvwxyz")
  (data $active (i32.const 0) "guestbox")
  (func (export "fill") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
  (func (export "copy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
  (func (export "init") (param i32 i32 i32)
    (memory.init $alphabet (local.get 0) (local.get 1) (local.get 2)))
  (func (export "drop") (data.drop $alphabet))
  (func (export "active") (memory.init $active (i32.const 0) (i32.const 0) (i32.const 1))))
