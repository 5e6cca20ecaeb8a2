//! What a hostile program tries: to have more than it is given, and to make the host work for nothing.

use guestbox::wasi::{Errno, Function, Tree, WasiLimits};
use guestbox_tests::wasi::{CREATE, FILE_RIGHTS, Program, TRUNCATE};

fn small() -> Program {
    Program::with_limits(|limits| (limits.file_bytes, limits.inodes, limits.descriptors) = (1_000, 20, 16))
}

#[test]
fn bytes_are_bounded_however_they_come_about() {
    let mut program = small();
    let fd = program.open("a", CREATE, FILE_RIGHTS).unwrap();
    assert_eq!(program.write(fd, &[1; 600]), Ok(600));
    assert_eq!(program.write(fd, &[1; 401]), Err(Errno::NOSPC));
    assert_eq!(program.stat_fd(fd).unwrap().size, 600, "it is as it was");
    assert_eq!(program.seek(fd, 0, 1), Ok(600));
    program.seek(fd, 999, 0).unwrap();
    assert_eq!(program.write(fd, b"xy"), Err(Errno::NOSPC), "a hole counts");
    assert_eq!(program.write(fd, b"x"), Ok(1));
    let (set, allocate) = (Function::FdFilestatSetSize, Function::FdAllocate);
    assert_eq!(program.call(set, &[fd.into(), 1_001_u64.into()]), Err(Errno::NOSPC));
    assert_eq!(program.call(allocate, &[fd.into(), 1_000_u64.into(), 1_u64.into()]), Err(Errno::NOSPC));
    assert_eq!(program.call(allocate, &[fd.into(), 0_u64.into(), 1_000_u64.into()]), Ok(()));
    assert_eq!(program.symlink("x", "link"), Err(Errno::NOSPC), "what links lead to counts");
    assert_eq!(program.wasi.file_bytes_in_use(), 1_000);
    program.call(set, &[fd.into(), 0_u64.into()]).unwrap();
    assert_eq!(program.symlink(&"x".repeat(1_000), "link"), Ok(()));
    assert_eq!(program.write(fd, b"x"), Err(Errno::NOSPC));
    program.unlink("link").unwrap();
    assert_eq!(program.wasi.file_bytes_in_use(), 0);
}

#[test]
fn bytes_of_files_without_names_count_as_long_as_they_are_open() {
    let mut program = small();
    let fds: Vec<_> = (0..10)
        .map(|_| {
            let fd = program.open("a", CREATE, FILE_RIGHTS).unwrap();
            assert_eq!(program.write(fd, &[1; 100]), Ok(100));
            program.unlink("a").unwrap();
            fd
        })
        .collect();
    assert_eq!(program.wasi.tree("/"), Some(Tree::new()));
    assert_eq!(program.create("b", b"x"), Err(Errno::NOSPC));
    program.unlink("b").unwrap();
    for fd in fds {
        program.close(fd).unwrap();
    }
    assert_eq!(program.wasi.file_bytes_in_use(), 0);
    assert_eq!(program.create("b", &[1; 1_000]), Ok(()));
    // Those that are cut and those that are replaced are free at once.
    assert_eq!(program.create("b", &[2; 1_000]), Ok(()));
    program.create("b", &[3; 500]).unwrap();
    program.create("c", &[3; 500]).unwrap();
    program.rename("b", "c").unwrap();
    assert_eq!(program.wasi.file_bytes_in_use(), 500);
    program.open("c", TRUNCATE, 0).unwrap();
    assert_eq!(program.wasi.file_bytes_in_use(), 0);
}

#[test]
fn nodes_and_names_are_bounded() {
    let mut program = small();
    program.create("file", b"x").unwrap();
    let mut made = 0;
    while program.make_directory(&format!("d{made}")).is_ok() {
        made += 1;
    }
    assert_eq!(made, 18, "20 with the root and the file");
    assert_eq!(program.make_directory("more"), Err(Errno::NOSPC));
    assert_eq!(program.open("more", CREATE, 0), Err(Errno::NOSPC));
    assert_eq!(program.symlink("x", "more"), Err(Errno::NOSPC));
    // Names of the same file count as well.
    assert_eq!(program.link("file", "d0/l0"), Ok(()));
    assert_eq!(program.link("file", "d0/l1"), Err(Errno::NOSPC));
    for at in 1..18 {
        program.remove_directory(&format!("d{at}")).unwrap();
    }
    let mut links = 1;
    while program.link("file", &format!("d0/l{links}")).is_ok() {
        links += 1;
    }
    assert_eq!(links, 18);
    assert_eq!(program.stat("file", false).unwrap().links, 19);
    assert_eq!(program.make_directory("more"), Err(Errno::NOSPC), "there is a node left, but no name");
    assert_eq!(program.wasi.file_bytes_in_use(), 1);
    // Moving takes none.
    assert_eq!(program.rename("file", "d0/moved"), Ok(()));
    assert_eq!(program.rename("d0/moved", "d0/l0"), Ok(()));
}

#[test]
fn directories_that_were_removed_and_are_open_count() {
    let mut program = small();
    for at in 0..12 {
        let name = format!("d{at}");
        program.make_directory(&name).unwrap();
        program.open_directory(3, &name).unwrap();
        program.remove_directory(&name).unwrap();
    }
    assert_eq!(program.make_directory("e"), Ok(()));
    assert_eq!(program.open_directory(3, "e"), Err(Errno::MFILE));
    for at in 0..6 {
        assert_eq!(program.make_directory(&format!("f{at}")), Ok(()));
    }
    assert_eq!(
        program.make_directory("g"),
        Err(Errno::NOSPC),
        "12 that are gone, 7 that are not, and the root"
    );
    program.close(4).unwrap();
    assert_eq!(program.make_directory("g"), Ok(()));
}

#[test]
fn directories_are_not_moved_into_each_other() {
    let mut program = Program::with_tree(Tree::new().with_directory("a/b/c").with_directory("x"));
    for (old, new) in
        [("a", "a/x"), ("a", "a/b/x"), ("a", "a/b/c/x"), ("a/b", "a/b/c/x"), ("a", "x/../a/b/c/d")]
    {
        assert_eq!(program.rename(old, new), Err(Errno::INVAL), "{old} {new}");
    }
    let inner = program.open_directory(3, "a/b/c").unwrap();
    assert_eq!(program.rename_at((3, "a"), (inner, "a")), Err(Errno::INVAL), "nor by a descriptor below");
    assert_eq!(program.rename("a/b/c", "x/c"), Ok(()));
    assert_eq!(program.rename_at((3, "a"), (inner, "a")), Ok(()), "it is elsewhere now");
    assert_eq!(program.rename("x", "x/c/a/x"), Err(Errno::INVAL));
}

#[test]
fn a_rename_over_a_parent_is_refused() {
    let mut program = Program::with_tree(Tree::new().with_directory("a/b/c"));
    assert_eq!(program.rename("a/b/c", "a/b"), Err(Errno::NOTEMPTY));
    assert_eq!(program.rename("a/b/c", "a"), Err(Errno::NOTEMPTY));
    assert_eq!(program.rename("a/b/c", "."), Err(Errno::BUSY));
    assert_eq!(program.rename("a/b", "a/b/c/.."), Err(Errno::BUSY));
}

#[test]
fn charges_come_before_the_work() {
    // For what a call would take, there is no fuel: it has done nothing.
    let mut program = Program::with_tree(Tree::new().with_file("file", vec![7; 1 << 20]));
    let fd = program.open("file", 0, FILE_RIGHTS).unwrap();
    let len = 1 << 20;
    let reading = program.reading(fd, len);
    for (function, args) in [
        (Function::FdRead, reading.to_vec()),
        (Function::RandomGet, vec![0x1_0000_u32.into(), len.into()]),
        (Function::FdAllocate, vec![fd.into(), 0_u64.into(), (1_u64 << 22).into()]),
        (Function::FdFilestatSetSize, vec![fd.into(), (1_u64 << 22).into()]),
    ] {
        program.memory.fuel = 10_000;
        let mut copy = program.clone();
        assert!(copy.serve(function, &args).is_err(), "{}", function.name());
        assert_eq!(copy.memory.fuel, 0);
        assert!(copy.memory.bytes == program.memory.bytes, "{}", function.name());
        assert_eq!(copy.wasi.file_bytes_in_use(), program.wasi.file_bytes_in_use());
    }
}

#[test]
fn a_full_file_system_is_refused_before_it_is_paid_for() {
    let mut program = Program::with_limits(|_| {});
    let fd = program.open("file", CREATE, FILE_RIGHTS).unwrap();
    program.memory.fuel = 100_000;
    let size = (1_u64 << 62).into();
    for _ in 0..10 {
        assert_eq!(program.call(Function::FdFilestatSetSize, &[fd.into(), size]), Err(Errno::NOSPC));
        assert_eq!(program.call(Function::FdAllocate, &[fd.into(), 0_u64.into(), size]), Err(Errno::NOSPC));
    }
    assert!(program.memory.fuel > 90_000);
}

#[test]
fn a_guest_without_memory_is_told_so() {
    let mut program = Program::with_tree(Tree::new());
    program.memory.bytes.clear();
    let zero = guestbox::Value::I32(0);
    for (function, args) in [
        (Function::ArgsSizesGet, vec![zero, zero]),
        (Function::ClockTimeGet, vec![zero, 0_u64.into(), zero]),
        (Function::FdFdstatGet, vec![zero, zero]),
        (Function::FdRead, vec![zero, zero, zero, zero]),
        (Function::PathCreateDirectory, vec![3_u32.into(), zero, 1_u32.into()]),
        (Function::PollOneoff, vec![zero, zero, 1_u32.into(), zero]),
        (Function::RandomGet, vec![zero, 1_u32.into()]),
    ] {
        assert_eq!(program.call(function, &args), Err(Errno::FAULT), "{}", function.name());
    }
    assert_eq!(program.call(Function::FdClose, &[zero]), Ok(()));
}

#[test]
fn strict_limits_hold_as_they_are() {
    let mut program = Program::with_limits(|limits| *limits = WasiLimits::strict());
    let fd = program.open("file", CREATE, FILE_RIGHTS).unwrap();
    assert_eq!(program.call(Function::FdAllocate, &[fd.into(), 0_u64.into(), (4_u64 << 20).into()]), Ok(()));
    assert_eq!(program.write(fd, b"x"), Ok(1), "over what is there");
    program.seek(fd, 0, 2).unwrap();
    assert_eq!(program.write(fd, b"x"), Err(Errno::NOSPC));
    let mut opened = 0;
    while program.open("file", 0, 0).is_ok() {
        opened += 1;
    }
    assert_eq!(opened, 64 - 5);
}
