;; Host calls: `n` calls of an import that takes two words and returns one.
(module
  (import "env" "add" (func $add (param i32 i32) (result i32)))
  (func (export "run") (param $n i32) (result i32)
    (local $sum i32)
    (loop $next
      (local.set $sum (call $add (local.get $sum) (local.get $n)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  (func (export "nothing") (param i32) (result i32) (local.get 0)))
