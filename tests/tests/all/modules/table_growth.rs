//! Growing tables, which the core does in the engine's place: it has to be what the operator is.

use guestbox::{
    CompileError, Environment, Execution, InstanceId, Limit, Limits, Module, NoImports, SnapshotError, Step,
    Store, Uncapturable, Value, Values, costs,
};
use guestbox_tests::text;

/// Notes in a global that it was called, grows its table and returns what it noted, what growing
/// answered, and the size that its table has then.
const GROWER: &str = r#"(module (global $g (export "g") (mut i32) (i32.const 0))
    (table $other 3 5 funcref) (table $t 2 10000 externref) (elem declare func $run)
    (func $run (export "run") (param $more i32) (result i32 i32 i32 i64) (local $kept i64)
      (local.set $kept (i64.const 0x1234_5678_9ABC_DEF0))
      (global.set $g (i32.add (global.get $g) (i32.const 1)))
      (i32.add (global.get $g) (i32.const 100))
      (table.grow $t (ref.null extern) (local.get $more))
      (table.size $t) (local.get $kept))
    (func (export "other") (param $more i32) (result i32 i32)
      (table.grow $other (ref.func $run) (local.get $more))
      (ref.is_null (table.get $other (i32.sub (table.size $other) (i32.const 1))))))"#;

/// Drives a call on a first fuel and then on plenty, and says what it came to and what it used.
fn run(store: &mut Store, mut execution: Execution, first: u64, slice: Option<u64>) -> (Values, u64) {
    execution.set_fuel(first);
    if let Some(slice) = slice {
        execution.set_slice(slice);
    }
    loop {
        match execution.run(store).unwrap() {
            Step::Finished(results) => return (results, execution.fuel_used()),
            Step::OutOfFuel { required, .. } => {
                assert!(required > execution.fuel());
                execution.add_fuel(1_000_000);
            }
            Step::SliceOver => {}
            other => panic!("{other:?}"),
        }
    }
}

fn grower() -> (Store, InstanceId) {
    let mut store = Store::new();
    let guest = text::guest(&mut store, GROWER, &Environment::new());
    (store, guest)
}

/// The fuel that a call takes besides what it takes by size.
const BASE: u64 = costs::EXPORT_CALL as u64 + 78;

#[test]
fn it_resumes_where_it_was_whatever_fuel_there_is() {
    for (more, answer, size) in [(1_600, 2, 1_602), (0, 2, 2), (15, 2, 17), (9_999, -1, 2), (-1, -1, 2)] {
        let grown = u64::try_from(size - 2).unwrap();
        let used = BASE + grown / 16;
        let expected = [101, answer, size].map(Value::I32);
        let slices = [None, Some(1), Some(2), Some(3), Some(7), Some(50)];
        for slice in slices {
            for first in 0..=used {
                let (mut store, guest) = grower();
                let execution = store.begin(guest, "run", &[Value::I32(more)], 0).unwrap();
                let (results, fuel) = run(&mut store, execution, first, slice);
                assert_eq!(results[..3], expected, "{more} with {first}, slices of {slice:?}");
                assert_eq!(results[3], Value::I64(0x1234_5678_9ABC_DEF0));
                assert_eq!(fuel, used, "{more} with {first}, slices of {slice:?}");
                assert_eq!(store.global(guest, "g"), Ok(Some(Value::I32(1))));
            }
        }
    }
}

#[test]
fn while_it_waits_for_fuel_others_run_and_the_size_is_that_of_then() {
    let (mut store, guest) = grower();
    let mut waiting = store.begin(guest, "run", &[Value::I32(1_600)], 0).unwrap();
    waiting.set_fuel(BASE);
    assert!(matches!(waiting.run(&mut store), Ok(Step::OutOfFuel { required: 100, .. })));
    assert!(matches!(waiting.run(&mut store), Ok(Step::OutOfFuel { required: 100, .. })));
    assert!(matches!(store.snapshot(guest), Err(SnapshotError::Module(Uncapturable::Table))));
    let bystander = text::guest(&mut store, GROWER, &Environment::new());
    let results = text::call(&mut store, bystander, "run", &[Value::I32(16)]);
    assert_eq!(results[..3], [101, 2, 18].map(Value::I32));
    waiting.add_fuel(100);
    let Ok(Step::Finished(results)) = waiting.run(&mut store) else { panic!("it has its fuel") };
    assert_eq!(results[..3], [101, 2, 1_602].map(Value::I32));
}

#[test]
fn tables_of_functions_grow_too_up_to_their_maximum() {
    let (mut store, guest) = grower();
    let mut grow = |more| text::call(&mut store, guest, "other", &[Value::I32(more)]).to_vec();
    assert_eq!(grow(1), [3, 0].map(Value::I32));
    assert_eq!(grow(2), [-1, 0].map(Value::I32), "the maximum is 5");
    assert_eq!(grow(1), [4, 0].map(Value::I32));
    assert_eq!(grow(0), [5, 0].map(Value::I32));
}

#[test]
fn it_is_refused_above_the_limits_and_takes_no_fuel_then() {
    let mut limits = Limits::default();
    limits.table_elements = 100;
    let mut store = Store::with_limits(limits);
    let guest = text::guest(&mut store, GROWER, &Environment::new());
    for (more, answer, size) in [(99, -1, 2), (98, 2, 100)] {
        let execution = store.begin(guest, "run", &[Value::I32(more)], 0).unwrap();
        let (results, fuel) = run(&mut store, execution, 1_000, None);
        assert_eq!(results[1..3], [answer, size].map(Value::I32));
        assert_eq!(fuel, if answer == -1 { BASE } else { BASE + 6 });
    }
}

#[test]
fn what_grows_tables_is_no_table_of_the_guests() {
    // Behind the table of this module stands the one of what grows it.
    let mentions = [
        "(func (drop (table.get 1 (i32.const 0))))",
        "(func (drop (table.size 1)))",
        "(func (call_indirect 1 (type 0) (i32.const 0)))",
        "(func (table.copy 0 1 (i32.const 0) (i32.const 0) (i32.const 1)))",
        "(elem (table 1) (i32.const 0) func 0)",
        "(export \"t\" (table 1))",
        // And behind its type those of what grows it.
        "(func (type 1) unreachable)",
        "(func (block (type 2)))",
    ];
    for mention in mentions {
        let text = format!(
            "(module (type (func)) (table 1 9 funcref) {mention}
              (func (type 0) (drop (table.grow 0 (ref.null func) (i32.const 1)))))"
        );
        let refused = wat::parse_str(&text).map(|bytes| Module::new(&bytes));
        assert!(matches!(refused, Ok(Err(CompileError::Invalid(_)))), "{text}: {refused:?}");
    }
}

#[test]
fn a_module_with_all_tables_that_the_engine_takes_may_not_grow_one() {
    let module = |tables: usize| {
        let tables = "(table 1 9 funcref)".repeat(tables);
        let grow = "(func (export \"run\") (result i32) (table.grow 7 (ref.null func) (i32.const 1)))";
        Module::new(&text::bytes(&format!("(module {tables} {grow})")))
    };
    let mut store = Store::new();
    let guest = store.instantiate(&mut NoImports, &module(99).unwrap(), &Environment::new(), 0).unwrap();
    assert_eq!(*text::call(&mut store, guest, "run", &[]), [Value::I32(1)]);
    let Err(CompileError::Limit(refused)) = module(100) else { panic!("one more is needed") };
    assert_eq!((refused.limit, refused.maximum, refused.requested), (Limit::Tables, 99, 100));
}

/// What the engine does by itself, without what `module/growth.rs` puts in the place of the operator.
#[test]
fn the_engine_alone_still_begins_anew_where_fuel_for_growth_is_missing() {
    let mut config = wasmi::Config::default();
    config.consume_fuel(true).compilation_mode(wasmi::CompilationMode::Eager);
    let engine = wasmi::Engine::new(&config);
    let module = wasmi::Module::new(&engine, text::bytes(GROWER)).unwrap();
    let mut store = wasmi::Store::new(&engine, ());
    let instance = wasmi::Instance::new(&mut store, &module, &[]).unwrap();
    let run = instance.get_func(&store, "run").unwrap();
    let mut results = vec![wasmi::Val::I32(0); 4];
    store.set_fuel(30).unwrap();
    let call = run.call_resumable(&mut store, &[wasmi::Val::I32(1_600)], &mut results).unwrap();
    let wasmi::ResumableCall::OutOfFuel(call) = call else { panic!("it has too little") };
    store.set_fuel(1_000_000).unwrap();
    let _resumed = call.resume(&mut store, &mut results).unwrap();
    let noted = instance.get_global(&store, "g").unwrap().get(&store).i32();
    assert_eq!(noted, Some(2), "this engine can be resumed within `table.grow`");
}
