//! A thousand guests on one thread, each with the same share of fuel, one of them in an endless loop.
//!
//! ```sh
//! cargo run --release --package guestbox --example round_robin
//! ```
#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    reason = "the program of a user of the crate, which checks its claims by asserting them"
)]

use guestbox::{
    Environment, Execution, FuncIndex, InstanceId, InstanceLimits, Module, NoImports, Step, Store, Value,
};
use std::{collections::VecDeque, error::Error, time::Instant};

const GUESTS: usize = 1_000;
/// Fuel of a turn: some 20 µs, so that a round of all guests takes some 20 ms.
const SHARE: u64 = 10_000;
/// Rounds that a guest counts; it tells the supervisor about each thousandth.
const ROUNDS: i32 = 20_000;

const GUEST: &str = r#"(module (import "env" "progress" (func $progress (param i32)))
    (func (export "count") (param $rounds i32) (result i32) (local $n i32)
      (loop $again
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (if (i32.eqz (i32.rem_u (local.get $n) (i32.const 1000))) (then (call $progress (local.get $n))))
        (br_if $again (i32.lt_u (local.get $n) (local.get $rounds))))
      (local.get $n))
    (func (export "for ever") (loop $again (br $again))))"#;

/// A guest that waits for its turn.
struct Waiting {
    number: usize,
    execution: Execution,
    turns: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let module = Module::new(&wat::parse_str(GUEST)?)?;
    let environment = Environment::new().with_function("env", "progress", FuncIndex(0));
    let mut store = Store::new();
    let limits = InstanceLimits::new().with_fuel(10_000_000).with_memory_pages(1);
    let mut guests = Vec::new();
    for _ in 0..GUESTS {
        guests.push(store.instantiate_with(&mut NoImports, &module, &environment, 0, limits)?);
    }
    // The endless one comes first, so that everybody else waits behind it.
    let endless = begin(&mut store, 0, guests[0], "for ever", &[])?;
    let mut queue = VecDeque::from([endless]);
    for (number, guest) in guests.iter().enumerate().skip(1) {
        queue.push_back(begin(&mut store, number, *guest, "count", &[Value::I32(ROUNDS)])?);
    }

    let began = Instant::now();
    let (mut finished, mut told) = (Vec::new(), vec![0; GUESTS]);
    while finished.len() < GUESTS - 1 {
        let Some(mut guest) = queue.pop_front() else { break };
        guest.turns += 1;
        loop {
            match guest.execution.run(&mut store)? {
                Step::HostCall(call) => {
                    told[guest.number] = call.args[0].as_i32().unwrap_or_default();
                    guest.execution.answer(Ok(().into()))?;
                }
                // Its turn is over: the next one's.
                Step::SliceOver => {
                    queue.push_back(guest);
                    break;
                }
                Step::Finished(results) => {
                    assert_eq!(*results, [Value::I32(ROUNDS)]);
                    finished.push(guest);
                    break;
                }
                other => return Err(format!("guest {}: {other:?}", guest.number).into()),
            }
        }
    }
    let took = began.elapsed();

    // All have finished but the endless one, which nobody waited for.
    let mut endless = queue.pop_front().ok_or("the endless one is gone")?;
    assert!(queue.is_empty() && endless.number == 0);
    assert!(told[1..].iter().all(|rounds| *rounds == ROUNDS));
    // They did the same and had equal shares, so they took the same fuel in the same turns, and
    // finished in the order in which they began.
    let (used, turns) = (finished[0].execution.fuel_used(), finished[0].turns);
    assert!(turns > 10, "each took {turns} turns");
    for (at, guest) in finished.iter().enumerate() {
        assert_eq!((guest.number, guest.turns, guest.execution.fuel_used()), (at + 1, turns, used));
    }
    // The endless one had its share of each round and no more.
    assert_eq!(endless.turns, turns);
    assert!(endless.execution.fuel_used() <= turns * SHARE);
    assert!(endless.execution.fuel_used() > (turns - 1) * SHARE);
    // It is ended where it is, and can be called again.
    endless.execution.cancel(&mut store);
    let mut again = begin(&mut store, 0, guests[0], "count", &[Value::I32(5)])?;
    assert!(matches!(again.execution.run(&mut store)?, Step::Finished(_)));

    let total = used * (GUESTS as u64 - 1) + endless.execution.fuel_used();
    println!("{} guests finished in {turns} rounds of {SHARE} fuel each, {took:.1?} in all", finished.len());
    println!("{total} fuel, of which the endless loop had {}", endless.execution.fuel_used());
    Ok(())
}

fn begin(
    store: &mut Store,
    number: usize,
    guest: InstanceId,
    export: &str,
    args: &[Value],
) -> Result<Waiting, Box<dyn Error>> {
    let mut execution = store.begin(guest, export, args, 0)?;
    execution.set_slice(SHARE);
    Ok(Waiting { number, execution, turns: 0 })
}
