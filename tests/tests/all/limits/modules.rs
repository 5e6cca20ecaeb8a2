//! The limits of a module, which are checked before it is translated.

use super::{limits, parts};
use guestbox::{CompileError, Limits, Module};
use guestbox_tests::text;
use std::time::{Duration, Instant};

/// Refuses with the limit of `name` what is `requested`, and takes it where the limit is as much.
fn check(name: &str, requested: u64, text: &str, set: impl Fn(&mut Limits, u64)) {
    let bytes = text::bytes(text);
    let compile = |maximum| Module::with_limits(&limits(|limits| set(limits, maximum)), &bytes);
    assert!(compile(requested).is_ok(), "{name}: {:?}", compile(requested).err());
    match compile(requested - 1) {
        Err(CompileError::Limit(error)) => assert_eq!(parts(&error), (name, requested - 1, requested)),
        other => panic!("{name}: {other:?}"),
    }
}

fn narrow(value: u64) -> u32 {
    value.try_into().unwrap()
}

#[test]
fn a_module_within_its_limits_compiles_and_one_over_is_refused() {
    let functions = r#"(import "e" "f" (func)) (import "e" "f" (func (param i32))) (func) (func) (func)"#;
    check("functions", 5, &format!("(module {functions})"), |limits, max| limits.functions = narrow(max));
    check("imports", 2, &format!("(module {functions})"), |limits, max| limits.imports = narrow(max));
    let globals = r#"(import "e" "g" (global i32)) (global i32 (i32.const 1)) (global f64 (f64.const 1))"#;
    check("globals", 3, &format!("(module {globals})"), |limits, max| limits.globals = narrow(max));
    check("imports", 1, &format!("(module {globals})"), |limits, max| limits.imports = narrow(max));
    let tables = r#"(import "e" "t" (table 5 funcref)) (table 20 funcref) (table 7 externref)"#;
    check("tables", 3, &format!("(module {tables})"), |limits, max| limits.tables = narrow(max));
    check("table_elements", 20, &format!("(module {tables})"), |limits, max| {
        limits.table_elements = narrow(max);
    });
    let memories = r#"(import "e" "m" (memory 4)) (memory 3) (memory 5 900)"#;
    check("memories", 3, &format!("(module {memories})"), |limits, max| limits.memories = narrow(max));
    check("memory_pages", 5, &format!("(module {memories})"), |limits, max| {
        limits.memory_pages = narrow(max)
    });
    let exports = r#"(module (func (export "a") (export "b") (export "c")) (memory (export "d") 1))"#;
    check("exports", 4, exports, |limits, max| limits.exports = narrow(max));
    let params = "(module (func (param i32 i32 i64)))";
    check("params", 3, params, |limits, max| limits.params = narrow(max));
    check("params", 4, "(module (type (func (result i32 i32 f32 f64))))", |limits, max| {
        limits.params = narrow(max);
    });
    // Parameters are counted elsewhere; a function beside it has its own.
    let locals = "(module (func (param i32) (local i32 i64 i64)) (func (local f32 f32 f32 f32)))";
    check("locals", 4, locals, |limits, max| limits.locals = narrow(max));
    let bytes = text::bytes(exports).len();
    check("module_bytes", u64::try_from(bytes).unwrap(), exports, |limits, max| {
        limits.module_bytes = max.try_into().unwrap();
    });
}

#[test]
fn the_defaults_are_the_constants() {
    let many = |count: u32, item: &str| item.repeat(count.try_into().unwrap());
    for (name, maximum, item) in [
        ("functions", Limits::FUNCTIONS, "(func)"),
        ("globals", Limits::GLOBALS, "(global i32 (i32.const 0))"),
        ("imports", Limits::IMPORTS, r#"(import "" "" (func))"#),
        ("memories", Limits::MEMORIES, "(memory 1)"),
        ("tables", Limits::TABLES, "(table 1 funcref)"),
    ] {
        assert!(Module::new(&text::bytes(&format!("(module {})", many(maximum, item)))).is_ok(), "{name}");
        match Module::new(&text::bytes(&format!("(module {})", many(maximum + 1, item)))) {
            Err(CompileError::Limit(error)) => {
                assert_eq!(parts(&error), (name, maximum.into(), u64::from(maximum) + 1));
            }
            other => panic!("{name}: {other:?}"),
        }
    }
    let exports: String = (0..=Limits::EXPORTS).map(|at| format!(r#"(export "{at}" (func 0))"#)).collect();
    for (name, maximum, fields) in [
        ("params", Limits::PARAMS, format!("(func (param {}))", many(Limits::PARAMS + 1, "i32 "))),
        ("locals", Limits::LOCALS, format!("(func (local {}))", many(Limits::LOCALS + 1, "i64 "))),
        ("table_elements", Limits::TABLE_ELEMENTS, format!("(table {} funcref)", Limits::TABLE_ELEMENTS + 1)),
        ("memory_pages", Limits::MEMORY_PAGES, format!("(memory {})", Limits::MEMORY_PAGES + 1)),
        ("exports", Limits::EXPORTS, format!("(func) {exports}")),
    ] {
        match Module::new(&text::bytes(&format!("(module {fields})"))) {
            Err(CompileError::Limit(error)) => {
                assert_eq!(parts(&error), (name, maximum.into(), u64::from(maximum) + 1));
            }
            other => panic!("{name}: {other:?}"),
        }
    }
    let large = vec![0; Limits::MODULE_BYTES + 1];
    let Err(CompileError::Limit(error)) = Module::new(&large) else { panic!("not refused") };
    assert_eq!(error.limit.name(), "module_bytes");
}

/// What a hostile module may ask for in a few bytes is refused before anything is made of it.
#[test]
fn a_bomb_is_refused_at_once() {
    let began = Instant::now();
    let locals = |count: u32| {
        // One function with so many locals: `(func (local i64 ...))` in a run of five bytes.
        let mut bytes = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0".to_vec();
        let mut body = vec![1];
        let mut value = count;
        while value >= 0x80 {
            body.push(u8::try_from(value & 0x7F).unwrap() | 0x80);
            value >>= 7;
        }
        body.extend([u8::try_from(value).unwrap(), 0x7E, 0x0B]);
        let len = u8::try_from(body.len()).unwrap();
        bytes.extend([10, len + 2, 1, len]);
        bytes.extend(body);
        bytes
    };
    assert!(Module::new(&locals(1_000)).is_ok());
    for bytes in [
        locals(u32::MAX),
        locals(1_001),
        locals(50_001),
        text::bytes("(module (memory 65536))"),
        text::bytes("(module (table 0xffffffff funcref))"),
        text::bytes(r#"(module (memory 4097 65536) (data (i32.const 0) "x"))"#),
        // Sections that claim more than there is.
        b"\0asm\x01\0\0\0\x01\x05\xFF\xFF\xFF\xFF\x0F".to_vec(),
        b"\0asm\x01\0\0\0\x01\xFF\xFF\xFF\xFF\x0F".to_vec(),
        b"\0asm\x01\0\0\0\x03\x05\xFF\xFF\xFF\xFF\x0F".to_vec(),
        b"\0asm\x01\0\0\0\x07\x05\xFF\xFF\xFF\xFF\x0F".to_vec(),
        b"\0asm\x01\0\0\0\x0C\x05\xFF\xFF\xFF\xFF\x0F".to_vec(),
    ] {
        assert!(Module::new(&bytes).is_err());
    }
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

#[test]
fn deep_nesting_and_wide_branches_compile_in_time() {
    let nested = |depth: usize| format!("(module (func {} {}))", "(block ".repeat(depth), ")".repeat(depth));
    let table =
        |targets: usize| format!("(module (func (block (br_table {} (i32.const 0)))))", "0 ".repeat(targets));
    let ifs = |depth: usize| {
        let open = "(if (result i32) (i32.const 1) (then ".repeat(depth);
        let close = ") (else (i32.const 0)))".repeat(depth);
        format!("(module (func (result i32) {open} (i32.const 2) {close}))")
    };
    for text in [nested(900), table(99_999), ifs(300)] {
        let bytes = text::bytes(&text);
        let began = Instant::now();
        // On a small stack, as nesting might be a matter of recursion.
        let thread = std::thread::Builder::new().stack_size(256 << 10);
        thread.spawn(move || drop(Module::new(&bytes))).unwrap().join().unwrap();
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    }
    // Deeper than the text parser goes: `block` and `end` in turn.
    let depth = 200_000_u32;
    let mut body = vec![0];
    body.extend([0x02, 0x40].repeat(depth.try_into().unwrap()));
    body.extend([0x0B].repeat(usize::try_from(depth).unwrap() + 1));
    let leb = |value: usize| (0..4).map(move |at| u8::try_from((value >> (7 * at)) & 0x7F).unwrap() | 0x80);
    let mut bytes = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0A".to_vec();
    bytes.extend(leb(body.len() + 6).chain([0]));
    bytes.push(1);
    bytes.extend(leb(body.len()).chain([0]));
    bytes.extend(body);
    let began = Instant::now();
    let thread = std::thread::Builder::new().stack_size(256 << 10);
    let outcome = thread.spawn(move || Module::new(&bytes).map(|_| ())).unwrap().join().unwrap();
    println!("{depth} nested blocks: {outcome:?} in {:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

#[test]
fn without_limits_only_the_engines_remain() {
    let text = format!("(module {} (memory 65536))", "(func)".repeat(12_000));
    assert!(Module::with_limits(&Limits::unlimited(), &text::bytes(&text)).is_ok());
}
