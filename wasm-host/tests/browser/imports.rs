//! Imports: how they are listed, matched by name and kind, told apart, and refused.

use crate::common::{Page, Step, refusal, scale, wasm};
use guestbox::{Value, wire::ExternEntity};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn imports_and_exports_are_listed_in_their_order_with_their_types() {
    let mut page = Page::new();
    let module = page.compile(
        r#"(module
            (import "env" "log" (func (param i32 f64) (result i64)))
            (import "env" "memory" (memory 1 16))
            (import "js" "table" (table 2 funcref))
            (import "js" "global" (global (mut f32)))
            (func (export "run") (param i64) (result f32 f64) (f32.const 0) (f64.const 0))
            (memory (export "own") 3) (global (export "answer") i32 (i32.const 42))
            (table (export "table") 4 8 funcref))"#,
    );
    assert_eq!(
        page.host.imports(module).unwrap(),
        concat!(
            r#"[["env","log","function",["i32","f64"],["i64"]],"#,
            r#"["env","memory","memory",1,16],"#,
            r#"["js","table","table","funcref",2,null],"#,
            r#"["js","global","global","f32",true]]"#
        )
    );
    assert_eq!(
        page.host.exports(module).unwrap(),
        concat!(
            r#"[["run","function",["i64"],["f32","f64"]],"#,
            r#"["own","memory",3,null],"#,
            r#"["answer","global","i32",false],"#,
            r#"["table","table","funcref",4,8]]"#
        )
    );
}

#[wasm_bindgen_test]
fn one_name_may_be_imported_with_several_signatures() {
    let mut page = Page::new();
    let guest = page.guest(
        r#"(module
            (import "env" "any" (func $int (param i32) (result i32)))
            (import "env" "any" (func $long (param i64) (result i64)))
            (import "env" "any" (func $none))
            (import "env" "any" (func $same (param i32) (result i32)))
            (func (export "run") (result i64)
                (call $none)
                (i64.add (call $long (i64.const 0x1_0000_0000))
                    (i64.extend_i32_u (call $same (call $int (i32.const 5)))))))"#,
    );
    let mut step = page.call(guest, "run", &[]);
    let mut seen = Vec::new();
    while let Step::HostCall { call, function, .. } = step {
        let [argument] = page.take();
        seen.push((function, argument));
        step = page.answer(call, &[argument + 1]);
    }
    assert_eq!(step, Step::Finished);
    assert_eq!(page.take(), [0x1_0000_0008]);
    // The function without parameters has none in the exchange: what is there is left over.
    assert_eq!(seen.iter().map(|(function, _)| *function).collect::<Vec<_>>(), [2, 1, 0, 3]);
    assert_eq!(seen[1..], [(1, 0x1_0000_0000), (0, 5), (3, 6)]);
}

#[wasm_bindgen_test]
fn names_that_mean_something_in_javascript_are_names_like_any_other() {
    let names = ["__proto__", "constructor", "toString", "", "then", "ünï€\u{1F980}", "a\\00b"];
    let mut fields = String::new();
    for (at, name) in names.iter().enumerate() {
        fields += &format!("(import \"{name}\" \"{name}\" (func $f{at} (result i32)))");
    }
    for (at, name) in names.iter().enumerate() {
        fields += &format!("(func (export \"{name}\") (result i32) (call $f{at}))");
    }
    let mut page = Page::new();
    let guest = page.guest(&format!("(module {fields})"));
    for (at, name) in (0..).zip(names) {
        let export = name.replace("\\00", "\0");
        let Step::HostCall { call, function, .. } = page.call(guest, &export, &[]) else { panic!("{name}") };
        assert_eq!(function, at, "{name}");
        assert_eq!(page.answer(call, &[u64::from(at) + 100]), Step::Finished);
        assert_eq!(page.take(), [u64::from(at) + 100]);
    }
}

#[wasm_bindgen_test]
fn an_import_that_cannot_be_resolved_is_named() {
    let refused = [
        (r#"(import "kernel" "memory" (memory 1))"#, "the environment has none"),
        (r#"(import "kernel" "memory" (global i32))"#, "the environment has none"),
        (r#"(import "kernel" "memory" (global externref))"#, "the environment has none"),
        (r#"(import "kernel" "memory" (table 1 funcref))"#, "the environment has none"),
    ];
    let mut page = Page::new();
    for (import, why) in refused {
        let module = page.compile(&format!(r#"(module (import "env" "fine" (func)) {import})"#));
        let error = refusal(page.host.instantiate(module, &[], 0, None, None, None, 0, &[]));
        assert_eq!(error.kind(), ("InstantiateError", "import"), "{import}");
        assert!(error.message.starts_with("import `kernel` `memory`, a "), "{}", error.message);
        assert!(error.message.contains(why), "{}", error.message);
    }
    // Of functions there are all that are asked for, whatever their types.
    let passes = r#"(module (import "kernel" "memory" (func (param externref) (result funcref))))"#;
    assert_eq!(page.guest(passes).instance, 0);
    // Nothing of those that were refused is left: the next instance has the next number.
    assert_eq!(page.guest("(module)").instance, 1);
}

#[wasm_bindgen_test]
fn a_memory_of_an_unsuitable_size_is_refused() {
    let mut page = Page::new();
    let one = page.host.new_memory(1, -1.0).unwrap();
    let bounded = page.host.new_memory(1, 8.0).unwrap();
    let needy = page.compile(r#"(module (import "env" "memory" (memory 2)))"#);
    let strict = page.compile(r#"(module (import "env" "memory" (memory 1 4)))"#);
    for (module, memory) in [(needy, one), (strict, one), (strict, bounded)] {
        let error = refusal(page.host.instantiate(module, &[memory], 0, None, None, None, 0, &[]));
        assert_eq!(error.kind(), ("InstantiateError", "import"));
        assert!(error.message.starts_with("import `env` `memory`, a memory of "), "{}", error.message);
    }
    // What counts is the size it has, not the one it began with.
    page.host.memory_grow(one, 1).unwrap();
    let call = page.host.instantiate(needy, &[one], 0, None, None, None, 0, &[]).unwrap();
    assert_eq!(page.step(call), Step::Finished);
}

#[wasm_bindgen_test]
fn a_function_that_the_environment_lacks_is_named() {
    let store = scale::store(&[]);
    let guest = wasm(scale::ASKING);
    let wrong = [
        scale::environment(&[]),
        scale::environment(&[
            ("env", "Ask", ExternEntity::Function(0)),
            ("Env", "ask", ExternEntity::Function(0)),
        ]),
        // Functions and memories are named apart.
        {
            let memory = store.memory_new(1, u32::MAX).unwrap();
            scale::environment(&[("env", "ask", ExternEntity::Memory(memory))])
        },
    ];
    for environment in wrong {
        let error = refusal(store.instantiate(
            &scale::unused(),
            &scale::bytes(&guest),
            &scale::bytes(&environment),
            0,
        ));
        assert_eq!(error.kind(), ("InstantiateError", "instantiation"));
        assert!(error.message.starts_with("import `env` `ask`, a function "), "{}", error.message);
    }
    assert_eq!(scale::asking_guest(&store), 0);
}

#[wasm_bindgen_test]
fn of_two_entries_with_one_name_the_later_counts() {
    let store = scale::store(&[]);
    let twice = [("env", "ask", ExternEntity::Function(1)), ("env", "ask", ExternEntity::Function(2))];
    let guest = store
        .instantiate(
            &scale::unused(),
            &scale::bytes(&wasm(scale::ASKING)),
            &scale::bytes(&scale::environment(&twice)),
            0,
        )
        .unwrap();
    let which = scale::serve(|_, _, func| Ok(scale::number(func.cast_signed())));
    let result = scale::invoke(&store, &which, guest, "run", &[Value::I32(0)]);
    assert_eq!(result.unwrap(), scale::number(3));
}

#[wasm_bindgen_test]
fn every_truncation_of_an_environment_is_refused_as_one() {
    let store = scale::store(&[]);
    let whole = scale::asking();
    for len in 0..whole.len() {
        let error = refusal(store.instantiate(
            &scale::unused(),
            &scale::bytes(&wasm(scale::ASKING)),
            &scale::bytes(&whole[..len]),
            0,
        ));
        assert_eq!(error.kind(), ("InstantiateError", "environment-corrupted"), "{len} bytes");
    }
    // Claims of 2^30 - 1 entries, and of a name of as many bytes.
    for huge in [&[0xFE, 0xFF, 0xFF, 0xFF][..], &[0x04, 0xFE, 0xFF, 0xFF, 0xFF]] {
        let error = refusal(store.instantiate(
            &scale::unused(),
            &scale::bytes(&wasm(scale::ASKING)),
            &scale::bytes(huge),
            0,
        ));
        assert_eq!(error.code, "environment-corrupted");
    }
    let guest = store
        .instantiate(&scale::unused(), &scale::bytes(&wasm(scale::ASKING)), &scale::bytes(&whole), 0)
        .unwrap();
    scale::assert_usable(&store, guest);
}

#[wasm_bindgen_test]
fn a_memory_that_is_gone_or_never_was_makes_the_environment_invalid() {
    let store = scale::store(&[]);
    let memory = store.memory_new(1, 1).unwrap();
    store.memory_teardown(memory).unwrap();
    for number in [memory, 1, u32::MAX] {
        let environment = scale::environment(&[("env", "memory", ExternEntity::Memory(number))]);
        let error = refusal(store.instantiate(
            &scale::unused(),
            &scale::bytes(&wasm("(module)")),
            &scale::bytes(&environment),
            0,
        ));
        assert_eq!(error.kind(), ("InstantiateError", "environment-corrupted"), "{number}");
    }
}
