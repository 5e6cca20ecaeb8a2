//! Which global is taken for the pointer of the stack that a guest's code keeps in its memory.
//!
//! By its name, and without one by what functions do with it, in each of the ways in which the
//! compilers were seen to do it. Global 1 is the pointer here, global 0 is something else.

use guestbox_tests::{
    guests,
    stack_pointers::{find, strip},
    text,
};
use std::fs;

/// A module of these functions, with a stack's pointer.
fn module(functions: &str) -> Vec<u8> {
    text::bytes(&format!(
        r#"(module (memory 2)
        (global $other (mut i32) (i32.const 0)) (global $__stack_pointer (mut i32) (i32.const 65536))
        {functions})"#
    ))
}

fn found(module: &[u8]) -> Option<u32> {
    find(module).unwrap_or_else(|error| panic!("{error}"))
}

/// What a function with a frame begins with.
const ENTRIES: &[(&str, &str)] = &[
    (
        "kept in a local",
        "(global.set $__stack_pointer (local.tee $frame (i32.sub (global.get $__stack_pointer) (i32.const 32))))",
    ),
    (
        "a negative number added",
        "(global.set $__stack_pointer (local.tee $frame (i32.add (global.get $__stack_pointer) (i32.const -32))))",
    ),
    (
        "in steps, with a constant",
        "(local.set $saved (global.get $__stack_pointer))
        (local.set $frame (i32.sub (local.get $saved) (i32.const 32)))
        (global.set $__stack_pointer (local.get $frame))",
    ),
    (
        "not kept",
        "(global.set $__stack_pointer (i32.sub (global.get $__stack_pointer) (i32.const 32)))
        (local.set $frame (global.get $__stack_pointer))",
    ),
];

/// What such a function ends with.
const EXITS: &[(&str, &str)] = &[
    ("added", "(global.set $__stack_pointer (i32.add (local.get $frame) (i32.const 32)))"),
    (
        "a negative number subtracted",
        "(global.set $__stack_pointer (i32.sub (local.get $frame) (i32.const -32)))",
    ),
    (
        "added to the global",
        "(global.set $__stack_pointer (i32.add (global.get $__stack_pointer) (i32.const 32)))",
    ),
    (
        "after addresses in the frame",
        "(local.set $a (i32.add (local.get $frame) (i32.const 4)))
        (local.set $b (i32.add (local.get $frame) (i32.const 8)))
        (local.set $c (i32.add (local.get $frame) (i32.const 12)))
        (local.set $raised (i32.add (local.get $frame) (i32.const 32)))
        (global.set $__stack_pointer (local.get $raised))",
    ),
    (
        "from a local of the same value",
        "(local.set $a (call $itself (local.get $frame)))
        (global.set $__stack_pointer (i32.add (local.get $a) (i32.const 32)))",
    ),
    (
        "from a local used again",
        "(if (local.get $n) (then (local.set $frame (i32.const 7)) (unreachable)))
        (global.set $__stack_pointer (i32.add (local.get $frame) (i32.const 32)))",
    ),
    (
        "several exits",
        "(if (local.get $n)
            (then (global.set $__stack_pointer (i32.add (local.get $frame) (i32.const 32))) (return)))
        (global.set $__stack_pointer (i32.add (local.get $frame) (i32.const 32)))",
    ),
];

/// Other functions with frames, whole ones.
const WHOLE: &[(&str, &str)] = &[
    (
        "aligned",
        "(local.set $saved (global.get $__stack_pointer))
        (global.set $__stack_pointer (local.tee $frame
            (i32.and (i32.sub (local.get $saved) (i32.const 256)) (i32.const -64))))
        (global.set $__stack_pointer (local.get $saved))",
    ),
    (
        "aligned in steps",
        "(local.set $saved (global.get $__stack_pointer))
        (local.set $frame (i32.sub (local.get $saved) (i32.const 256)))
        (local.set $frame (i32.and (local.get $frame) (i32.const -64)))
        (global.set $__stack_pointer (local.get $frame))
        (global.set $__stack_pointer (local.get $saved))",
    ),
    (
        "of a size that is not known",
        "(local.set $saved (global.get $__stack_pointer))
        (global.set $__stack_pointer (local.tee $frame (i32.sub (local.get $saved) (local.get $n))))
        (global.set $__stack_pointer (local.get $saved))",
    ),
    (
        "of such a size, rounded",
        "(local.set $saved (global.get $__stack_pointer))
        (global.set $__stack_pointer (local.tee $frame
            (i32.and (i32.sub (local.get $saved) (local.get $n)) (i32.const -16))))
        (global.set $__stack_pointer (local.get $saved))",
    ),
    (
        "and more of such a size",
        "(global.set $__stack_pointer (local.tee $frame
            (i32.sub (global.get $__stack_pointer) (i32.const 32))))
        (global.set $__stack_pointer (i32.sub (local.get $frame) (local.get $n)))
        (global.set $__stack_pointer (i32.add (local.get $frame) (i32.const 32)))",
    ),
    (
        "in steps, with its size in locals, as without optimisations",
        "(local.set $saved (global.get $__stack_pointer)) (local.set $size (i32.const 32))
        (local.set $frame (i32.sub (local.get $saved) (local.get $size)))
        (global.set $__stack_pointer (local.get $frame))
        (local.set $a (i32.add (local.get $frame) (i32.const 4)))
        (local.set $b (i32.add (local.get $frame) (i32.const 8)))
        (local.set $size (i32.const 32)) (local.set $raised (i32.add (local.get $frame) (local.get $size)))
        (global.set $__stack_pointer (local.get $raised))",
    ),
    (
        "AssemblyScript's, with its check",
        "(global.set $__stack_pointer (i32.sub (global.get $__stack_pointer) (i32.const 4)))
        (if (i32.lt_s (global.get $__stack_pointer) (i32.const 4096)) (then (unreachable)))
        (i32.store (global.get $__stack_pointer) (i32.const 0))
        (global.set $__stack_pointer (i32.add (global.get $__stack_pointer) (i32.const 4)))",
    ),
    (
        "Go's, which takes its return address too",
        "(global.set $__stack_pointer (local.tee $frame
            (i32.sub (global.get $__stack_pointer) (i32.const 24))))
        (i64.store (local.get $frame) (i64.const 0))
        (global.set $__stack_pointer (local.tee $frame (i32.add (local.get $frame) (i32.const 32))))",
    ),
];

fn function(code: &str) -> String {
    format!(
        "(func (param $n i32)
        (local $frame i32) (local $saved i32) (local $size i32) (local $raised i32)
        (local $a i32) (local $b i32) (local $c i32) {code})"
    )
}

const ITSELF: &str = "(func $itself (param i32) (result i32) (local.get 0))";

#[test]
fn the_pointer_is_found_by_what_functions_do_with_it() {
    let frames = ENTRIES.iter().flat_map(|(entry, lower)| {
        let whole =
            move |(exit, raise): &(&str, &str)| (format!("{entry}; {exit}"), format!("{lower} {raise}"));
        EXITS.iter().map(whole)
    });
    let others = WHOLE.iter().map(|(name, code)| ((*name).to_string(), (*code).to_string()));
    for (name, code) in frames.chain(others) {
        let module = module(&format!("{ITSELF} {}", function(&code)));
        assert_eq!(found(&module), Some(1), "{name}, named");
        assert_eq!(found(&strip(&module)), Some(1), "{name}, stripped");
    }
}

#[test]
fn names_are_believed() {
    let named = |name: &str| {
        text::bytes(&format!(
            r#"(module (global (mut i32) (i32.const 0)) (global (@name "{name}") (mut i32) (i32.const 0)))"#
        ))
    };
    for name in ["__stack_pointer", "~lib/memory/__stack_pointer"] {
        assert_eq!(found(&named(name)), Some(1), "{name}");
        assert_eq!(found(&strip(&named(name))), None, "{name}, stripped");
    }
    for name in ["my__stack_pointer", "__stack_pointer2", "stack_pointer", ""] {
        assert_eq!(found(&named(name)), None, "{name}");
    }
    // An export's name is still there when the others are stripped; code that lowers and raises
    // another global does not matter then.
    let other = function(
        "(global.set 0 (i32.sub (global.get 0) (i32.const 16)))
        (global.set 0 (i32.add (global.get 0) (i32.const 16)))",
    );
    let exported = text::bytes(&format!(
        r#"(module (global (mut i32) (i32.const 0))
        (global (export "__stack_pointer") (mut i32) (i32.const 65536)) {other})"#
    ));
    assert_eq!(found(&exported), Some(1));
    assert_eq!(found(&strip(&exported)), Some(1));
}

#[test]
fn a_name_alone_makes_no_pointer_of_what_cannot_be_one() {
    for ty in ["i32", "(mut i64)", "(mut f32)"] {
        let zero = format!("({}.const 0)", ty.trim_start_matches("(mut ").trim_end_matches(')'));
        let module = text::bytes(&format!(
            r#"(module (global $__stack_pointer (export "__stack_pointer") {ty} {zero}))"#
        ));
        assert_eq!(found(&module), None, "{ty}");
    }
    let function =
        text::bytes(r#"(module (global (mut i32) (i32.const 0)) (func (export "__stack_pointer")))"#);
    assert_eq!(found(&function), None);
}

#[test]
fn what_is_no_stack_is_not_taken_for_one() {
    let move_by = |operator: &str, by: &str| format!("(global.set 0 (i32.{operator} (global.get 0) {by}))");
    let sub = |by: &str| move_by("sub", by);
    let add = |by: &str| move_by("add", by);
    let (one, sixteen) = ("(i32.const 1)", "(i32.const 16)");
    let keeper = function(&format!("{} {}", sub(sixteen), add(sixteen)));
    let setter = function("(global.set 0 (local.get $n))");
    for (name, functions) in [
        ("a counter of references", function(&format!("{} {}", sub(one), add(one)))),
        ("a depth of calls", function(&format!("{} {}", add(one), sub(one)))),
        ("a depth in bytes", function(&format!("{} {}", add(sixteen), sub(sixteen)))),
        ("what only goes down", function(&format!("{} {}", sub(sixteen), sub(sixteen)))),
        ("up and down in two functions", function(&sub(sixteen)) + &function(&add(sixteen))),
        (
            "an allocator that is raised, and lowered again",
            function(&format!(
                "(local.set $saved (global.get 0)) {} (global.set 0 (local.get $saved))",
                add("(local.get $n)")
            )),
        ),
        (
            "a heap that grows downwards, and gives back what it has no room for",
            function(&format!(
                "{} (if (i32.lt_u (global.get 0) {sixteen}) (then {} (return)))",
                sub(sixteen),
                add(sixteen)
            )),
        ),
        ("a register that is mostly set", format!("{keeper} {setter} {setter}")),
        (
            "what is raised by less than it was lowered",
            function(&format!("{} (global.set 0 (i32.add (local.get $n) (i32.const 8)))", sub(sixteen))),
        ),
        (
            "set from another global that is lowered",
            function("(global.set 0 (i32.sub (global.get 1) (i32.const 16))) (global.set 0 (global.get 1))"),
        ),
    ] {
        assert_eq!(found(&strip(&module(&functions))), None, "{name}");
    }
    let long = function(
        "(global.set 0 (i64.sub (global.get 0) (i64.const 16)))
        (global.set 0 (i64.add (global.get 0) (i64.const 16)))",
    );
    assert_eq!(found(&text::bytes(&format!("(module (global (mut i64) (i64.const 0)) {long})"))), None);
}

#[test]
fn of_two_it_is_the_one_of_more_functions() {
    let keeper = |global: u32| {
        function(&format!(
            "(global.set {global} (i32.sub (global.get {global}) (i32.const 16)))
            (global.set {global} (i32.add (global.get {global}) (i32.const 16)))"
        ))
    };
    let many = |first: usize, second: usize| keeper(0).repeat(first) + &keeper(1).repeat(second);
    assert_eq!(found(&strip(&module(&many(1, 2)))), Some(1));
    assert_eq!(found(&strip(&module(&many(3, 2)))), Some(0));
}

/// Fuel that instrumented code counts down, by which it does not matter that functions begin.
#[test]
fn what_functions_lower_before_the_pointer_does_not_hide_it() {
    let code = "(global.set $other (i32.sub (global.get $other) (i32.const 8)))
        (global.set $__stack_pointer (local.tee $frame
            (i32.sub (global.get $__stack_pointer) (i32.const 32))))
        (global.set $other (i32.sub (global.get $other) (i32.const 4)))
        (global.set $__stack_pointer (i32.add (local.get $frame) (i32.const 32)))";
    assert_eq!(found(&strip(&module(&function(code)))), Some(1));
}

#[test]
fn the_other_ways_of_setting_it_are_outweighed() {
    // What Emscripten exports, and a function that does not return.
    let others = "(func (export \"stackRestore\") (param i32) (global.set $__stack_pointer (local.get 0)))
        (func (export \"stackAlloc\") (param i32) (result i32) (global.set $__stack_pointer
            (local.tee 0 (i32.and (i32.sub (global.get $__stack_pointer) (local.get 0)) (i32.const -16))))
            (local.get 0))
        (func (export \"stackSave\") (result i32) (global.get $__stack_pointer))
        (func (global.set $__stack_pointer (i32.sub (global.get $__stack_pointer) (i32.const 16))) (unreachable))";
    let frame = function(&format!("{} {}", ENTRIES[0].1, EXITS[0].1));
    assert_eq!(found(&strip(&module(&format!("{others} {frame}")))), Some(1));
    assert_eq!(found(&strip(&module(others))), None, "nothing keeps a frame");
}

/// Files below `node_modules` of the real guests, and the global that is the pointer. `source-map` keeps
/// it in its memory, `xxhash` is written by hand.
const REAL: &[(&str, Option<u32>)] = &[
    ("undici/lib/llhttp/llhttp.wasm", Some(0)),
    ("xxhash-wasm/workerd/xxhash.wasm", None),
    ("source-map/lib/mappings.wasm", None),
    ("argon2-browser/dist/argon2.wasm", Some(0)),
    ("@jitl/quickjs-wasmfile-release-sync/dist/emscripten-module.wasm", Some(0)),
    ("@one-ini/wasm/one_ini_bg.wasm", Some(0)),
    ("sql.js/dist/sql-wasm.wasm", Some(0)),
    ("sql.js/dist/sql-wasm-debug.wasm", Some(0)),
    ("web-tree-sitter/web-tree-sitter.wasm", Some(0)),
];

#[test]
fn that_of_real_guests_is_found() {
    for (file, pointer) in REAL {
        let path = guests::directory().join("node_modules").join(file);
        let module = fs::read(&path).unwrap_or_else(|error| {
            panic!("{}: {error}; run `npm ci --ignore-scripts` in tests/guests", path.display())
        });
        assert_eq!(found(&module), *pointer, "{file}");
        assert_eq!(found(&strip(&module)), *pointer, "{file}, stripped");
    }
}
