;; Calls itself: the input says how many times. Each writes to the storage before the next and deposits an
;; event after it, and returns how many there were below it, and the code of the one that failed.
(module
    (import "seal0" "seal_input" (func $input (param i32 i32)))
    (import "seal0" "seal_return" (func $return (param i32 i32 i32)))
    (import "seal0" "seal_address" (func $address (param i32 i32)))
    (import "seal0" "seal_set_storage" (func $set_storage (param i32 i32 i32)))
    (import "seal0" "seal_deposit_event" (func $deposit_event (param i32 i32 i32 i32)))
    (import "seal0" "seal_call" (func $call (param i32 i32 i64 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "env" "memory" (memory 1 1))
    ;; 0: the input's length, 4: the address's, 8: the output's. 16: the input. 24: no value. 32: the address.
    ;; 64: the output, the number and the code. 128: a key.
    (data (i32.const 0) "\04\00\00\00" "\20\00\00\00" "\08\00\00\00")
    (func (export "deploy"))
    (func (export "call")
        (call $input (i32.const 16) (i32.const 0))
        (if (i32.load (i32.const 16)) (then
            (call $address (i32.const 32) (i32.const 4))
            (i32.store8 (i32.const 128) (i32.load (i32.const 16)))
            (call $set_storage (i32.const 128) (i32.const 16) (i32.const 4))
            (i32.store (i32.const 16) (i32.sub (i32.load (i32.const 16)) (i32.const 1)))
            (i32.store (i32.const 160) (call $call (i32.const 32) (i32.const 32) (i64.const 0) (i32.const 24) (i32.const 8)
                (i32.const 16) (i32.const 4) (i32.const 64) (i32.const 8)))
            (if (i32.load (i32.const 160))
                (then (i32.store (i32.const 68) (i32.load (i32.const 160)))))
            (i32.store (i32.const 64) (i32.add (i32.load (i32.const 64)) (i32.const 1)))
            (call $deposit_event (i32.const 0) (i32.const 0) (i32.const 64) (i32.const 8))))
        (call $return (i32.const 0) (i32.const 64) (i32.const 8)))
)
