;; Every i64 operator of one operand, and what an i64 is converted to.
;;! guest table
;;! call table all
(module $table
  (import "host" "echo.row" (func $row (param i64 i64 i64 i64 i32 i64 i64 i64 i32 f32 f32 f64 f64 f64)))
  (memory 1)
  (data (i32.const 0)
    "\00\00\00\00\00\00\00\00" ;; 0
    "\01\00\00\00\00\00\00\00" ;; 1
    "\ff\ff\ff\ff\ff\ff\ff\ff" ;; -1
    "\00\00\00\00\00\00\00\80" ;; the least
    "\ff\ff\ff\ff\ff\ff\ff\7f" ;; the greatest
    "\41\00\00\00\00\00\00\00" ;; 65: as a shift, 1
    "\ef\cd\ab\89\67\45\23\01" ;; 0x0123456789abcdef
    "\00\80\00\00\00\00\00\00" ;; 0x8000
    "\00\00\00\80\ff\00\00\00" ;; 0xff80000000
    "\01\00\00\00\00\00\20\00" ;; 9007199254740993: no f64
    "\01\00\00\00\00\00\f4\7f" ;; a signalling NaN, reinterpreted
    "\01\00\00\00\40\ff\ff\7f" ;; rounds differently by way of f64
  )
  (func $show (param $a i64)
    (call $row
      (local.get $a)
      (i64.clz (local.get $a))
      (i64.ctz (local.get $a))
      (i64.popcnt (local.get $a))
      (i64.eqz (local.get $a))
      (i64.extend8_s (local.get $a))
      (i64.extend16_s (local.get $a))
      (i64.extend32_s (local.get $a))
      (i32.wrap_i64 (local.get $a))
      (f32.convert_i64_s (local.get $a))
      (f32.convert_i64_u (local.get $a))
      (f64.convert_i64_s (local.get $a))
      (f64.convert_i64_u (local.get $a))
      (f64.reinterpret_i64 (local.get $a))))
  (func (export "all")
    (local $i i32)
    (loop $next
      (call $show (i64.load (i32.shl (local.get $i) (i32.const 3))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 12))))))
