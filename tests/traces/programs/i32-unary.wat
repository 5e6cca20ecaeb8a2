;; Every i32 operator of one operand, and what an i32 is converted to.
;;! guest table
;;! call table all
(module $table
  (import "host" "echo.row" (func $row (param i32 i32 i32 i32 i32 i32 i32 i64 i64 f32 f32 f64 f64 f32)))
  (memory 1)
  (data (i32.const 0)
    "\00\00\00\00" ;; 0
    "\01\00\00\00" ;; 1
    "\ff\ff\ff\ff" ;; -1
    "\00\00\00\80" ;; the least
    "\ff\ff\ff\7f" ;; the greatest
    "\21\00\00\00" ;; 33: as a shift, 1
    "\ef\cd\ab\89" ;; 0x89abcdef
    "\80\00\00\00" ;; 0x80
    "\00\80\ff\00" ;; 0xff8000
    "\01\00\00\01" ;; 16777217: no f32
    "\01\00\a0\7f" ;; a signalling NaN, reinterpreted
  )
  (func $show (param $a i32)
    (call $row
      (local.get $a)
      (i32.clz (local.get $a))
      (i32.ctz (local.get $a))
      (i32.popcnt (local.get $a))
      (i32.eqz (local.get $a))
      (i32.extend8_s (local.get $a))
      (i32.extend16_s (local.get $a))
      (i64.extend_i32_s (local.get $a))
      (i64.extend_i32_u (local.get $a))
      (f32.convert_i32_s (local.get $a))
      (f32.convert_i32_u (local.get $a))
      (f64.convert_i32_s (local.get $a))
      (f64.convert_i32_u (local.get $a))
      (f32.reinterpret_i32 (local.get $a))))
  (func (export "all")
    (local $i i32)
    (loop $next
      (call $show (i32.load (i32.shl (local.get $i) (i32.const 2))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 11))))))
