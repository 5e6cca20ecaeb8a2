;; Division and remainder of i64, with the traps: by zero, and of the least by -1.
;;! guest divides
;;! call divides div_s 7 2
;;! call divides div_s -7 2
;;! call divides div_s 7 -2
;;! call divides div_s -7 -2
;;! call divides div_s 1 0
;;! call divides div_s 0 0
;;! call divides div_s -9223372036854775808 -1
;;! call divides div_s -9223372036854775808 1
;;! call divides div_s -1 -9223372036854775808
;;! call divides div_s 0 -9223372036854775808
;;! call divides div_u 7 2
;;! call divides div_u -7 2
;;! call divides div_u 7 -2
;;! call divides div_u -7 -2
;;! call divides div_u 1 0
;;! call divides div_u 0 0
;;! call divides div_u -9223372036854775808 -1
;;! call divides div_u -9223372036854775808 1
;;! call divides div_u -1 -9223372036854775808
;;! call divides div_u 0 -9223372036854775808
;;! call divides rem_s 7 2
;;! call divides rem_s -7 2
;;! call divides rem_s 7 -2
;;! call divides rem_s -7 -2
;;! call divides rem_s 1 0
;;! call divides rem_s 0 0
;;! call divides rem_s -9223372036854775808 -1
;;! call divides rem_s -9223372036854775808 1
;;! call divides rem_s -1 -9223372036854775808
;;! call divides rem_s 0 -9223372036854775808
;;! call divides rem_u 7 2
;;! call divides rem_u -7 2
;;! call divides rem_u 7 -2
;;! call divides rem_u -7 -2
;;! call divides rem_u 1 0
;;! call divides rem_u 0 0
;;! call divides rem_u -9223372036854775808 -1
;;! call divides rem_u -9223372036854775808 1
;;! call divides rem_u -1 -9223372036854775808
;;! call divides rem_u 0 -9223372036854775808
;;! call divides by_constants 100
;;! call divides by_constants -100
;;! call divides by_constants -9223372036854775808
;;! call divides by_zero 5
;;! call divides by_minus_one 5
;;! call divides by_minus_one -9223372036854775808
(module $divides
  (func (export "div_s") (param i64 i64) (result i64) (i64.div_s (local.get 0) (local.get 1)))
  (func (export "div_u") (param i64 i64) (result i64) (i64.div_u (local.get 0) (local.get 1)))
  (func (export "rem_s") (param i64 i64) (result i64) (i64.rem_s (local.get 0) (local.get 1)))
  (func (export "rem_u") (param i64 i64) (result i64) (i64.rem_u (local.get 0) (local.get 1)))
  (func (export "by_constants") (param i64) (result i64 i64 i64 i64 i64 i64 i64 i64)
    (i64.div_s (local.get 0) (i64.const 7))
    (i64.div_s (local.get 0) (i64.const -3))
    (i64.div_u (local.get 0) (i64.const 7))
    (i64.div_u (local.get 0) (i64.const -3))
    (i64.rem_s (local.get 0) (i64.const 7))
    (i64.rem_s (local.get 0) (i64.const -3))
    (i64.rem_u (local.get 0) (i64.const 7))
    (i64.rem_u (local.get 0) (i64.const -3)))
  (func (export "by_zero") (param i64) (result i64) (i64.rem_s (local.get 0) (i64.const 0)))
  (func (export "by_minus_one") (param i64) (result i64) (i64.div_s (local.get 0) (i64.const -1))))
