//! The recorded sessions: each call with what it came to and its fuel, output, files, memory and the bytes of snapshots; and
//! the same from snapshots. `make record-wasi` records them anew.

use guestbox::wasi::{Errno, Function};
use guestbox_tests::wasi::{Running, Session, guest};
use std::{collections::BTreeSet, fs, path::PathBuf};

fn recorded(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("wasi/recorded/{name}.txt"))
}

#[test]
fn sessions_are_as_recorded() {
    let (sessions, guest) = (Session::all(), guest());
    let mut names = BTreeSet::new();
    for session in &sessions {
        let mut running = Running::new(session, &guest);
        let traced = running.first_half() + &running.second_half();
        let file = recorded(&session.name);
        if std::env::var_os("RECORD_WASI").is_some() {
            fs::write(&file, &traced).unwrap();
        }
        let expected = fs::read_to_string(&file).unwrap_or_default();
        for (at, (traced, expected)) in traced.lines().zip(expected.lines()).enumerate() {
            assert_eq!(traced, expected, "{}, line {}", session.name, at + 1);
        }
        assert_eq!(traced, expected, "{}", session.name);
        names.insert(file);
    }
    let files = fs::read_dir(recorded("any").parent().unwrap()).unwrap();
    let files: BTreeSet<_> = files.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files, names, "none is missing, and none is left over");
}

#[test]
fn sessions_from_snapshots_are_the_same() {
    let guest = guest();
    for session in &Session::all() {
        let mut running = Running::new(session, &guest);
        let beginning = running.keep();
        let first = running.first_half();
        let half = running.keep();
        let second = running.second_half();
        for _ in 0..2 {
            running.restore(&beginning);
            assert_eq!(running.first_half(), first, "{}, again", session.name);
            assert!(running.keep().system == half.system, "{}: the same bytes", session.name);
        }
        let mut elsewhere = Running::from(session, &guest, &half);
        assert_eq!(elsewhere.second_half(), second, "{}, from the half on", session.name);
        elsewhere.restore(&beginning);
        assert_eq!(elsewhere.first_half() + &elsewhere.second_half(), first + &second, "{}", session.name);
    }
}

#[test]
fn they_call_each_function_and_come_to_each_error() {
    let all: String =
        Session::all().iter().map(|session| fs::read_to_string(recorded(&session.name)).unwrap()).collect();
    for function in Function::ALL {
        assert!(all.contains(&format!("\n{} -> ", function.name())), "{}", function.name());
    }
    // All that have a name, but that there is no memory left.
    for errno in (0..77).map(Errno).filter(|errno| errno.name().is_some() && *errno != Errno::NOMEM) {
        assert!(all.contains(&format!(" -> {errno}, fuel")), "{errno}");
    }
    assert!(Session::all().len() >= 20);
}
