;; The Mandelbrot set, 64 by 48 points, in f64 and in f32: the rounds of each point are in the memory.
;;! guest mandelbrot
;;! call mandelbrot double 60
;;! call mandelbrot single 60
(module $mandelbrot
  (memory (export "memory") 1)
  (func (export "double") (param $rounds i32) (result i32)
    (local $i i32) (local $n i32) (local $sum i32)
    (local $x f64) (local $y f64) (local $a f64) (local $b f64) (local $t f64)
    (loop $points
      (local.set $a (f64.sub (f64.div (f64.convert_i32_u (i32.rem_u (local.get $i) (i32.const 64))) (f64.const 24)) (f64.const 2)))
      (local.set $b (f64.sub (f64.div (f64.convert_i32_u (i32.div_u (local.get $i) (i32.const 64))) (f64.const 20)) (f64.const 1.2)))
      (local.set $x (f64.const 0))
      (local.set $y (f64.const 0))
      (local.set $n (i32.const 0))
      (block $out
        (loop $again
          (local.set $t (f64.add (f64.sub (f64.mul (local.get $x) (local.get $x)) (f64.mul (local.get $y) (local.get $y))) (local.get $a)))
          (local.set $y (f64.add (f64.mul (f64.mul (f64.const 2) (local.get $x)) (local.get $y)) (local.get $b)))
          (local.set $x (local.get $t))
          (br_if $out (f64.gt (f64.add (f64.mul (local.get $x) (local.get $x)) (f64.mul (local.get $y) (local.get $y))) (f64.const 4)))
          (br_if $again (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (local.get $rounds)))))
      (i32.store8 (local.get $i) (local.get $n))
      (local.set $sum (i32.add (local.get $sum) (local.get $n)))
      (br_if $points (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 3072))))
    (local.get $sum))
  (func (export "single") (param $rounds i32) (result i32)
    (local $i i32) (local $n i32) (local $sum i32)
    (local $x f32) (local $y f32) (local $a f32) (local $b f32) (local $t f32)
    (loop $points
      (local.set $a (f32.sub (f32.div (f32.convert_i32_u (i32.rem_u (local.get $i) (i32.const 64))) (f32.const 24)) (f32.const 2)))
      (local.set $b (f32.sub (f32.div (f32.convert_i32_u (i32.div_u (local.get $i) (i32.const 64))) (f32.const 20)) (f32.const 1.2)))
      (local.set $x (f32.const 0))
      (local.set $y (f32.const 0))
      (local.set $n (i32.const 0))
      (block $out
        (loop $again
          (local.set $t (f32.add (f32.sub (f32.mul (local.get $x) (local.get $x)) (f32.mul (local.get $y) (local.get $y))) (local.get $a)))
          (local.set $y (f32.add (f32.mul (f32.mul (f32.const 2) (local.get $x)) (local.get $y)) (local.get $b)))
          (local.set $x (local.get $t))
          (br_if $out (f32.gt (f32.add (f32.mul (local.get $x) (local.get $x)) (f32.mul (local.get $y) (local.get $y))) (f32.const 4)))
          (br_if $again (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (local.get $rounds)))))
      (i32.store8 offset=4096 (local.get $i) (local.get $n))
      (local.set $sum (i32.add (local.get $sum) (local.get $n)))
      (br_if $points (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 3072))))
    (local.get $sum)))
