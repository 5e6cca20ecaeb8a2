;; Directives that come to each outcome, which stands behind them.
(module (func (export "one") (result i32) (i32.const 1)) (func (export "trap") unreachable) (func (export "next") (param i32) (result i32 i64) (local.get 0) (i64.const 7)) (global (export "global") f32 (f32.const 1)) (func (export "again") (call 3)) (func (export "nan") (result f32) (f32.const nan:0x600000))) ;; passed
(invoke "one") ;; passed
(invoke "trap") ;; wrong trap
(assert_return (invoke "one") (i32.const 1)) ;; passed
(assert_return (invoke "one") (i32.const 2)) ;; wrong value
(assert_return (invoke "one") (i64.const 1)) ;; wrong value
(assert_return (invoke "one") (f32.const 1)) ;; wrong value
(assert_return (invoke "one")) ;; wrong value
(assert_return (invoke "one") (i32.const 1) (i32.const 1)) ;; wrong value
(assert_return (invoke "one") (either (i32.const 2) (i32.const 1))) ;; passed
(assert_return (invoke "next" (i32.const -1)) (i32.const -1) (i64.const 7)) ;; passed
(assert_return (invoke "next" (i32.const -1)) (i32.const -1) (i64.const 8)) ;; wrong value
(assert_return (invoke "trap")) ;; wrong trap
(assert_return (get "global") (f32.const 1)) ;; passed
(assert_return (get "global") (f32.const -1)) ;; wrong value
(assert_return (get "global") (f32.const nan:canonical)) ;; wrong value
(assert_return (invoke "nan") (f32.const nan:0x600000)) ;; passed
(assert_return (invoke "nan") (f32.const nan:arithmetic)) ;; passed
(assert_return (invoke "nan") (f32.const nan:canonical)) ;; wrong value
(assert_trap (invoke "one") "unreachable") ;; wrong trap
(assert_trap (invoke "trap") "unreachable") ;; passed
(assert_trap (invoke "trap") "integer overflow") ;; wrong trap
(assert_trap (invoke "trap") "a trap of a kind that is not known") ;; wrong trap
(assert_exhaustion (invoke "again") "call stack exhausted") ;; passed
(assert_exhaustion (invoke "trap") "call stack exhausted") ;; wrong trap
(assert_invalid (module (func (result i32))) "type mismatch") ;; passed
(assert_invalid (module (func (result i32) (i32.const 1))) "type mismatch") ;; accepted
(assert_invalid (module (func (local.get $none))) "unknown local") ;; text format
(assert_malformed (module binary "\00asm\01\00\00") "unexpected end") ;; passed
(assert_malformed (module binary "\00asm\01\00\00\00") "unexpected end") ;; accepted
(assert_malformed (module quote "(func") "unexpected token") ;; text format
(assert_malformed (module quote "(func)") "unexpected token") ;; text format
(assert_unlinkable (module (import "spectest" "none" (func))) "unknown import") ;; passed
(assert_unlinkable (module (import "none" "print" (func))) "unknown import") ;; passed
(assert_unlinkable (module (import "spectest" "print" (func (param i32)))) "incompatible import type") ;; passed
(assert_unlinkable (module (import "spectest" "print" (memory 1))) "incompatible import type") ;; passed
(assert_unlinkable (module (import "spectest" "memory" (func))) "incompatible import type") ;; passed
(assert_unlinkable (module (import "spectest" "memory" (memory 2))) "incompatible import type") ;; passed
(assert_unlinkable (module (import "spectest" "print" (func))) "incompatible import type") ;; accepted
(assert_unlinkable (module (func unreachable) (start 0)) "incompatible import type") ;; accepted
(assert_trap (module (memory 0) (data (i32.const 1) "a")) "out of bounds memory access") ;; passed
(assert_trap (module (memory 0) (data (i32.const 1) "a")) "unreachable") ;; wrong trap
(assert_trap (module (func unreachable) (start 0)) "unreachable") ;; passed
(assert_trap (module (func unreachable) (start 0)) "integer overflow") ;; wrong trap
(assert_trap (module) "unreachable") ;; wrong trap
(module $exporter (global $count (mut i32) (i32.const 5)) (func (export "count") (result i32) (global.set $count (i32.add (global.get $count) (i32.const 1))) (global.get $count)) (func (export "trap") (drop (i32.div_u (i32.const 1) (i32.const 0))))) ;; passed
(register "exporter" $exporter) ;; passed
(module (import "exporter" "count" (func $count (result i32))) (import "exporter" "trap" (func $trap)) (func (export "count") (result i32) (call $count)) (func (export "trap") (call $trap))) ;; passed
(assert_return (invoke "count") (i32.const 6)) ;; passed
(assert_return (invoke $exporter "count") (i32.const 7)) ;; passed
(assert_trap (invoke "trap") "integer divide by zero") ;; passed
(assert_trap (invoke "trap") "integer overflow") ;; wrong trap
(module (memory (import "spectest" "memory") 1 2) (memory (export "memory") 1) (data (i32.const 0) "a") (func (export "byte") (result i32) (i32.load8_u (i32.const 0)))) ;; passed
(assert_return (invoke "byte") (i32.const 97)) ;; passed
(module $none (import "spectest" "none" (func))) ;; refused: import
(assert_return (invoke "one") (i32.const 1)) ;; refused: import
(assert_trap (invoke $none "one") "unreachable") ;; refused: import
(assert_return (get $none "one") (i32.const 1)) ;; refused: import
(register "none") ;; refused: import
(module (import "none" "one" (func))) ;; refused: import
(assert_unlinkable (module (import "none" "one" (func))) "unknown import") ;; refused: import
(module (memory 1 1 shared)) ;; refused: threads
(invoke "one") ;; refused: threads
(assert_invalid (module (memory 1 1 shared) (func (result i32))) "type mismatch") ;; unexamined: threads
(assert_invalid (module (memory 65537)) "memory size must be at most 65536 pages (4GiB)") ;; passed
(module (func unreachable) (start 0)) ;; wrong trap
(invoke "one") ;; wrong trap
(module (table (import "spectest" "table") 1 funcref)) ;; passed
(module (global (import "spectest" "global_i32") i32)) ;; passed
(module (global (import "spectest" "global_i32") externref)) ;; refused: import
(module (global $reference (export "reference") (mut externref) (ref.null extern)) (func (export "set") (param externref) (global.set $reference (local.get 0))) (func (export "get") (result externref) (global.get $reference)) (func (export "is_null") (result i32) (ref.is_null (global.get $reference)))) ;; passed
(assert_return (invoke "is_null") (i32.const 1)) ;; passed
(assert_return (invoke "is_null") (i32.const 0)) ;; wrong value
(register "reference") ;; passed
(invoke "set" (ref.extern 1)) ;; passed
(assert_return (invoke "is_null") (i32.const 0)) ;; passed
(assert_return (invoke "get") (ref.extern 1)) ;; passed
(assert_return (invoke "get") (ref.extern 2)) ;; wrong value
(assert_return (invoke "get") (ref.extern)) ;; passed
(assert_return (invoke "get") (ref.null extern)) ;; wrong value
(assert_return (get "reference") (ref.extern 1)) ;; passed
(assert_return (get "reference") (ref.extern 3)) ;; wrong value
(module (import "reference" "set" (func $set (param externref))) (func (export "set") (param externref) (call $set (local.get 0)))) ;; passed
(invoke "set" (ref.extern 4)) ;; passed
(module (import "reference" "reference" (global $reference (mut externref))) (func (export "get") (result externref) (global.get $reference))) ;; passed
(assert_return (invoke "get") (ref.extern 4)) ;; passed
(module (import "reference" "set" (func (param i32)))) ;; refused: import
(module (global (export "global") externref (ref.null extern))) ;; passed
(assert_return (get "global") (ref.null extern)) ;; passed
(assert_return (get "global") (ref.null func)) ;; wrong value
(module (table 1 funcref) (func $one (result i32) (i32.const 1)) (elem declare func $one) (global (export "global") (mut funcref) (ref.func $one)) (func (export "one") (result funcref) (ref.func $one)) (func (export "null") (result funcref) (ref.null func))) ;; passed
(assert_return (get "global") (ref.func)) ;; passed
(assert_return (invoke "one") (ref.func)) ;; passed
(assert_return (invoke "one") (ref.null func)) ;; wrong value
(assert_return (invoke "null") (ref.null func)) ;; passed
(assert_return (invoke "null") (ref.null)) ;; passed
(module $exporter (table (export "table") 1 funcref) (func $function (result i32) (i32.const 1)) (func (export "call") (result i32) (call_indirect (result i32) (i32.const 0)))) ;; passed
(register "exporter" $exporter) ;; passed
(assert_trap (invoke $exporter "call") "uninitialized element") ;; passed
(module (import "exporter" "table" (table 1 funcref)) (import "spectest" "memory" (memory 1)) (func $function (result i32) (i32.const 1)) (elem (i32.const 0) $function)) ;; refused: apart
(assert_return (invoke $exporter "call") (i32.const 1)) ;; refused: apart
(module (import "exporter" "call" (func $call (result i32))) (func (export "call") (result i32) (call $call))) ;; passed
(assert_return (invoke "call") (i32.const 1)) ;; refused: apart
(module definition $definition (global $count (mut i32) (i32.const 0)) (func (export "count") (result i32) (global.set $count (i32.add (global.get $count) (i32.const 1))) (global.get $count))) ;; passed
(module instance $first $definition) ;; passed
(module instance $second) ;; passed
(assert_return (invoke $first "count") (i32.const 1)) ;; passed
(assert_return (invoke "count") (i32.const 1)) ;; passed
(assert_return (invoke $second "count") (i32.const 2)) ;; passed
(module definition (memory 1 1 shared)) ;; refused: threads
(module (func (export "add") (param v128 v128) (result v128) (i32x4.add (local.get 0) (local.get 1))) (func (export "nans") (result v128) (v128.const i32x4 0x7fc00000 0x7fe00001 0x3f800000 0xffc00000)) (func (export "long nans") (result v128) (v128.const i64x2 0x7ff8000000000000 0x7ff8000000000001)) (global (export "global") v128 (v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15))) ;; passed
(assert_return (invoke "add" (v128.const i32x4 1 2 3 -1) (v128.const i32x4 10 20 30 1)) (v128.const i32x4 11 22 33 0)) ;; passed
(assert_return (invoke "add" (v128.const i32x4 1 2 3 -1) (v128.const i32x4 10 20 30 1)) (v128.const i64x2 0x160000000b 33)) ;; passed
(assert_return (invoke "add" (v128.const i32x4 1 2 3 -1) (v128.const i32x4 10 20 30 1)) (v128.const i32x4 11 22 33 1)) ;; wrong value
(assert_return (invoke "add" (v128.const i32x4 1 2 3 -1) (v128.const i32x4 10 20 30 1)) (i32.const 11)) ;; wrong value
(assert_return (invoke "add" (v128.const f64x2 0 0) (v128.const f64x2 1 -1)) (v128.const f64x2 1 -1)) ;; passed
(assert_return (invoke "add" (v128.const f64x2 0 0) (v128.const f64x2 1 -1)) (either (v128.const f64x2 2 2) (v128.const f64x2 1 -1))) ;; passed
(assert_return (invoke "nans") (v128.const f32x4 nan:canonical nan:arithmetic 1 nan:canonical)) ;; passed
(assert_return (invoke "nans") (v128.const f32x4 nan:canonical nan:canonical 1 nan:canonical)) ;; wrong value
(assert_return (invoke "nans") (v128.const f32x4 nan:canonical nan:arithmetic nan:arithmetic nan:canonical)) ;; wrong value
(assert_return (invoke "long nans") (v128.const f64x2 nan:canonical nan:arithmetic)) ;; passed
(assert_return (invoke "long nans") (v128.const f64x2 nan:arithmetic nan:canonical)) ;; wrong value
(assert_return (get "global") (v128.const i16x8 0x0100 0x0302 0x0504 0x0706 0x0908 0x0b0a 0x0d0c 0x0f0e)) ;; passed
(assert_return (get "global") (v128.const i8x16 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1 0)) ;; wrong value
(assert_invalid (module (func (param v128) (result v128) (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 (local.get 0)))) "type mismatch") ;; passed
(assert_invalid (module (func (result v128) (i8x16.relaxed_swizzle (v128.const i64x2 0 0) (v128.const i64x2 0 0)))) "type mismatch") ;; accepted
(module (import "spectest" "global_i32" (global v128))) ;; refused: import
