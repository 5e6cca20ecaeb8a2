;; The table operators, on functions and on references of the host, with their traps.
;;! limits tableElements=12
;;! guest tables
;;! call tables call 0
;;! call tables is_null 1
;;! call tables set 1 1
;;! call tables call 1
;;! call tables set 7 1
;;! call tables get 7
;;! call tables grow 3
;;! call tables call 6
;;! call tables grow 6
;;! call tables grow 0
;;! call tables fill 2 3
;;! call tables fill 6 2
;;! call tables call 3
;;! call tables copy 1 0 2
;;! call tables copy 0 1 2
;;! call tables copy 6 0 2
;;! call tables call 1
;;! call tables init 0 0 3
;;! call tables call 2
;;! call tables init 0 2 2
;;! call tables drop
;;! call tables init 0 0 0
;;! call tables init 0 0 1
;;! call tables externs
(module $tables
  (type $value (func (result i32)))
  (table $t 4 10 funcref)
  (table $host 2 externref)
  (elem (table $t) (i32.const 0) func $ten)
  (elem $segment func $thirty $twenty $ten)
  (func $ten (result i32) (i32.const 10))
  (func $twenty (result i32) (i32.const 20))
  (func $thirty (result i32) (i32.const 30))
  (func (export "call") (param i32) (result i32) (call_indirect $t (type $value) (local.get 0)))
  (func (export "is_null") (param i32) (result i32) (ref.is_null (table.get $t (local.get 0))))
  (func (export "get") (param i32) (drop (table.get $t (local.get 0))))
  (func (export "set") (param i32 i32)
    (table.set $t (local.get 0)
      (select (result funcref) (ref.func $twenty) (ref.null func) (local.get 1))))
  (func (export "grow") (param i32) (result i32 i32)
    (table.grow $t (ref.func $thirty) (local.get 0)) (table.size $t))
  (func (export "fill") (param i32 i32) (table.fill $t (local.get 0) (ref.func $twenty) (local.get 1)))
  (func (export "copy") (param i32 i32 i32) (table.copy $t $t (local.get 0) (local.get 1) (local.get 2)))
  (func (export "init") (param i32 i32 i32)
    (table.init $t $segment (local.get 0) (local.get 1) (local.get 2)))
  (func (export "drop") (elem.drop $segment))
  (func (export "externs") (result i32 i32 i32)
    (table.grow $host (ref.null extern) (i32.const 10))
    (table.grow $host (ref.null extern) (i32.const 1))
    (ref.is_null (table.get $host (i32.const 11)))))
