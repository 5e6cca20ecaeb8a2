//! Loads and stores, growth and bulk operators, on each of three memories.

use super::{
    Case,
    step::{ONE, Source, Step, THREE, TWO, Type},
};
use Source::{Code, Local, Register};

/// Loads: their names, the type of the result, and the bytes they read.
const LOADS: [(&str, Type, u32); 14] = [
    ("i32.load", "i32", 4),
    ("i64.load", "i64", 8),
    ("f32.load", "f32", 4),
    ("f64.load", "f64", 8),
    ("i32.load8_s", "i32", 1),
    ("i32.load8_u", "i32", 1),
    ("i32.load16_s", "i32", 2),
    ("i32.load16_u", "i32", 2),
    ("i64.load8_s", "i64", 1),
    ("i64.load8_u", "i64", 1),
    ("i64.load16_s", "i64", 2),
    ("i64.load16_u", "i64", 2),
    ("i64.load32_s", "i64", 4),
    ("i64.load32_u", "i64", 4),
];

/// Stores: their names, the type of the operand, and the bytes they write.
const STORES: [(&str, Type, u32); 9] = [
    ("i32.store", "i32", 4),
    ("i64.store", "i64", 8),
    ("f32.store", "f32", 4),
    ("f64.store", "f64", 8),
    ("i32.store8", "i32", 1),
    ("i32.store16", "i32", 2),
    ("i64.store8", "i64", 1),
    ("i64.store16", "i64", 2),
    ("i64.store32", "i64", 4),
];

/// The first has a maximum that the store's limits allow, the second one above them. They have some
/// bytes.
const TWO_MEMORIES: &str = r#"
    (memory (export "memory 0") 1 3) (memory (export "memory 1") 1 100)
    (data (memory 0) (i32.const 96) "the quick brown fox jumps over the lazy dog \ff\fe\80\81\82\83")
    (data (memory 1) (i32.const 96) "jackdaws love my big sphinx of quartz \f0\e1\d2\c3\b4\a5\96\87")"#;

/// Loads and stores know two kinds of memories: the first, and others.
const KINDS: [u32; 2] = [0, 1];

/// A memory without a maximum, and two segments that are left to the code.
const MORE: &str = r#"
    (memory (export "memory 2") 1)
    (data $long "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0123456789")
    (data $short "\ca\fe\ba\be")"#;

/// Where the operands of bulk operators come from.
const SOURCES: [&[Source]; 4] = [THREE[0], THREE[1], THREE[2], THREE[3]];

const ALL: [u32; 3] = [0, 1, 2];

const PAGE: u32 = 65_536;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for memory in KINDS {
        cases.extend(LOADS.iter().flat_map(|load| loads(memory, *load)));
        cases.extend(STORES.iter().flat_map(|store| stores(memory, *store)));
    }
    for memory in ALL {
        cases.push(case("memory.size", &format!("{memory}"), &[Step::new(size(memory), &["i32"])]));
        cases.extend(grows(memory));
        cases.extend(fills(memory));
        cases.extend(inits(memory));
        cases.extend(KINDS.iter().flat_map(|from| copies(memory, *from)));
    }
    cases.extend(drops());
    cases
}

fn case(operator: &str, what: &str, steps: &[Step]) -> Case {
    Case::new(operator, what, &format!("{TWO_MEMORIES}{MORE}"), steps)
}

fn size(memory: u32) -> String {
    format!("memory.size {memory}")
}

fn loads(memory: u32, (name, ty, bytes): (&str, Type, u32)) -> Vec<Case> {
    let load = |offset: u32| Step::new(format!("{name} {memory} offset={offset}"), &[ty]);
    let within = [("98", 0), ("101", 3), ("77", 60)].iter();
    let within = within.flat_map(|(address, offset)| {
        ONE.iter().map(|sources| load(*offset).with(&[("i32", address)], sources))
    });
    let within = Case::new(name, &format!("{memory}"), TWO_MEMORIES, &within.collect::<Vec<_>>());
    let beyond = (PAGE + 1 - bytes).to_string();
    let beyond = [(Local, beyond.as_str(), 0), (Register, "-1", 0), (Register, "1", PAGE - 1 + bytes)];
    let beyond = beyond.iter().map(|(source, address, offset)| {
        let step = load(*offset).with(&[("i32", address)], &[*source]);
        Case::new(name, &format!("{memory}, at {address} and {offset}, beyond"), TWO_MEMORIES, &[step])
    });
    [within].into_iter().chain(beyond).collect()
}

fn stores(memory: u32, (name, ty, bytes): (&str, Type, u32)) -> Vec<Case> {
    let store = |offset: u32| Step::new(format!("{name} {memory} offset={offset}"), &[]);
    let value = match ty {
        "f32" | "f64" => "-1234.0625",
        _ => "0x7EDCBA98",
    };
    let within = TWO.iter().zip(0_u32..).map(|(sources, at)| {
        let address = (200 + 11 * at).to_string();
        store(at % 3 * 7).with(&[("i32", &address), (ty, value)], sources)
    });
    let within = Case::new(name, &format!("{memory}"), TWO_MEMORIES, &within.collect::<Vec<_>>());
    let beyond = (PAGE + 1 - bytes).to_string();
    let beyond = [
        ([Local, Register], beyond.as_str()),
        ([Register, Local], "-1"),
        ([Register, Code], beyond.as_str()),
    ];
    let beyond = beyond.iter().map(|(sources, address)| {
        let step = store(0).with(&[("i32", address), (ty, value)], sources);
        Case::new(name, &format!("{memory}, at {address}, {sources:?}, beyond"), TWO_MEMORIES, &[step])
    });
    [within].into_iter().chain(beyond).collect()
}

/// Growth that works, by a page, which is written to after, or by none; that the memory's maximum
/// refuses, and that the limits do.
fn grows(memory: u32) -> Vec<Case> {
    let grow = |pages: &str, sources: &[Source]| {
        Step::new(format!("memory.grow {memory}"), &["i32"]).with(&[("i32", pages)], sources)
    };
    let size = || Step::new(size(memory), &["i32"]);
    let page = |sources, what: &str| {
        let address = (PAGE + 200).to_string();
        let store = Step::new(format!("i32.store {memory}"), &[]);
        let store = store.with(&[("i32", &address), ("i32", "0x5EAF00D")], &[Register, Local]);
        case("memory.grow", &format!("{memory} by a page, {what}"), &[grow("1", sources), store, size()])
    };
    let by = |pages: &str| {
        let steps = ONE.iter().flat_map(|sources| [grow(pages, sources), size()]);
        case("memory.grow", &format!("{memory} by {pages}"), &steps.collect::<Vec<_>>())
    };
    let refused = ["0", "4", "20", "65535", "65536", "-1"].into_iter().map(by);
    [page(&[Register], "from a register"), page(&[Local], "from a local")]
        .into_iter()
        .chain(refused)
        .collect()
}

fn fills(memory: u32) -> Vec<Case> {
    let operator = format!("memory.fill {memory}");
    let fill = |to: &str, len: &str, sources: &[Source]| {
        Step::new(&operator, &[]).with(&[("i32", to), ("i32", "0x1A5"), ("i32", len)], sources)
    };
    within_and_beyond("memory.fill", &format!("{memory}"), &["0", "5", "64", "200"], &fill)
}

fn copies(memory: u32, from: u32) -> Vec<Case> {
    let operator = format!("memory.copy {memory} {from}");
    let copy = |to: &str, len: &str, sources: &[Source]| {
        Step::new(&operator, &[]).with(&[("i32", to), ("i32", "99"), ("i32", len)], sources)
    };
    within_and_beyond("memory.copy", &format!("{memory} {from}"), &["0", "5", "64", "200"], &copy)
}

fn inits(memory: u32) -> Vec<Case> {
    let of = |segment: &str, lengths: &[&str]| {
        let operator = format!("memory.init {memory} {segment}");
        let init = |to: &str, len: &str, sources: &[Source]| {
            Step::new(&operator, &[]).with(&[("i32", to), ("i32", "1"), ("i32", len)], sources)
        };
        within_and_beyond("memory.init", &format!("{memory} {segment}"), lengths, &init)
    };
    [of("$long", &["0", "5", "64", "70"]), of("$short", &["0", "3"])].concat()
}

/// A bulk operator at several places with these lengths, then one that reaches too far.
fn within_and_beyond(
    name: &str,
    what: &str,
    lengths: &[&str],
    make: &dyn Fn(&str, &str, &[Source]) -> Step,
) -> Vec<Case> {
    let within = lengths.iter().map(|len| {
        let steps = SOURCES.iter().zip(0_u32..);
        let steps = steps.map(|(sources, at)| make(&(90 + 41 * at).to_string(), len, sources));
        case(name, &format!("{what}, {len} bytes"), &steps.collect::<Vec<_>>())
    });
    let last = lengths.last().unwrap_or(&"0");
    let beyond =
        [("65535", *last), ("-1", *last), ("100", "-1"), ("65537", "0")].into_iter().zip(&THREE[1..]);
    let beyond = beyond.map(|((to, len), sources)| {
        let steps = [make("300", last, THREE[1]), make(to, len, sources)];
        case(name, &format!("{what}, {len} bytes to {to}, beyond"), &steps)
    });
    within.chain(beyond).collect()
}

/// Segments that are dropped once they were used, and what is left of them.
fn drops() -> Vec<Case> {
    let of = |segment: &str, len: &str| {
        let init = |len: &str, sources: &[Source]| {
            let operands = [("i32", "700"), ("i32", "0"), ("i32", len)];
            Step::new(format!("memory.init {segment}"), &[]).with(&operands, sources)
        };
        let drop = Step::new(format!("data.drop {segment}"), &[]);
        let none = init("0", THREE[1]);
        let dropped = [drop.clone(), drop.clone(), none];
        let gone = [init(len, THREE[0]), drop, init("1", THREE[3])];
        [
            case("data.drop", &format!("{segment} twice"), &dropped),
            case("data.drop", &format!("{segment}, which is gone then"), &gone),
        ]
    };
    [of("$long", "82"), of("$short", "4")].concat()
}
