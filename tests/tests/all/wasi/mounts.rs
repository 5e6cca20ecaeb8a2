//! Mounts: read-only, lazy, with write-back.

use guestbox::wasi::{Entry, Errno, Function, Mount, Served, Tree, Wait, WasiLimits, WasiOptions};
use guestbox_tests::wasi::{CREATE, FILE_RIGHTS, Program, READ_RIGHTS, TRUNCATE, paths};

#[test]
fn nothing_of_a_mount_that_is_read_only_changes() {
    let tree = Tree::new().with_file("file", "content").with_file("dir/inner", "").with_link("link", "file");
    let options = WasiOptions::new()
        .with_mount("/", Mount::new(tree.clone()).read_only())
        .with_mount("/other", Mount::new(Tree::new().with_file("x", "")));
    let mut program = Program::new(&options);
    assert_eq!(program.file("file").unwrap(), b"content");
    for (flags, rights) in [
        (0, 1 << 6),
        (0, FILE_RIGHTS),
        (0, 1 << 8),
        (0, 1 << 22),
        (TRUNCATE, READ_RIGHTS),
        (CREATE | TRUNCATE, 0),
    ] {
        assert_eq!(program.open("file", flags, rights), Err(Errno::ROFS), "{flags} {rights}");
    }
    assert!(program.open("file", CREATE, READ_RIGHTS).is_ok(), "it is there");
    assert_eq!(program.open("new", CREATE, READ_RIGHTS), Err(Errno::ROFS));
    assert_eq!(program.make_directory("new"), Err(Errno::ROFS));
    assert_eq!(program.remove_directory("dir"), Err(Errno::NOTEMPTY));
    assert_eq!(program.unlink("file"), Err(Errno::ROFS));
    assert_eq!(program.unlink("dir/inner"), Err(Errno::ROFS));
    assert_eq!(program.symlink("file", "new"), Err(Errno::ROFS));
    assert_eq!(program.link("file", "new"), Err(Errno::ROFS));
    assert_eq!(program.rename("file", "new"), Err(Errno::ROFS));
    assert_eq!(program.rename_at((4, "x"), (3, "x")), Err(Errno::XDEV), "another mount anyway");
    assert_eq!(program.rename_at((3, "file"), (4, "file")), Err(Errno::ROFS));
    let [pointer, len] = program.path("file");
    let args = [3_u32.into(), 0_u32.into(), pointer, len, 0_u64.into(), 0_u64.into(), 1_u32.into()];
    assert_eq!(program.call(Function::PathFilestatSetTimes, &args), Err(Errno::ROFS));
    assert_eq!(
        program.call(Function::FdFilestatSetTimes, &[3_u32.into(), 0_u64.into(), 0_u64.into(), 1_u32.into()]),
        Err(Errno::ROFS)
    );
    assert_eq!(program.wasi.tree("/"), Some(tree.with_directory("dir")));
}

#[test]
fn mounts_are_devices_of_their_own() {
    let mount = || Mount::new(Tree::new().with_file("file", "x"));
    let mut program = Program::new(&WasiOptions::new().with_mount("/a", mount()).with_mount("/b", mount()));
    let (first, second) = (program.stat("file", false).unwrap(), program.stat_at(4, "file", false).unwrap());
    assert_ne!((first.device, first.inode), (second.device, second.inode));
    assert_ne!(first.device, second.device);
    assert_eq!(program.rename_at((3, "file"), (4, "moved")), Err(Errno::XDEV));
    let [pointer, len] = program.path("file");
    let args = [3_u32.into(), 0_u32.into(), pointer, len, 4_u32.into(), pointer, len];
    assert_eq!(program.call(Function::PathLink, &args), Err(Errno::EXIST));
    program.by_path(Function::PathUnlinkFile, 4, "file").unwrap();
    assert_eq!(program.call(Function::PathLink, &args), Err(Errno::XDEV));
    assert_eq!(
        program.stat_at(4, "../a/file", false),
        Err(Errno::PERM),
        "no path leads from one to the other"
    );
}

#[test]
fn bytes_given_are_not_changed() {
    let tree = Tree::new().with_file("file", "content");
    let mut first = Program::with_tree(tree.clone());
    let mut second = Program::with_tree(tree.clone());
    first.create("file", b"changed").unwrap();
    assert_eq!(second.file("file").unwrap(), b"content");
    assert_eq!(tree.file("file"), Some(&b"content"[..]));
    assert_eq!(first.wasi.tree("/").unwrap().file("file"), Some(&b"changed"[..]));
    let mut copy = first.clone();
    copy.create("file", b"again").unwrap();
    copy.make_directory("dir").unwrap();
    assert_eq!(first.file("file").unwrap(), b"changed");
    assert_eq!(first.stat("dir", false), Err(Errno::NOENT));
}

#[test]
fn a_tree_comes_out_as_it_is() {
    let mut program = Program::with_tree(Tree::new().with_file("a/b", "1").with_lazy_file("lazy", 9, 7));
    program.create("a/c", b"12").unwrap();
    program.link("a/c", "d").unwrap();
    program.symlink("a", "e").unwrap();
    program.make_directory("f").unwrap();
    let fd = program.open("a/b", 0, READ_RIGHTS).unwrap();
    program.unlink("a/b").unwrap();
    let tree = program.wasi.tree("/").unwrap();
    assert_eq!(paths(&tree), ["a/", "a/c 2", "d 2", "e -> a", "f/", "lazy lazy 9"]);
    assert_eq!(program.read(fd, 9).unwrap(), b"1");
    assert!(program.wasi.tree("/nothing").is_none());
    let mut again = Program::with_tree(tree);
    assert_eq!(again.file("a/c").unwrap(), b"12");
}

fn lazy(size: u64, limits: WasiLimits) -> Program {
    let tree = Tree::new().with_lazy_file("lazy", size, 42);
    Program::new(&WasiOptions::new().with_mount("/", Mount::new(tree)).with_limits(limits))
}

fn asked(wait: &Wait) -> (u64, u64) {
    match wait {
        Wait::File(request) => (request.token, request.size),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_lazy_file_is_asked_for_when_it_is_first_read() {
    let mut program = lazy(7, WasiLimits::default());
    assert_eq!(program.stat("lazy", false).unwrap().size, 7);
    let fd = program.open("lazy", 0, READ_RIGHTS).unwrap();
    assert_eq!(program.seek(fd, -3, 2), Ok(4));
    assert_eq!(program.wasi.file_bytes_in_use(), 0);
    let args = program.reading(fd, 100);
    let before = program.memory.fuel;
    assert_eq!(asked(&program.wait(Function::FdRead, &args)), (42, 7));
    assert_eq!(asked(&program.wait(Function::FdRead, &args)), (42, 7), "until it is answered");
    program.wasi.answer_file(Ok(b"content".to_vec()));
    assert_eq!(program.read(fd, 100).unwrap(), b"ent");
    assert_eq!(before - program.memory.fuel, 316, "which is paid once");
    assert_eq!(program.wasi.file_bytes_in_use(), 7);
    assert_eq!(program.file("lazy").unwrap(), b"content", "from now on it is there");
    let tree = program.wasi.tree("/").unwrap();
    assert_eq!(tree.entry("lazy"), Some(Entry::File(b"content")));
}

#[test]
fn a_lazy_file_that_will_be_changed_is_asked_for_when_it_is_opened() {
    let mut program = lazy(7, WasiLimits::default());
    let [pointer, len] = program.path("lazy");
    let args = [
        3_u32.into(),
        0_u32.into(),
        pointer,
        len,
        0_u32.into(),
        FILE_RIGHTS.into(),
        0_u64.into(),
        0_u32.into(),
        0x80_u32.into(),
    ];
    assert_eq!(asked(&program.wait(Function::PathOpen, &args)), (42, 7));
    program.wasi.answer_file(Ok(b"content".to_vec()));
    program.call(Function::PathOpen, &args).unwrap();
    let fd = program.word(0x80);
    assert_eq!(program.write(fd, b"C"), Ok(1));
    assert_eq!(program.file("lazy").unwrap(), b"Content");
    // One that is cut to nothing is not asked for.
    let mut program = lazy(1 << 40, WasiLimits::default());
    assert!(program.open("lazy", TRUNCATE, FILE_RIGHTS).is_ok());
    assert_eq!(program.stat("lazy", false).unwrap().size, 0);
}

#[test]
fn a_host_that_does_not_keep_its_promise_is_an_error() {
    for (answer, errno) in [
        (Ok(b"short".to_vec()), Errno::IO),
        (Ok(b"much too long".to_vec()), Errno::IO),
        (Err(Errno::NOENT), Errno::NOENT),
        (Err(Errno(99)), Errno(99)),
    ] {
        let mut program = lazy(7, WasiLimits::default());
        let fd = program.open("lazy", 0, READ_RIGHTS).unwrap();
        let args = program.reading(fd, 100);
        program.wait(Function::FdRead, &args);
        program.wasi.answer_file(answer);
        assert_eq!(program.call(Function::FdRead, &args), Err(errno));
        assert_eq!(asked(&program.wait(Function::FdRead, &args)), (42, 7), "the next time it is asked again");
    }
    let mut program = lazy(7, WasiLimits::default());
    program.wasi.answer_file(Ok(b"content".to_vec()));
    assert_eq!(program.wasi.file_bytes_in_use(), 0, "nobody asked");
}

#[test]
fn a_lazy_file_counts_before_it_is_asked_for() {
    let mut limits = WasiLimits::default();
    limits.file_bytes = 10;
    let mut program = lazy(7, limits.clone());
    program.create("other", b"1234").unwrap();
    let fd = program.open("lazy", 0, READ_RIGHTS).unwrap();
    assert_eq!(program.read(fd, 1), Err(Errno::NOSPC));
    program.unlink("other").unwrap();
    let args = program.reading(fd, 1);
    assert!(matches!(program.serve(Function::FdRead, &args), Ok(Served::Wait(Wait::File(_)))));
    let mut huge = lazy(u64::MAX, limits);
    let fd = huge.open("lazy", 0, READ_RIGHTS).unwrap();
    assert_eq!(huge.read(fd, 1), Err(Errno::NOSPC));
}

#[test]
fn what_was_written_is_told_once_it_is_closed() {
    let tree = Tree::new().with_file("file", "content").with_file("other", "");
    let options = WasiOptions::new()
        .with_mount("/", Mount::new(tree.clone()).with_write_back())
        .with_mount("/plain", Mount::new(tree));
    let mut program = Program::new(&options);
    let told = |program: &mut Program| -> Vec<String> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let written = program.wasi.take_written();
        written
            .iter()
            .map(|file| format!("{} {} {}", text(&file.mount), text(&file.path), text(&file.bytes)))
            .collect()
    };
    let fd = program.open("file", 0, FILE_RIGHTS).unwrap();
    program.write(fd, b"C").unwrap();
    assert_eq!(told(&mut program), [""; 0], "it is still open");
    program.call(Function::FdSync, &[fd.into()]).unwrap();
    assert_eq!(told(&mut program), ["/ file Content"]);
    assert_eq!(told(&mut program), [""; 0]);
    program.close(fd).unwrap();
    assert_eq!(told(&mut program), [""; 0], "it is as it was");
    program.create("new", b"x").unwrap();
    program.link("new", "hard").unwrap();
    program.rename("new", "moved").unwrap();
    program.create("gone", b"x").unwrap();
    program.unlink("gone").unwrap();
    let fd = program.open_at(4, "file", 0, FILE_RIGHTS, 0, 0).unwrap();
    program.write(fd, b"C").unwrap();
    program.close(fd).unwrap();
    assert_eq!(told(&mut program), ["/ hard x", "/ moved x"]);
    let fd = program.open("other", 0, FILE_RIGHTS).unwrap();
    program.call(Function::FdFilestatSetSize, &[fd.into(), 2_u64.into()]).unwrap();
    program.call(Function::FdDatasync, &[fd.into()]).unwrap();
    assert_eq!(told(&mut program), ["/ other \0\0"]);
}
