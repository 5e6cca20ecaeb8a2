;; Guest and supervisor calling each other too deeply, by the limit of the store and by that of a guest.
;;! limits nesting=5
;;! guest deep
;;! call deep down 3
;;! call deep down 4
;;! call deep down 5
;;! call deep down 9
;;! call deep careful 9
;;! guest shallow maxCallDepth=2
;;! call shallow down 1
;;! call shallow down 2
;;! guest silent maxCallDepth=0
;;! call silent speak
(module $deep
  (import "host" "call.deep.down" (func $down (param i32) (result i32)))
  (import "host" "try.deep.careful" (func $careful (param i32) (result i32)))
  (global $reached (export "reached") (mut i32) (i32.const 0))
  (func (export "down") (param i32) (result i32)
    (global.set $reached (local.get 0))
    (if (result i32) (local.get 0)
      (then (i32.add (call $down (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
      (else (i32.const 0))))
  (func (export "careful") (param i32) (result i32)
    (global.set $reached (local.get 0))
    (call $careful (i32.sub (local.get 0) (i32.const 1)))))
(module $shallow
  (import "host" "call.shallow.down" (func $down (param i32) (result i32)))
  (func (export "down") (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (call $down (i32.sub (local.get 0) (i32.const 1))))
      (else (i32.const 70)))))
(module $silent
  (import "host" "echo" (func $echo))
  (func (export "speak") (call $echo)))
