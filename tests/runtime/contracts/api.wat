;; What the pallet offers to contracts: the first byte of the input is the number of what to call, the
;; rest its arguments. What it answers is returned.
(module
    (import "seal0" "seal_input" (func $input (param i32 i32)))
    (import "seal0" "seal_return" (func $return (param i32 i32 i32)))
    (import "seal0" "seal_set_storage" (func $set_storage (param i32 i32 i32)))
    (import "seal0" "seal_get_storage" (func $get_storage (param i32 i32 i32) (result i32)))
    (import "seal0" "seal_clear_storage" (func $clear_storage (param i32)))
    (import "seal0" "seal_caller" (func $caller (param i32 i32)))
    (import "seal0" "seal_address" (func $address (param i32 i32)))
    (import "seal0" "seal_gas_left" (func $gas_left (param i32 i32)))
    (import "seal0" "seal_balance" (func $balance (param i32 i32)))
    (import "seal0" "seal_value_transferred" (func $value_transferred (param i32 i32)))
    (import "seal0" "seal_now" (func $now (param i32 i32)))
    (import "seal0" "seal_minimum_balance" (func $minimum_balance (param i32 i32)))
    (import "seal0" "seal_tombstone_deposit" (func $tombstone_deposit (param i32 i32)))
    (import "seal0" "seal_rent_allowance" (func $rent_allowance (param i32 i32)))
    (import "seal0" "seal_block_number" (func $block_number (param i32 i32)))
    (import "seal0" "seal_set_rent_allowance" (func $set_rent_allowance (param i32 i32)))
    (import "seal0" "seal_weight_to_fee" (func $weight_to_fee (param i64 i32 i32)))
    (import "seal0" "seal_random" (func $random (param i32 i32 i32 i32)))
    (import "seal0" "seal_deposit_event" (func $deposit_event (param i32 i32 i32 i32)))
    (import "seal0" "seal_transfer" (func $transfer (param i32 i32 i32 i32) (result i32)))
    (import "seal0" "seal_call" (func $call (param i32 i32 i64 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "seal0" "seal_instantiate" (func $instantiate
        (param i32 i32 i64 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "seal0" "seal_terminate" (func $terminate (param i32 i32)))
    (import "seal0" "seal_call_chain_extension" (func $extension (param i32 i32 i32 i32 i32) (result i32)))
    (import "env" "memory" (memory 2 4))

    ;; 0: the length of the input, which is at 16. 4: the length of the output, which is at 0x8004, after
    ;; a code. Each can have so many bytes at first.
    (data (i32.const 0) "\f0\7f\00\00" "\00\40\00\00")

    (type $getter (func (param i32 i32)))
    (type $other (func))
    (table funcref (elem
        $caller $address $gas_left $balance $value_transferred $now $minimum_balance $tombstone_deposit
        $rent_allowance $block_number
        $do_set $do_get $do_clear $do_set_rent_allowance $do_weight_to_fee $do_random $do_event $do_transfer
        $do_call $do_instantiate $do_terminate $do_extension $do_input_again $do_revert $do_return
        $do_set_beyond $do_get_beyond $do_get_short $do_big_event))

    (func (export "deploy"))
    (func (export "call")
        (call $input (i32.const 16) (i32.const 0))
        (if (i32.lt_u (call $number) (i32.const 10))
            (then (call_indirect (type $getter) (i32.const 0x8004) (i32.const 4) (call $number)))
            (else (i32.store (i32.const 4) (i32.const 0)) (call_indirect (type $other) (call $number))))
        (call $return (i32.const 0) (i32.const 0x8000) (i32.add (i32.const 4) (i32.load (i32.const 4)))))

    (func $number (result i32) (i32.load8_u (i32.const 16)))
    ;; Only with the codes for success and for what was reverted there is an output.
    (func $code (param i32)
        (i32.store (i32.const 0x8000) (local.get 0))
        (if (i32.and (local.get 0) (i32.const -3)) (then (i32.store (i32.const 4) (i32.const 0)))))
    (func $allow_output (i32.store (i32.const 4) (i32.const 0x4000)))
    ;; How much of the input there is from an address on.
    (func $rest (param i32) (result i32) (i32.sub (i32.add (i32.const 16) (i32.load (i32.const 0))) (local.get 0)))

    (func $do_set (call $set_storage (i32.const 17) (i32.const 49) (call $rest (i32.const 49))))
    (func $do_get (call $allow_output) (call $get (i32.const 0x8004) (i32.const 4)))
    (func $get (param i32 i32)
        (call $code (call $get_storage (i32.const 17) (local.get 0) (local.get 1))))
    (func $do_clear (call $clear_storage (i32.const 17)))
    (func $do_set_rent_allowance (call $set_rent_allowance (i32.const 17) (call $rest (i32.const 17))))
    (func $do_weight_to_fee (call $allow_output)
        (call $weight_to_fee (i64.load (i32.const 17)) (i32.const 0x8004) (i32.const 4)))
    (func $do_random (call $allow_output)
        (call $random (i32.const 17) (call $rest (i32.const 17)) (i32.const 0x8004) (i32.const 4)))
    ;; A byte says how many bytes of topics there are, which come before the data.
    (func $do_event (local $topics i32) (local $data i32)
        (local.set $topics (i32.load8_u (i32.const 17)))
        (local.set $data (i32.add (i32.const 18) (local.get $topics)))
        (call $deposit_event (i32.const 18) (local.get $topics) (local.get $data) (call $rest (local.get $data))))
    (func $do_transfer (call $code (call $transfer (i32.const 17) (i32.const 32) (i32.const 49) (i32.const 8))))
    ;; Whom, the gas, the value, and the input.
    (func $do_call (call $allow_output)
        (call $code (call $call (i32.const 17) (i32.const 32) (i64.load (i32.const 49)) (i32.const 57) (i32.const 8)
            (i32.const 65) (call $rest (i32.const 65)) (i32.const 0x8004) (i32.const 4))))
    ;; The hash of the code, the gas, the value, a salt of four bytes, and the input.
    (func $do_instantiate (call $allow_output)
        (call $code (call $instantiate (i32.const 17) (i32.const 32) (i64.load (i32.const 49)) (i32.const 57) (i32.const 8)
            (i32.const 69) (call $rest (i32.const 69)) (i32.const 0x8004) (i32.const 4)
            (i32.const -1) (i32.const 0) (i32.const 65) (i32.const 4))))
    (func $do_terminate (call $terminate (i32.const 17) (i32.const 32)))
    (func $do_extension (call $allow_output)
        (call $code (call $extension (i32.load8_u (i32.const 17)) (i32.const 18) (call $rest (i32.const 18))
            (i32.const 0x8004) (i32.const 4))))
    (func $do_input_again (call $input (i32.const 16) (i32.const 0)))
    (func $do_revert (call $return (i32.const 1) (i32.const 17) (call $rest (i32.const 17))))
    ;; From an address on, as many bytes as are asked for.
    (func $do_return (call $return (i32.const 0) (i32.load (i32.const 17)) (i32.load (i32.const 21))))
    (func $do_set_beyond (call $set_storage (i32.load (i32.const 17)) (i32.load (i32.const 21)) (i32.load (i32.const 25))))
    (func $do_get_beyond (call $allow_output) (call $get (i32.load (i32.const 49)) (i32.const 4)))
    (func $do_get_short (i32.store (i32.const 4) (i32.const 3)) (call $get (i32.const 0x8004) (i32.const 4)))
    (func $do_big_event (call $deposit_event (i32.const 0) (i32.const 0) (i32.const 0) (i32.load (i32.const 17))))
)
