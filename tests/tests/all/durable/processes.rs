//! The core's example: guests that are parked by one process and go on in another.

use guestbox_tests::process::example;
use std::{env, fs, process::Command};

#[test]
fn a_thousand_guests_go_on_in_a_second_process() {
    let program = example("parking");
    let folder = env::temp_dir().join(format!("guestbox-parking-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let run = |act: &str| {
        let output = Command::new(&program).arg(act).arg(&folder).output().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap(), output.stderr)
    };
    let (parked, said, wrong) = run("park");
    assert!(parked && said.starts_with("1000 guests parked, "), "{said}{}", String::from_utf8_lossy(&wrong));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1_000);
    let (went_on, said, wrong) = run("unpark");
    assert!(went_on && said.starts_with("1000 guests went on"), "{said}{}", String::from_utf8_lossy(&wrong));
    // One that is damaged is an error of the program's, and no more.
    let one = folder.join("500.parked");
    let mut bytes = fs::read(&one).unwrap();
    bytes[100] ^= 1;
    fs::write(&one, bytes).unwrap();
    let (went_on, _, wrong) = run("unpark");
    assert!(!went_on && String::from_utf8_lossy(&wrong).contains("Corrupted"));
    fs::remove_dir_all(&folder).unwrap();
}
