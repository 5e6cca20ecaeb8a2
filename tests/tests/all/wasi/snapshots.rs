//! Snapshots of the system that a program sees.

use guestbox::wasi::{
    Clocks, Errno, Function, Mount, Random, Tree, Wait, Wasi, WasiLimits, WasiOptions, WasiSnapshotError,
};
use guestbox_tests::{
    random,
    wasi::{CREATE, DIRECTORY, FILE_RIGHTS, Program, READ_RIGHTS},
};

/// A program in the middle of everything.
fn busy() -> Program {
    let tree = Tree::new().with_file("a/b", "content").with_link("l", "a").with_lazy_file("z", 9, 5);
    let options = WasiOptions::new()
        .with_args(["x", "y"])
        .with_variable("k", "v")
        .with_mount("/", Mount::new(tree).with_write_back())
        .with_mount("/r", Mount::new(Tree::new().with_file("r", "r")).read_only())
        .with_random(Random::Seeded(9))
        .with_clocks(Clocks::from(77).with_tick(3))
        .with_terminal();
    let mut program = Program::new(&options);
    program.create("new", b"12345").unwrap();
    program.link("new", "a/hard").unwrap();
    let gone = program.open("gone", CREATE, FILE_RIGHTS).unwrap();
    program.write(gone, b"still here").unwrap();
    program.unlink("gone").unwrap();
    program.make_directory("removed").unwrap();
    program.open("removed", DIRECTORY, 1 << 14).unwrap();
    program.remove_directory("removed").unwrap();
    let fd = program.open("a/b", 0, READ_RIGHTS).unwrap();
    program.seek(fd, 3, 0).unwrap();
    program.call(Function::FdClose, &[2_u32.into()]).unwrap();
    program.wasi.feed(b"0123456789");
    program.read(0, 4).unwrap();
    program.write(1, b"output").unwrap();
    program.call(Function::RandomGet, &[0_u32.into(), 9_u32.into()]).unwrap();
    program.wasi.advance(1_000);
    program
}

fn again(program: &Program) -> Program {
    let snapshot = program.wasi.snapshot().unwrap();
    let wasi = Wasi::from_snapshot(&snapshot, WasiLimits::default()).unwrap();
    assert!(wasi.snapshot().unwrap() == snapshot, "the same bytes");
    Program { wasi, memory: program.memory.clone() }
}

#[test]
fn a_system_goes_on_where_it_was() {
    let mut program = busy();
    let mut copy = again(&program);
    for program in [&mut program, &mut copy] {
        assert_eq!(program.read(7, 100).unwrap(), b"tent", "descriptors and positions");
        program.seek(5, 0, 0).unwrap();
        assert_eq!(program.read(5, 100).unwrap(), b"still here", "files without names");
        assert_eq!(program.read_directory(6, 100, 0).unwrap().len(), 51, "directories that were removed");
        assert_eq!(program.stat("a/hard", false).unwrap().links, 2);
        assert_eq!(program.read(0, 3).unwrap(), b"456", "input");
        assert_eq!(program.write(2, b"x"), Err(Errno::BADF), "what is closed");
        assert_eq!(program.output(), b"output");
        let written: Vec<_> = program.wasi.take_written().into_iter().map(|file| file.path).collect();
        assert_eq!(written, [&b"new"[..], b"a/hard"]);
        assert_eq!(program.unlink("new"), Ok(()));
        assert_eq!(program.stat_at(8, "r", false), Err(Errno::BADF));
        assert_eq!(program.by_path(Function::PathUnlinkFile, 2, "r"), Err(Errno::BADF));
        program.call(Function::FdClose, &[5_u32.into()]).unwrap();
    }
    assert_eq!(program.wasi.snapshot(), copy.wasi.snapshot());
    for function in [Function::RandomGet, Function::ArgsGet, Function::EnvironGet] {
        for program in [&mut program, &mut copy] {
            program.call(function, &[0x1000_u32.into(), 0x40_u32.into()]).unwrap();
        }
        assert!(program.memory.bytes == copy.memory.bytes, "{}", function.name());
    }
    for program in [&mut program, &mut copy] {
        program.call(Function::ClockTimeGet, &[0_u32.into(), 0_u64.into(), 0x80_u32.into()]).unwrap();
        assert_eq!(program.long(0x80), 77 + 1_003);
    }
}

#[test]
fn whether_a_snapshot_fits_is_said() {
    let mounts = |mounts: &[(&str, Mount)]| {
        let with =
            |options: WasiOptions, (name, mount): &(&str, Mount)| options.with_mount(*name, mount.clone());
        Wasi::new(&mounts.iter().fold(WasiOptions::new(), with)).unwrap()
    };
    let empty = || Mount::new(Tree::new());
    let one = mounts(&[("/a", empty()), ("/b", empty().read_only())]);
    let same = mounts(&[("/a", Mount::new(Tree::new().with_file("f", "f"))), ("/b", empty().read_only())]);
    assert!(one.has_mounts_of(&one) && one.has_mounts_of(&same) && same.has_mounts_of(&one));
    for other in [
        mounts(&[]),
        mounts(&[("/a", empty())]),
        mounts(&[("/b", empty().read_only()), ("/a", empty())]),
        mounts(&[("/a", empty()), ("/b", empty())]),
        mounts(&[("/a", empty().with_write_back()), ("/b", empty().read_only())]),
        mounts(&[("/a", empty()), ("/b", empty().read_only()), ("/c", empty())]),
    ] {
        assert!(!one.has_mounts_of(&other) && !other.has_mounts_of(&one));
    }

    let tree = Tree::new().with_lazy_file("x", 3, 7).with_lazy_file("d/y", 5, 8).with_file("z", "z");
    let mut program = Program::with_tree(tree);
    let lazy = |program: &Program| {
        let mut all: Vec<_> =
            program.wasi.lazy_files().map(|request| (request.token, request.size)).collect();
        all.sort_unstable();
        all
    };
    assert_eq!(lazy(&program), [(7, 3), (8, 5)]);
    let fd = program.open("x", 0, READ_RIGHTS).unwrap();
    let args = program.reading(fd, 1);
    assert!(matches!(program.wait(Function::FdRead, &args), Wait::File(_)));
    program.wasi.answer_file(Ok(b"xxx".to_vec()));
    program.call(Function::FdRead, &args).unwrap();
    assert_eq!(lazy(&program), [(8, 5)]);
    program.unlink("d/y").unwrap();
    assert_eq!(lazy(&program), []);
}

#[test]
fn a_call_that_waits_is_in_no_snapshot() {
    let mut program = Program::new(&WasiOptions::new());
    let args = program.reading(0, 1);
    assert_eq!(program.wait(Function::FdRead, &args), Wait::Stdin);
    assert_eq!(program.wasi.snapshot(), Err(WasiSnapshotError::Busy));
    program.wasi.forget_wait();
    assert!(program.wasi.snapshot().is_ok());
}

#[test]
fn bytes_that_are_none_are_refused() {
    let snapshot = busy().wasi.snapshot().unwrap();
    let read = |bytes: &[u8]| Wasi::from_snapshot(bytes, WasiLimits::default()).err();
    assert_eq!(read(&snapshot), None);
    assert_eq!(read(b""), Some(WasiSnapshotError::NotASnapshot));
    assert_eq!(read(b"gboxsnap"), Some(WasiSnapshotError::NotASnapshot));
    assert_eq!(read(b"gboxwasi"), Some(WasiSnapshotError::Corrupted));
    let mut newer = snapshot.clone();
    newer[8] = 2;
    assert!(matches!(read(&newer), Some(WasiSnapshotError::Version { found: 2, .. })));
    for len in 12..snapshot.len() {
        assert_eq!(read(&snapshot[..len]), Some(WasiSnapshotError::Corrupted), "{len}");
    }
    assert_eq!(read(&[&snapshot[..], b"x"].concat()), Some(WasiSnapshotError::Corrupted));
    for at in 12..snapshot.len() {
        let mut damaged = snapshot.clone();
        damaged[at] ^= 1 << (at % 8);
        assert_eq!(read(&damaged), Some(WasiSnapshotError::Corrupted), "{at}");
    }
}

/// Writes the checksum anew, as who forges a snapshot would.
fn signed(mut bytes: Vec<u8>) -> Vec<u8> {
    let contents = bytes.len() - 8;
    let checksum = twox_hash::XxHash3_64::oneshot(&bytes[..contents]).to_le_bytes();
    bytes[contents..].copy_from_slice(&checksum);
    bytes
}

#[test]
fn bytes_that_are_forged_do_no_harm() {
    let snapshot = busy().wasi.snapshot().unwrap();
    assert!(Wasi::from_snapshot(&signed(snapshot.clone()), WasiLimits::default()).is_ok());
    let mut random = random::Random::new(3);
    let (mut refused, mut taken) = (0, 0);
    for round in 0..40_000 {
        let mut forged = snapshot.clone();
        for _ in 0..random.between(1, 3) {
            let at = 12 + random.index(forged.len() - 20);
            match random.below(4) {
                0 => forged[at] = random.below(256) as u8,
                1 => forged[at] ^= 1 << random.below(8),
                2 => {
                    forged.remove(at);
                }
                _ => forged.insert(at, random.below(256) as u8),
            }
        }
        let forged = signed(forged);
        match Wasi::from_snapshot(&forged, WasiLimits::default()) {
            Ok(wasi) => {
                taken += 1;
                use_all(Program {
                    wasi,
                    memory: guestbox_tests::wasi::Memory { bytes: vec![0; 1 << 17], fuel: 10_000_000 },
                });
            }
            Err(WasiSnapshotError::Corrupted | WasiSnapshotError::Limit { .. }) => refused += 1,
            other => panic!("round {round}: {other:?}"),
        }
    }
    assert!(refused > 1_000 && taken > 1_000, "{refused} refused, {taken} taken");
}

/// Whatever it is that was made of forged bytes, it stays within its limits and comes to an end.
fn use_all(mut program: Program) {
    assert!(program.wasi.file_bytes_in_use() <= WasiLimits::default().file_bytes);
    for mount in ["/", "/r"] {
        let _ = program.wasi.tree(mount);
    }
    let _ = program.wasi.take_written();
    for fd in 0..12_u32 {
        let zero = guestbox::Value::I32(0);
        for (function, args) in [
            (Function::FdFilestatGet, vec![fd.into(), zero]),
            (Function::FdReaddir, vec![fd.into(), zero, 4_000_u32.into(), 0_u64.into(), 0x8000_u32.into()]),
            (Function::FdPrestatGet, vec![fd.into(), zero]),
            (Function::FdSeek, vec![fd.into(), 1_u64.into(), 1_u32.into(), zero]),
        ] {
            let _ = program.serve(function, &args);
        }
        for path in ["a/b", "l/b", "../x", "new"] {
            let [pointer, len] = program.path(path);
            let _ = program.serve(Function::PathFilestatGet, &[fd.into(), 1_u32.into(), pointer, len, zero]);
            let _ = program.serve(Function::PathCreateDirectory, &[fd.into(), pointer, len]);
            let _ =
                program.serve(Function::PathRename, &[fd.into(), pointer, len, 3_u32.into(), pointer, len]);
        }
        let _ = program.serve(Function::FdClose, &[fd.into()]);
    }
    program.wasi.forget_wait();
    let _ = program.wasi.snapshot();
}

// A name that found no cookie would be in no directory, though its file is there.
#[test]
fn cookies_that_would_run_out_are_refused() {
    let mut program = Program::new(&WasiOptions::new().with_mount("/", Mount::new(Tree::new())));
    program.create("a", b"a").unwrap();
    let snapshot = program.wasi.snapshot().unwrap();
    // The root is the first node and above itself; its first name has the cookie 2.
    let (root, next) = (1_u64.to_le_bytes(), 3_u64.to_le_bytes());
    let at: Vec<_> =
        (0..snapshot.len()).filter(|at| snapshot[*at..].starts_with(&[root, next].concat())).collect();
    let [at] = at[..] else { panic!("{at:?}") };
    let with_next = |next: u64| {
        let mut forged = snapshot.clone();
        forged[at + 8..at + 16].copy_from_slice(&next.to_le_bytes());
        Wasi::from_snapshot(&signed(forged), WasiLimits::default())
    };
    for next in [1 << 63, u64::MAX - 1, u64::MAX] {
        assert_eq!(with_next(next).err(), Some(WasiSnapshotError::Corrupted), "{next}");
    }
    program.wasi = with_next((1 << 63) - 1).unwrap();
    for name in ["b", "c", "d"] {
        program.create(name, b"more").unwrap();
        assert_eq!(program.stat(name, false).unwrap().size, 4, "{name}");
    }
    assert_eq!(program.wasi.tree("/").unwrap().entries().count(), 4);
}

#[test]
fn limits_of_who_reads_hold() {
    let snapshot = busy().wasi.snapshot().unwrap();
    let with = |name: &str, value: u64| {
        let mut limits = WasiLimits::default();
        assert!(limits.set(name, value));
        Wasi::from_snapshot(&snapshot, limits).err()
    };
    for (name, least) in [
        ("file_bytes", 24),
        ("inodes", 10),
        ("descriptors", 8),
        ("depth", 1),
        ("strings", 3),
        ("string_bytes", 8),
    ] {
        assert_eq!(with(name, least), None, "{name}");
        let refused = with(name, least - 1);
        assert!(
            matches!(&refused, Some(WasiSnapshotError::Limit { limit, maximum, .. }) if *limit == name && *maximum == least - 1),
            "{name}: {refused:?}"
        );
    }
}

#[test]
fn a_clone_is_a_system_of_its_own() {
    let mut program = busy();
    let before = program.wasi.snapshot().unwrap();
    let mut copy = program.clone();
    copy.create("new", b"changed").unwrap();
    copy.read(0, 9).unwrap();
    copy.write(1, b"more").unwrap();
    assert!(program.wasi.snapshot().unwrap() == before);
    assert_eq!(program.output(), b"output");
}
