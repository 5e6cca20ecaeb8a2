//! `instantiate` and `instance_teardown`.

use crate::abi::{World, function, standard, wasm};
use guestbox::{
    CompileError, EnvironmentError, HandleError, ImportProblem, InstantiateError, Limit, Limits, Module,
    Store, TrapCode,
    abi::{self, ERR_EXECUTION, ERR_MODULE, ERR_OUT_OF_BOUNDS, InstantiateFailure, SupervisorTrap},
};
use guestbox_tests::text;

#[test]
fn instances_are_numbered_from_zero_by_the_end_of_their_start() {
    let mut world = World::new();
    assert_eq!(world.guest("(module)"), 0);
    assert_eq!(world.instantiate(&wasm("(module (func unreachable) (start 0))"), &standard()), ERR_EXECUTION);
    assert_eq!(world.instantiate(b"", &standard()), ERR_MODULE);
    assert_eq!(world.guest("(module (func) (start 0))"), 1);
    abi::instance_teardown(&mut world.store, 1).unwrap();
    assert_eq!(world.guest("(module)"), 2);
}

#[test]
fn a_corrupted_environment_is_the_modules_fault() {
    let mut world = World::new();
    let wasm = wasm("(module)");
    let failure = world.failure(&wasm, b"");
    assert!(matches!(failure, InstantiateFailure::EnvironmentCorrupted(EnvironmentError::Corrupted)));
    assert_eq!(failure.code(), ERR_MODULE);
    assert_eq!(world.instantiate(&wasm, b""), ERR_MODULE);
    world.assert_untouched();
}

#[test]
fn a_module_that_does_not_decode_is_the_modules_fault() {
    let mut world = World::new();
    for bytes in [&b""[..], b"\0asm", b"\0asm\x02\0\0\0", &[0, 0, 0, 0, 1, 0, 0, 0], &[0xFF; 1_000]] {
        let failure = world.failure(bytes, &standard());
        assert!(
            matches!(failure, InstantiateFailure::ModuleDecoding(CompileError::Invalid(_))),
            "{failure:?}"
        );
        assert_eq!(failure.code(), ERR_MODULE);
        assert_eq!(world.instantiate(bytes, &standard()), ERR_MODULE);
    }
    world.assert_untouched();
}

#[test]
fn a_module_above_a_limit_is_the_modules_fault() {
    let mut limits = Limits::default();
    limits.module_bytes = 16;
    let mut world = World::with_limits(limits);
    let wasm = wasm(r#"(module (func (export "call")))"#);
    match world.failure(&wasm, &standard()) {
        InstantiateFailure::ModuleDecoding(CompileError::Limit(error)) => {
            assert_eq!((error.limit, error.maximum), (Limit::ModuleBytes, 16));
        }
        failure => panic!("{failure:?}"),
    }
    assert_eq!(world.instantiate(&wasm, &standard()), ERR_MODULE);
    world.assert_untouched();
}

#[test]
fn a_module_that_does_not_link_is_the_modules_fault() {
    let mut world = World::new();
    for (wat, problem) in [
        (r#"(module (import "env" "non-existent" (func)))"#, ImportProblem::Missing),
        (r#"(module (import "env" "assert" (memory 1)))"#, ImportProblem::Missing),
        (r#"(module (import "env" "assert" (global i32)))"#, ImportProblem::Missing),
        (r#"(module (import "env" "assert" (func (param externref))))"#, ImportProblem::Signature),
    ] {
        let failure = world.failure(&wasm(wat), &standard());
        assert_eq!(failure.code(), ERR_MODULE);
        let InstantiateFailure::Instantiation(error) = failure else { panic!("{wat}: {failure:?}") };
        assert_eq!(text::refused_import(&error).2, problem, "{wat}");
        assert_eq!(world.instantiate(&wasm(wat), &standard()), ERR_MODULE);
    }
    world.assert_untouched();
}

#[test]
fn a_segment_that_does_not_fit_is_the_modules_fault() {
    let mut world = World::new();
    for wat in [
        r#"(module (memory 1) (data (i32.const 65533) "four"))"#,
        r#"(module (table 1 funcref) (func $f) (elem (i32.const 1) $f))"#,
    ] {
        let failure = world.failure(&wasm(wat), &standard());
        assert!(
            matches!(failure, InstantiateFailure::Instantiation(InstantiateError::Segment)),
            "{failure:?}"
        );
        assert_eq!(world.instantiate(&wasm(wat), &standard()), ERR_MODULE);
    }
    world.assert_untouched();
}

#[test]
fn a_start_function_that_traps_is_a_failed_execution() {
    let mut limits = Limits::default();
    limits.fuel = 1_000_000;
    let mut world = World::with_limits(limits);
    for (body, code) in [
        ("unreachable", TrapCode::Unreachable),
        ("(drop (i32.div_u (i32.const 1) (i32.const 0)))", TrapCode::IntegerDivisionByZero),
        ("(drop (i32.load (i32.const 65533)))", TrapCode::MemoryOutOfBounds),
        ("(loop (br 0))", TrapCode::OutOfFuel),
        ("(call $start)", TrapCode::StackOverflow),
        ("(call $fails)", TrapCode::HostError),
    ] {
        let wasm = wasm(&format!(
            r#"(module (import "env" "fails" (func $fails)) (memory 1) (func $start {body}) (start $start))"#
        ));
        match world.failure(&wasm, &standard()) {
            InstantiateFailure::StartTrapped(trap) => assert_eq!(trap.code(), code, "{body}"),
            failure => panic!("{body}: {failure:?}"),
        }
        assert_eq!(world.instantiate(&wasm, &standard()), ERR_EXECUTION, "{body}");
    }
    world.assert_untouched();
}

#[test]
fn start_has_the_state_of_its_instantiation_and_a_call_its_own() {
    let mut world = World::new();
    let guest = world.guest(
        r#"(module (import "env" "inc_counter" (func $inc (param i32) (result i32)))
            (func $start (drop (call $inc (i32.const 3))))
            (func (export "call") (drop (call $inc (i32.const 4))))
            (start $start))"#,
    );
    world.invoke(guest, "call", &[0]).unwrap();
    assert_eq!((*world.mock.counter(7), *world.mock.counter(9)), (3, 4));
}

#[test]
fn the_environment_is_looked_at_before_the_module() {
    let failure = World::new().failure(b"no module", b"");
    assert!(matches!(failure, InstantiateFailure::EnvironmentCorrupted(_)), "{failure:?}");
}

#[test]
fn as_many_instances_as_the_limit_says_and_not_one_more() {
    let mut limits = Limits::default();
    limits.instances = 3;
    let mut world = World::with_limits(limits);
    for number in 0..3 {
        assert_eq!(world.guest("(module)"), number);
    }
    match world.failure(&wasm("(module)"), &standard()) {
        InstantiateFailure::Instantiation(InstantiateError::Limit(error)) => {
            assert_eq!((error.limit, error.maximum, error.requested), (Limit::Instances, 3, 4));
        }
        failure => panic!("{failure:?}"),
    }
    assert_eq!(world.instantiate(&wasm("(module)"), &standard()), ERR_MODULE);
    abi::instance_teardown(&mut world.store, 1).unwrap();
    assert_eq!(world.guest("(module)"), 3);
}

#[test]
fn an_unknown_or_torn_down_instance_is_the_supervisors_trap() {
    let mut world = World::new();
    let guest = world.guest(r#"(module (func (export "call")))"#);
    let unknown = SupervisorTrap::Instance(HandleError::Unknown);
    for number in [guest + 1, ERR_OUT_OF_BOUNDS, ERR_MODULE] {
        assert_eq!(abi::instance_teardown(&mut world.store, number), Err(unknown));
        assert_eq!(world.invoke(number, "call", &[0]), Err(unknown));
        assert_eq!(abi::get_global_val(&mut world.store, number, b"g"), Err(unknown));
    }
    assert_eq!(abi::instance_teardown(&mut world.store, guest), Ok(()));
    let torn = SupervisorTrap::Instance(HandleError::TornDown);
    assert_eq!(abi::instance_teardown(&mut world.store, guest), Err(torn));
    assert_eq!(world.invoke(guest, "call", &[0]), Err(torn));
    assert_eq!(abi::get_global_val(&mut world.store, guest, b"g"), Err(torn));
}

#[test]
fn ids_of_another_store_are_no_ids_of_this_one() {
    let environment = guestbox::Environment::new();
    let module = Module::new(&wasm(r#"(module (func (export "call")) (memory (export "m") 1))"#)).unwrap();
    let make = || {
        let mut store = Store::new();
        let memory = store.create_memory(1, None).unwrap();
        let guest = store.instantiate(&mut guestbox::NoImports, &module, &environment, 0).unwrap();
        (store, memory, guest)
    };
    let (mut one, memory, guest) = make();
    let (mut other, ..) = make();
    let exported = one.exported_memory(guest, "m").unwrap().unwrap();
    assert_eq!(other.teardown_instance(guest), Err(HandleError::OtherStore));
    assert_eq!(other.global(guest, "g"), Err(HandleError::OtherStore));
    assert_eq!(other.teardown_memory(memory), Err(HandleError::OtherStore));
    for memory in [memory, exported] {
        assert_eq!(other.memory_size(memory), Err(HandleError::OtherStore.into()));
        let foreign = guestbox::Environment::new().with_memory("env", "memory", memory);
        let failed = crate::abi::link(&mut other, r#"(module (import "env" "memory" (memory 1)))"#, &foreign);
        let problem = ImportProblem::Memory(HandleError::OtherStore);
        assert_eq!(text::refused_import(&failed.unwrap_err()).2, problem);
    }
    assert_eq!(one.teardown_instance(guest), Ok(()));
    assert_eq!(one.teardown_memory(memory), Ok(()));
}

#[test]
fn a_guest_finds_a_function_by_both_its_names() {
    let mut world = World::new();
    let wasm = wasm(r#"(module (import "env" "f" (func)))"#);
    let mut elsewhere = function("f", 1);
    elsewhere.module_name = b"elsewhere".to_vec();
    assert_eq!(
        world.instantiate(&wasm, &crate::abi::environment(&[elsewhere, function("g", 1)])),
        ERR_MODULE
    );
    assert_eq!(world.instantiate(&wasm, &crate::abi::environment(&[function("f", 1)])), 0);
}
