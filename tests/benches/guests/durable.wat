;; Asks its supervisor again and again, or works for a while and then asks.
(module (import "env" "next" (func $next (param i32) (result i32)))
  (func (export "run") (param $n i32) (result i32)
    (loop $again (br_if $again (local.tee $n (call $next (local.get $n)))))
    (local.get $n))
  (func (export "wait") (param $n i32) (result i32)
    (loop $again (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (call $next (i32.const 1))))
