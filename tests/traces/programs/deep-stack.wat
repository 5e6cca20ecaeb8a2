;; Recursion with wide frames, which use up the engine's stack before the frames.
;;! limits engineStackBytes=200000
;;! guest deep
;;! call deep wide 10
;;! call deep wide 100000
;;! call deep reached
;;! call deep values 100000
;;! call deep reached
;;! call deep wide 10
(module $deep
  (global $depth (mut i32) (i32.const 0))
  (func (export "reached") (result i32) (global.get $depth))
  (func $wide (export "wide") (param i32) (result i64)
    (local i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
    (local f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32)
    (global.set $depth (local.get 0))
    (local.set 7 (i64.extend_i32_s (local.get 0)))
    (if (local.get 0)
      (then (local.set 8 (call $wide (i32.sub (local.get 0) (i32.const 1))))))
    (i64.add (local.get 7) (local.get 8)))
  (func $values (export "values") (param i32) (result i32)
    (global.set $depth (local.get 0))
    (i32.add (local.get 0) (i32.add (local.get 0) (i32.add (local.get 0) (i32.add (local.get 0)
      (call $values (i32.sub (local.get 0) (i32.const 1)))))))))
