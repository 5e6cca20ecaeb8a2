;; Calls another contract until it succeeds.
;;
;; call: input is account. Stores how often it called, which it returns in the end.
(module
  (import "env" "memory" (memory 1 1))
  (import "env" "ext_scratch_read" (func $scratch_read (param i32 i32 i32)))
  (import "env" "ext_set_storage" (func $set_storage (param i32 i32 i32 i32)))
  (import "env" "ext_call" (func $call (param i32 i32 i64 i32 i32 i32 i32) (result i32)))
  (import "env" "ext_return" (func $return (param i32 i32)))

  ;; 0: the key of the count; 32: the count; 40: no value; 48: account
  (data (i32.const 0) "count")

  (func (export "deploy"))

  (func (export "call")
    (call $scratch_read (i32.const 48) (i32.const 0) (i32.const 8))
    (loop $again
      (i32.store8 (i32.const 32) (i32.add (i32.load8_u (i32.const 32)) (i32.const 1)))
      (call $set_storage (i32.const 0) (i32.const 1) (i32.const 32) (i32.const 1))
      (br_if $again
        (call $call
          (i32.const 48) (i32.const 8) (i64.const 0) (i32.const 40) (i32.const 8)
          (i32.const 40) (i32.const 1))))
    (call $return (i32.const 32) (i32.const 1))))
