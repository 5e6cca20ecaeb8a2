;; Functions with 32 parameters and 32 results, several results of calls and blocks, and many locals.
;;! guest many
;;! call many turns 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32
;;! call many mixed 1 2 0x7fa00001 0x7ff4000000000001
;;! call many swaps 12 34
;;! call many divides 100 7
;;! call many locals 5
(module $many
  (type $all (func
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
    (result i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (func $turn (type $all)
    (local.get 31) (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5)
    (local.get 6) (local.get 7) (local.get 8) (local.get 9) (local.get 10) (local.get 11) (local.get 12)
    (local.get 13) (local.get 14) (local.get 15) (local.get 16) (local.get 17) (local.get 18)
    (local.get 19) (local.get 20) (local.get 21) (local.get 22) (local.get 23) (local.get 24)
    (local.get 25) (local.get 26) (local.get 27) (local.get 28) (local.get 29) (local.get 30))
  (func (export "turns") (type $all)
    (call $turn
      (local.get 31) (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5)
      (local.get 6) (local.get 7) (local.get 8) (local.get 9) (local.get 10) (local.get 11) (local.get 12)
      (local.get 13) (local.get 14) (local.get 15) (local.get 16) (local.get 17) (local.get 18)
      (local.get 19) (local.get 20) (local.get 21) (local.get 22) (local.get 23) (local.get 24)
      (local.get 25) (local.get 26) (local.get 27) (local.get 28) (local.get 29) (local.get 30))
    (call $turn) (call $turn) (call $turn))
  (func $mix (param i32 i64 f32 f64) (result f64 f32 i64 i32)
    (local.get 3) (local.get 2) (local.get 1) (local.get 0))
  (func (export "mixed") (param i32 i64 f32 f64) (result f64 f32 i64 i32)
    (call $mix (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
  (func $swap (param i32 i32) (result i32 i32) (local.get 1) (local.get 0))
  (func (export "swaps") (param i32 i32) (result i32 i32)
    (call $swap (local.get 0) (local.get 1)) (call $swap) (call $swap))
  (func (export "divides") (param i32 i32) (result i32 i32 i32)
    (block (result i32 i32)
      (if (result i32 i32) (local.get 1)
        (then
          (i32.div_s (local.get 0) (local.get 1))
          (i32.rem_s (local.get 0) (local.get 1)))
        (else (i32.const -1) (i32.const -1))))
    (i32.const 3))
  (func (export "locals") (param $n i32) (result i64 f64)
    (local $a i64) (local $b f64)
    (local i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
    (local i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
    (local f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32)
    (local $x f64) (local f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64) (local $y f64)
    (loop $again
      (local.set 3 (i32.add (local.get 4) (local.get $n)))
      (local.set 4 (local.tee 26 (i32.mul (local.get 3) (i32.const 3))))
      (local.set 50 (i64.add (local.get 27) (i64.extend_i32_s (local.get 26))))
      (local.set 27 (i64.xor (local.get 50) (i64.const 0x5555)))
      (local.set 74 (f32.add (local.get 51) (f32.convert_i64_s (local.get 27))))
      (local.set 51 (f32.sqrt (local.get 74)))
      (local.set $x (f64.promote_f32 (local.get 51)))
      (local.set $y (f64.add (local.get $x) (f64.div (local.get $y) (f64.const 3))))
      (local.set $a (i64.add (local.get $a) (local.get 50)))
      (local.set $b (local.get $y))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $a)
    (local.get $b)))
