;; Tail calls take no frames: they go deeper than the limit of frames, directly, in turns and by table.
;;! limits guestFrames=100
;;! guest tail
;;! call tail sum 1000 0
;;! call tail in_turns 1001
;;! call tail by_table 500
;;! call tail by_table 0
;;! call tail ordinary 99
;;! call tail ordinary 100
(module $tail
  (type $step (func (param i32) (result i32)))
  (table 2 funcref)
  (elem (i32.const 0) $done $by_table)
  (func $sum (export "sum") (param i32 i64) (result i64)
    (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
    (return_call $sum
      (i32.sub (local.get 0) (i32.const 1))
      (i64.add (local.get 1) (i64.extend_i32_u (local.get 0)))))
  (func $in_turns (export "in_turns") (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 1))))
    (return_call $back (i32.sub (local.get 0) (i32.const 1)) (f64.const 1)))
  (func $back (param i32 f64) (result i32)
    (local i64 i64)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 2))))
    (return_call $in_turns (i32.sub (local.get 0) (i32.const 1))))
  (func $by_table (export "by_table") (type $step)
    (return_call_indirect (type $step)
      (i32.sub (local.get 0) (i32.const 1))
      (i32.gt_s (local.get 0) (i32.const 0))))
  (func $done (type $step) (local.get 0))
  (func $ordinary (export "ordinary") (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (i32.const 1) (call $ordinary (i32.sub (local.get 0) (i32.const 1)))))
      (else (i32.const 0)))))
