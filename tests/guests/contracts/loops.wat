;; Goes on for ever, paying gas for it or not.
;;
;; call: input is one byte; where it is not 0, each round pays 1,000 gas.
(module
  (import "env" "memory" (memory 1 1))
  (import "env" "gas" (func $gas (param i32)))
  (import "env" "ext_scratch_read" (func $scratch_read (param i32 i32 i32)))

  (func (export "deploy"))

  (func (export "call")
    (call $scratch_read (i32.const 0) (i32.const 0) (i32.const 1))
    (loop $for_ever
      (if (i32.load8_u (i32.const 0)) (then (call $gas (i32.const 1000))))
      (br $for_ever))))
