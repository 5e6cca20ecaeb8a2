;; Makes contracts, and goes.
;;
;; deploy: clears what is not there.
;; call:   input is 0, code, value, and an input   makes a contract, returns its address, or status 9
;;         input is 1, account                     terminates, with all it has to the account
;;         input is 2, account, code, allowance    is restored to the account under another code
;;         input is 3, and a call                  dispatches the call
(module
  (import "env" "memory" (memory 1 1))
  (import "env" "ext_scratch_size" (func $scratch_size (result i32)))
  (import "env" "ext_scratch_read" (func $scratch_read (param i32 i32 i32)))
  (import "env" "ext_set_storage" (func $set_storage (param i32 i32 i32 i32)))
  (import "env" "ext_clear_storage" (func $clear_storage (param i32)))
  (import "env" "ext_create" (func $create (param i32 i32 i64 i32 i32 i32 i32) (result i32)))
  (import "env" "ext_instantiate" (func $instantiate (param i32 i32 i64 i32 i32 i32 i32) (result i32)))
  (import "env" "ext_terminate" (func $terminate (param i32 i32)))
  (import "env" "ext_restore_to" (func $restore_to (param i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "env" "ext_dispatch_call" (func $dispatch_call (param i32 i32)))

  ;; 0: two keys of 32 bytes; 1024: input
  (data (i32.const 0) "kept")
  (data (i32.const 32) "left behind")

  (func (export "deploy") (result i32)
    (call $set_storage (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 4))
    (call $set_storage (i32.const 32) (i32.const 1) (i32.const 32) (i32.const 4))
    (call $set_storage (i32.const 16) (i32.const 1) (i32.const 0) (i32.const 1))
    (call $set_storage (i32.const 16) (i32.const 0) (i32.const 0) (i32.const 0))
    (call $set_storage (i32.const 8) (i32.const 1) (i32.const 0) (i32.const 1))
    (call $clear_storage (i32.const 8))
    (i32.const 0))

  (func $make (param $len i32) (result i32)
    ;; With both names of the function.
    (if (i32.eq (local.get $len) (i32.const 17))
      (then
        (return
          (call $create
            (i32.const 1025) (i32.const 8) (i64.const 0) (i32.const 1033) (i32.const 8)
            (i32.const 0) (i32.const 0)))))
    (call $instantiate
      (i32.const 1025) (i32.const 8) (i64.const 5000) (i32.const 1033) (i32.const 8)
      (i32.const 1041) (i32.sub (local.get $len) (i32.const 17))))

  (func (export "call") (result i32)
    (local $len i32) (local $what i32)
    (local.set $len (call $scratch_size))
    (call $scratch_read (i32.const 1024) (i32.const 0) (local.get $len))
    (local.set $what (i32.load8_u (i32.const 1024)))
    (if (i32.eqz (local.get $what))
      (then (return (select (i32.const 9) (i32.const 0) (call $make (local.get $len))))))
    (if (i32.eq (local.get $what) (i32.const 1))
      (then (call $terminate (i32.const 1025) (i32.const 8))))
    (if (i32.eq (local.get $what) (i32.const 2))
      (then
        (call $restore_to
          (i32.const 1025) (i32.const 8) (i32.const 1033) (i32.const 8) (i32.const 1041) (i32.const 8)
          (i32.const 32) (i32.const 1))))
    (call $dispatch_call (i32.const 1025) (i32.sub (local.get $len) (i32.const 1)))
    (i32.const 0)))
