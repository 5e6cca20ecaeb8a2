;; Comparisons and moves: `n` words, at most 16,384, in a heap sort.
(module
  (memory 1)
  (func $get (param $at i32) (result i32) (i32.load (i32.shl (local.get $at) (i32.const 2))))
  (func $set (param $at i32) (param $value i32)
    (i32.store (i32.shl (local.get $at) (i32.const 2)) (local.get $value)))
  (func $sift (param $root i32) (param $end i32)
    (local $child i32) (local $value i32)
    (local.set $value (call $get (local.get $root)))
    (block $done
      (loop $down
        (local.set $child (i32.add (i32.shl (local.get $root) (i32.const 1)) (i32.const 1)))
        (br_if $done (i32.ge_u (local.get $child) (local.get $end)))
        (if (i32.lt_u (i32.add (local.get $child) (i32.const 1)) (local.get $end))
          (then
            (if (i32.lt_u (call $get (local.get $child))
                (call $get (i32.add (local.get $child) (i32.const 1))))
              (then (local.set $child (i32.add (local.get $child) (i32.const 1)))))))
        (br_if $done (i32.ge_u (local.get $value) (call $get (local.get $child))))
        (call $set (local.get $root) (call $get (local.get $child)))
        (local.set $root (local.get $child))
        (br $down)))
    (call $set (local.get $root) (local.get $value)))
  (func (export "run") (param $n i32) (result i32)
    (local $i i32) (local $value i32)
    (loop $fill
      (local.set $value
        (i32.add (i32.mul (local.get $value) (i32.const 1664525)) (i32.const 1013904223)))
      (call $set (local.get $i) (local.get $value))
      (br_if $fill (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.set $i (i32.shr_u (local.get $n) (i32.const 1)))
    (loop $heap
      (local.set $i (i32.sub (local.get $i) (i32.const 1)))
      (call $sift (local.get $i) (local.get $n))
      (br_if $heap (local.get $i)))
    (local.set $i (i32.sub (local.get $n) (i32.const 1)))
    (loop $take
      (local.set $value (call $get (i32.const 0)))
      (call $set (i32.const 0) (call $get (local.get $i)))
      (call $set (local.get $i) (local.get $value))
      (call $sift (i32.const 0) (local.get $i))
      (br_if $take (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
    (call $get (i32.shr_u (local.get $n) (i32.const 1)))))
