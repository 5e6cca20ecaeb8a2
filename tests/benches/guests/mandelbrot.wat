;; Floats in locals: how many of `n` times `n` points stay in the Mandelbrot set for 50 steps.
(module
  (func (export "run") (param $n i32) (result i32)
    (local $column i32) (local $row i32) (local $steps i32) (local $inside i32)
    (local $x f64) (local $y f64) (local $real f64) (local $imaginary f64) (local $new f64)
    (loop $rows
      (local.set $imaginary
        (f64.sub (f64.div (f64.convert_i32_s (i32.mul (local.get $row) (i32.const 2)))
          (f64.convert_i32_s (local.get $n))) (f64.const 1)))
      (local.set $column (i32.const 0))
      (loop $columns
        (local.set $real
          (f64.sub (f64.div (f64.convert_i32_s (i32.mul (local.get $column) (i32.const 3)))
            (f64.convert_i32_s (local.get $n))) (f64.const 2)))
        (local.set $x (f64.const 0))
        (local.set $y (f64.const 0))
        (local.set $steps (i32.const 0))
        (block $out
          (loop $step
            (local.set $new
              (f64.add (local.get $real)
                (f64.sub (f64.mul (local.get $x) (local.get $x))
                  (f64.mul (local.get $y) (local.get $y)))))
            (local.set $y
              (f64.add (local.get $imaginary)
                (f64.mul (f64.const 2) (f64.mul (local.get $x) (local.get $y)))))
            (local.set $x (local.get $new))
            (br_if $out
              (f64.gt (f64.add (f64.mul (local.get $x) (local.get $x))
                (f64.mul (local.get $y) (local.get $y))) (f64.const 4)))
            (br_if $step
              (i32.lt_s (local.tee $steps (i32.add (local.get $steps) (i32.const 1)))
                (i32.const 50))))
          (local.set $inside (i32.add (local.get $inside) (i32.const 1))))
        (br_if $columns
          (i32.lt_s (local.tee $column (i32.add (local.get $column) (i32.const 1)))
            (local.get $n))))
      (br_if $rows
        (i32.lt_s (local.tee $row (i32.add (local.get $row) (i32.const 1))) (local.get $n))))
    (local.get $inside)))
