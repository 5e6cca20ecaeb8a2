//! A supervisor that does all by itself, its memory imported, and whose thunk calls in again.

use guestbox::{
    Limits,
    abi::ERR_OK,
    substrate::{
        self, NESTING, Sandbox,
        wasmi::{Engine, Linker, Memory, MemoryType, Module, Store},
    },
};
use guestbox_tests::text::bytes;

/// A guest that adds 1 for each call of `down` until its argument is 0.
const GUEST: &str = r#"(module
    (import "env" "down" (func $down (param i32) (result i32)))
    (func (export "count") (param i32) (result i32)
        (if (result i32) (local.get 0)
            (then (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1)))))
            (else (i32.const 0)))))"#;

/// A supervisor whose thunk serves `down` by invoking the guest's `count` again. Its memory has
/// the environment at 16, the export's name at 48, and from 64 on the arguments and results of
/// each level, 32 bytes apart.
fn supervisor() -> String {
    let escape = |bytes: &[u8]| bytes.iter().map(|byte| format!("\\{byte:02x}")).collect::<String>();
    let wasm = bytes(GUEST);
    format!(
        r#"(module
        (import "env" "memory" (memory 2))
        (import "env" "ext_sandbox_instantiate_version_1" (func $instantiate (param i32 i64 i64 i32) (result i32)))
        (import "env" "ext_sandbox_invoke_version_1" (func $invoke (param i32 i64 i64 i32 i32 i32) (result i32)))
        (import "env" "ext_sandbox_instance_teardown_version_1" (func $teardown (param i32)))
        (import "env" "ext_allocator_malloc_version_1" (func $malloc (param i32) (result i32)))
        (global (export "__heap_base") i32 (i32.const 65536))
        (table (export "__indirect_function_table") 2 funcref)
        (elem (i32.const 1) $thunk)
        (data (i32.const 16) "\04\0cenv\10down\01\05\00\00\00")
        (data (i32.const 48) "count")
        (data (i32.const 4096) "{module}")
        (global $guest (mut i32) (i32.const -1))
        (global $level (mut i32) (i32.const 64))
        ;; Invokes `count` with a number and returns the result.
        (func $count (param $n i32) (result i32) (local $at i32) (local $result i32)
            (local.set $at (global.get $level))
            (global.set $level (i32.add (local.get $at) (i32.const 32)))
            (i32.store16 (local.get $at) (i32.const 0x0004))
            (i32.store offset=2 (local.get $at) (local.get $n))
            (if (call $invoke (global.get $guest)
                    (i64.const 0x0000_0005_0000_0030)
                    (i64.or (i64.const 0x0000_0006_0000_0000) (i64.extend_i32_u (local.get $at)))
                    (i32.add (local.get $at) (i32.const 16)) (i32.const 10) (i32.const 9))
                (then (unreachable)))
            (global.set $level (local.get $at))
            (i32.load offset=18 (local.get $at)))
        (func $thunk (param $args i32) (param i32 i32 i32) (result i64) (local $n i32) (local $at i32)
            (local.set $n (call $count (i32.load offset=2 (local.get $args))))
            (local.set $at (call $malloc (i32.const 7)))
            (i32.store (local.get $at) (i32.const 0x00_00_01_00))
            (i32.store offset=3 (local.get $at) (local.get $n))
            (i64.or (i64.shl (i64.extend_i32_u (local.get $at)) (i64.const 32)) (i64.const 7)))
        (func (export "main") (param $n i32) (result i32) (local $result i32)
            (global.set $guest (call $instantiate (i32.const 1)
                (i64.or (i64.const {length}) (i64.const 4096)) (i64.const 0x0000_000f_0000_0010) (i32.const 7)))
            (local.set $result (call $count (local.get $n)))
            (call $teardown (global.get $guest))
            (local.get $result)))"#,
        module = escape(&wasm),
        length = u64::try_from(wasm.len()).unwrap() << 32,
    )
}

#[test]
fn a_supervisor_that_imports_its_memory_runs_guests_that_call_back_into_it() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, Sandbox::new(Limits::default()));
    let mut linker = Linker::new(&engine);
    let memory = Memory::new(&mut store, MemoryType::new(2, None)).unwrap();
    linker.define("env", "memory", memory).unwrap();
    substrate::link_with_memory(&mut linker, memory).unwrap();
    let module = Module::new(&engine, bytes(&supervisor())).unwrap();
    let instance = linker.instantiate_and_start(&mut store, &module).unwrap();
    substrate::attach(&mut store, &instance).unwrap();
    assert_eq!(substrate::heap_base(&store, &instance), Some(65_536));
    let main = instance.get_typed_func::<u32, u32>(&store, "main").unwrap();
    for n in [ERR_OK, 1, 2, NESTING] {
        assert_eq!(main.call(&mut store, n).unwrap(), n);
    }
    assert_eq!(store.data().allocator().unwrap().bytes_in_use(), 0);
}
