//! Table operators, on four tables: two of functions and two of references of the host. What is in
//! them then the module's exports `table N` tell: its size, and a hash of what its functions
//! return, or of which references are null.

use super::{
    Case,
    step::{ONE, Source, Step, THREE, TWO, Type},
};

/// A function of each number, and what takes function references.
pub(super) const FUNCTIONS: &str = "
    (type $number (func (result i32))) (table $seen 1 funcref)
    (func $eleven (type $number) (i32.const 11)) (func $twenty_two (type $number) (i32.const 22))
    (func $thirty_three (type $number) (i32.const 33)) (elem declare func $eleven $twenty_two $thirty_three)";

/// The first of each kind has a maximum that the store's limits allow, the second one above them.
const TABLES: &str = "
    (table $f 100 400 funcref) (table $g 100 10000 funcref)
    (table $x 100 400 externref) (table $y 100 10000 externref)
    (elem (table $f) (i32.const 2) func $eleven $twenty_two $thirty_three $eleven)
    (elem (table $g) (i32.const 1) func $thirty_three $twenty_two)
    (elem (table $f) (i32.const 90) func $twenty_two $eleven)";

/// Two segments for the code, of so many elements.
const ELEMENTS: usize = 40;

fn segments() -> String {
    let functions = "(ref.func $twenty_two) (ref.null func) (ref.func $thirty_three) (ref.func $eleven)";
    let functions = [functions; ELEMENTS / 4].join(" ");
    let externs = ["(ref.null extern)"; ELEMENTS].join(" ");
    format!("(elem $functions funcref {functions}) (elem $externs externref {externs})")
}

/// The tables: name, type of the elements, and what the code puts there.
const ALL: [(&str, Type, &str); 4] = [
    ("$f", "funcref", "(ref.func $twenty_two)"),
    ("$g", "funcref", "(ref.func $thirty_three)"),
    ("$x", "externref", "(ref.null extern)"),
    ("$y", "externref", "(ref.null extern)"),
];

/// Where operands come from: each source, and all of them.
const SOURCES: [&[Source]; 4] = [THREE[0], THREE[1], THREE[2], THREE[3]];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (table, ty, value) in ALL {
        cases.extend(gets_and_sets(table, ty, value));
        cases.push(case("table.size", table, &[Step::new(format!("table.size {table}"), &["i32"])]));
        cases.extend(grows(table, ty, value));
        cases.extend(fills(table, ty, value));
        cases.extend(inits(table, ty));
        let same = ALL.iter().filter(|(_, other, _)| *other == ty);
        cases.extend(same.flat_map(|(from, ..)| copies(table, from)));
    }
    cases.extend(drops());
    cases
}

fn case(operator: &str, what: &str, steps: &[Step]) -> Case {
    let probes: String = ALL.iter().zip(0..).map(|((table, ty, _), at)| probe(at, table, ty)).collect();
    Case::new(operator, what, &format!("{FUNCTIONS}{TABLES}{}{probes}", segments()), steps)
}

/// The export that tells what is in a table.
fn probe(at: u32, table: &str, ty: Type) -> String {
    let present = match ty {
        "funcref" => format!("(call_indirect {table} (type $number) (local.get $at))"),
        _ => "(i32.const 7)".to_owned(),
    };
    format!(
        r#"(func (export "table {at}") (result i32 i64) (local $at i32) (local $hash i64)
        (loop $next
          (local.set $hash (i64.add (i64.mul (local.get $hash) (i64.const 31)) (i64.extend_i32_u
            (if (result i32) (ref.is_null (table.get {table} (local.get $at)))
              (then (i32.const 1)) (else {present})))))
          (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1)))
            (table.size {table}))))
        (table.size {table}) (local.get $hash))"#
    )
}

fn gets_and_sets(table: &str, ty: Type, value: &str) -> Vec<Case> {
    let get = |at: &str, sources: &[Source]| {
        Step::new(format!("table.get {table}"), &[ty]).with(&[("i32", at)], sources)
    };
    let set = |at: &str, value: &str, sources: &[Source]| {
        Step::new(format!("table.set {table}"), &[]).with(&[("i32", at), (ty, value)], sources)
    };
    let gets = ["0", "2", "3", "99"].iter().flat_map(|at| ONE.map(|sources| get(at, sources)));
    let sets = TWO.iter().zip(0..).map(|(sources, at)| set(&at.to_string(), value, sources));
    let null = set("3", &null(ty), TWO[3]);
    let mut cases = vec![
        case("table.get", table, &gets.collect::<Vec<_>>()),
        case("table.set", table, &sets.chain([null]).collect::<Vec<_>>()),
    ];
    for at in ["100", "-1"] {
        for sources in [TWO[0], TWO[3], TWO[5]] {
            let what = format!("{table} at {at}, {sources:?}");
            cases.push(case("table.get", &what, &[get(at, sources)]));
            cases.push(case("table.set", &what, &[set("4", value, TWO[3]), set(at, value, sources)]));
        }
    }
    cases
}

fn null(ty: Type) -> String {
    format!("(ref.null {})", ty.trim_end_matches("ref"))
}

/// Growth that works, by a few elements and by so many that their number is paid for; that the
/// maximum refuses, and that the limits do.
fn grows(table: &str, ty: Type, value: &str) -> Vec<Case> {
    let cases = ["0", "3", "16", "100", "1600", "5000", "-1"].iter().flat_map(|by| {
        [TWO[0], TWO[3], TWO[5]].into_iter().map(move |sources| {
            let grow = Step::new(format!("table.grow {table}"), &["i32"]);
            let grow = grow.with(&[(ty, value), ("i32", by)], sources);
            let size = Step::new(format!("table.size {table}"), &["i32"]);
            case("table.grow", &format!("{table} by {by}, {sources:?}"), &[grow, size])
        })
    });
    cases.collect()
}

fn fills(table: &str, ty: Type, value: &str) -> Vec<Case> {
    let fill = |at: &str, len: &str, sources: &[Source]| {
        let operands = [("i32", at), (ty, value), ("i32", len)];
        Step::new(format!("table.fill {table}"), &[]).with(&operands, sources)
    };
    let mut cases = Vec::new();
    for sources in SOURCES {
        let steps = [("7", "0"), ("5", "4"), ("11", "70"), ("84", "16")];
        let steps = steps.map(|(at, len)| fill(at, len, sources));
        cases.push(case("table.fill", &format!("{table}, {sources:?}"), &steps));
    }
    let beyond = [("60", "41"), ("101", "0"), ("-1", "1"), ("1", "-1")];
    for ((at, len), sources) in beyond.into_iter().zip(&THREE[1..]) {
        let steps = [fill("3", "20", THREE[0]), fill(at, len, sources)];
        cases.push(case("table.fill", &format!("{table}, {len} at {at}"), &steps));
    }
    cases
}

fn inits(table: &str, ty: Type) -> Vec<Case> {
    let segment = if ty == "funcref" { "$functions" } else { "$externs" };
    let operator = format!("table.init {table} {segment}");
    moves("table.init", table, &operator, ELEMENTS)
}

fn copies(table: &str, from: &str) -> Vec<Case> {
    let operator = format!("table.copy {table} {from}");
    moves("table.copy", &format!("{table} {from}"), &operator, 100)
}

/// What moves elements, from a place that has so many.
fn moves(name: &str, what: &str, operator: &str, from_len: usize) -> Vec<Case> {
    let moved = |to: &str, from: &str, len: &str, sources: &[Source]| {
        Step::new(operator, &[]).with(&[("i32", to), ("i32", from), ("i32", len)], sources)
    };
    let mut cases = Vec::new();
    for sources in SOURCES {
        let steps = [("4", "1", "0"), ("3", "1", "4"), ("0", "2", "37"), ("62", "1", "32")];
        let steps = steps.map(|(to, from, len)| moved(to, from, len, sources));
        cases.push(case(name, &format!("{what}, {sources:?}"), &steps));
    }
    let from_len = from_len.to_string();
    let beyond = [
        ("80", "0", "21"),
        ("0", from_len.as_str(), "1"),
        ("101", "0", "0"),
        ("-1", "0", "1"),
        ("1", "1", "-1"),
    ];
    for ((to, from, len), sources) in beyond.into_iter().zip(&THREE[1..]) {
        let steps = [moved("6", "2", "20", THREE[5]), moved(to, from, len, sources)];
        cases.push(case(name, &format!("{what}, {len} from {from} to {to}"), &steps));
    }
    cases
}

/// Segments that are dropped once they were used, and what is left of them.
fn drops() -> Vec<Case> {
    let of = |table: &str, segment: &str| {
        let init = |len: &str, sources| {
            let operands = [("i32", "2"), ("i32", "0"), ("i32", len)];
            Step::new(format!("table.init {table} {segment}"), &[]).with(&operands, sources)
        };
        let drop = Step::new(format!("elem.drop {segment}"), &[]);
        let dropped = [drop.clone(), drop.clone(), init("0", THREE[1])];
        let gone = [init("20", THREE[0]), drop, init("1", THREE[3])];
        [
            case("elem.drop", &format!("{segment} twice"), &dropped),
            case("elem.drop", &format!("{segment}, which is gone then"), &gone),
        ]
    };
    [of("$f", "$functions"), of("$x", "$externs")].concat()
}
