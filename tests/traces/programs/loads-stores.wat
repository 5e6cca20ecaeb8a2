;; Every load and store, at aligned and unaligned addresses, with and without an offset.
;;! guest memory
;;! call memory stores 1024
;;! call memory stores 2047
;;! call memory loads 1024
;;! call memory loads 2047
;;! call memory loads 0
;;! call memory float_loads 1024
;;! call memory float_loads 2051
(module $memory
  (memory (export "memory") 1)
  (data (i32.const 0) "\80\81\82\83\84\85\86\87\88\89\8a\8b\8c\8d\8e\8f")
  (func (export "stores") (param $at i32)
    (i32.store (local.get $at) (i32.const 0x80c0e0f0))
    (i32.store8 offset=4 (local.get $at) (i32.const 0x1234))
    (i32.store16 offset=5 (local.get $at) (i32.const 0x12345678))
    (i64.store offset=7 (local.get $at) (i64.const 0x8040201008040201))
    (i64.store8 offset=15 (local.get $at) (i64.const -1))
    (i64.store16 offset=16 (local.get $at) (i64.const 0xabcdef))
    (i64.store32 offset=18 align=1 (local.get $at) (i64.const 0x1fedcba98))
    (f32.store offset=22 (local.get $at) (f32.const nan:0x200001))
    (f64.store offset=26 align=1 (local.get $at) (f64.const -0x1.8p-1022)))
  (func (export "loads") (param $at i32) (result i32 i32 i32 i32 i32 i64 i64 i64 i64 i64 i64 i64)
    (i32.load (local.get $at))
    (i32.load8_s offset=4 (local.get $at))
    (i32.load8_u offset=3 (local.get $at))
    (i32.load16_s offset=2 (local.get $at))
    (i32.load16_u offset=2 align=1 (local.get $at))
    (i64.load offset=7 align=1 (local.get $at))
    (i64.load8_s offset=15 (local.get $at))
    (i64.load8_u offset=15 (local.get $at))
    (i64.load16_s offset=16 (local.get $at))
    (i64.load16_u offset=16 (local.get $at))
    (i64.load32_s offset=18 (local.get $at))
    (i64.load32_u offset=18 (local.get $at)))
  (func (export "float_loads") (param $at i32) (result f32 f64)
    (f32.load offset=22 (local.get $at))
    (f64.load offset=26 (local.get $at))))
