;; A token. Accounts are 8 bytes; the balance of an account is stored under the account's bytes,
;; filled up with zeros to a key of 32.
;;
;; deploy: input is the supply (u64), which the deployer gets.
;; call:   input is 0, account           returns the account's tokens (u64)
;;         input is 1, account, amount   moves tokens of the caller's, or traps
(module
  (import "env" "memory" (memory 1 1))
  (import "env" "ext_scratch_size" (func $scratch_size (result i32)))
  (import "env" "ext_scratch_read" (func $scratch_read (param i32 i32 i32)))
  (import "env" "ext_caller" (func $caller))
  (import "env" "ext_get_storage" (func $get_storage (param i32) (result i32)))
  (import "env" "ext_set_storage" (func $set_storage (param i32 i32 i32 i32)))
  (import "env" "ext_deposit_event" (func $deposit_event (param i32 i32 i32 i32)))
  (import "env" "ext_return" (func $return (param i32 i32)))

  ;; 0: input; 32: a key; 64: a value; 96: who pays; 112: an event's topics
  (data (i32.const 112) "\04transferred.....................")

  (func $load (param $account i64) (result i64)
    (i64.store (i32.const 32) (local.get $account))
    (if (call $get_storage (i32.const 32)) (then (return (i64.const 0))))
    (call $scratch_read (i32.const 64) (i32.const 0) (i32.const 8))
    (i64.load (i32.const 64)))

  (func $store (param $account i64) (param $tokens i64)
    (i64.store (i32.const 32) (local.get $account))
    (i64.store (i32.const 64) (local.get $tokens))
    (call $set_storage (i32.const 32) (i32.const 1) (i32.const 64) (i32.const 8)))

  (func $who_calls (result i64)
    (call $caller)
    (call $scratch_read (i32.const 96) (i32.const 0) (i32.const 8))
    (i64.load (i32.const 96)))

  (func (export "deploy")
    (if (i32.ne (call $scratch_size) (i32.const 8)) (then unreachable))
    (call $scratch_read (i32.const 0) (i32.const 0) (i32.const 8))
    (call $store (call $who_calls) (i64.load (i32.const 0))))

  (func (export "call")
    (local $len i32) (local $from i64) (local $to i64) (local $amount i64)
    (local.set $len (call $scratch_size))
    (call $scratch_read (i32.const 0) (i32.const 0) (local.get $len))
    (local.set $to (i64.load (i32.const 1)))
    (if (i32.eqz (i32.load8_u (i32.const 0)))
      (then
        (i64.store (i32.const 64) (call $load (local.get $to)))
        (call $return (i32.const 64) (i32.const 8))))
    (local.set $amount (i64.load (i32.const 9)))
    (local.set $from (call $who_calls))
    (if (i64.lt_u (call $load (local.get $from)) (local.get $amount)) (then unreachable))
    (call $store (local.get $from) (i64.sub (call $load (local.get $from)) (local.get $amount)))
    (call $store (local.get $to) (i64.add (call $load (local.get $to)) (local.get $amount)))
    (call $deposit_event (i32.const 112) (i32.const 33) (i32.const 1) (i32.const 16))
    (call $return (i32.const 0) (i32.const 0))))
