//! The documentation of the npm package has a table of all traps, as the core's has.

use guestbox::{TrapCode, tables::TRAPS};
use std::{fs, path::Path};

#[test]
fn every_trap_stands_in_the_table() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../js/README.md");
    let text = fs::read_to_string(file).unwrap();
    let lines = text.lines().skip_while(|line| !line.starts_with("| Rust | code |"));
    let rows: Vec<_> = lines.skip(2).take_while(|line| line.starts_with('|')).collect();
    let expected: Vec<_> = TRAPS
        .iter()
        .map(|row| {
            let (code, name, message) = (row.code, row.code.name(), row.code.message());
            format!("| `{code:?}` | `{name}` | {message} | {} | {} |", row.cause, row.remedy)
        })
        .collect();
    assert_eq!(rows, expected);
    assert_eq!(rows.len(), TrapCode::ALL.len());
}
