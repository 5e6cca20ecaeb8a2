//! Guests that are not torn down but reset by a snapshot.

use super::{Round, instantiate};
use guestbox::{NoImports, Store};
use guestbox_tests::{guests::Interpreter, text};
use std::{error::Error, time::Instant};

/// A guest that is reset in each round, and has grown in every tenth.
pub(super) fn growing() -> Round {
    let text = r#"(module (memory 1) (global $g (mut i32) (i32.const 0))
      (func (export "work") (param i32) (result i32)
        (global.set $g (i32.add (global.get $g) (local.get 0)))
        (i32.store (i32.const 4096) (i32.add (i32.load (i32.const 4096)) (global.get $g)))
        (if (i32.eqz (i32.rem_u (local.get 0) (i32.const 10))) (then (drop (memory.grow (i32.const 15)))))
        (i32.load (i32.const 4096))))"#;
    let mut store = Store::new();
    let guest = instantiate(&mut store, &text::module(text), None).expect("it imports nothing");
    let kept = store.snapshot(guest).expect("it can be captured");
    Box::new(move |number| {
        let number = number.cast_signed();
        let results = store.invoke(&mut NoImports, guest, "work", &[number.into()], 0)?;
        if *results != [number.into()] {
            return Err(format!("{results:?}").into());
        }
        store.restore(guest, &kept)?;
        if store.snapshot(guest)? != kept { Err("another state".into()) } else { Ok(()) }
    })
}

/// QuickJS with the state of a program, every second round in another instance; their snapshots are
/// the same to the byte.
pub(super) fn quickjs() -> Round {
    let make = || -> Result<_, Box<dyn Error>> {
        let module = Interpreter::compile()?;
        let begin = Instant::now();
        let mut interpreters = [Interpreter::new(&module)?, Interpreter::new(&module)?];
        interpreters[0].evaluate(PROGRAM)?;
        let fresh = begin.elapsed() / 2;
        let kept = interpreters[0].moment()?;
        interpreters[1].restore(&kept)?;
        let begin = Instant::now();
        for _ in 0..100 {
            interpreters[1].restore(&kept)?;
        }
        let bytes = kept.snapshot.as_bytes().len() >> 10;
        eprintln!("QuickJS anew {fresh:.1?}, reset {:.1?}, snapshot of {bytes} KiB", begin.elapsed() / 100);
        let expected = interpreters[0].evaluate(REQUEST)?;
        Ok((interpreters, kept, expected))
    };
    let mut made = make().map_err(|error| error.to_string());
    Box::new(move |number| {
        let (interpreters, kept, expected) = made.as_mut().map_err(|error| error.clone())?;
        let interpreter = &mut interpreters[number as usize % 2];
        interpreter.restore(kept)?;
        if interpreter.moment()?.snapshot != kept.snapshot {
            return Err("another state".into());
        }
        let answer = interpreter.evaluate(REQUEST)?;
        if answer == *expected { Ok(()) } else { Err(answer.into()) }
    })
}

const PROGRAM: &str = "const seen = []; let total = 0; const begin = Date.now();
    function serve(n) { total += n; seen.push({ n, at: Date.now() - begin }); return total; } serve(5)";
const REQUEST: &str = "serve(7); [total, seen, 'x'.repeat(1000).length, Math.random()]";
