//! Host functions and entry points of the embedder's own, and what it is told of failures.

use crate::substrate::{GUEST, SUPERVISOR, THUNK, World, environment, instantiate, run};
use guestbox::{
    InvokeError, Limit, Limits, TrapCode,
    abi::{ERR_EXECUTION, ERR_MODULE, InstantiateFailure, SupervisorTrap},
    substrate::{
        self, AllocatorError, Failure, LinearMemory, OutOfBounds, Outside, Sandbox, WasmiSupervisor,
        wasmi::{self, Caller, Engine, Instance, Linker, Memory, MemoryType, Module, Store},
    },
};
use guestbox_tests::text::bytes;
use std::sync::{Arc, Mutex};

/// A runtime with a host function that returns a buffer and an entry point with input; its memory is what is put in.
fn runtime(memory: &str) -> Vec<u8> {
    bytes(&format!(
        r#"(module (import "env" "ext_storage_get_version_1" (func $get (param i64) (result i64)))
        (import "env" "ext_allocator_free_version_1" (func $free (param i32)))
        {memory} (global (export "__heap_base") i32 (i32.const 4096))
        (func (export "entry") (param $ptr i32) (param $len i32) (result i64)
            (local $got i64)
            (local.set $got (call $get (i64.or (i64.extend_i32_u (local.get $ptr))
                (i64.shl (i64.extend_i32_u (local.get $len)) (i64.const 32)))))
            (call $free (local.get $ptr))
            (local.get $got)))"#
    ))
}

/// Returns what is after the key in the alphabet, that often.
fn value_of(key: &[u8]) -> Vec<u8> {
    key.iter().map(|byte| byte + 1).collect()
}

fn storage_get(mut supervisor: WasmiSupervisor<Caller<'_, Sandbox>>, key: i64) -> Result<i64, wasmi::Error> {
    let key = substrate::read(&mut supervisor, key)?;
    // The data of the wasmi store is within reach, too.
    let in_use = supervisor.context_mut().data().allocator().map_or(0, substrate::Allocator::bytes_in_use);
    assert!(in_use >= key.len().try_into().unwrap());
    Ok(substrate::give(&mut supervisor, &value_of(&key))?.to_slice())
}

/// A runtime that exports its memory, or imports it, with what it imports.
fn embed(imports_memory: bool) -> (Store<Sandbox>, Instance, Option<Memory>) {
    let engine = Engine::default();
    let mut store = Store::new(&engine, Sandbox::self_metered());
    let mut linker = Linker::new(&engine);
    let (text, memory) = if imports_memory {
        let memory = Memory::new(&mut store, MemoryType::new(20, None)).unwrap();
        linker.define("env", "memory", memory).unwrap();
        substrate::link_with_memory(&mut linker, memory).unwrap();
        (r#"(import "env" "memory" (memory 1))"#, Some(memory))
    } else {
        substrate::link(&mut linker).unwrap();
        (r#"(memory (export "memory") 20)"#, None)
    };
    let serve = move |caller: Caller<'_, Sandbox>, key: i64| {
        storage_get(WasmiSupervisor::with_memory(caller, memory), key)
    };
    linker.func_wrap("env", "ext_storage_get_version_1", serve).unwrap();
    let module = Module::new(&engine, runtime(text)).unwrap();
    let instance = linker.instantiate_and_start(&mut store, &module).unwrap();
    (store, instance, memory)
}

fn outside<'a>(
    store: &'a mut Store<Sandbox>,
    instance: &Instance,
    memory: Option<Memory>,
) -> WasmiSupervisor<Outside<'a, Sandbox>> {
    WasmiSupervisor::with_memory(Outside::new(store, instance), memory)
}

#[test]
fn host_functions_return_buffers_and_entry_points_take_input_whoever_has_the_memory() {
    for imports_memory in [false, true] {
        let (mut store, instance, memory) = embed(imports_memory);
        let mut reach = outside(&mut store, &instance, memory);
        let early = substrate::give(&mut reach, b"early");
        assert_eq!(early, Err(SupervisorTrap::Allocator(AllocatorError::NoHeap)), "not attached yet");
        substrate::attach(&mut store, &instance).unwrap();
        let entry = instance.get_typed_func::<(u32, u32), i64>(&store, "entry").unwrap();
        for key in [&b""[..], b"HAL", &[7; 100_000]] {
            let input = substrate::give(&mut outside(&mut store, &instance, memory), key).unwrap();
            let output = entry.call(&mut store, (input.ptr, input.len)).unwrap();
            let mut reach = outside(&mut store, &instance, memory);
            assert_eq!(substrate::read(&mut reach, output).unwrap(), value_of(key));
            let ptr = u32::try_from(output & 0xFFFF_FFFF).unwrap();
            substrate::free(&mut reach, ptr).unwrap();
            assert_eq!(store.data().allocator().unwrap().bytes_in_use(), 0);
        }
    }
}

#[test]
fn what_is_not_in_the_supervisors_memory_is_not_read() {
    for imports_memory in [false, true] {
        let (mut store, instance, memory) = embed(imports_memory);
        substrate::attach(&mut store, &instance).unwrap();
        let entry = instance.get_typed_func::<(u32, u32), i64>(&store, "entry").unwrap();
        for (ptr, len) in [(0, u32::MAX), (u32::MAX, 1), (20 * 65_536 - 3, 4)] {
            let error = entry.call(&mut store, (ptr, len)).unwrap_err();
            assert_eq!(error.downcast_ref(), Some(&SupervisorTrap::Slice), "{error}");
        }
        let mut reach = outside(&mut store, &instance, memory);
        assert_eq!(reach.size(), 20 * 65_536);
        assert_eq!(reach.write(20 * 65_536, &[1]), Err(OutOfBounds));
        let too_large = substrate::give(&mut reach, &vec![0; (32 << 20) + 1]);
        assert_eq!(too_large, Err(SupervisorTrap::Allocator(AllocatorError::TooLarge)));
    }
}

/// Whether a limit was reached and which, and the message.
type Told = (bool, Option<Limit>, String);

/// What a world's embedder was told.
fn observed(world: &mut World, limits: Limits) -> Arc<Mutex<Vec<Told>>> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&seen);
    world.store.data_mut().sandbox = Sandbox::new(limits).with_observer(move |failure: &Failure| {
        let limit = failure.limit().map(|refused| refused.limit);
        notes.lock().unwrap().push((failure.is_limit(), limit, failure.to_string()));
    });
    world.store.data_mut().sandbox.set_heap_base(crate::substrate::HEAP_BASE);
    seen
}

#[test]
fn the_embedder_is_told_why_the_supervisor_got_a_code() {
    let mut limits = Limits::default();
    limits.module_bytes = 1_000;
    limits.environment_bytes = 100;
    limits.imports = 3;
    limits.fuel = 1_000;
    let mut world = World::with_supervisor(SUPERVISOR, limits.clone());
    let seen = observed(&mut world, limits);
    let told = || std::mem::take(&mut *seen.lock().unwrap());

    let large = vec![0; 1_001];
    let many = bytes(&format!("(module {})", r#"(import "" "" (func))"#.repeat(4)));
    for (wasm, environment, limit, message) in [
        (
            &large[..],
            environment(),
            Some(Limit::ModuleBytes),
            "module refused: limit `module_bytes` is 1000, 1001 requested",
        ),
        (b"\0asm", environment(), None, "invalid module: "),
        (&many, environment(), Some(Limit::Imports), "module refused: limit `imports` is 3, 4 requested"),
        (
            b"",
            vec![0; 101],
            Some(Limit::EnvironmentBytes),
            "environment definition refused: limit `environment_bytes` is 100, 101",
        ),
        (
            &bytes(GUEST),
            vec![0],
            None,
            "import `env` `f`, a function (i32) -> (i32): the environment has none",
        ),
    ] {
        assert_eq!(instantiate(&mut world.store, THUNK, wasm, &environment, 0), Ok(ERR_MODULE), "{message}");
        let [(is_limit, found, text)] = &told()[..] else { panic!("{message}") };
        assert!((*is_limit, *found) == (limit.is_some(), limit) && text.starts_with(message), "{text}");
    }

    let guest = crate::substrate::guest(&mut world.store, GUEST);
    assert_eq!(run(&mut world.store, guest, "nothing", &[]), Ok((0, None)));
    assert_eq!(told(), [], "nothing failed");
    for (export, is_limit, message) in [
        ("spin", true, "out of fuel"),
        ("trap", false, "unreachable executed"),
        ("none", false, "the module has no such export"),
    ] {
        assert_eq!(run(&mut world.store, guest, export, &[]), Ok((ERR_EXECUTION, None)));
        assert_eq!(told(), [(is_limit, None, message.to_owned())]);
    }
}

#[test]
fn of_nested_guests_the_innermost_failure_comes_first() {
    let mut world = World::new();
    let seen = observed(&mut world, Limits::default());
    let guest = crate::substrate::guest(&mut world.store, GUEST);
    world.on_call(move |caller, _| {
        let (code, _) = run(&mut *caller, guest, "run", &[1.into()]).unwrap();
        assert_eq!(code, ERR_EXECUTION);
        Ok(crate::substrate::reply(caller, &[1]))
    });
    run(&mut world.store, guest, "run", &[1.into()]).unwrap();
    let seen = seen.lock().unwrap();
    let levels = usize::try_from(substrate::NESTING).unwrap();
    assert_eq!(seen.len(), levels + 1);
    let (is_limit, limit, text) = &seen[0];
    assert_eq!((*is_limit, *limit), (true, Some(Limit::Nesting)), "{text}");
    assert!(seen[1..].iter().all(|(is_limit, ..)| !is_limit), "{seen:?}");
}

#[test]
fn a_failure_says_what_it_was() {
    let trap = Failure::Invoke(InvokeError::Trap(TrapCode::StackOverflow.into()));
    assert!(trap.is_limit() && trap.limit().is_none());
    assert_eq!(trap.trap().map(guestbox::Trap::code), Some(TrapCode::StackOverflow));
    let start = Failure::Instantiate(InstantiateFailure::StartTrapped(TrapCode::Unreachable.into()));
    assert!(!start.is_limit());
    assert_eq!(start.trap().map(guestbox::Trap::code), Some(TrapCode::Unreachable));
}
