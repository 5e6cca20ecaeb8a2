//! A case for each limit.

use super::attempts::{
    Attempt, Refusal, compile, long, made, many, narrow, nest, parked, remembered, replayed, run,
};
use guestbox::{Environment, EnvironmentError, Limits, NoImports, Store, abi};
use guestbox_tests::{hostile::wasm, text};

/// A limit: its name, how it is set, and what asks for so much of it under some limits.
pub(super) type Case = (&'static str, fn(&mut Limits, u64), u64, fn(Limits, u64) -> Attempt);

/// Where the value is 0 it is to be found out.
pub(super) const CASES: &[Case] = &[
    (
        "argument_bytes",
        |limits, max| limits.argument_bytes = long(max),
        100,
        |limits, len| {
            let mut store = Store::with_limits(limits);
            let wasm = text::bytes(r#"(module (func (export "run")))"#);
            abi::try_instantiate(&mut store, &mut NoImports, &wasm, &[0], 0).unwrap();
            // No arguments, and bytes after them that nothing reads.
            match abi::try_invoke(&mut store, &mut NoImports, 0, b"run", &vec![0; long(len)], 0) {
                Ok(_) => Ok(()),
                Err(abi::SupervisorTrap::Limit(error)) => Err(Refusal::Limit(error)),
                Err(error) => panic!("{error}"),
            }
        },
    ),
    (
        "block_depth",
        |limits, max| limits.block_depth = narrow(max),
        20,
        |limits, depth| {
            let depth = long(depth);
            let code = [[0x02, 0x40].repeat(depth), vec![0x0B; depth]].concat();
            // Beside each other they count for nothing.
            compile(&limits, &wasm::running(&[], &code.repeat(2)))
        },
    ),
    (
        "blocks",
        |limits, max| limits.blocks = narrow(max),
        20,
        |limits, blocks| {
            let code = [0x02, 0x40, 0x0B].repeat(long(blocks));
            // Another function has its own.
            compile(&limits, &wasm::running(&[], &code))?;
            let code = format!("(func {})", "(block)".repeat(long(blocks)));
            compile(&limits, &text::bytes(&format!("(module {code} {code})")))
        },
    ),
    (
        "branch_targets",
        |limits, max| limits.branch_targets = narrow(max),
        20,
        |limits, targets| {
            let table =
                |targets: u64| format!("(block (br_table {} (local.get 0)))", "0 ".repeat(long(targets)));
            let code = format!("(func (param i32) {} {})", table(5), table(targets - 5));
            compile(&limits, &text::bytes(&format!("(module {code} {code})")))
        },
    ),
    (
        "const_operators",
        |limits, max| limits.const_operators = narrow(max),
        5,
        |limits, operators| {
            // Only odd numbers of operators are a valid sum; the limit comes first.
            let mut sum = [vec![0x41, 1], [0x41, 1, 0x6A].repeat(long(operators) / 2)].concat();
            if operators % 2 == 0 {
                sum.pop();
            }
            let global = [&[0x7F, 0], &sum[..], &[0x0B]].concat();
            compile(&limits, &wasm::Wasm::new().vector(6, [global]).bytes())
        },
    ),
    (
        "engine_stack_bytes",
        |limits, max| limits.engine_stack_bytes = long(max),
        0,
        |limits, _| run(limits, 1_000),
    ),
    (
        "environment_bytes",
        |limits, max| limits.environment_bytes = long(max),
        100,
        |limits, len| {
            let mut store = Store::with_limits(limits);
            let environment = vec![0; long(len)];
            match abi::try_instantiate(&mut store, &mut NoImports, b"\0asm\x01\0\0\0", &environment, 0) {
                Ok(_) => Ok(()),
                Err(abi::InstantiateFailure::EnvironmentCorrupted(EnvironmentError::Limit(error))) => {
                    Err(Refusal::Limit(error))
                }
                Err(error) => panic!("{error:?}"),
            }
        },
    ),
    (
        "exports",
        |limits, max| limits.exports = narrow(max),
        7,
        |limits, count| {
            let exports: String = (0..count).map(|at| format!(r#"(export "{at}" (func 0))"#)).collect();
            compile(&limits, &text::bytes(&format!("(module (func) {exports})")))
        },
    ),
    ("fuel", |limits, max| limits.fuel = max, 0, |limits, _| run(limits, 10)),
    (
        "functions",
        |limits, max| limits.functions = narrow(max),
        7,
        |limits, count| many(&limits, count, "(func)"),
    ),
    (
        "globals",
        |limits, max| limits.globals = narrow(max),
        7,
        |limits, count| many(&limits, count, "(global i32 (i32.const 0))"),
    ),
    (
        "guest_frames",
        |limits, max| limits.guest_frames = long(max),
        7,
        |limits, depth| run(limits, i32::try_from(depth).unwrap()),
    ),
    (
        "imports",
        |limits, max| limits.imports = narrow(max),
        7,
        |limits, count| many(&limits, count, r#"(import "e" "f" (func))"#),
    ),
    (
        "instances",
        |limits, max| limits.instances = narrow(max),
        7,
        |limits, count| {
            let mut store = Store::with_limits(limits);
            let module = text::module("(module)");
            for _ in 0..count {
                made(store.instantiate(&mut NoImports, &module, &Environment::new(), 0))?;
            }
            Ok(())
        },
    ),
    (
        "locals",
        |limits, max| limits.locals = narrow(max),
        7,
        |limits, count| compile(&limits, &wasm::running(&[(2, 0x7F), (long(count) - 2, 0x7E)], &[])),
    ),
    (
        "memories",
        |limits, max| limits.memories = narrow(max),
        7,
        |limits, count| many(&limits, count, "(memory 0)"),
    ),
    (
        "memory_pages",
        |limits, max| limits.memory_pages = narrow(max),
        7,
        |limits, pages| {
            let mut store = Store::with_limits(limits);
            let grown = store.create_memory(2, None).unwrap();
            remembered(store.memory_grow(grown, narrow(pages) - 2))?;
            remembered(store.create_memory(narrow(pages), None))?;
            Ok(())
        },
    ),
    (
        "module_bytes",
        |limits, max| limits.module_bytes = long(max),
        100,
        |limits, len| compile(&limits, &wasm::Wasm::new().section(0, &vec![0; long(len) - 10]).bytes()),
    ),
    (
        "multi_values",
        |limits, max| limits.multi_values = narrow(max),
        14,
        |limits, values| {
            // Each call passes two, one more than one.
            let calls = "call 0 drop drop ".repeat(long(values));
            let import = r#"(import "e" "f" (func (result i32 i32)))"#;
            compile(&limits, &text::bytes(&format!("(module {import} (func {calls}))")))
        },
    ),
    (
        "journal_bytes",
        |limits, max| limits.journal_bytes = long(max),
        100,
        // A write has four bytes before it.
        |limits, bytes| parked(limits, |_| bytes - 4).map(drop),
    ),
    ("nesting", |limits, max| limits.nesting = narrow(max), 7, nest),
    (
        "params",
        |limits, max| limits.params = narrow(max),
        7,
        |limits, count| {
            let list = "i32 ".repeat(long(count));
            compile(&limits, &text::bytes(&format!("(module (type (func (param {list}) (result i32))))")))?;
            compile(&limits, &text::bytes(&format!("(module (type (func (result {list}))))")))
        },
    ),
    (
        "parked_bytes",
        |limits, max| limits.parked_bytes = long(max),
        1_000,
        // Five, where it is longer.
        |limits, bytes| parked(limits, |empty| bytes - empty - 5).map(drop),
    ),
    (
        "replay_fuel",
        |limits, max| limits.replay_fuel = max,
        1_000,
        |limits, fuel| {
            // A unit each.
            let idle = |units: u64| {
                text::module(&format!(r#"(module (func (export "run") {}))"#, "nop ".repeat(long(units))))
            };
            replayed(&limits, idle, fuel)
        },
    ),
    (
        "segments",
        |limits, max| limits.segments = narrow(max),
        7,
        |limits, count| {
            many(&limits, count - 2, r#"(data "x")"#)?;
            let data = r#"(data "x")"#.repeat(long(count) - 2);
            compile(&limits, &text::bytes(&format!("(module (elem func) (elem func) {data})")))
        },
    ),
    (
        "table_elements",
        |limits, max| limits.table_elements = narrow(max),
        7,
        |limits, count| {
            let elements = "0 ".repeat(long(count) - 3);
            compile(
                &limits,
                &text::bytes(&format!(
                    "(module (table 1 funcref) (func) (elem func 0 0 0) (elem func {elements}))"
                )),
            )?;
            compile(&limits, &text::bytes(&format!("(module (table {count} funcref))")))
        },
    ),
    (
        "tables",
        |limits, max| limits.tables = narrow(max),
        7,
        |limits, count| many(&limits, count, "(table 0 funcref)"),
    ),
    (
        "total_memory_pages",
        |limits, max| limits.total_memory_pages = narrow(max),
        7,
        |limits, pages| {
            let mut store = Store::with_limits(limits);
            let module = text::module("(module (memory 3))");
            made(store.instantiate(&mut NoImports, &module, &Environment::new(), 0))?;
            remembered(store.create_memory(narrow(pages) - 3, None)).map(|_| ())
        },
    ),
    // In elements of a table, 16 bytes each: in these they are counted.
    (
        "total_instance_bytes",
        |limits, max| limits.total_instance_bytes = long(max) * 16,
        3_000,
        |limits, elements| {
            let mut store = Store::with_limits(limits);
            // Each takes roughly 1 KiB besides its table, which is 64 elements.
            for table in [10, elements - 10 - 2 * 64] {
                let module = text::module(&format!("(module (table {table} funcref))"));
                made(store.instantiate(&mut NoImports, &module, &Environment::new(), 0))?;
            }
            Ok(())
        },
    ),
    (
        "types",
        |limits, max| limits.types = narrow(max),
        7,
        |limits, count| many(&limits, count, "(type (func))"),
    ),
];
