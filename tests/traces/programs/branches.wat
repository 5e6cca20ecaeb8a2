;; br_table, branches out of nested blocks with and without values, both forms of select, and what is
;; never reached.
;;! guest branches
;;! call branches table 0
;;! call branches table 1
;;! call branches table 2
;;! call branches table 3
;;! call branches table -1
;;! call branches carries 0
;;! call branches carries 1
;;! call branches carries 9
;;! call branches out 1
;;! call branches out 0
;;! call branches chosen 1
;;! call branches chosen 0
;;! call branches loops 10
;;! call branches returns 5
;;! call branches returns -5
;;! call branches never
(module $branches
  (func (export "table") (param i32) (result i32)
    (block $default
      (block $two
        (block $one
          (block $zero
            (br_table $zero $one $two $zero $default (local.get 0)))
          (return (i32.const 100)))
        (return (i32.const 101)))
      (return (i32.const 102)))
    (i32.const 199))
  (func (export "carries") (param i32) (result i32)
    (block $outer (result i32)
      (i32.add (i32.const 1000)
        (block $inner (result i32)
          (br_table $inner $outer $inner (i32.const 7) (local.get 0))))))
  (func (export "out") (param i32) (result i64)
    (block $a (result i64)
      (drop (block $b (result i32)
        (loop $c (result i32)
          (br_if $a (i64.const 1) (local.get 0))
          (drop)
          (br $b (i32.const 2)))))
      (i64.const 3)))
  (func (export "chosen") (param i32) (result i32 i64 f32 f64)
    (select (i32.const 1) (i32.const 2) (local.get 0))
    (select (i64.const 1) (i64.const 2) (i32.eqz (local.get 0)))
    (select (result f32) (f32.const nan:0x1) (f32.const -0) (local.get 0))
    (select (result f64) (f64.const nan:0x1) (f64.const -0) (i32.eqz (local.get 0))))
  (func (export "loops") (param $n i32) (result i32)
    (local $sum i32) (local $i i32) (local $j i32)
    (loop $outer
      (local.set $j (i32.const 0))
      (block $next
        (loop $inner
          (nop)
          (local.set $j (i32.add (local.get $j) (i32.const 1)))
          (br_if $next (i32.gt_u (local.get $j) (local.get $i)))
          (if (i32.and (local.get $j) (i32.const 1))
            (then (br $inner))
            (else (local.set $sum (i32.add (local.get $sum) (local.get $j)))))
          (br $inner)))
      (br_if $outer (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.get $sum))
  (func (export "returns") (param i32) (result i32)
    (if (i32.lt_s (local.get 0) (i32.const 0)) (then (return (i32.const -1))))
    (if (result i32) (i32.const 1) (then (local.get 0)) (else (unreachable))))
  (func (export "never") (result i32)
    (block (br 0))
    (unreachable)))
