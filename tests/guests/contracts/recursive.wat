;; Calls itself until a call is refused.
;;
;; call: counts the calls in its storage, calls itself, and returns how many calls were inside it
;;       (one byte), which is 0 for the one whose call was refused.
(module
  (import "env" "memory" (memory 1 2))
  (import "env" "ext_scratch_read" (func $scratch_read (param i32 i32 i32)))
  (import "env" "ext_address" (func $address))
  (import "env" "ext_get_storage" (func $get_storage (param i32) (result i32)))
  (import "env" "ext_set_storage" (func $set_storage (param i32 i32 i32 i32)))
  (import "env" "ext_call" (func $call (param i32 i32 i64 i32 i32 i32 i32) (result i32)))
  (import "env" "ext_return" (func $return (param i32 i32)))

  ;; 0: a key of zeros; 32: the count; 33: the answer; 40: the own address; 48: no value
  (func (export "deploy"))

  (func (export "call")
    (if (i32.eqz (call $get_storage (i32.const 0)))
      (then (call $scratch_read (i32.const 32) (i32.const 0) (i32.const 1))))
    (i32.store8 (i32.const 32) (i32.add (i32.load8_u (i32.const 32)) (i32.const 1)))
    (call $set_storage (i32.const 0) (i32.const 1) (i32.const 32) (i32.const 1))
    (call $address)
    (call $scratch_read (i32.const 40) (i32.const 0) (i32.const 8))
    (if (i32.eqz
          (call $call
            (i32.const 40) (i32.const 8) (i64.const 0) (i32.const 48) (i32.const 8)
            (i32.const 0) (i32.const 0)))
      (then
        (call $scratch_read (i32.const 33) (i32.const 0) (i32.const 1))
        (i32.store8 (i32.const 33) (i32.add (i32.load8_u (i32.const 33)) (i32.const 1)))))
    (call $return (i32.const 33) (i32.const 1))))
