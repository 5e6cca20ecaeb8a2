;; Crossings: `n` times plain code, host calls, and host calls that call `nothing`.
(module
  (import "env" "host" (func $host))
  (import "env" "nest" (func $nest))
  (func (export "nothing"))
  (func (export "plain") (param $n i32) (result i32)
    (local $a i32) (local $b i32)
    (loop $next
      (local.set $a (i32.add (local.get $a) (local.get $n)))
      (local.set $b (i32.xor (local.get $b) (local.get $a)))
      (local.set $a (i32.rotl (local.get $a) (local.get $b)))
      (local.set $b (i32.sub (local.get $b) (local.get $n)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $b))
  (func (export "host") (param $n i32)
    (loop $next
      (call $host)
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "nest") (param $n i32)
    (loop $next
      (call $nest)
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))
