//! Random calls: nothing panics, limits hold, and what a system is can be kept and made again at any time.
//!
//! `WASI_FUZZ_CALLS` says how many, `WASI_FUZZ_SEED` from which seed on.

use guestbox::{
    Value, ValueType,
    wasi::{Clocks, Errno, Function, Mount, Served, Tree, Wait, Wasi, WasiLimits, WasiOptions},
};
use guestbox_tests::{random::Random, wasi::Program};

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

fn limits() -> WasiLimits {
    let mut limits = WasiLimits::strict();
    (limits.file_bytes, limits.inodes, limits.descriptors, limits.depth) = (20_000, 40, 20, 6);
    (limits.output_buffer, limits.output_bytes) = (5_000, u64::MAX);
    limits
}

fn program(random: &mut Random) -> Program {
    let tree = || {
        Tree::new()
            .with_file("a", "content")
            .with_file("b/c", vec![1; 3_000])
            .with_link("l", "b/c")
            .with_link("m", "../b")
            .with_link("n", "n")
            .with_lazy_file("z", 100, 5)
    };
    let options = WasiOptions::new()
        .with_args(["a", "b"])
        .with_variable("c", "d")
        .with_mount("/", Mount::new(tree()).with_write_back())
        .with_mount("/r", Mount::new(tree()).read_only())
        .with_limits(limits());
    let options = if random.chance(30) { options.with_random(guestbox::wasi::Random::Host) } else { options };
    let options = if random.chance(30) { options.with_clocks(Clocks::host(1)) } else { options };
    let mut program = Program::new(&options);
    program.memory.bytes = vec![0; 0x2_0000];
    fill(random, &mut program);
    program
}

const PATHS: &[&str] = &[
    "a", "b", "b/c", "l", "m", "n", "z", ".", "..", "x", "x/y", "b/x", "b/../x", "../a", "/a", "a/", "x/",
    "b/d/e/f", "b/d", "",
];

/// Vectors, paths and subscriptions, and random bytes between them.
fn fill(random: &mut Random, program: &mut Program) {
    for at in 0..32_u32 {
        let place = 0x100 + at * 64;
        let path = random.one(PATHS);
        program.put(place, path.as_bytes());
        let piece = [word(random).to_le_bytes(), random.below(4_000).to_le_bytes()].concat();
        program.put(0x1000 + at * 8, &piece);
        let mut subscription = [0; 48];
        subscription[..8].copy_from_slice(&random.next().to_le_bytes());
        subscription[8] = random.below(4) as u8;
        subscription[16..20].copy_from_slice(&random.below(8).to_le_bytes());
        subscription[24..32].copy_from_slice(&(random.next() >> random.below(64)).to_le_bytes());
        subscription[40] = random.below(2) as u8;
        program.put(0x2000 + at * 48, &subscription);
    }
}

/// A pointer, a length, a descriptor or a flag, as a rule one that makes sense.
fn word(random: &mut Random) -> u32 {
    match random.below(12) {
        0..=3 => random.below(8),
        4 => 0x100 + 64 * random.below(32),
        5 => 0x1000 + 8 * random.below(32),
        6 => 0x2000 + 48 * random.below(32),
        7 => random.below(0x2_0000),
        8 => random.below(64),
        9 => 0x2_0000 - random.below(40),
        10 => random.one(&[u32::MAX, u32::MAX - 7, 1 << 31, 0x2_0000, 0xFFFF]),
        _ => random.next() as u32,
    }
}

fn long(random: &mut Random) -> u64 {
    match random.below(6) {
        0 => 0,
        1 => random.below(10_000).into(),
        2 => (1 << 30) - 1,
        3 => random.next() >> random.below(64),
        4 => random.one(&[u64::MAX, 1 << 63, (1 << 63) - 1, 1 << 62]),
        _ => 0x1FF | 7 << 21,
    }
}

/// Arguments with which a file is opened, as a rule.
fn opening(random: &mut Random, program: &mut Program) -> Vec<Value> {
    let path = random.one(&["a", "b", "b/c", "x", "b/x", "z", "l"]);
    program.put(0x100, path.as_bytes());
    let rights: u64 = random.one(&[0x1FF | 7 << 21 | 1 << 27, 1 << 1 | 1 << 27, ((1 << 28) - 1) & !(1 << 6)]);
    let len = path.len() as u32;
    let (fd, lookup, flags) = (random.between(3, 4), random.below(2), random.one(&[0, 1, 2, 8, 9]));
    let fd_flags = random.one(&[0, 1, 4]);
    let [fd, lookup, flags, fd_flags] = [fd, lookup, flags, fd_flags].map(Value::from);
    vec![
        fd,
        lookup,
        0x100_u32.into(),
        len.into(),
        flags,
        rights.into(),
        ((1_u64 << 28) - 1).into(),
        fd_flags,
        0x80_u32.into(),
    ]
}

/// Where a function has directories and paths among its arguments.
const fn places(function: Function) -> (&'static [usize], &'static [usize]) {
    match function {
        Function::PathCreateDirectory | Function::PathRemoveDirectory | Function::PathUnlinkFile => {
            (&[0], &[1])
        }
        Function::PathReadlink => (&[0], &[1]),
        Function::PathFilestatGet | Function::PathFilestatSetTimes => (&[0], &[2]),
        Function::PathLink => (&[0, 4], &[2, 5]),
        Function::PathRename => (&[0, 3], &[1, 4]),
        Function::PathSymlink => (&[2], &[0, 3]),
        Function::FdReaddir => (&[0], &[]),
        _ => (&[], &[]),
    }
}

/// Arguments of which most are of the right kind, so that calls get far.
fn args(random: &mut Random, function: Function, program: &mut Program) -> Vec<Value> {
    if function == Function::PathOpen && random.chance(70) {
        return opening(random, program);
    }
    let params = function.signature().params();
    let mut args: Vec<_> = params
        .iter()
        .map(|ty| match ty {
            ValueType::I64 => long(random).into(),
            _ => word(random).into(),
        })
        .collect();
    if random.chance(80) {
        let (directories, paths) = places(function);
        for at in directories {
            args[*at] = random.between(3, 5).into();
        }
        for at in paths {
            let path = random.one(PATHS);
            let place = 0x140 + 0x40 * *at as u32;
            program.put(place, path.as_bytes());
            (args[*at], args[at + 1]) = (place.into(), (path.len() as u32).into());
        }
        if function == Function::PathLink {
            args[1] = 0_u32.into();
        }
    }
    args
}

/// Does what a call waits for, or not.
fn attend(random: &mut Random, program: &mut Program, wait: &Wait) {
    match wait {
        Wait::File(request) => program.wasi.answer_file(match random.below(3) {
            0 => Err(Errno::IO),
            1 => Ok(vec![1; request.size as usize]),
            _ => Ok(vec![1; 3]),
        }),
        Wait::Random(len) => program.wasi.feed_random(&vec![1; *len as usize]),
        Wait::Until { monotonic_ns, .. } if random.chance(70) => program.wasi.advance(*monotonic_ns),
        Wait::Stdin if random.chance(70) => program.wasi.feed(b"input"),
        _ => program.wasi.forget_wait(),
    }
    if random.chance(50) {
        while program.wasi.take_output().is_some() {}
    }
}

/// What always holds.
fn check(program: &mut Program, seed: u64) {
    let limits = limits();
    let wasi = &mut program.wasi;
    assert!(wasi.file_bytes_in_use() <= limits.file_bytes, "seed {seed}");
    for mount in ["/", "/r"] {
        let tree = wasi.tree(mount).unwrap();
        assert!(tree.entries().count() as u64 <= limits.inodes, "seed {seed}");
        assert!(tree.entries().all(|(path, _)| path.split(|byte| *byte == b'/').count() <= 7), "seed {seed}");
    }
    wasi.forget_wait();
    let snapshot = wasi.snapshot().unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    let mut again =
        Wasi::from_snapshot(&snapshot, limits).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    assert!(again.snapshot().unwrap() == snapshot, "seed {seed}: another system came out");
    assert_eq!(again.file_bytes_in_use(), wasi.file_bytes_in_use(), "seed {seed}");
    std::mem::swap(wasi, &mut again);
}

#[test]
fn random_calls_do_no_harm() {
    let (calls, first) = (number("WASI_FUZZ_CALLS", 300_000), number("WASI_FUZZ_SEED", 1));
    let per_seed = 2_000;
    let mut succeeded = vec![0_u64; Function::ALL.len()];
    for seed in first..first + calls.div_ceil(per_seed) {
        let mut random = Random::new(seed);
        let mut program = program(&mut random);
        for call in 0..per_seed {
            if call % 50 == 0 {
                fill(&mut random, &mut program);
            }
            if call % 500 == 499 {
                check(&mut program, seed);
            }
            let at = random.index(Function::ALL.len());
            let function = Function::ALL[at];
            let args = args(&mut random, function, &mut program);
            match program.serve(function, &args) {
                Ok(Served::Answer(values)) => succeeded[at] += u64::from(*values == [Value::I32(0)]),
                Ok(Served::Exit(_)) => succeeded[at] += 1,
                Ok(Served::Wait(wait)) => attend(&mut random, &mut program, &wait),
                other => panic!("seed {seed}, call {call} of {}: {other:?}", function.name()),
            }
        }
        check(&mut program, seed);
    }
    if calls >= 100_000 {
        for (function, succeeded) in Function::ALL.iter().zip(&succeeded) {
            let never = function.name().starts_with("sock_");
            assert_eq!(*succeeded == 0, never, "{}: {succeeded} of its calls succeeded", function.name());
        }
    }
}

#[test]
fn random_calls_come_to_the_same_each_time() {
    let run = || {
        let mut random = Random::new(7);
        let mut program = program(&mut random);
        let mut outcomes = Vec::new();
        for _ in 0..5_000 {
            let function = random.one(Function::ALL);
            let args = args(&mut random, function, &mut program);
            outcomes.push(format!("{:?}", program.serve(function, &args).ok()));
            program.wasi.forget_wait();
        }
        (outcomes, program.memory.bytes, program.memory.fuel, program.wasi.snapshot().unwrap())
    };
    assert!(run() == run());
}
