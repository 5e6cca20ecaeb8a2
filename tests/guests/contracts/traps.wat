;; Stores, transfers, deposits an event, and then traps: nothing of it may stay.
;;
;; call: input is the account that gets a value of 5.
(module
  (import "env" "memory" (memory 1 1))
  (import "env" "ext_scratch_read" (func $scratch_read (param i32 i32 i32)))
  (import "env" "ext_set_storage" (func $set_storage (param i32 i32 i32 i32)))
  (import "env" "ext_transfer" (func $transfer (param i32 i32 i32 i32) (result i32)))
  (import "env" "ext_deposit_event" (func $deposit_event (param i32 i32 i32 i32)))

  ;; 0: a key; 32: the value
  (data (i32.const 0) "gone")
  (data (i32.const 32) "\05")

  (func (export "deploy"))

  (func (export "call")
    (call $scratch_read (i32.const 48) (i32.const 0) (i32.const 8))
    (call $set_storage (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 4))
    (if (call $transfer (i32.const 48) (i32.const 8) (i32.const 32) (i32.const 8)) (then (return)))
    (call $deposit_event (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 4))
    unreachable))
