;; Every i32 operator of two operands that cannot trap, over pairs of edge values.
;;! guest table
;;! call table all
(module $table
  (import "host" "echo.row" (func $row (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (memory 1)
  (data (i32.const 0)
    "\00\00\00\00" ;; 0
    "\01\00\00\00" ;; 1
    "\ff\ff\ff\ff" ;; -1
    "\00\00\00\80" ;; the least
    "\ff\ff\ff\7f" ;; the greatest
    "\21\00\00\00" ;; 33: as a shift, 1
    "\ef\cd\ab\89" ;; 0x89abcdef
  )
  (func $show (param $a i32) (param $b i32)
    (call $row
      (local.get $a) (local.get $b)
      (i32.add (local.get $a) (local.get $b))
      (i32.sub (local.get $a) (local.get $b))
      (i32.mul (local.get $a) (local.get $b))
      (i32.and (local.get $a) (local.get $b))
      (i32.or (local.get $a) (local.get $b))
      (i32.xor (local.get $a) (local.get $b))
      (i32.shl (local.get $a) (local.get $b))
      (i32.shr_s (local.get $a) (local.get $b))
      (i32.shr_u (local.get $a) (local.get $b))
      (i32.rotl (local.get $a) (local.get $b))
      (i32.rotr (local.get $a) (local.get $b))
      ;; eq, ne, lt_s, lt_u, gt_s, gt_u, le_s, le_u, ge_s, ge_u, from the lowest bit on
      (i32.or
          (i32.or
          (i32.or
          (i32.or
          (i32.or
          (i32.or
          (i32.or
          (i32.or
          (i32.or
          (i32.eq (local.get $a) (local.get $b))
          (i32.shl (i32.ne (local.get $a) (local.get $b)) (i32.const 1)))
          (i32.shl (i32.lt_s (local.get $a) (local.get $b)) (i32.const 2)))
          (i32.shl (i32.lt_u (local.get $a) (local.get $b)) (i32.const 3)))
          (i32.shl (i32.gt_s (local.get $a) (local.get $b)) (i32.const 4)))
          (i32.shl (i32.gt_u (local.get $a) (local.get $b)) (i32.const 5)))
          (i32.shl (i32.le_s (local.get $a) (local.get $b)) (i32.const 6)))
          (i32.shl (i32.le_u (local.get $a) (local.get $b)) (i32.const 7)))
          (i32.shl (i32.ge_s (local.get $a) (local.get $b)) (i32.const 8)))
          (i32.shl (i32.ge_u (local.get $a) (local.get $b)) (i32.const 9)))))
  (func (export "all")
    (local $i i32) (local $j i32)
    (loop $left
      (local.set $j (i32.const 0))
      (loop $right
        (call $show
          (i32.load (i32.shl (local.get $i) (i32.const 2)))
          (i32.load (i32.shl (local.get $j) (i32.const 2))))
        (local.set $j (i32.add (local.get $j) (i32.const 1)))
        (br_if $right (i32.lt_u (local.get $j) (i32.const 7))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $left (i32.lt_u (local.get $i) (i32.const 7))))))
