;; Declares another signature of `ext_call` than there is, which is found when it is called, and
;; reads past the end of the scratch buffer.
;;
;; call: input is one byte; 0 calls, 1 reads, 2 has a length that no memory has.
(module
  (import "env" "memory" (memory 1 1))
  (import "env" "ext_scratch_read" (func $scratch_read (param i32 i32 i32)))
  (import "env" "ext_return" (func $return (param i32 i32)))
  (import "env" "ext_call" (func $call (param f64) (result i32)))

  (func (export "deploy"))

  (func (export "call")
    (call $scratch_read (i32.const 0) (i32.const 0) (i32.const 1))
    (if (i32.eqz (i32.load8_u (i32.const 0))) (then (drop (call $call (f64.const 1)))))
    (if (i32.eq (i32.load8_u (i32.const 0)) (i32.const 1))
      (then (call $scratch_read (i32.const 0) (i32.const 1) (i32.const 1))))
    (call $return (i32.const 0) (i32.const -1))))
