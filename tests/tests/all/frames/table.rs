//! The documentation has a table of all traps.

use guestbox::TrapCode;
use std::{fs, path::Path};

#[test]
fn every_trap_stands_in_the_tables() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let rows = |file: &str, prefix: &str| -> Vec<String> {
        let text =
            fs::read_to_string(repository.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let lines = text.lines().filter_map(|line| line.strip_prefix(prefix));
        let lines = lines.skip_while(|line| !line.starts_with("| Rust | code |"));
        lines.skip(2).take_while(|line| line.starts_with('|')).map(str::to_owned).collect()
    };
    let in_rust = rows("core/src/trap.rs", "/// ");
    assert_eq!(rows("js/README.md", ""), in_rust, "the same table in both places");
    assert_eq!(in_rust.len(), TrapCode::ALL.len());
    for (code, row) in TrapCode::ALL.iter().zip(&in_rust) {
        let begin = format!("| `{code:?}` | `{}` | {} | ", code.name(), code.message());
        assert!(row.starts_with(&begin), "{row}\n{begin}");
        assert_eq!(row.matches(" | ").count(), 4, "{row}");
    }
}
