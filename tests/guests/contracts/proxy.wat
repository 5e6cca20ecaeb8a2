;; Calls another contract and tells what came of it.
;;
;; call: input is account, gas, value (u64 each), and the input for that account. Counts its calls
;;       in its storage, then returns the status of the call, and the output where it is 0.
(module
  (import "env" "memory" (memory 1 1))
  (import "env" "ext_scratch_size" (func $scratch_size (result i32)))
  (import "env" "ext_scratch_read" (func $scratch_read (param i32 i32 i32)))
  (import "env" "ext_get_storage" (func $get_storage (param i32) (result i32)))
  (import "env" "ext_set_storage" (func $set_storage (param i32 i32 i32 i32)))
  (import "env" "ext_call" (func $call (param i32 i32 i64 i32 i32 i32 i32) (result i32)))
  (import "env" "ext_return" (func $return (param i32 i32)))

  ;; 0: the key of the count; 32: the count; 40: the status and the output; 1024: input
  (data (i32.const 0) "count")

  (func (export "deploy"))

  (func (export "call")
    (local $len i32)
    (local.set $len (call $scratch_size))
    (call $scratch_read (i32.const 1024) (i32.const 0) (local.get $len))
    (if (i32.eqz (call $get_storage (i32.const 0)))
      (then (call $scratch_read (i32.const 32) (i32.const 0) (i32.const 1))))
    (i32.store8 (i32.const 32) (i32.add (i32.load8_u (i32.const 32)) (i32.const 1)))
    (call $set_storage (i32.const 0) (i32.const 1) (i32.const 32) (i32.const 1))
    (i32.store8 (i32.const 40)
      (call $call
        (i32.const 1024) (i32.const 8) (i64.load (i32.const 1032)) (i32.const 1040) (i32.const 8)
        (i32.const 1048) (i32.sub (local.get $len) (i32.const 24))))
    (local.set $len (call $scratch_size))
    (call $scratch_read (i32.const 41) (i32.const 0) (local.get $len))
    (call $return (i32.const 40) (i32.add (local.get $len) (i32.const 1)))))
