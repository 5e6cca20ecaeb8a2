;; Three bodies that attract each other, by steps of a thousandth: sums, roots and quotients of f64 whose
;; last bits all count.
;;! guest planets
;;! call planets energy
;;! call planets steps 300
;;! call planets energy
(module $planets
  (memory (export "memory") 1)
  ;; Of each body: mass, place and speed, 40 bytes.
  (func $put (param $at i32) (param f64 f64 f64 f64 f64)
    (f64.store offset=0 (local.get $at) (local.get 1))
    (f64.store offset=8 (local.get $at) (local.get 2))
    (f64.store offset=16 (local.get $at) (local.get 3))
    (f64.store offset=24 (local.get $at) (local.get 4))
    (f64.store offset=32 (local.get $at) (local.get 5)))
  (func $start
    (call $put (i32.const 0) (f64.const 1) (f64.const 0) (f64.const 0) (f64.const 0) (f64.const -0.01))
    (call $put (i32.const 40) (f64.const 0.01) (f64.const 1) (f64.const 0) (f64.const 0) (f64.const 1))
    (call $put (i32.const 80) (f64.const 0.001) (f64.const 0) (f64.const 1.7) (f64.const -0.75) (f64.const 0.1)))
  (start $start)
  (func $distance (param $a i32) (param $b i32) (result f64)
    (local $x f64) (local $y f64)
    (local.set $x (f64.sub (f64.load offset=8 (local.get $a)) (f64.load offset=8 (local.get $b))))
    (local.set $y (f64.sub (f64.load offset=16 (local.get $a)) (f64.load offset=16 (local.get $b))))
    (f64.sqrt (f64.add (f64.mul (local.get $x) (local.get $x)) (f64.mul (local.get $y) (local.get $y)))))
  (func $pull (param $a i32) (param $b i32)
    (local $d f64) (local $f f64)
    (local.set $d (call $distance (local.get $a) (local.get $b)))
    (local.set $f (f64.div
      (f64.mul (f64.const 0.001) (f64.load (local.get $b)))
      (f64.mul (local.get $d) (f64.mul (local.get $d) (local.get $d)))))
    (f64.store offset=24 (local.get $a) (f64.sub (f64.load offset=24 (local.get $a))
      (f64.mul (f64.sub (f64.load offset=8 (local.get $a)) (f64.load offset=8 (local.get $b))) (local.get $f))))
    (f64.store offset=32 (local.get $a) (f64.sub (f64.load offset=32 (local.get $a))
      (f64.mul (f64.sub (f64.load offset=16 (local.get $a)) (f64.load offset=16 (local.get $b))) (local.get $f)))))
  (func $move (param $a i32)
    (f64.store offset=8 (local.get $a)
      (f64.add (f64.load offset=8 (local.get $a)) (f64.mul (f64.load offset=24 (local.get $a)) (f64.const 0.001))))
    (f64.store offset=16 (local.get $a)
      (f64.add (f64.load offset=16 (local.get $a)) (f64.mul (f64.load offset=32 (local.get $a)) (f64.const 0.001)))))
  (func (export "steps") (param $n i32)
    (loop $next
      (call $pull (i32.const 0) (i32.const 40)) (call $pull (i32.const 0) (i32.const 80))
      (call $pull (i32.const 40) (i32.const 0)) (call $pull (i32.const 40) (i32.const 80))
      (call $pull (i32.const 80) (i32.const 0)) (call $pull (i32.const 80) (i32.const 40))
      (call $move (i32.const 0)) (call $move (i32.const 40)) (call $move (i32.const 80))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func $kinetic (param $a i32) (result f64)
    (f64.mul (f64.mul (f64.const 0.5) (f64.load (local.get $a)))
      (f64.add
        (f64.mul (f64.load offset=24 (local.get $a)) (f64.load offset=24 (local.get $a)))
        (f64.mul (f64.load offset=32 (local.get $a)) (f64.load offset=32 (local.get $a))))))
  (func $potential (param $a i32) (param $b i32) (result f64)
    (f64.div (f64.mul (f64.load (local.get $a)) (f64.load (local.get $b))) (call $distance (local.get $a) (local.get $b))))
  (func (export "energy") (result f64)
    (f64.sub
      (f64.add (call $kinetic (i32.const 0)) (f64.add (call $kinetic (i32.const 40)) (call $kinetic (i32.const 80))))
      (f64.add (call $potential (i32.const 0) (i32.const 40))
        (f64.add (call $potential (i32.const 0) (i32.const 80)) (call $potential (i32.const 40) (i32.const 80)))))))
