//! A thousand guests that wait, parked to files; the process ends, and another one goes on with them.
//!
//! ```sh
//! cargo run --release --package guestbox --example parking -- park FOLDER
//! cargo run --release --package guestbox --example parking -- unpark FOLDER
//! ```
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::std_instead_of_core,
    reason = "the program of a user of the crate, which checks its claims by asserting them"
)]

use guestbox::{
    Environment, FuncIndex, InstanceLimits, Module, NoImports, Parked, Replayed, Step, Store, Value, Waiting,
};
use std::{collections::HashSet, env, error::Error, fs, path::Path, time::Instant};

const GUESTS: i32 = 1_000;
/// What a guest adds up from answers, before it waits for a payment and after.
const ROUNDS: i32 = 20;

const GUEST: &str = r#"(module (import "shop" "price" (func $price (param i32) (result i32)))
    (import "shop" "pay" (func $pay (param i32) (result i32)))
    (memory 1)
    (func (export "buy") (param $guest i32) (param $rounds i32) (result i32) (local $n i32)
      (loop $again
        (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (call $price (local.get $n))))
        (br_if $again (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (local.get $rounds))))
      (i32.add (local.get $guest) (call $pay (i32.load (i32.const 0))))))"#;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<_> = env::args().collect();
    let module = Module::new(&wat::parse_str(GUEST)?)?;
    let shop = Environment::new().with_function("shop", "price", FuncIndex(0));
    let shop = shop.with_function("shop", "pay", FuncIndex(1));
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [_, "park", folder] => park(&module, &shop, Path::new(folder)),
        [_, "unpark", folder] => unpark(&module, &shop, Path::new(folder)),
        _ => Err("usage: parking park|unpark FOLDER".into()),
    }
}

/// Lets guests buy until they have to pay, and parks them.
fn park(module: &Module, shop: &Environment, folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut store = Store::new();
    let (mut bytes, began) = (0, Instant::now());
    for number in 0..GUESTS {
        let limits = InstanceLimits::new().with_journal();
        let guest = store.instantiate_with(&mut NoImports, module, shop, 0, limits)?;
        let mut call = store.begin(guest, "buy", &[Value::I32(number), Value::I32(ROUNDS)], 0)?;
        loop {
            match call.run(&mut store)? {
                Step::HostCall(price) if price.func == FuncIndex(0) => call.answer(Ok(3.into()))?,
                Step::HostCall(_) => break,
                other => return Err(format!("guest {number}: {other:?}").into()),
            }
        }
        let parked = store.park(guest)?;
        bytes += parked.as_bytes().len();
        fs::write(folder.join(format!("{number}.parked")), parked.as_bytes())?;
        call.cancel(&mut store);
        store.teardown_instance(guest)?;
    }
    println!("{GUESTS} guests parked, {bytes} bytes, {:.1?}", began.elapsed());
    Ok(())
}

/// Pays for each of them, once.
fn unpark(module: &Module, shop: &Environment, folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut store = Store::new();
    // What was paid for, by whom and which of their host calls it is: what outlives the process, in a shop.
    let mut paid = HashSet::new();
    let began = Instant::now();
    for number in 0..GUESTS {
        let parked = Parked::from_bytes(fs::read(folder.join(format!("{number}.parked")))?)?;
        for _ in 0..2 {
            let mut replay = store.unpark(module, shop, &parked, InstanceLimits::new().with_journal())?;
            let Replayed::Ready { instance: Some(guest), mut calls } = replay.run(&mut store, u64::MAX)?
            else {
                return Err(format!("guest {number} is not where it was").into());
            };
            let Step::HostCall(pay) = calls[0].run(&mut store)? else {
                return Err(format!("guest {number} does not pay").into());
            };
            let host_call = ROUNDS.cast_unsigned() + 1;
            let waits = Waiting::HostCall { module: "shop", name: "pay", number: host_call.into() };
            assert!(parked.waiting().eq([waits]) && pay.number == Some(host_call.into()));
            assert_eq!(pay.args, [Value::I32(3 * ROUNDS)]);
            // It is asked for again where this process ends before the next parking; so it is looked up.
            paid.insert((number, pay.number));
            calls[0].answer(Ok(1_000.into()))?;
            let Step::Finished(results) = calls[0].run(&mut store)? else {
                return Err(format!("guest {number} does not end").into());
            };
            assert_eq!(*results, [Value::I32(number + 1_000)]);
            store.teardown_instance(guest)?;
        }
    }
    assert_eq!(paid.len(), usize::try_from(GUESTS)?);
    println!("{GUESTS} guests went on and paid once, {:.1?}", began.elapsed());
    Ok(())
}
