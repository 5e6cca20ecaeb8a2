//! Reading and writing files, by pieces of memory.

use guestbox::wasi::{Errno, Function, Tree};
use guestbox_tests::wasi::{CREATE, FILE_RIGHTS, Program};

fn program(content: &str) -> (Program, u32) {
    let mut program = Program::with_tree(Tree::new().with_file("file", content).with_directory("dir"));
    let fd = program.open("file", 0, FILE_RIGHTS).unwrap();
    (program, fd)
}

#[test]
fn pieces_are_filled_in_their_order() {
    let (mut program, fd) = program("0123456789");
    let [at, len] = program.vector(&[(0x1_0000, 3), (0x1_0100, 0), (0x1_0200, 4), (0x1_0300, 100)]);
    program.call(Function::FdRead, &[fd.into(), at, len, 0x80_u32.into()]).unwrap();
    assert_eq!(program.word(0x80), 10);
    assert_eq!(program.get(0x1_0000, 4), b"012\0");
    assert_eq!(program.get(0x1_0200, 5), b"3456\0");
    assert_eq!(program.get(0x1_0300, 4), b"789\0");
    assert_eq!(program.read(fd, 5).unwrap(), b"", "the end");
    let [at, len] = program.vector(&[(0x1_0000, 3), (0x1_0100, 0), (0x1_0200, 4), (0x1_0300, 100)]);
    let args = [fd.into(), at, len, 8_u64.into(), 0x80_u32.into()];
    program.call(Function::FdPread, &args).unwrap();
    assert_eq!((program.word(0x80), program.get(0x1_0000, 3)), (2, b"892".to_vec()));
    program.call(Function::FdPwrite, &args).unwrap();
    assert_eq!(program.word(0x80), 107);
    assert_eq!(program.file("file").unwrap()[..15], *b"012345678923456");
    assert_eq!(program.seek(fd, 0, 1).unwrap(), 10, "its position is where it was");
}

#[test]
fn pieces_that_overlap_are_read_one_after_the_other() {
    let (mut program, fd) = program("abcdef");
    let [at, len] = program.vector(&[(0x1_0000, 4), (0x1_0002, 2)]);
    program.call(Function::FdRead, &[fd.into(), at, len, 0x80_u32.into()]).unwrap();
    assert_eq!(program.get(0x1_0000, 4), b"abef");
    // Over the vector itself, which was read before.
    program.seek(fd, 0, 0).unwrap();
    let [at, len] = program.vector(&[(0x100, 6)]);
    program.call(Function::FdRead, &[fd.into(), at, len, 0x80_u32.into()]).unwrap();
    assert_eq!(program.get(0x100, 6), b"abcdef");
    // And over the length that is written last.
    program.seek(fd, 0, 0).unwrap();
    let [at, len] = program.vector(&[(0x80, 6)]);
    program.call(Function::FdRead, &[fd.into(), at, len, 0x80_u32.into()]).unwrap();
    assert_eq!(program.get(0x80, 6), b"\x06\0\0\0ef");
}

#[test]
fn pieces_are_inside_or_nothing_is_done() {
    let (mut program, fd) = program("content");
    let end = program.memory.bytes.len() as u32;
    let bad_pieces =
        [(end, 1), (end - 3, 4), (u32::MAX, 1), (0, u32::MAX), (u32::MAX, u32::MAX), (end + 8, 0)];
    for bad in bad_pieces {
        let [at, len] = program.vector(&[(0x1_0000, 4), bad]);
        let args = [fd.into(), at, len, 0x80_u32.into()];
        assert_eq!(program.call(Function::FdRead, &args), Err(Errno::FAULT), "{bad:?}");
        assert_eq!(program.call(Function::FdWrite, &args), Err(Errno::FAULT), "{bad:?}");
        let args = [1_u32.into(), at, len, 0x80_u32.into()];
        assert_eq!(program.call(Function::FdWrite, &args), Err(Errno::FAULT), "{bad:?}");
    }
    assert_eq!(program.get(0x1_0000, 4), [0; 4]);
    assert_eq!(program.wasi.take_output(), None);
    let [at, len] = program.vector(&[(0x1_0000, 4)]);
    for (at, len, result) in [
        (at, len, end - 3),
        (at, len, u32::MAX),
        ((end - 7).into(), len, 0x80),
        (u32::MAX.into(), len, 0x80),
        ((u32::MAX - 7).into(), 1_024_u32.into(), 0x80),
    ] {
        assert_eq!(program.call(Function::FdRead, &[fd.into(), at, len, result.into()]), Err(Errno::FAULT));
        assert_eq!(program.call(Function::FdWrite, &[fd.into(), at, len, result.into()]), Err(Errno::FAULT));
        let args = [fd.into(), at, len, 0_u64.into(), result.into()];
        assert_eq!(program.call(Function::FdPwrite, &args), Err(Errno::FAULT));
    }
    assert_eq!(program.file("file").unwrap(), b"content");
    assert_eq!(program.seek(fd, 0, 1).unwrap(), 0);
    // The last bytes of the memory are inside.
    let [at, len] = program.vector(&[(end - 7, 7), (end, 0)]);
    assert_eq!(program.call(Function::FdRead, &[fd.into(), at, len, 0x80_u32.into()]), Ok(()));
    assert_eq!(program.get(end - 7, 7), b"content");
}

#[test]
fn pieces_are_bounded() {
    let (mut program, fd) = program("content");
    program.put(0x2_0000, &[0; 8 * 1_025]);
    for (len, expected) in [(1_024_u32, Ok(())), (1_025, Err(Errno::INVAL)), (u32::MAX, Err(Errno::INVAL))] {
        let args = [fd.into(), 0x2_0000_u32.into(), len.into(), 0x80_u32.into()];
        assert_eq!(program.call(Function::FdRead, &args), expected);
        assert_eq!(program.call(Function::FdWrite, &args), expected);
    }
}

#[test]
fn a_call_transfers_so_much_and_no_more() {
    let mut program = Program::with_limits(|limits| limits.transfer_bytes = 10);
    let fd = program.open("file", CREATE, FILE_RIGHTS).unwrap();
    program.put(0x1_0000, b"0123456789abcdef");
    let [at, len] = program.vector(&[(0x1_0000, 6), (0x1_0006, 6), (0x1_000C, 4)]);
    program.call(Function::FdWrite, &[fd.into(), at, len, 0x80_u32.into()]).unwrap();
    assert_eq!(program.word(0x80), 10, "a short write");
    assert_eq!(program.seek(fd, 0, 1), Ok(10));
    program.seek(fd, 0, 0).unwrap();
    program.call(Function::FdRead, &[fd.into(), at, len, 0x80_u32.into()]).unwrap();
    assert_eq!(program.word(0x80), 10);
    assert_eq!(program.file("file").unwrap(), b"0123456789");
}

#[test]
fn writes_grow_a_file_and_append() {
    let (mut program, fd) = program("content");
    program.seek(fd, 10, 0).unwrap();
    assert_eq!(program.write(fd, b""), Ok(0));
    assert_eq!(program.stat_fd(fd).unwrap().size, 7, "nothing was written");
    assert_eq!(program.write(fd, b"xy"), Ok(2));
    assert_eq!(program.file("file").unwrap(), b"content\0\0\0xy");
    let appending = program.open_at(3, "file", 0, FILE_RIGHTS, 0, 1).unwrap();
    assert_eq!(program.write(appending, b"end"), Ok(3));
    assert_eq!(program.seek(appending, 0, 1), Ok(15));
    program.seek(appending, 0, 0).unwrap();
    assert_eq!(program.write(appending, b"!"), Ok(1));
    assert_eq!(program.file("file").unwrap(), b"content\0\0\0xyend!");
    program.put(0x1_0000, b"C");
    let [at, len] = program.vector(&[(0x1_0000, 1)]);
    program.call(Function::FdPwrite, &[appending.into(), at, len, 0_u64.into(), 0x80_u32.into()]).unwrap();
    assert_eq!(program.file("file").unwrap(), b"Content\0\0\0xyend!", "where it was told");
}

#[test]
fn directories_and_streams_have_no_bytes() {
    let (mut program, _) = program("");
    let dir = program.open_directory(3, "dir").unwrap();
    assert_eq!(program.read(dir, 1), Err(Errno::ISDIR));
    assert_eq!(program.write(dir, b"x"), Err(Errno::ISDIR));
    let [at, len] = program.vector(&[(0x1_0000, 1)]);
    for (fd, errno) in [(dir, Errno::ISDIR), (0, Errno::SPIPE), (1, Errno::SPIPE)] {
        let args = [fd.into(), at, len, 0_u64.into(), 0x80_u32.into()];
        assert_eq!(program.call(Function::FdPread, &args), Err(errno));
        assert_eq!(program.call(Function::FdPwrite, &args), Err(errno));
    }
    assert_eq!(program.read(1, 1), Err(Errno::NOTCAPABLE));
    assert_eq!(program.write(0, b"x"), Err(Errno::NOTCAPABLE));
    let (allocate, len) = (Function::FdAllocate, 1_u64.into());
    assert_eq!(program.call(allocate, &[dir.into(), 0_u64.into(), len]), Err(Errno::NOTCAPABLE));
}

#[test]
fn positions_beyond_what_a_file_can_have_are_refused() {
    let (mut program, fd) = program("content");
    let [at, len] = program.vector(&[(0x1_0000, 4)]);
    for (position, read, written) in [
        (1 << 63, Err(Errno::INVAL), Err(Errno::INVAL)),
        (u64::MAX, Err(Errno::INVAL), Err(Errno::INVAL)),
        ((1 << 63) - 1, Ok(()), Err(Errno::FBIG)),
        ((1 << 63) - 5, Ok(()), Err(Errno::NOSPC)),
        (1 << 62, Ok(()), Err(Errno::NOSPC)),
    ] {
        let args = [fd.into(), at, len, position.into(), 0x80_u32.into()];
        assert_eq!(program.call(Function::FdPread, &args), read, "{position}");
        assert_eq!(program.call(Function::FdPwrite, &args), written, "{position}");
    }
    program.seek(fd, i64::MAX, 0).unwrap();
    assert_eq!(program.write(fd, b"x"), Err(Errno::FBIG));
    assert_eq!(program.read(fd, 1).unwrap(), b"");
    assert_eq!(program.file("file").unwrap(), b"content");
    assert_eq!(program.wasi.file_bytes_in_use(), 7);
}
