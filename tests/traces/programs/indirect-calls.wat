;; call_indirect over two tables: every trap of it, imports among the functions, and types that are
;; equal though declared twice.
;;! guest calls
;;! call calls unary 0 5
;;! call calls unary 1 5
;;! call calls unary 2 5
;;! call calls unary 3 5
;;! call calls unary 4 5
;;! call calls unary 5 5
;;! call calls unary -1 5
;;! call calls binary 3
;;! call calls binary 0
;;! call calls other 0
;;! call calls other 1
;;! call calls other 2
(module $calls
  (import "host" "echo" (func $echo (param i32) (result i32)))
  (type $unary (func (param i32) (result i32)))
  (type $same (func (param i32) (result i32)))
  (type $binary (func (param i32 i32) (result i32)))
  (table $functions 5 funcref)
  (table $others 2 funcref)
  (elem (table $functions) (i32.const 0) func $double $echo $same $add)
  (elem (table $others) (i32.const 1) func $double)
  (func $double (type $unary) (i32.shl (local.get 0) (i32.const 1)))
  (func $same (type $same) (i32.sub (i32.const 0) (local.get 0)))
  (func $add (type $binary) (i32.add (local.get 0) (local.get 1)))
  (func (export "unary") (param i32 i32) (result i32)
    (call_indirect $functions (type $unary) (local.get 1) (local.get 0)))
  (func (export "binary") (param i32) (result i32)
    (call_indirect $functions (type $binary) (i32.const 30) (i32.const 4) (local.get 0)))
  (func (export "other") (param i32) (result i32)
    (call_indirect $others (type $same) (i32.const 21) (local.get 0))))
