//! What a hundred million units of fuel buy of the host's work, by the calls of WASI that are worth most: in a binary of its
//! own, as it takes times.

use guestbox::{
    Value,
    wasi::{Function, Mount, Tree, Wasi, WasiOptions},
};
use guestbox_tests::wasi::{CREATE, FILE_RIGHTS, Program};
use std::time::{Duration, Instant};

/// A function and its arguments.
type Asked = (Function, Vec<Value>);

/// Builds without optimisation are some twenty times as slow.
const FUEL: u64 = if cfg!(debug_assertions) { 5_000_000 } else { 100_000_000 };

/// Far above what was seen on any machine, which is less than half a second in release.
const LONGEST: Duration = Duration::from_secs(2);

/// A file that may be written, large directories, long chains, and arguments.
fn program() -> Program {
    let many = (0..4_000).fold(Tree::new(), |tree, at| tree.with_file(format!("many/{at:0>200}"), ""));
    let deep = many.with_directory(vec!["deep"; 100].join("/")).with_file("file", vec![1; 1 << 20]);
    let chain = (0..31).fold(deep, |tree, at| tree.with_link(format!("l{at}"), format!("l{}", at + 1)));
    let tree = chain.with_link("l31", "file").with_directory("empty").with_directory("other");
    let options = WasiOptions::new().with_args(vec!["x".repeat(60); 1_000]).with_mount("/", Mount::new(tree));
    Program::new(&options)
}

/// Makes calls until the fuel is used up, and says how long that took.
fn time(program: &mut Program, calls: &[Asked]) -> Duration {
    program.memory.fuel = FUEL;
    let began = Instant::now();
    for (function, args) in calls.iter().cycle() {
        // 364 with the host call itself, which a store charges.
        let _ = program.serve(*function, args);
        program.memory.fuel = program.memory.fuel.saturating_sub(64);
        while program.wasi.take_output().is_some() {}
        program.wasi.forget_output();
        program.wasi.forget_wait();
        if program.memory.fuel < 1_000_000 {
            break;
        }
    }
    began.elapsed()
}

#[test]
fn a_hundred_million_units_are_not_much_work() {
    let mut program = program();
    let [zero, long, out] = [0_u32.into(), 0_u64.into(), 0x80_u32.into()];
    let fd = program.open("file", CREATE, FILE_RIGHTS).unwrap();
    let many = program.open_directory(3, "many").unwrap().into();
    let (fd, root, one) = (fd.into(), 3_u32.into(), 1_u32.into());
    let buffer = 0x10_0000_u32.into();
    let mut put = |at: u32, bytes: &[u8]| -> [Value; 2] {
        program.put(at, bytes);
        [at.into(), (bytes.len() as u32).into()]
    };
    let [dots, dots_len] = put(0x2_0000, &b"./".repeat(2_048));
    let [link, link_len] = put(0x2_2000, b"l0");
    let [missing, missing_len] = put(0x2_2100, "9".repeat(200).as_bytes());
    let [name, name_len] = put(0x2_2300, b"empty/new");
    let [directory, directory_len] = put(0x2_2400, b"many");
    let [moved, moved_len] = put(0x2_2500, b"other/many");
    let [deepest, deepest_len] = put(0x2_3000, vec!["deep"; 100].join("/").as_bytes());
    let nothing = vec![0; 8 * 1_024];
    let [empty, _] = put(0x3_0000, &nothing);
    let bytes: Vec<u8> = (0..1_024_u32)
        .flat_map(|at| [(0x10_0000 + at).to_le_bytes(), 1_u32.to_le_bytes()].concat())
        .collect();
    let [single, _] = put(0x3_4000, &bytes);
    let [large, _] = put(0x3_8000, &[0x10_0000_u32.to_le_bytes(), (1_u32 << 20).to_le_bytes()].concat());
    let [subscriptions, _] = put(0x4_0000, &vec![2; 48 * 1_024]);
    let pieces = 1_024_u32.into();
    let rights = FILE_RIGHTS.into();
    use Function::*;
    let shapes: &[(&str, Vec<Asked>)] = &[
        ("nothing", vec![(SchedYield, vec![])]),
        ("arguments", vec![(ArgsGet, vec![0x10_0000_u32.into(), 0x20_0000_u32.into()])]),
        ("clocks", vec![(ClockTimeGet, vec![zero, long, out])]),
        ("random bytes", vec![(RandomGet, vec![buffer, (1_u32 << 20).into()])]),
        ("a random byte", vec![(RandomGet, vec![buffer, one])]),
        ("pieces of nothing", vec![(FdRead, vec![fd, empty, pieces, out])]),
        ("pieces of a byte", vec![(FdPread, vec![fd, single, pieces, long, out])]),
        ("written pieces of a byte", vec![(FdPwrite, vec![fd, single, pieces, long, out])]),
        ("large reads", vec![(FdPread, vec![fd, large, one, long, out])]),
        ("large writes", vec![(FdPwrite, vec![fd, large, one, long, out])]),
        ("output", vec![(FdWrite, vec![one, large, one, out])]),
        ("output by bytes", vec![(FdWrite, vec![one, single, one, out])]),
        (
            "growth",
            vec![(FdFilestatSetSize, vec![fd, (50_u64 << 20).into()]), (FdFilestatSetSize, vec![fd, long])],
        ),
        (
            "holes",
            vec![
                (FdPwrite, vec![fd, single, one, (50_u64 << 20).into(), out]),
                (FdFilestatSetSize, vec![fd, one_byte()]),
            ],
        ),
        ("long paths", vec![(PathFilestatGet, vec![root, one, dots, dots_len, out])]),
        ("deep paths", vec![(PathFilestatGet, vec![root, one, deepest, deepest_len, out])]),
        ("links", vec![(PathFilestatGet, vec![root, one, link, link_len, out])]),
        ("long names", vec![(PathFilestatGet, vec![many, one, missing, missing_len, out])]),
        ("lists", vec![(FdReaddir, vec![many, buffer, (1_u32 << 20).into(), long, out])]),
        ("ends of lists", vec![(FdReaddir, vec![many, buffer, 40_u32.into(), 4_000_u64.into(), out])]),
        (
            "directories",
            vec![
                (PathCreateDirectory, vec![root, name, name_len]),
                (PathRemoveDirectory, vec![root, name, name_len]),
            ],
        ),
        (
            "files",
            vec![
                (PathOpen, vec![root, zero, name, name_len, one, rights, long, zero, out]),
                (FdClose, vec![6_u32.into()]),
                (PathUnlinkFile, vec![root, name, name_len]),
            ],
        ),
        (
            "moves",
            vec![
                (PathRename, vec![root, directory, directory_len, root, moved, moved_len]),
                (PathRename, vec![root, moved, moved_len, root, directory, directory_len]),
            ],
        ),
        ("polls", vec![(PollOneoff, vec![subscriptions, buffer, pieces, out])]),
    ];
    let mut longest = Vec::new();
    for (shape, calls) in shapes {
        let took = time(&mut program, calls);
        println!(
            "{shape:<26} {:>8.1} ms {:>6.2} ns a unit",
            took.as_secs_f64() * 1e3,
            took.as_nanos() as f64 / FUEL as f64
        );
        longest.push((took, shape));
    }
    let (took, shape) = longest.iter().max().unwrap();
    assert!(*took < LONGEST, "{shape} took {took:?}");
}

/// The size to which a file is cut.
fn one_byte() -> Value {
    1_u64.into()
}

#[test]
fn a_copy_of_all_files_takes_no_copy_of_their_bytes() {
    let tree = (0..60).fold(Tree::new(), |tree, at| tree.with_file(format!("f{at}"), vec![1; 1 << 20]));
    let wasi = Wasi::new(&WasiOptions::new().with_mount("/", Mount::new(tree))).unwrap();
    let began = Instant::now();
    let copies: Vec<_> = (0..200).map(|_| wasi.clone()).collect();
    assert!(began.elapsed() < LONGEST, "{} copies of 60 MiB took {:?}", copies.len(), began.elapsed());
}
