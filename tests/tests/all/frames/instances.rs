//! What an instance has for its frames is nobody's but ours.

use super::{compile, guest, host, names, trap};
use guestbox::{
    CompileError, CompileOptions, Environment, Feature, Features, InstanceLimits, Limit, Limits, Module,
    NoImports, Proposal, Store, Value,
};
use guestbox_tests::text;

const GUEST: &str = r#"(module (memory (export "m") 1 4) (global $g (export "g") (mut i32) (i32.const 7))
    (func $run (export "run") (i32.store (i32.const 8) (global.get $g)) (call $fail)) (func $fail unreachable)
    (func (export "grow") (result i32) (memory.grow (i32.const 1)))
    (func (export "load") (result i32) (i32.load (i32.const 8))))"#;

#[test]
fn it_is_not_listed_or_counted() {
    let (plain, with) = (text::module(GUEST), compile(GUEST));
    assert_eq!(plain.imports(), with.imports());
    assert_eq!(plain.exports(), with.exports());
    let mut limits = Limits::default();
    limits.total_memory_pages = 2;
    let mut store = Store::with_limits(limits);
    let bounds = InstanceLimits::new().with_memory_pages(2);
    let guest = store.instantiate_with(&mut NoImports, &with, &Environment::new(), 0, bounds).unwrap();
    assert_eq!(store.memory_pages_in_use(), 1);
    assert_eq!(*text::call(&mut store, guest, "grow", &[]), [Value::I32(1)]);
    assert_eq!(*text::call(&mut store, guest, "grow", &[]), [Value::I32(-1)]);
    assert_eq!(store.memory_pages_in_use(), 2);
    for name in ["guestbox:0:m1", "guestbox:m1", "guestbox:g1", "current", "own"] {
        assert!(with.export(name).is_none());
        assert!(
            store.exported_memory(guest, name).is_err()
                || store.exported_memory(guest, name).unwrap().is_none()
        );
        assert_eq!(store.global(guest, name).unwrap(), None);
    }
    // Not with the pages that a store may have at all, either.
    let mut limits = Limits::default();
    (limits.memory_pages, limits.total_memory_pages) = (0, 0);
    let module = compile(r#"(module (func $run (export "run") unreachable))"#);
    let mut store = Store::with_limits(limits);
    let guest = store.instantiate(&mut NoImports, &module, &Environment::new(), 0).unwrap();
    assert_eq!(names(trap(&mut store, &mut NoImports, guest, &[]).frames()), ["run"]);
}

#[test]
fn the_guests_own_memories_are_counted_whatever_their_number() {
    for (memories, pages) in [("", 0), ("(memory 0)", 0), ("(memory 2)", 2), ("(memory 1) (memory 3)", 4)] {
        let module = compile(&format!(r#"(module {memories} (func $run (export "run") unreachable))"#));
        let mut store = Store::new();
        let guest = store.instantiate(&mut NoImports, &module, &Environment::new(), 0).unwrap();
        assert_eq!(store.memory_pages_in_use(), pages, "{memories}");
        assert_eq!(names(trap(&mut store, &mut NoImports, guest, &[]).frames()), ["run"]);
        if pages > 0 {
            let bounds = InstanceLimits::new().with_memory_pages(pages - 1);
            let refused = store.instantiate_with(&mut NoImports, &module, &Environment::new(), 0, bounds);
            assert!(refused.is_err(), "{memories}");
        }
    }
}

#[test]
fn snapshots_fit_with_and_without() {
    let (plain, with) = (text::module(GUEST), compile(GUEST));
    let mut store = Store::new();
    let (one, two) = (&plain, &with);
    for (from, to) in [(one, two), (two, one), (two, two)] {
        let environment = Environment::new();
        let first = store.instantiate(&mut NoImports, from, &environment, 0).unwrap();
        let fresh = store.snapshot(first).unwrap();
        trap(&mut store, &mut NoImports, first, &[]);
        let kept = store.snapshot(first).unwrap();
        let second = store.instantiate_from(to, &environment, &kept).unwrap();
        assert_eq!(store.snapshot(second).unwrap(), kept, "frames are no state");
        assert_eq!(*text::call(&mut store, second, "load", &[]), [Value::I32(7)]);
        // Grown, it is made anew behind its id.
        text::call(&mut store, second, "grow", &[]);
        store.restore(second, &fresh).unwrap();
        assert_eq!(*text::call(&mut store, second, "load", &[]), [Value::I32(0)]);
        let frames = trap(&mut store, &mut NoImports, second, &[]);
        let expected: &[&str] = if std::ptr::eq(to, two) { &["fail", "run"] } else { &[] };
        assert_eq!(names(frames.frames()), expected);
        let fork = store.fork(second, &environment).unwrap();
        assert_eq!(names(trap(&mut store, &mut NoImports, fork, &[]).frames()), expected);
    }
}

#[test]
fn a_guest_cannot_name_it() {
    let with = |text: &str| {
        Module::with_options(&Limits::default(), &text::bytes(text), CompileOptions::new().with_frames())
    };
    for text in [
        "(module (func (drop (i32.load (i32.const 0)))))",
        "(module (memory 1) (func (drop (i32.load 1 (i32.const 0)))))",
        "(module (memory 1) (func (i32.store 1 (i32.const 0) (i32.const 0))))",
        "(module (func (global.set 0 (i32.const 0))))",
        "(module (global i32 (i32.const 0)) (func (drop (global.get 1))))",
        "(module (func (local.set 0 (i32.const 0))))",
        "(module (func (param i32) (local i32) (drop (local.get 2))))",
        r#"(module (export "m" (memory 0)))"#,
        r#"(module (export "g" (global 0)))"#,
        "(module (data (i32.const 0) \"x\"))",
        "(module (global i32 (global.get 0)))",
        r#"(module (import "env" "g" (global (mut i32))) (export "g" (global 1)))"#,
    ] {
        let refused = with(text);
        assert!(matches!(refused, Err(CompileError::Invalid(_))), "{text}: {refused:?}");
    }
    // Not where a global of its own could stand if the proposal for it were there.
    for global in 0..5 {
        for text in [
            format!("(global i32 (global.get {global}))"),
            format!(r#"(memory 1) (data (global.get {global}) "x")"#),
            format!("(table 1 funcref) (func $f) (elem (global.get {global}) $f)"),
        ] {
            let text = format!("(module {} {text})", "(global i32 (i32.const 0))".repeat(5));
            let refused = with(&text).unwrap_err();
            let CompileError::Unsupported(unsupported) = &refused else { panic!("{text}: {refused}") };
            assert_eq!(unsupported.proposal, Proposal::Gc, "{text}");
        }
    }
}

#[test]
fn features_are_those_of_the_guests_bytes() {
    let mut limits = Limits::default();
    limits.features = Features::MVP;
    let options = CompileOptions::new().with_frames();
    let compile = |text: &str| Module::with_options(&limits, &text::bytes(text), options);
    assert!(
        compile(r#"(module (memory 1) (func (export "run") (i32.store (i32.const 0) (i32.const 1))))"#)
            .is_ok()
    );
    let two = compile("(module (memory 1) (memory 1))");
    assert_eq!(two.err(), Some(CompileError::Feature(Feature::MultiMemory)));
}

#[test]
fn a_torn_down_instance_that_is_still_called_has_frames() {
    let text =
        r#"(module (import "env" "host" (func $host)) (func $run (export "run") (call $host) unreachable))"#;
    let mut store = Store::new();
    let instance = guest(&mut store, text);
    let mut execution = store.begin(instance, "run", &[], 0).unwrap();
    assert!(matches!(execution.run(&mut store), Ok(guestbox::Step::HostCall(_))));
    store.teardown_instance(instance).unwrap();
    execution.answer(Ok(().into())).unwrap();
    let Ok(guestbox::Step::Trapped(trap)) = execution.run(&mut store) else { panic!() };
    assert_eq!(names(trap.frames()), ["run"]);
}

#[test]
fn modules_that_share_a_memory_have_frames_each() {
    let text = |fail: &str| {
        format!(
            r#"(module (import "env" "memory" (memory 1)) (func $run (export "run") (call ${fail}))
              (func ${fail} (i32.store (i32.const 65536) (i32.const 0))))"#
        )
    };
    let mut store = Store::new();
    let memory = store.create_memory(1, None).unwrap();
    let environment = host().with_memory("env", "memory", memory);
    let guests = ["one", "two"].map(|name| {
        let module = compile(&text(name));
        (name, store.instantiate(&mut NoImports, &module, &environment, 0).unwrap())
    });
    for (name, guest) in guests.iter().chain(&guests) {
        assert_eq!(names(trap(&mut store, &mut NoImports, *guest, &[]).frames()), [*name, "run"]);
    }
}

#[test]
fn a_module_with_as_many_memories_as_the_engine_takes_has_no_room() {
    let compile = |memories: usize, options| {
        let text = format!("(module {})", "(memory 0)".repeat(memories));
        Module::with_options(&Limits::unlimited(), &text::bytes(&text), options)
    };
    let options = CompileOptions::new().with_frames();
    assert!(compile(100, CompileOptions::new()).is_ok() && compile(99, options).is_ok());
    let refused = compile(100, options).unwrap_err();
    assert!(
        matches!(&refused, CompileError::Limit(refused) if refused.limit == Limit::Memories),
        "{refused}"
    );
}
