;; Division and remainder of i32, with the traps: by zero, and of the least by -1.
;;! guest divides
;;! call divides div_s 7 2
;;! call divides div_s -7 2
;;! call divides div_s 7 -2
;;! call divides div_s -7 -2
;;! call divides div_s 1 0
;;! call divides div_s 0 0
;;! call divides div_s -2147483648 -1
;;! call divides div_s -2147483648 1
;;! call divides div_s -1 -2147483648
;;! call divides div_s 0 -2147483648
;;! call divides div_u 7 2
;;! call divides div_u -7 2
;;! call divides div_u 7 -2
;;! call divides div_u -7 -2
;;! call divides div_u 1 0
;;! call divides div_u 0 0
;;! call divides div_u -2147483648 -1
;;! call divides div_u -2147483648 1
;;! call divides div_u -1 -2147483648
;;! call divides div_u 0 -2147483648
;;! call divides rem_s 7 2
;;! call divides rem_s -7 2
;;! call divides rem_s 7 -2
;;! call divides rem_s -7 -2
;;! call divides rem_s 1 0
;;! call divides rem_s 0 0
;;! call divides rem_s -2147483648 -1
;;! call divides rem_s -2147483648 1
;;! call divides rem_s -1 -2147483648
;;! call divides rem_s 0 -2147483648
;;! call divides rem_u 7 2
;;! call divides rem_u -7 2
;;! call divides rem_u 7 -2
;;! call divides rem_u -7 -2
;;! call divides rem_u 1 0
;;! call divides rem_u 0 0
;;! call divides rem_u -2147483648 -1
;;! call divides rem_u -2147483648 1
;;! call divides rem_u -1 -2147483648
;;! call divides rem_u 0 -2147483648
;;! call divides by_constants 100
;;! call divides by_constants -100
;;! call divides by_constants -2147483648
;;! call divides by_zero 5
;;! call divides by_minus_one 5
;;! call divides by_minus_one -2147483648
(module $divides
  (func (export "div_s") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (export "div_u") (param i32 i32) (result i32) (i32.div_u (local.get 0) (local.get 1)))
  (func (export "rem_s") (param i32 i32) (result i32) (i32.rem_s (local.get 0) (local.get 1)))
  (func (export "rem_u") (param i32 i32) (result i32) (i32.rem_u (local.get 0) (local.get 1)))
  (func (export "by_constants") (param i32) (result i32 i32 i32 i32 i32 i32 i32 i32)
    (i32.div_s (local.get 0) (i32.const 7))
    (i32.div_s (local.get 0) (i32.const -3))
    (i32.div_u (local.get 0) (i32.const 7))
    (i32.div_u (local.get 0) (i32.const -3))
    (i32.rem_s (local.get 0) (i32.const 7))
    (i32.rem_s (local.get 0) (i32.const -3))
    (i32.rem_u (local.get 0) (i32.const 7))
    (i32.rem_u (local.get 0) (i32.const -3)))
  (func (export "by_zero") (param i32) (result i32) (i32.rem_s (local.get 0) (i32.const 0)))
  (func (export "by_minus_one") (param i32) (result i32) (i32.div_s (local.get 0) (i32.const -1))))
