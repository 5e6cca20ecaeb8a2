//! A portion of the fuzz: the same modules each time, the large ones, and whatever was ever found.
//!
//! In debug builds it is a small one; `make test` runs the portion in release.

use guestbox_tests::fuzz::{self, Settings};
use std::time::Instant;

#[test]
fn random_and_large_modules_do_the_same_however_they_are_run() {
    let (modules, large) = if cfg!(debug_assertions) { (150, false) } else { (6_000, true) };
    let began = Instant::now();
    let (tally, failures) = fuzz::run(&Settings {
        first: 1,
        modules,
        until: None,
        swept_calls: 1,
        stride: 3,
        large,
        v8_every: 2,
        nodes: fuzz::nodes(),
        regressions: Some(fuzz::regressions_folder()),
    });
    println!("{tally}{:.1?}", began.elapsed());
    for failure in &failures {
        println!("{}: {}", failure.case, failure.text);
    }
    assert!(failures.is_empty());
    let all = modules;
    for (group, name, least) in [
        ("modules", "run", all / 2),
        ("calls", "finished", all),
        ("host calls", "all", all / 10),
        ("compared", "slices of 1", all),
        ("compared", "paused", all),
        ("compared", "out of fuel and on", all),
        ("compared", "frames", all),
        ("compared", "fork", all / 2),
        ("compared", "restored", all / 2),
        ("compared", "wasmi 1.1.0", all / 2),
        ("pauses", "out of fuel", all / 2),
    ] {
        let met = tally.get(group, name);
        assert!(met >= least, "{group}, {name}: {met} of {least}");
    }
}
