//! Imports that cannot be served: the error names the import and what is wrong with it.

use crate::abi::link;
use guestbox::{
    Environment, FuncIndex, ImportProblem, InvokeError, Number, Store,
    abi::{self, InstantiateFailure},
    wire::{Entry, EnvironmentDefinition, ExternEntity},
};
use guestbox_tests::text;
use parity_scale_codec::Encode;

/// The names and the problem that linking fails with.
fn refusal(store: &mut Store, wat: &str, environment: &Environment) -> (String, String, ImportProblem) {
    let error = link(store, wat, environment).unwrap_err();
    let (module, name, problem) = text::refused_import(&error);
    (module.into(), name.into(), problem)
}

#[test]
fn an_import_of_the_wrong_kind_is_missing_and_named() {
    let mut store = Store::new();
    let memory = store.create_memory(1, None).unwrap();
    let environment =
        Environment::new().with_function("m", "function", FuncIndex(1)).with_memory("m", "memory", memory);
    for (module, name, kind) in [
        ("m", "function", "(memory 1)"),
        ("m", "memory", "(func)"),
        ("m", "neither", "(func)"),
        ("m", "neither", "(memory 0)"),
        ("other", "function", "(func)"),
        ("", "", "(func)"),
        ("__proto__", "constructor", "(func)"),
        ("\u{1F980}", "\u{E9}", "(func)"),
    ] {
        // After an import that is found: it is the second one that is named.
        let wat = format!(r#"(module (import "m" "function" (func)) (import "{module}" "{name}" {kind}))"#);
        let found = refusal(&mut store, &wat, &environment);
        assert_eq!(found, (module.to_owned(), name.to_owned(), ImportProblem::Missing), "{wat}");
    }
    assert_eq!(store.memory_pages_in_use(), 1);
    assert_eq!(link(&mut store, "(module)", &environment).unwrap(), 0);
}

#[test]
fn an_import_of_a_global_or_a_table_is_refused_and_named() {
    let mut store = Store::new();
    let environment = Environment::new().with_function("m", "x", FuncIndex(1));
    // The wire has no entries for them.
    for (kind, problem) in [
        ("(global i32)", ImportProblem::Missing),
        ("(global (mut i64))", ImportProblem::Missing),
        ("(global externref)", ImportProblem::Missing),
        ("(table 0 funcref)", ImportProblem::Missing),
        ("(table 1 externref)", ImportProblem::Missing),
    ] {
        let found = refusal(&mut store, &format!(r#"(module (import "m" "x" {kind}))"#), &environment);
        assert_eq!(found, ("m".to_owned(), "x".to_owned(), problem), "{kind}");
    }
    assert_eq!(link(&mut store, "(module)", &environment).unwrap(), 0);
}

#[test]
fn the_message_names_the_import() {
    let failed = link(&mut Store::new(), r#"(module (import "mod" "field" (func)))"#, &Environment::new());
    let message = failed.unwrap_err().to_string();
    assert!(message.contains("`mod` `field`"), "{message}");
}

#[test]
fn a_memory_must_be_as_large_as_declared_and_must_not_grow_larger() {
    let mut accepted = 0;
    for initial in 0..4_u32 {
        for maximum in [None, Some(2), Some(3), Some(5)] {
            if maximum.is_some_and(|maximum| maximum < initial) {
                continue;
            }
            for least in 0..4_u32 {
                for most in [None, Some(3), Some(4), Some(5)] {
                    let mut store = Store::new();
                    let memory = store.create_memory(initial, maximum).unwrap();
                    let environment = Environment::new().with_memory("env", "memory", memory);
                    let most_text = most.map_or(String::new(), |most: u32| most.to_string());
                    let wat = format!(r#"(module (import "env" "memory" (memory {least} {most_text})))"#);
                    // As the specification has it for the limits of an import.
                    let suits = initial >= least
                        && most.is_none_or(|most| maximum.is_some_and(|maximum| maximum <= most));
                    if suits {
                        assert_eq!(
                            link(&mut store, &wat, &environment).unwrap(),
                            0,
                            "{initial} {maximum:?} {wat}"
                        );
                        accepted += 1;
                    } else {
                        let found = refusal(&mut store, &wat, &environment);
                        assert_eq!((&*found.0, &*found.1), ("env", "memory"));
                        let ImportProblem::MemoryLimits(given) = found.2 else { panic!("{found:?}") };
                        assert_eq!((given.initial, given.maximum), (initial, maximum), "{wat}");
                        assert_eq!(link(&mut store, "(module)", &environment).unwrap(), 0);
                    }
                    assert_eq!(store.memory_size(memory).unwrap(), initial);
                }
            }
        }
    }
    assert_eq!(accepted, 94);
}

/// The lineage compared with the size a memory was made with.
#[test]
fn the_size_of_a_memory_that_has_grown_is_what_counts() {
    let mut store = Store::new();
    let memory = store.create_memory(1, Some(4)).unwrap();
    let environment = Environment::new().with_memory("env", "memory", memory);
    let wants_three = r#"(module (import "env" "memory" (memory 3 4)))"#;
    let refused = link(&mut store, wants_three, &environment).unwrap_err().to_string();
    assert_eq!(
        refused,
        "import `env` `memory`, a memory of 3 to 4 pages: a memory of 1 to 4 pages is given, which does not fit"
    );
    store.memory_grow(memory, 2).unwrap();
    assert_eq!(link(&mut store, wants_three, &environment).unwrap(), 0);
    // Also now that it is shared.
    store.memory_grow(memory, 1).unwrap();
    let wants_four = r#"(module (import "env" "memory" (memory 4 4)))"#;
    assert_eq!(link(&mut store, wants_four, &environment).unwrap(), 1);
}

#[test]
fn the_import_that_does_not_suit_is_the_one_named() {
    let mut store = Store::new();
    let (small, large) = (store.create_memory(1, None).unwrap(), store.create_memory(2, None).unwrap());
    let environment = Environment::new().with_memory("a", "large", large).with_memory("b", "small", small);
    let wat = r#"(module (import "a" "large" (memory 2)) (import "b" "small" (memory 2)))"#;
    let refused = link(&mut store, wat, &environment).unwrap_err().to_string();
    assert_eq!(
        refused,
        "import `b` `small`, a memory of 2 pages or more: a memory of a page or more is given, which does not fit"
    );
}

#[test]
fn what_is_no_number_in_the_signature_of_an_import_is_refused_when_it_is_linked_by_the_wire() {
    let mut store = Store::new();
    let entry =
        Entry { module_name: b"env".to_vec(), field_name: b"f".to_vec(), entity: ExternEntity::Function(1) };
    let of_wire = EnvironmentDefinition { entries: vec![entry] }.encode();
    let environment = Environment::new().with_function("env", "f", FuncIndex(1));
    for signature in [
        "(param externref)",
        "(param funcref)",
        "(result externref)",
        "(result funcref)",
        "(param i32 externref) (result i32)",
        "(result i32 i64 funcref)",
        "(param v128)",
        "(result v128)",
        "(param i32 v128) (result i32)",
    ] {
        // Never called, and refused all the same.
        let wat = format!(r#"(module (import "env" "f" (func {signature})))"#);
        let refused =
            abi::try_instantiate(&mut store, &mut guestbox::NoImports, &text::bytes(&wat), &of_wire, 0);
        let Err(InstantiateFailure::Instantiation(error)) = refused else {
            panic!("{signature}: {refused:?}")
        };
        assert_eq!(text::refused_import(&error), ("env", "f", ImportProblem::Signature), "{signature}");
        link(&mut store, &wat, &environment).unwrap();
    }
    let wat = r#"(module (global (export "g") (mut externref) (ref.null extern))
        (func (export "takes") (param externref)) (func (export "gives") (result funcref) (unreachable)))"#;
    let guest = link(&mut store, wat, &environment).unwrap();
    for export in ["takes", "gives"] {
        let args = Vec::<Number>::new().encode();
        let invoked =
            abi::try_invoke(&mut store, &mut guestbox::NoImports, guest, export.as_bytes(), &args, 0);
        assert!(matches!(invoked, Ok(Err(InvokeError::Signature))), "{export}: {invoked:?}");
    }
    assert_eq!(abi::get_global_val(&mut store, guest, b"g").unwrap(), None::<Number>.encode());
}
