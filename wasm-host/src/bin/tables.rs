//! Writes what JavaScript and its documentation have of the tables in Rust.
//!
//! ```text
//! cargo run --package guestbox-wasm-host --bin tables [-- --check]
//! ```
//!
//! With `--check` nothing is written, and what would be changed is an error.

use core::fmt::{Arguments, Write};
use guestbox::{
    Limits, Needs, TrapCode,
    tables::{INSTANCE_LIMITS, LIMITS, LimitRow, TRAPS, WASI_LIMITS},
    wasi::WasiLimits,
};
use guestbox_wasm_host::{CLASSES, PROTOCOL, camel_case};
use std::{collections::HashMap, env, fs, io, path::Path, process::ExitCode};

fn main() -> io::Result<ExitCode> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let is_check = env::args().any(|argument| argument == "--check");
    let readme = root.join("js/README.md");
    let mut text = fs::read_to_string(&readme)?;
    for (name, table) in
        [("limits", limits()), ("limits of WASI", wasi_limits()), ("traps", traps()), ("errors", errors())]
    {
        text = with_table(&text, name, &table)
            .ok_or_else(|| io::Error::other(format!("js/README.md has no place for the table of {name}")))?;
    }
    let mut outcome = ExitCode::SUCCESS;
    for (path, text) in [(readme, text), (root.join("js/src/base/tables.ts"), typescript())] {
        let is_current = fs::read_to_string(&path).is_ok_and(|before| before == text);
        if !is_current && is_check {
            eprintln!("{} is not what the tables in Rust say; run `make package`", path.display());
            outcome = ExitCode::FAILURE;
        } else if !is_current {
            fs::write(path, text)?;
        }
    }
    Ok(outcome)
}

/// The text with a table in the place that is marked for it.
fn with_table(text: &str, name: &str, table: &str) -> Option<String> {
    let begin = format!("<!-- made from the table of {name}, see wasm-host/src/bin/tables.rs -->\n");
    let (before, rest) = text.split_once(&begin)?;
    let (_, after) = rest.split_once("\n<!-- end -->")?;
    Some(format!("{before}{begin}{table}\n<!-- end -->{after}"))
}

/// Limits by their names in JavaScript, in order.
fn by_name(rows: &'static [LimitRow]) -> Vec<(String, &'static LimitRow)> {
    let mut limits: Vec<_> = rows.iter().map(|row| (camel_case(row.name), row)).collect();
    limits.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    limits
}

fn limits() -> String {
    let (default, strict) = (Limits::default(), Limits::strict());
    limit_table(LIMITS, default.by_name(), strict.by_name())
}

fn wasi_limits() -> String {
    let (default, strict) = (WasiLimits::default(), WasiLimits::strict());
    limit_table(WASI_LIMITS, default.by_name(), strict.by_name())
}

fn limit_table(
    rows: &'static [LimitRow],
    default: impl Iterator<Item = (&'static str, u64)>,
    strict: impl Iterator<Item = (&'static str, u64)>,
) -> String {
    let (default, strict): (HashMap<_, _>, HashMap<_, _>) = (default.collect(), strict.collect());
    let value = |limits: &HashMap<&str, u64>, name: &str| {
        limits.get(name).map_or_else(String::new, |value| quantity(name, *value))
    };
    let mut table = "| limit | default | strict | what |\n|---|---|---|---|".to_owned();
    for (name, row) in by_name(rows) {
        let (default, strict) = (value(&default, row.name), value(&strict, row.name));
        add(&mut table, format_args!("\n| `{name}` | {default} | {strict} | {} |", row.summary.trim()));
    }
    table
}

/// A number as people write it.
fn quantity(name: &str, value: u64) -> String {
    for (shift, unit) in [(20, "MiB"), (10, "KiB")] {
        if name.ends_with("_bytes") && value.trailing_zeros() >= shift {
            return format!("{} {unit}", value >> shift);
        }
    }
    let mut text = String::new();
    let digits = value.to_string();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && digits.len().saturating_sub(at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn traps() -> String {
    let mut table = "| Rust | code | message | cause | what to do |\n|---|---|---|---|---|".to_owned();
    for row in TRAPS {
        let (code, name, message) = (row.code, row.code.name(), row.code.message());
        add(
            &mut table,
            format_args!("\n| `{code:?}` | `{name}` | {message} | {} | {} |", row.cause, row.remedy),
        );
    }
    table
}

fn errors() -> String {
    let mut table = "| class | codes |\n|---|---|".to_owned();
    for class in CLASSES {
        let codes = class.codes().iter().map(|code| format!("`{code}`")).collect::<Vec<_>>();
        add(&mut table, format_args!("\n| `{}` | {} |", class.name, codes.join(", ")));
    }
    table.push_str("\n| `Trap` | [those of traps](#traps) |");
    table
}

fn typescript() -> String {
    let mut text =
        "// Made by `make package` from the tables in Rust: see wasm-host/src/bin/tables.rs.\n".to_owned();
    text.push_str("\n/** All limits, each a whole number. */\nexport interface LimitNumbers {\n");
    for (name, row) in by_name(LIMITS) {
        let about = row.summary.trim();
        let (ty, more) = match row.ty {
            "u64" => ("number | bigint", " Above 2^53 it is the nearest that a number can be."),
            _ => ("number", ""),
        };
        add(&mut text, format_args!("  /** {about}{more} */\n  readonly {name}?: {ty};\n"));
    }
    text.push_str("}\n");
    text.push_str(
        "\n/** All limits of a WASI system, each a whole number. */\nexport interface WasiLimitNumbers {\n",
    );
    for (name, row) in by_name(WASI_LIMITS) {
        add(&mut text, format_args!("  /** {} */\n  readonly {name}?: number;\n", row.summary.trim()));
    }
    text.push_str("}\n");
    text.push_str("\n/** What a module takes of the limits, each in the unit of the limit. */\nexport interface ModuleNeeds {\n");
    let needs: Vec<_> = Needs::default().by_name().map(|(name, _)| camel_case(name)).collect();
    for (name, row) in by_name(LIMITS).into_iter().filter(|(name, _)| needs.contains(name)) {
        add(&mut text, format_args!("  /** {} */\n  readonly {name}: number;\n", row.summary.trim()));
    }
    text.push_str("}\n");
    for (constant, of, rows) in
        [("LIMIT_NAMES", "LimitNumbers", LIMITS), ("WASI_LIMIT_NAMES", "WasiLimitNumbers", WASI_LIMITS)]
    {
        let names: Vec<_> = by_name(rows).into_iter().map(|(name, _)| name).collect();
        let names = names.join(" ");
        add(
            &mut text,
            format_args!(
                "\nexport const {constant} = /* @__PURE__ */ \"{names}\".split(\" \") as (keyof {of})[];\n"
            ),
        );
    }
    text.push_str(
        "\n/** The limits of a guest's own, each a whole number. */\nexport interface GuestLimits {\n",
    );
    for row in INSTANCE_LIMITS {
        let (name, limit) = (row.javascript, camel_case(row.limit.name()));
        add(
            &mut text,
            format_args!("  /** The limit `{limit}` of the guest's own. */\n  readonly {name}?: number;\n"),
        );
    }
    text.push_str("}\n");
    text.push_str("\n/** The kinds of trap. */\n");
    add_union(&mut text, "export type TrapCode =", TrapCode::ALL.iter().map(|code| code.name()));
    text.push_str("\n/** The codes that errors can have, by the names of their classes. */\n");
    text.push_str("export interface ErrorCodes {\n");
    for class in CLASSES {
        add(&mut text, format_args!("  /** Those of a `{}`. */\n", class.name));
        add_union(&mut text, &format!("  readonly {}:", class.name), class.codes());
    }
    text.push_str("  /** Those of a `Trap`. */\n  readonly Trap: TrapCode;\n}\n");
    text.push_str(
        "\n/** The codes that errors can have. */\nexport type ErrorCode = ErrorCodes[keyof ErrorCodes];\n",
    );
    for (name, about) in ENUMERATIONS {
        add(
            &mut text,
            format_args!("\n/** {about} Each stands in the code as it is. */\nexport const enum {name} {{\n"),
        );
        for number in PROTOCOL.iter().filter(|number| number.of == *name) {
            let (about, name, value) = (number.about.trim(), number.name, number.value);
            add(&mut text, format_args!("  /** {about} */\n  {name} = {value},\n"));
        }
        text.push_str("}\n");
    }
    text
}

/// The enumerations of the protocol in JavaScript.
const ENUMERATIONS: &[(&str, &str)] = &[
    ("Step", "What a step of a call did."),
    ("Wait", "What a WASI system waits for, and what it is given for that."),
    ("Part", "What a WASI system is made of."),
    ("Taken", "What is taken from a WASI system."),
    ("Protocol", "Where the wasm module says the rest, and what stands for nothing."),
    ("NoThunk", "What is in the place of a thunk's handle where there is no thunk."),
];

fn add_union(text: &mut String, begin: &str, names: impl IntoIterator<Item = &'static str>) {
    let names: Vec<_> = names.into_iter().map(|name| format!("\"{name}\"")).collect();
    add(text, format_args!("{begin} {};\n", names.join(" | ")));
}

fn add(text: &mut String, more: Arguments<'_>) {
    // Writing to a string cannot fail.
    let _written = text.write_fmt(more);
}
