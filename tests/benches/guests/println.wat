;; A command of WASI that writes 50,000 lines, each by a call of its own, as `println!` of Rust does.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  ;; One piece: the line at 16, of 11 bytes.
  (data (i32.const 0) "\10\00\00\00\0b\00\00\00")
  (data (i32.const 16) "line 00000\n")
  (func (export "_start") (local $line i32) (local $rest i32) (local $at i32)
    (loop $next
      (local.set $rest (local.get $line))
      (local.set $at (i32.const 25))
      (loop $digit
        (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.rem_u (local.get $rest) (i32.const 10))))
        (local.set $rest (i32.div_u (local.get $rest) (i32.const 10)))
        (br_if $digit (i32.gt_u (local.tee $at (i32.sub (local.get $at) (i32.const 1))) (i32.const 20))))
      (if (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)) (then unreachable))
      (br_if $next (i32.lt_u (local.tee $line (i32.add (local.get $line) (i32.const 1))) (i32.const 50000))))))
