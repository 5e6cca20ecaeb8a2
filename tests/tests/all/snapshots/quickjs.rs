//! A real guest: QuickJS, which imports its memory of 16 MiB, with a program's state in it.

use guestbox_tests::guests::{Interpreter, Moment};
use std::time::Instant;

/// Rounds; `make soak` makes many more.
const ROUNDS: usize = 100;

const PROGRAM: &str = "const seen = new Map(); let calls = 0; const words = [];
    function serve(word) {
      calls++; words.push(word.toUpperCase()); seen.set(word, (seen.get(word) ?? 0) + 1);
      return [calls, words.join(' '), [...seen], Math.random(), Date.now()];
    }
    serve('first')";

fn prepared(interpreter: &mut Interpreter) -> Moment {
    interpreter.evaluate(PROGRAM).unwrap();
    interpreter.moment().unwrap()
}

#[test]
fn a_program_is_gone_back_to_again_and_again() {
    let module =
        Interpreter::compile().unwrap_or_else(|error| panic!("{error}; `tests/setup.sh guests` installs it"));
    let begin = Instant::now();
    let mut interpreter = Interpreter::new(&module).unwrap();
    let kept = prepared(&mut interpreter);
    let fresh = begin.elapsed();
    let expected = interpreter.evaluate("serve('second')").unwrap();
    assert!(expected.contains("FIRST SECOND"), "{expected}");
    let further = interpreter.evaluate("serve('third')").unwrap();
    let mut resets = std::time::Duration::ZERO;
    for round in 0..ROUNDS {
        let begin = Instant::now();
        interpreter.restore(&kept).unwrap();
        resets += begin.elapsed();
        assert_eq!(interpreter.evaluate("serve('second')").unwrap(), expected, "round {round}");
        if round % 10 == 0 {
            assert_eq!(interpreter.evaluate("serve('third')").unwrap(), further, "round {round}");
            interpreter
                .evaluate("const more = []; for (let i = 0; i < 1e4; i++) more.push({ i }); 0")
                .unwrap();
            interpreter.restore(&kept).unwrap();
            assert!(interpreter.moment().unwrap().snapshot == kept.snapshot, "round {round}");
        }
    }
    println!("anew {fresh:?}, reset {:?}, {} bytes", resets / ROUNDS as u32, kept.snapshot.as_bytes().len());
}

#[test]
fn another_interpreter_goes_on_with_the_program() {
    let module = Interpreter::compile().unwrap();
    let mut first = Interpreter::new(&module).unwrap();
    let kept = prepared(&mut first);
    assert!(kept.snapshot.as_bytes().len() < 2 << 20, "zeros are left out");
    // The same calls lead to the same bytes.
    let mut second = Interpreter::new(&module).unwrap();
    assert!(prepared(&mut second).snapshot == kept.snapshot);
    let mut third = Interpreter::new(&module).unwrap();
    third.restore(&kept).unwrap();
    for word in ["second", "third", "first"] {
        let program = format!("serve('{word}')");
        let expected = first.evaluate(&program).unwrap();
        assert_eq!(third.evaluate(&program).unwrap(), expected);
        assert!(first.moment().unwrap().snapshot == third.moment().unwrap().snapshot, "after {word}");
    }
}
