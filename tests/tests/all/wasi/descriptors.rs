//! Descriptors: what is said of them, and what is done by them but reading and writing.

use guestbox::wasi::{Errno, Function, Tree, WasiOptions};
use guestbox_tests::wasi::{CREATE, FILE_RIGHTS, Program};

fn program() -> (Program, u32) {
    let mut program = Program::with_tree(Tree::new().with_file("file", "content").with_directory("dir"));
    let fd = program.open("file", 0, FILE_RIGHTS).unwrap();
    (program, fd)
}

fn fdstat(program: &mut Program, fd: u32) -> (u8, u16) {
    program.call(Function::FdFdstatGet, &[fd.into(), 0x80_u32.into()]).unwrap();
    (program.get(0x80, 1)[0], u16::from_le_bytes(program.get(0x82, 2).try_into().unwrap()))
}

#[test]
fn what_there_is_not_is_bad() {
    let (mut program, _) = program();
    let zero = guestbox::Value::I32(0);
    let long = guestbox::Value::I64(0);
    for fd in [5_u32, 255, u32::MAX].map(guestbox::Value::from) {
        let cases: &[(Function, Vec<guestbox::Value>)] = &[
            (Function::FdAdvise, vec![fd, long, long, zero]),
            (Function::FdAllocate, vec![fd, long, long]),
            (Function::FdClose, vec![fd]),
            (Function::FdDatasync, vec![fd]),
            (Function::FdFdstatGet, vec![fd, zero]),
            (Function::FdFdstatSetFlags, vec![fd, zero]),
            (Function::FdFdstatSetRights, vec![fd, long, long]),
            (Function::FdFilestatGet, vec![fd, zero]),
            (Function::FdFilestatSetSize, vec![fd, long]),
            (Function::FdFilestatSetTimes, vec![fd, long, long, zero]),
            (Function::FdPread, vec![fd, zero, zero, long, zero]),
            (Function::FdPrestatDirName, vec![fd, zero, zero]),
            (Function::FdPrestatGet, vec![fd, zero]),
            (Function::FdPwrite, vec![fd, zero, zero, long, zero]),
            (Function::FdRead, vec![fd, zero, zero, zero]),
            (Function::FdReaddir, vec![fd, zero, zero, long, zero]),
            (Function::FdRenumber, vec![fd, zero]),
            (Function::FdRenumber, vec![zero, fd]),
            (Function::FdSeek, vec![fd, long, zero, zero]),
            (Function::FdSync, vec![fd]),
            (Function::FdTell, vec![fd, zero]),
            (Function::FdWrite, vec![fd, zero, zero, zero]),
            (Function::PathCreateDirectory, vec![fd, zero, zero]),
            (Function::PathFilestatGet, vec![fd, zero, zero, zero, zero]),
            (Function::PathFilestatSetTimes, vec![fd, zero, zero, zero, long, long, zero]),
            (Function::PathLink, vec![fd, zero, zero, zero, fd, zero, zero]),
            (Function::PathOpen, vec![fd, zero, zero, zero, zero, long, long, zero, zero]),
            (Function::PathReadlink, vec![fd, zero, zero, zero, zero, zero]),
            (Function::PathRemoveDirectory, vec![fd, zero, zero]),
            (Function::PathRename, vec![fd, zero, zero, fd, zero, zero]),
            (Function::PathSymlink, vec![zero, 1_u32.into(), fd, zero, zero]),
            (Function::PathUnlinkFile, vec![fd, zero, zero]),
            (Function::SockAccept, vec![fd, zero, zero]),
            (Function::SockRecv, vec![fd, zero, zero, zero, zero, zero]),
            (Function::SockSend, vec![fd, zero, zero, zero, zero]),
            (Function::SockShutdown, vec![fd, zero]),
        ];
        program.put(0, b"x");
        for (function, args) in cases {
            assert_eq!(program.call(*function, args), Err(Errno::BADF), "{}", function.name());
        }
    }
}

#[test]
fn nothing_is_a_socket() {
    let (mut program, file) = program();
    let zero = guestbox::Value::I32(0);
    for fd in [0, 1, 3, file].map(guestbox::Value::from) {
        for (function, args) in [
            (Function::SockAccept, vec![fd, zero, zero]),
            (Function::SockRecv, vec![fd, zero, zero, zero, zero, zero]),
            (Function::SockSend, vec![fd, zero, zero, zero, zero]),
            (Function::SockShutdown, vec![fd, zero]),
        ] {
            assert_eq!(program.call(function, &args), Err(Errno::NOTSOCK), "{}", function.name());
        }
    }
}

#[test]
fn types_and_flags_are_told() {
    let (mut program, file) = program();
    assert_eq!(fdstat(&mut program, 0), (0, 0), "a stream of no type");
    assert_eq!(fdstat(&mut program, 3), (3, 0));
    assert_eq!(fdstat(&mut program, file), (4, 0));
    let set = |program: &mut Program, fd: u32, flags: u32| {
        program.call(Function::FdFdstatSetFlags, &[fd.into(), flags.into()])
    };
    assert_eq!(set(&mut program, file, 1 | 4), Ok(()));
    assert_eq!(fdstat(&mut program, file), (4, 5));
    assert_eq!(set(&mut program, file, 32), Err(Errno::INVAL));
    assert_eq!(set(&mut program, file, u32::MAX), Err(Errno::INVAL));
    assert_eq!(fdstat(&mut program, file), (4, 5));
    let mut terminal = Program::new(&WasiOptions::new().with_terminal());
    for fd in 0..3 {
        assert_eq!(fdstat(&mut terminal, fd).0, 2, "a terminal is a character device");
        assert_eq!(terminal.stat_fd(fd).unwrap().file_type, 2);
        // By these two C programs know that it is one.
        assert_eq!(terminal.seek(fd, 0, 0), Err(Errno::SPIPE));
        assert_eq!(terminal.call(Function::FdTell, &[fd.into(), 0_u32.into()]), Err(Errno::SPIPE));
    }
}

#[test]
fn positions_are_sought() {
    let (mut program, fd) = program();
    for (offset, whence, expected) in [
        (0, 1, Ok(0)),
        (3, 0, Ok(3)),
        (2, 1, Ok(5)),
        (-1, 1, Ok(4)),
        (0, 2, Ok(7)),
        (-7, 2, Ok(0)),
        (-1, 0, Err(Errno::INVAL)),
        (-8, 2, Err(Errno::INVAL)),
        (i64::MIN, 1, Err(Errno::INVAL)),
        (i64::MAX, 2, Err(Errno::INVAL)),
        (0, 3, Err(Errno::INVAL)),
        (0, u32::MAX, Err(Errno::INVAL)),
        (100, 2, Ok(107)),
        (i64::MAX, 0, Ok(i64::MAX as u64)),
        (1, 1, Err(Errno::INVAL)),
        (0, 1, Ok(i64::MAX as u64)),
    ] {
        assert_eq!(program.seek(fd, offset, whence), expected, "{offset} {whence}");
    }
    assert_eq!(program.read(fd, 10).unwrap(), b"", "behind the end");
    program.seek(fd, 3, 0).unwrap();
    program.call(Function::FdTell, &[fd.into(), 0x80_u32.into()]).unwrap();
    assert_eq!(program.long(0x80), 3);
    assert_eq!(program.seek(3, 0, 0), Err(Errno::BADF), "a directory has none");
    for stream in 0..3 {
        assert_eq!(program.seek(stream, 0, 1), Err(Errno::SPIPE));
    }
}

#[test]
fn sizes_are_set_and_allocated() {
    let (mut program, fd) = program();
    let set = |program: &mut Program, size: u64| {
        program.call(Function::FdFilestatSetSize, &[fd.into(), size.into()])
    };
    let allocate = |program: &mut Program, offset: u64, len: u64| {
        program.call(Function::FdAllocate, &[fd.into(), offset.into(), len.into()])
    };
    assert_eq!(set(&mut program, 3), Ok(()));
    assert_eq!(program.file("file").unwrap(), b"con");
    assert_eq!(set(&mut program, 5), Ok(()));
    assert_eq!(program.file("file").unwrap(), b"con\0\0", "what is new is zero, not what was");
    assert_eq!(set(&mut program, 1 << 63), Err(Errno::INVAL));
    assert_eq!(set(&mut program, (1 << 63) - 1), Err(Errno::NOSPC));
    assert_eq!(allocate(&mut program, 2, 2), Ok(()), "it is there");
    assert_eq!(program.stat_fd(fd).unwrap().size, 5);
    assert_eq!(allocate(&mut program, 4, 6), Ok(()));
    assert_eq!(program.stat_fd(fd).unwrap().size, 10);
    assert_eq!(allocate(&mut program, 0, 0), Err(Errno::INVAL));
    assert_eq!(allocate(&mut program, 1 << 63, 1), Err(Errno::FBIG));
    assert_eq!(allocate(&mut program, u64::MAX, u64::MAX), Err(Errno::FBIG));
    assert_eq!(allocate(&mut program, 0, (1 << 63) - 1), Err(Errno::NOSPC));
    assert_eq!(program.stat_fd(fd).unwrap().size, 10);
    assert_eq!(program.wasi.file_bytes_in_use(), 10);
    assert_eq!(
        program.call(Function::FdFilestatSetSize, &[1_u32.into(), 0_u64.into()]),
        Err(Errno::NOTCAPABLE)
    );
}

#[test]
fn advice_is_taken_and_does_nothing() {
    let (mut program, fd) = program();
    let advise = |program: &mut Program, fd: u32, advice: u32| {
        program.call(Function::FdAdvise, &[fd.into(), u64::MAX.into(), u64::MAX.into(), advice.into()])
    };
    for advice in 0..6 {
        assert_eq!(advise(&mut program, fd, advice), Ok(()));
    }
    assert_eq!(advise(&mut program, fd, 6), Err(Errno::INVAL));
    assert_eq!(advise(&mut program, 3, 0), Err(Errno::NOTCAPABLE));
    assert_eq!(program.call(Function::FdSync, &[fd.into()]), Ok(()));
    assert_eq!(program.call(Function::FdDatasync, &[fd.into()]), Ok(()));
    assert_eq!(program.call(Function::FdSync, &[3_u32.into()]), Ok(()));
}

#[test]
fn times_are_set() {
    let (mut program, fd) = program();
    let set = |program: &mut Program, flags: u32| {
        program.call(Function::FdFilestatSetTimes, &[fd.into(), 11_u64.into(), 22_u64.into(), flags.into()])
    };
    let began = program.stat_fd(fd).unwrap().times;
    assert_eq!(began, [1_700_000_000_000_000_000; 3], "the time in the beginning");
    program.wasi.advance(5_000);
    let now = began[0] + 5_000;
    for (flags, expected) in [
        (1, [11, began[1], now]),
        (4, [11, 22, now]),
        (2, [now, 22, now]),
        (8, [now, now, now]),
        (0, [now; 3]),
    ] {
        assert_eq!(set(&mut program, flags), Ok(()));
        assert_eq!(program.stat_fd(fd).unwrap().times, expected, "{flags}");
    }
    for flags in [3, 12, 15, 16, u32::MAX] {
        assert_eq!(set(&mut program, flags), Err(Errno::INVAL), "{flags}");
    }
    let [pointer, len] = program.path("dir");
    let args = [3_u32.into(), 0_u32.into(), pointer, len, 1_u64.into(), 2_u64.into(), 5_u32.into()];
    assert_eq!(program.call(Function::PathFilestatSetTimes, &args), Ok(()));
    assert_eq!(program.stat("dir", false).unwrap().times, [1, 2, now]);
    program.wasi.advance(9_000);
    program.write(fd, b"x").unwrap();
    assert_eq!(program.stat_fd(fd).unwrap().times[1..], [began[0] + 9_000; 2], "it was written to");
    program.create("dir/new", b"").unwrap();
    assert_eq!(program.stat("dir", false).unwrap().times[1..], [began[0] + 9_000; 2]);
}

#[test]
fn numbers_are_changed() {
    let (mut program, fd) = program();
    let renumber = |program: &mut Program, from: u32, to: u32| {
        program.call(Function::FdRenumber, &[from.into(), to.into()])
    };
    let other = program.open("other", CREATE, FILE_RIGHTS).unwrap();
    program.write(other, b"other").unwrap();
    program.unlink("other").unwrap();
    assert_eq!(program.wasi.file_bytes_in_use(), 12);
    assert_eq!(renumber(&mut program, fd, other), Ok(()), "which closes the other");
    assert_eq!(program.wasi.file_bytes_in_use(), 7);
    assert_eq!(program.read(other, 100).unwrap(), b"content");
    assert_eq!(program.read(fd, 1), Err(Errno::BADF));
    assert_eq!(renumber(&mut program, other, other), Ok(()));
    assert_eq!(renumber(&mut program, 3, 0), Ok(()));
    assert_eq!(
        program.call(Function::FdPrestatGet, &[0_u32.into(), 0_u32.into()]),
        Ok(()),
        "the mount moved"
    );
    assert_eq!(program.call(Function::FdPrestatGet, &[3_u32.into(), 0_u32.into()]), Err(Errno::BADF));
    assert_eq!(program.stat_at(0, "file", false).unwrap().size, 7);
}

#[test]
fn a_file_without_a_name_lives_as_long_as_its_descriptor() {
    let (mut program, fd) = program();
    program.unlink("file").unwrap();
    assert_eq!(program.read(fd, 100).unwrap(), b"content");
    assert_eq!(program.write(fd, b"more"), Ok(4));
    assert_eq!(program.stat_fd(fd).unwrap().links, 0);
    assert_eq!(program.wasi.file_bytes_in_use(), 11);
    program.close(fd).unwrap();
    assert_eq!(program.wasi.file_bytes_in_use(), 0);
    assert_eq!(program.close(fd), Err(Errno::BADF));
}
