;; Recursion to the limit of frames, by one function and by two in turn, and what is left of it.
;;! limits guestFrames=2000
;;! guest deep
;;! call deep down 1000
;;! call deep down 1998
;;! call deep down 1999
;;! call deep down 2000
;;! call deep down 2001
;;! call deep for_ever
;;! call deep in_turns
;;! call deep down 10
(module $deep
  (global $depth (export "depth") (mut i32) (i32.const 0))
  (func $down (export "down") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0))
      (then (i32.const 0))
      (else (i32.add (call $down (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))))
  (func $for_ever (export "for_ever")
    (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
    (call $for_ever))
  (func $in_turns (export "in_turns") (call $back (f64.const 0.5)))
  (func $back (param f64)
    (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
    (call $in_turns)))
