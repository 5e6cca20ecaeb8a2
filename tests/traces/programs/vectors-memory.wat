;; Loads and stores of vectors and of lanes, in two memories and at large offsets, and a global that is a vector. The last
;; addresses are beyond the memory.
;;! guest table
;;! call table all
;;! call table beyond 65520
;;! call table beyond 65521
;;! call table lane 65535
;;! call table lane 65536
(module $table
  (import "host" "echo.lanes" (func $lanes (param i64 i64)))
  (import "host" "echo.number" (func $number (param i32)))
  (memory (export "memory") 1)
  (memory $other (export "other") 2)
  (global $kept (mut v128) (v128.const i32x4 1 2 3 4))
  (data (i32.const 0)
    "\00\01\02\03\04\05\06\07\08\09\0a\0b\0c\0d\0e\0f" ;; each byte its place
    "\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff" ;; all set
    "\80\00\7f\ff\80\00\7f\ff\80\00\7f\ff\80\00\7f\ff" ;; the edges of 8 bits
    "\00\80\ff\7f\ff\ff\00\00\01\00\01\80\00\01\ff\00" ;; of 16 bits
    "\00\00\00\80\ff\ff\ff\7f\ff\ff\ff\ff\01\00\00\00" ;; of 32 bits
    "\00\00\00\00\00\00\00\80\ff\ff\ff\ff\ff\ff\ff\7f" ;; of 64 bits
    "\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00" ;; none set
  )
  (func $show (param $v v128)
    (call $lanes (i64x2.extract_lane 0 (local.get $v)) (i64x2.extract_lane 1 (local.get $v))))
  (func $row (param $a v128) (param $n i32)
    (call $show (v128.load offset=3 (local.get $n)))
    (call $show (v128.load8x8_s offset=3 (local.get $n)))
    (call $show (v128.load8x8_u offset=3 (local.get $n)))
    (call $show (v128.load16x4_s offset=3 (local.get $n)))
    (call $show (v128.load16x4_u offset=3 (local.get $n)))
    (call $show (v128.load32x2_s offset=3 (local.get $n)))
    (call $show (v128.load32x2_u offset=3 (local.get $n)))
    (call $show (v128.load8_splat offset=3 (local.get $n)))
    (call $show (v128.load16_splat offset=3 (local.get $n)))
    (call $show (v128.load32_splat offset=3 (local.get $n)))
    (call $show (v128.load64_splat offset=3 (local.get $n)))
    (call $show (v128.load32_zero offset=3 (local.get $n)))
    (call $show (v128.load64_zero offset=3 (local.get $n)))
    (call $show (v128.load8_lane offset=5 13 (local.get $n) (local.get $a)))
    (call $show (v128.load16_lane offset=5 6 (local.get $n) (local.get $a)))
    (call $show (v128.load32_lane offset=5 2 (local.get $n) (local.get $a)))
    (call $show (v128.load64_lane offset=5 1 (local.get $n) (local.get $a)))
    (v128.store offset=1024 (local.get $n) (local.get $a))
    (v128.store8_lane offset=2048 13 (local.get $n) (local.get $a))
    (v128.store8_lane $other offset=2048 13 (local.get $n) (local.get $a))
    (v128.store16_lane offset=2112 6 (local.get $n) (local.get $a))
    (v128.store16_lane $other offset=2112 6 (local.get $n) (local.get $a))
    (v128.store32_lane offset=2176 2 (local.get $n) (local.get $a))
    (v128.store32_lane $other offset=2176 2 (local.get $n) (local.get $a))
    (v128.store64_lane offset=2240 1 (local.get $n) (local.get $a))
    (v128.store64_lane $other offset=2240 1 (local.get $n) (local.get $a))
    (v128.store $other offset=70000 (local.get $n) (local.get $a))
    (call $show (v128.load offset=1024 (local.get $n)))
    (call $show (v128.load $other offset=2048 (local.get $n)))
    (global.set $kept (v128.xor (global.get $kept) (local.get $a)))
    (call $show (global.get $kept)))
  (func (export "all")
    (local $i i32)
    (loop $next
      (call $row
        (v128.load offset=0 (i32.shl (local.get $i) (i32.const 4)))
        (local.get $i))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 6)))))
  (func (export "beyond") (param $address i32)
    (call $show (v128.load (local.get $address)))
    (v128.store (local.get $address) (v128.const i64x2 -1 -1)))
  (func (export "lane") (param $address i32)
    (v128.store8_lane 3 (local.get $address) (v128.const i32x4 0x77665544 0 0 0))
    (call $show (v128.load8_splat (local.get $address)))))
