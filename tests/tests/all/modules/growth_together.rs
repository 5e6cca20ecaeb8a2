//! Growing tables where there are others: that draw on the same budget, that share a cell, and, in the
//! module, what stands next to that which the core puts in.

use guestbox::{
    CompileOptions, Environment, Execution, InstanceId, Limits, Module, NoImports, Step, Store, TrapCode,
    Value, costs,
};
use guestbox_tests::text;

/// `run(more)` grows a table of so many elements, notes that it was called, and returns what growing
/// answered and the size that the table has then.
fn grower(fields: &str, elements: u32) -> Module {
    text::module(&format!(
        r#"(module {fields} (table $t {elements} 9000 externref) (global $g (export "g") (mut i32) (i32.const 0))
            (func (export "run") (param i32) (result i32 i32)
              (global.set $g (i32.add (global.get $g) (i32.const 1)))
              (table.grow $t (ref.null extern) (local.get 0)) (table.size $t)))"#
    ))
}

fn results(answer: i32, size: i32) -> [Value; 2] {
    [answer, size].map(Value::I32)
}

/// What a call has that waits for the fuel that growth takes.
const TOO_LITTLE: u64 = costs::EXPORT_CALL as u64 + 86;

/// A call that waits for the fuel that growth by so many takes.
fn waiting(store: &mut Store, guest: InstanceId, more: u16) -> Execution {
    let mut execution = store.begin(guest, "run", &[Value::I32(more.into())], 0).unwrap();
    execution.set_fuel(TOO_LITTLE);
    match execution.run(store) {
        Ok(Step::OutOfFuel { required, .. }) => assert_eq!(required, u64::from(more) / 16),
        other => panic!("{other:?}"),
    }
    execution
}

/// Gives it the fuel; what it returns.
fn finish(store: &mut Store, execution: &mut Execution) -> Vec<Value> {
    execution.add_fuel(1_000);
    match execution.run(store) {
        Ok(Step::Finished(results)) => results.to_vec(),
        other => panic!("{other:?}"),
    }
}

/// Room for one table that has grown by 8000, and not for two.
fn store_with_room_for_one() -> Store {
    let mut limits = Limits::default();
    limits.total_instance_bytes = 200_000;
    Store::with_limits(limits)
}

#[test]
fn growth_that_waits_for_fuel_finds_the_room_that_others_left() {
    let (mut store, module) = (store_with_room_for_one(), grower("", 1));
    let [guest, other] =
        [(); 2].map(|()| store.instantiate(&mut NoImports, &module, &Environment::new(), 0).unwrap());
    let mut waits = waiting(&mut store, guest, 8_000);
    assert_eq!(*text::call(&mut store, other, "run", &[Value::I32(8_000)]), results(1, 8_001));
    let fuel = waits.fuel();
    let Ok(Step::Finished(refused)) = waits.run(&mut store) else { panic!("refusing takes no fuel") };
    assert_eq!(*refused, results(-1, 1));
    assert_eq!(waits.fuel(), fuel);
    // And what the other one gives back can be had.
    store.teardown_instance(other).unwrap();
    assert_eq!(*text::call(&mut store, guest, "run", &[Value::I32(8_000)]), results(1, 8_001));
}

#[test]
fn however_a_call_ends_that_waits_to_grow_the_room_is_there_again() {
    let ends: [fn(&mut Store, Execution); 4] = [
        |store, mut waits| assert_eq!(finish(store, &mut waits), results(1, 8_001)),
        |store, mut waits| waits.cancel(store),
        |_, waits| drop(waits),
        |store, mut waits| {
            let trap = waits.end_with(store, TrapCode::OutOfFuel);
            assert!((1..=TOO_LITTLE).contains(&trap.fuel_used()), "{}", trap.fuel_used());
        },
    ];
    let module = grower("(memory 1)", 1);
    for end in ends {
        for is_torn_down_first in [false, true] {
            let mut store = store_with_room_for_one();
            let make = |store: &mut Store| {
                store.instantiate(&mut NoImports, &module, &Environment::new(), 0).unwrap()
            };
            let guest = make(&mut store);
            let waits = waiting(&mut store, guest, 8_000);
            if is_torn_down_first {
                store.teardown_instance(guest).unwrap();
            }
            end(&mut store, waits);
            if !is_torn_down_first {
                store.teardown_instance(guest).unwrap();
            }
            let next = make(&mut store);
            assert_eq!(*text::call(&mut store, next, "run", &[Value::I32(8_000)]), results(1, 8_001));
            store.teardown_instance(next).unwrap();
            assert_eq!(store.memory_pages_in_use(), 0);
        }
    }
}

/// What grows tables is among what a module brings along, at another place in each.
#[test]
fn guests_of_several_modules_grow_their_tables_in_one_cell() {
    let memory = r#"(import "env" "memory" (memory 1))"#;
    let besides =
        ["", "(table 3 funcref)", "(type (func (param i64))) (table 3 funcref) (table 3 externref)"];
    let modules: Vec<_> = (1..)
        .zip(besides)
        .map(|(size, besides)| (size, grower(&format!("{memory} {besides}"), size)))
        .collect();
    let mut store = Store::new();
    let shared = store.create_memory(1, None).unwrap();
    let environment = Environment::new().with_memory("env", "memory", shared);
    let mut calls = Vec::new();
    for (size, module) in modules.iter().cycle().take(7) {
        let guest = store.instantiate(&mut NoImports, module, &environment, 0).unwrap();
        calls.push((*size, guest, waiting(&mut store, guest, 1_600)));
    }
    for (size, guest, mut waits) in calls.into_iter().rev() {
        let size = i32::try_from(size).unwrap();
        assert_eq!(finish(&mut store, &mut waits), results(size, size + 1_600));
        assert_eq!(store.global(guest, "g"), Ok(Some(Value::I32(1))), "it was begun once");
    }
}

/// Fields that name what stands at an index, some of which nothing does.
const FIELDS: [&str; 27] = [
    "",
    "(func (drop (ref.func 0)))",
    "(start 0)",
    "(start 1)",
    "(start 9)",
    "(elem declare func 0)",
    r#"(export "a" (func 0))"#,
    r#"(export "guestbox:0:t1" (func 0))"#,
    r#"(export "guestbox:0:start" (table 0))"#,
    r#"(export "t" (table 1))"#,
    "(func (result i32) (table.size 1))",
    "(func (call_indirect 1 (i32.const 0)))",
    "(func (type 1) unreachable)",
    "(func (type 3) unreachable)",
    "(func (type 4) unreachable)",
    "(func (type 5) unreachable)",
    "(elem (table 1) (i32.const 0) func)",
    "(table 1 externref)",
    "(func (param funcref i32) (result i32) local.get 1)",
    "(global (mut funcref) (ref.func 0))",
    "(global funcref (ref.func 1))",
    "(func (table.set 0 (i32.const 0) (ref.func 1)))",
    "(func (result funcref) (ref.func 0))",
    "(func (return_call_indirect 1 (i32.const 0)))",
    "(func (return_call 0))",
    "(func (table.copy 1 0 (i32.const 0) (i32.const 0) (i32.const 0)))",
    "(func (block (type 3) unreachable))",
];

#[test]
fn a_module_that_grows_a_table_is_valid_where_the_engine_alone_takes_it() {
    let engine = wasmi::Engine::new(wasmi::Config::default().wasm_tail_call(true));
    let (mut valid, mut invalid) = (0, 0);
    for (one, other) in FIELDS.iter().flat_map(|one| FIELDS.map(|other| (*one, other))) {
        for table in ["", "(table 1 9 funcref)"] {
            let text = format!(
                "(module (type (func)) {table}
                  (func (type 0) (drop (table.grow 0 (ref.null func) (i32.const 1)))) {one} {other})"
            );
            let Ok(bytes) = wat::parse_str(&text) else { continue };
            let is_valid = wasmi::Module::new(&engine, &bytes).is_ok();
            *if is_valid { &mut valid } else { &mut invalid } += 1;
            for options in [CompileOptions::new(), CompileOptions::new().with_frames()] {
                match Module::with_options(&Limits::default(), &bytes, options) {
                    Ok(_) => assert!(is_valid, "{text}"),
                    Err(error) => assert!(!is_valid, "{text}: {error}"),
                }
            }
        }
    }
    assert!(valid > 100 && invalid > 500, "{valid} valid, {invalid} invalid");
}
