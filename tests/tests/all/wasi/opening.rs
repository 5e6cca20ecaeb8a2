//! `path_open`: flags and rights.

use guestbox::wasi::{Errno, Function, Tree, WasiLimits};
use guestbox_tests::wasi::{
    CREATE, DIRECTORY, DIRECTORY_RIGHTS, EXCLUSIVE, FILE_RIGHTS, Program, READ_RIGHTS, TRUNCATE,
};

const READ: u64 = 1 << 1;
const WRITE: u64 = 1 << 6;
const FOLLOW: u32 = 1;

fn program() -> Program {
    Program::with_tree(
        Tree::new()
            .with_file("file", "content")
            .with_file("dir/inner", "x")
            .with_link("to-file", "file")
            .with_link("to-dir", "dir")
            .with_link("dangling", "new"),
    )
}

/// Rights and inheriting rights of a descriptor.
fn rights(program: &mut Program, fd: u32) -> (u64, u64) {
    program.call(Function::FdFdstatGet, &[fd.into(), 0x80_u32.into()]).unwrap();
    (program.long(0x88), program.long(0x90))
}

#[test]
fn what_is_there_is_opened_by_what_it_is() {
    let mut program = program();
    let cases: &[(&str, u32, u64, Result<(), Errno>)] = &[
        ("file", 0, READ, Ok(())),
        ("file", 0, 0, Ok(())),
        ("file", CREATE, READ, Ok(())),
        ("file", CREATE | EXCLUSIVE, READ, Err(Errno::EXIST)),
        ("file", EXCLUSIVE, READ, Ok(())),
        ("file", DIRECTORY, READ, Err(Errno::NOTDIR)),
        ("file/", 0, READ, Err(Errno::NOTDIR)),
        ("file/", CREATE, READ, Err(Errno::NOTDIR)),
        ("dir", 0, READ, Ok(())),
        ("dir", DIRECTORY, READ, Ok(())),
        ("dir/", 0, 0, Ok(())),
        ("dir", 0, WRITE, Err(Errno::ISDIR)),
        ("dir", DIRECTORY, READ | WRITE, Err(Errno::ISDIR)),
        ("dir", TRUNCATE, 0, Err(Errno::ISDIR)),
        ("dir", CREATE | DIRECTORY, 0, Err(Errno::INVAL)),
        ("dir", CREATE, 0, Ok(())),
        ("dir", CREATE | EXCLUSIVE, 0, Err(Errno::EXIST)),
        (".", DIRECTORY, 0, Ok(())),
        ("to-file", 0, READ, Err(Errno::LOOP)),
        ("to-file", CREATE, READ, Err(Errno::LOOP)),
        ("to-dir/", DIRECTORY, 0, Err(Errno::LOOP)),
        ("to-dir/inner", 0, READ, Ok(())),
        ("nothing", 0, READ, Err(Errno::NOENT)),
        ("nothing", TRUNCATE, READ, Err(Errno::NOENT)),
        ("nothing/", CREATE, READ, Err(Errno::ISDIR)),
        ("nothing/x", CREATE, READ, Err(Errno::NOENT)),
        ("../file", 0, READ, Err(Errno::PERM)),
        ("file", 16, READ, Err(Errno::INVAL)),
    ];
    for (path, flags, rights, expected) in cases {
        let opened = program.open(path, *flags, *rights);
        assert_eq!(opened.map(|_| ()), *expected, "{path} {flags} {rights}");
        if let Ok(fd) = opened {
            assert_eq!(fd, 4, "the lowest that is free");
            program.close(fd).unwrap();
        }
    }
    assert_eq!(program.open_at(3, "file", 0, READ, 2, 0), Err(Errno::INVAL), "no such flag of look-ups");
    assert_eq!(program.open_at(3, "file", 0, READ, 0, 32), Err(Errno::INVAL), "no such flag of descriptors");
    assert_eq!(program.open_at(1, "file", 0, 0, 0, 0), Err(Errno::NOTDIR));
    assert_eq!(program.open_at(99, "file", 0, 0, 0, 0), Err(Errno::BADF));
    let file = program.open("file", 0, READ).unwrap();
    assert_eq!(program.open_at(file, "file", 0, 0, 0, 0), Err(Errno::NOTDIR));
}

#[test]
fn links_are_followed_where_that_is_asked() {
    let mut program = program();
    let fd = program.open_at(3, "to-file", 0, READ, FOLLOW, 0).unwrap();
    assert_eq!(program.read(fd, 100).unwrap(), b"content");
    assert!(program.open_at(3, "to-dir", DIRECTORY, 0, FOLLOW, 0).is_ok());
    assert_eq!(program.open_at(3, "dangling", 0, READ, FOLLOW, 0), Err(Errno::NOENT));
    let exclusive = program.open_at(3, "dangling", CREATE | EXCLUSIVE, READ, FOLLOW, 0);
    assert_eq!(exclusive, Err(Errno::EXIST), "the link is there");
    assert!(program.open_at(3, "dangling", CREATE, READ, FOLLOW, 0).is_ok());
    assert_eq!(program.stat("new", false).unwrap().size, 0, "what it leads to was made");
}

#[test]
fn rights_are_no_more_than_those_above() {
    let mut program = program();
    let (base, inheriting) = rights(&mut program, 3);
    assert_eq!(base & (WRITE | READ), 0, "a directory is not read or written");
    assert!(inheriting & FILE_RIGHTS == FILE_RIGHTS && inheriting & base == base);

    let narrow = READ | 1 << 21;
    let [pointer, len] = program.path("dir");
    let args = [
        3_u32.into(),
        0_u32.into(),
        pointer,
        len,
        DIRECTORY.into(),
        (1_u64 << 13 | 1 << 18).into(),
        narrow.into(),
        0_u32.into(),
        0x80_u32.into(),
    ];
    program.call(Function::PathOpen, &args).unwrap();
    let dir = program.word(0x80);
    assert_eq!(rights(&mut program, dir), (1 << 13 | 1 << 18, narrow));
    assert_eq!(program.open_at(dir, "inner", 0, READ | WRITE, 0, 0), Err(Errno::NOTCAPABLE));
    assert_eq!(
        program.open_at(dir, "inner", CREATE, READ, 0, 0),
        Err(Errno::NOTCAPABLE),
        "it may not create"
    );
    assert_eq!(program.open_at(dir, "inner", TRUNCATE, READ, 0, 0), Err(Errno::NOTCAPABLE), "nor cut");
    assert_eq!(program.by_path(Function::PathUnlinkFile, dir, "inner"), Err(Errno::NOTCAPABLE));
    let inner = program.open_at(dir, "inner", 0, READ, 0, 0).unwrap();
    assert_eq!(program.write(inner, b"x"), Err(Errno::NOTCAPABLE));
    assert_eq!(program.seek(inner, 0, 0), Err(Errno::NOTCAPABLE));
    // A file has only rights that a file can have.
    let file = program.open("file", 0, DIRECTORY_RIGHTS & inheriting).unwrap();
    assert_eq!(rights(&mut program, file).0 & !FILE_RIGHTS, 0);
}

#[test]
fn rights_only_shrink() {
    let mut program = program();
    let fd = program.open("file", 0, FILE_RIGHTS).unwrap();
    let (_, inheriting) = rights(&mut program, fd);
    let set = |program: &mut Program, rights: u64, inheriting: u64| {
        program.call(Function::FdFdstatSetRights, &[fd.into(), rights.into(), inheriting.into()])
    };
    assert_eq!(set(&mut program, READ_RIGHTS, inheriting), Ok(()));
    assert_eq!(set(&mut program, FILE_RIGHTS, inheriting), Err(Errno::NOTCAPABLE));
    assert_eq!(set(&mut program, READ_RIGHTS, u64::MAX), Err(Errno::NOTCAPABLE));
    assert_eq!(rights(&mut program, fd), (READ_RIGHTS, inheriting));
    assert_eq!(program.write(fd, b"x"), Err(Errno::NOTCAPABLE));
    assert_eq!(set(&mut program, 0, 0), Ok(()));
    assert_eq!(program.read(fd, 1), Err(Errno::NOTCAPABLE));
    assert_eq!(program.stat_fd(fd), Err(Errno::NOTCAPABLE));
    assert_eq!(program.close(fd), Ok(()), "that takes no right");
}

#[test]
fn each_function_asks_for_its_right() {
    let mut program = program();
    let fd = program.open("file", 0, 0).unwrap();
    let (fd, zero, long) = (fd.into(), 0_u32.into(), 0_u64.into());
    let cases: &[(Function, Vec<guestbox::Value>)] = &[
        (Function::FdAdvise, vec![fd, long, long, zero]),
        (Function::FdAllocate, vec![fd, long, 1_u64.into()]),
        (Function::FdDatasync, vec![fd]),
        (Function::FdFdstatSetFlags, vec![fd, zero]),
        (Function::FdFilestatGet, vec![fd, zero]),
        (Function::FdFilestatSetSize, vec![fd, long]),
        (Function::FdFilestatSetTimes, vec![fd, long, long, zero]),
        (Function::FdPread, vec![fd, zero, zero, long, zero]),
        (Function::FdPwrite, vec![fd, zero, zero, long, zero]),
        (Function::FdRead, vec![fd, zero, zero, zero]),
        (Function::FdSeek, vec![fd, 1_u64.into(), zero, zero]),
        (Function::FdSeek, vec![fd, long, 1_u32.into(), zero]),
        (Function::FdSync, vec![fd]),
        (Function::FdTell, vec![fd, zero]),
        (Function::FdWrite, vec![fd, zero, zero, zero]),
    ];
    for (function, args) in cases {
        assert_eq!(program.call(*function, args), Err(Errno::NOTCAPABLE), "{}", function.name());
    }
    let dir = program.open("dir", DIRECTORY, 0).unwrap().into();
    let [pointer, len] = program.path("inner");
    let cases: &[(Function, Vec<guestbox::Value>)] = &[
        (Function::FdReaddir, vec![dir, zero, zero, long, zero]),
        (Function::PathCreateDirectory, vec![dir, pointer, len]),
        (Function::PathFilestatGet, vec![dir, zero, pointer, len, zero]),
        (Function::PathFilestatSetTimes, vec![dir, zero, pointer, len, long, long, zero]),
        (Function::PathLink, vec![dir, zero, pointer, len, 3_u32.into(), pointer, len]),
        (Function::PathLink, vec![3_u32.into(), zero, pointer, len, dir, pointer, len]),
        (Function::PathOpen, vec![dir, zero, pointer, len, zero, long, long, zero, zero]),
        (Function::PathReadlink, vec![dir, pointer, len, zero, zero, zero]),
        (Function::PathRemoveDirectory, vec![dir, pointer, len]),
        (Function::PathRename, vec![dir, pointer, len, 3_u32.into(), pointer, len]),
        (Function::PathRename, vec![3_u32.into(), pointer, len, dir, pointer, len]),
        (Function::PathSymlink, vec![pointer, len, dir, pointer, len]),
        (Function::PathUnlinkFile, vec![dir, pointer, len]),
    ];
    for (function, args) in cases {
        assert_eq!(program.call(*function, args), Err(Errno::NOTCAPABLE), "{}", function.name());
    }
}

#[test]
fn descriptors_are_bounded() {
    let mut program = Program::with_limits(|limits| limits.descriptors = 8);
    program.create("file", b"1234").unwrap();
    for fd in 4..8 {
        assert_eq!(program.open("file", 0, FILE_RIGHTS), Ok(fd));
    }
    assert_eq!(program.open("file", 0, FILE_RIGHTS), Err(Errno::MFILE));
    assert_eq!(program.open("new", CREATE, FILE_RIGHTS), Err(Errno::MFILE));
    assert_eq!(program.stat("new", false), Err(Errno::NOENT), "nothing was made for it");
    assert_eq!(program.open("file", TRUNCATE, FILE_RIGHTS), Err(Errno::MFILE));
    assert_eq!(program.stat("file", false).unwrap().size, 4, "nor cut");
    program.close(5).unwrap();
    assert_eq!(program.open("file", 0, FILE_RIGHTS), Ok(5));
    program.close(0).unwrap();
    assert_eq!(program.open("file", 0, FILE_RIGHTS), Ok(0), "also those of the streams");
    assert_eq!(WasiLimits::unlimited().descriptors, 65_536);
}

#[test]
fn where_the_number_cannot_be_written_nothing_is_opened() {
    let mut program = program();
    let [pointer, len] = program.path("new");
    let outside = program.memory.bytes.len() as u32 - 3;
    let args = [
        3_u32.into(),
        0_u32.into(),
        pointer,
        len,
        CREATE.into(),
        READ.into(),
        0_u64.into(),
        0_u32.into(),
        outside.into(),
    ];
    assert_eq!(program.call(Function::PathOpen, &args), Err(Errno::FAULT));
    assert_eq!(program.stat("new", false), Err(Errno::NOENT));
    assert_eq!(program.open("file", 0, READ), Ok(4));
}
