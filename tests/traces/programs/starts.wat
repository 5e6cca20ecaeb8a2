;; Start functions: one that calls its supervisor, one that is an import itself, one that traps, one whose
;; host call fails, one that calls another guest.
;;! guest calls
;;! call calls seen
;;! guest import
;;! guest traps
;;! guest fails
;;! guest other
;;! call calls seen
(module $calls
  (import "host" "echo" (func $echo (param i32 f64) (result i32)))
  (import "host" "peek" (func $peek (param i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 3) "\2a")
  (global $seen (mut i32) (i32.const 0))
  (func $start
    (global.set $seen (call $echo (call $peek (i32.const 3)) (f64.const nan:0x1))))
  (start $start)
  (func (export "seen") (result i32)
    (global.get $seen)
    (global.set $seen (i32.add (global.get $seen) (i32.const 1)))))
(module $import
  (import "host" "echo.nothing" (func $echo))
  (start $echo))
(module $traps
  (import "host" "echo.nothing" (func $echo))
  (memory 1)
  (func $start (call $echo) (i32.store (i32.const -4) (i32.const 1)))
  (start $start))
(module $fails
  (import "host" "fail" (func $fail))
  (func $start (call $fail))
  (start $start))
(module $other
  (import "host" "call.calls.seen" (func $seen (result i32)))
  (import "host" "try.other.start" (func $self (result i32)))
  (global $sum (export "sum") (mut i32) (i32.const 0))
  (func $start (export "start")
    (global.set $sum (i32.add (call $seen) (call $self))))
  (start $start))
