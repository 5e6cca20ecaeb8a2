//! Paths, and the functions that take them: each error that they have.

use guestbox::wasi::{Errno, Function, Tree};
use guestbox_tests::wasi::{CREATE, Program, paths};

fn tree() -> Tree {
    Tree::new()
        .with_file("file", "content")
        .with_directory("empty")
        .with_file("full/inner", "x")
        .with_link("to-file", "file")
        .with_link("to-full", "full")
        .with_link("to-inner", "to-full/inner")
        .with_link("dangling", "nothing")
        .with_link("up", "../file")
        .with_link("full/up", "../file")
        .with_link("loop-a", "loop-b")
        .with_link("loop-b", "loop-a")
        .with_link("slashed", "full/")
}

#[test]
fn paths_lead_from_directory_to_directory() {
    let mut program = Program::with_tree(tree());
    let cases: &[(&str, Result<u64, Errno>)] = &[
        ("file", Ok(7)),
        ("./file", Ok(7)),
        (".//./file", Ok(7)),
        ("full/../file", Ok(7)),
        ("full/../empty/../file", Ok(7)),
        ("to-file", Ok(7)),
        ("to-full/inner", Ok(1)),
        ("to-full/../file", Ok(7)),
        ("to-inner", Ok(1)),
        ("full/up", Ok(7)),
        ("slashed/inner", Ok(1)),
        ("slashed", Ok(0)),
        ("to-full/", Ok(0)),
        (".", Ok(0)),
        ("full/..", Ok(0)),
        ("empty/", Ok(0)),
        ("", Err(Errno::NOENT)),
        ("nothing", Err(Errno::NOENT)),
        ("nothing/file", Err(Errno::NOENT)),
        ("empty/nothing", Err(Errno::NOENT)),
        ("dangling", Err(Errno::NOENT)),
        ("dangling/x", Err(Errno::NOENT)),
        ("file/", Err(Errno::NOTDIR)),
        ("file/x", Err(Errno::NOTDIR)),
        ("file/.", Err(Errno::NOTDIR)),
        ("file/..", Err(Errno::NOTDIR)),
        ("to-file/", Err(Errno::NOTDIR)),
        ("to-file/x", Err(Errno::NOTDIR)),
        ("/", Err(Errno::PERM)),
        ("/file", Err(Errno::PERM)),
        ("..", Err(Errno::PERM)),
        ("../file", Err(Errno::PERM)),
        ("full/../../file", Err(Errno::PERM)),
        ("full/../../full/inner", Err(Errno::PERM)),
        ("up", Err(Errno::PERM)),
        ("loop-a", Err(Errno::LOOP)),
        ("loop-a/x", Err(Errno::LOOP)),
        ("nothing\0", Err(Errno::INVAL)),
        ("file\0", Err(Errno::INVAL)),
    ];
    for (path, expected) in cases {
        assert_eq!(program.stat(path, true).map(|stat| stat.size), *expected, "{path:?}");
    }
    assert_eq!(program.stat("to-file", false).unwrap().file_type, 7, "the link itself");
    assert_eq!(program.stat("to-full/inner", false).unwrap().file_type, 4, "one midway is followed");
    assert_eq!(program.stat("loop-a", false).unwrap().size, 6);
}

#[test]
fn a_path_is_text_and_not_too_long() {
    let mut program = Program::with_tree(tree());
    let stat = |program: &mut Program, path: &[u8]| {
        let [pointer, len] = program.path(path);
        program.call(Function::PathFilestatGet, &[3_u32.into(), 0_u32.into(), pointer, len, 0x80_u32.into()])
    };
    assert_eq!(stat(&mut program, b"\xFF"), Err(Errno::ILSEQ));
    assert_eq!(stat(&mut program, b"\xED\xA0\x80"), Err(Errno::ILSEQ));
    assert_eq!(stat(&mut program, &[b'x'; 255]), Err(Errno::NOENT));
    assert_eq!(stat(&mut program, &[b'x'; 256]), Err(Errno::NAMETOOLONG));
    let dots = b"./".repeat(2_048);
    assert_eq!(stat(&mut program, &dots), Ok(()), "4,096 bytes");
    assert_eq!(stat(&mut program, &[&dots[..], b"."].concat()), Err(Errno::NAMETOOLONG));
    let args = [3_u32.into(), 0_u32.into(), 0_u32.into(), u32::MAX.into(), 0x80_u32.into()];
    assert_eq!(program.call(Function::PathFilestatGet, &args), Err(Errno::NAMETOOLONG));
    let outside = program.memory.bytes.len() as u32 - 4;
    let args = [3_u32.into(), 0_u32.into(), outside.into(), 5_u32.into(), 0x80_u32.into()];
    assert_eq!(program.call(Function::PathFilestatGet, &args), Err(Errno::FAULT));
    let [pointer, len] = program.path("file");
    let args = [3_u32.into(), 2_u32.into(), pointer, len, 0x80_u32.into()];
    assert_eq!(program.call(Function::PathFilestatGet, &args), Err(Errno::INVAL), "no such flag");
}

#[test]
fn chains_of_links_end() {
    let chain = |links: usize| {
        let link = |tree: Tree, at: usize| tree.with_link(format!("l{at}"), format!("l{}", at + 1));
        (0..links).fold(Tree::new(), link).with_file(format!("l{links}"), "end")
    };
    assert_eq!(Program::with_tree(chain(32)).stat("l0", true).map(|stat| stat.size), Ok(3));
    assert_eq!(Program::with_tree(chain(33)).stat("l0", true), Err(Errno::LOOP));
    // Each link goes through the one before twice.
    let doubling = (1..40).fold(Tree::new().with_directory("d0"), |tree, at| {
        tree.with_link(format!("d{at}"), format!("d{0}/../d{0}", at - 1))
    });
    let mut program = Program::with_tree(doubling);
    assert!(program.stat("d5", true).is_ok(), "31 links");
    assert_eq!(program.stat("d6", true), Err(Errno::LOOP), "63 links");
}

#[test]
fn directories_are_made_and_removed() {
    let mut program = Program::with_tree(tree());
    assert_eq!(program.make_directory("new"), Ok(()));
    assert_eq!(program.make_directory("new/inner/"), Ok(()));
    for (path, errno) in [
        ("new", Errno::EXIST),
        ("file", Errno::EXIST),
        ("dangling", Errno::EXIST),
        (".", Errno::EXIST),
        ("new/..", Errno::EXIST),
        ("nothing/new", Errno::NOENT),
        ("file/new", Errno::NOTDIR),
        ("../new", Errno::PERM),
    ] {
        assert_eq!(program.make_directory(path), Err(errno), "{path}");
    }
    for (path, errno) in [
        ("new", Errno::NOTEMPTY),
        ("file", Errno::NOTDIR),
        ("to-full", Errno::NOTDIR),
        ("nothing", Errno::NOENT),
        ("empty/.", Errno::INVAL),
        ("new/inner/..", Errno::NOTEMPTY),
        ("..", Errno::PERM),
        (".", Errno::NOTEMPTY),
    ] {
        assert_eq!(program.remove_directory(path), Err(errno), "{path}");
    }
    assert_eq!(program.remove_directory("new/inner"), Ok(()));
    assert_eq!(program.remove_directory("new/"), Ok(()));
    assert_eq!(program.stat("new", true), Err(Errno::NOENT));
}

#[test]
fn files_are_unlinked() {
    let mut program = Program::with_tree(tree());
    for (path, errno) in [
        ("full", Errno::ISDIR),
        ("full/", Errno::ISDIR),
        (".", Errno::ISDIR),
        ("file/", Errno::NOTDIR),
        ("nothing", Errno::NOENT),
        ("nothing/", Errno::NOENT),
        ("../file", Errno::PERM),
    ] {
        assert_eq!(program.unlink(path), Err(errno), "{path}");
    }
    assert_eq!(program.unlink("to-file"), Ok(()), "the link, not what it leads to");
    assert_eq!(program.file("file").unwrap(), b"content");
    assert_eq!(program.unlink("file"), Ok(()));
    assert_eq!(program.unlink("file"), Err(Errno::NOENT));
}

#[test]
fn symbolic_links_are_made_and_read() {
    let mut program = Program::with_tree(tree());
    assert_eq!(program.symlink("full/inner", "link"), Ok(()));
    assert_eq!(program.readlink("link", 100).unwrap(), b"full/inner");
    assert_eq!(program.readlink("link", 4).unwrap(), b"full", "as much as there is room for");
    assert_eq!(program.readlink("link", 0).unwrap(), b"");
    assert_eq!(program.file("link"), Err(Errno::LOOP), "it is opened without following");
    assert_eq!(program.symlink("a/../../../b", "out"), Ok(()), "it may be made, and not be followed");
    assert_eq!(program.stat("out", true), Err(Errno::NOENT));
    assert_eq!(program.symlink("empty/../..", "above"), Ok(()));
    assert_eq!(program.stat("above", true), Err(Errno::PERM));
    for (target, path, errno) in [
        ("/etc/passwd", "new", Errno::PERM),
        ("", "new", Errno::NOENT),
        ("x\0", "new", Errno::INVAL),
        ("x", "file", Errno::EXIST),
        ("x", "file/", Errno::NOTDIR),
        ("x", "full/", Errno::EXIST),
        ("x", "new/", Errno::NOENT),
        ("x", ".", Errno::EXIST),
        ("x", "../new", Errno::PERM),
        ("x", "nothing/new", Errno::NOENT),
    ] {
        assert_eq!(program.symlink(target, path), Err(errno), "{path} -> {target}");
    }
    assert_eq!(program.readlink("file", 9), Err(Errno::INVAL));
    assert_eq!(program.readlink("full", 9), Err(Errno::INVAL));
    assert_eq!(program.readlink("nothing", 9), Err(Errno::NOENT));
}

#[test]
fn hard_links_are_the_same_file() {
    let mut program = Program::with_tree(tree());
    assert_eq!(program.link("file", "full/second"), Ok(()));
    let stat = program.stat("full/second", false).unwrap();
    assert_eq!((stat, stat.links), (program.stat("file", false).unwrap(), 2));
    program.create("file", b"changed").unwrap();
    assert_eq!(program.file("full/second").unwrap(), b"changed");
    assert_eq!(program.unlink("file"), Ok(()));
    assert_eq!(program.stat("full/second", false).unwrap().links, 1);
    assert_eq!(program.link("dangling", "another"), Ok(()), "a symbolic link itself");
    assert_eq!(program.readlink("another", 100).unwrap(), b"nothing");
    for (old, new, errno) in [
        ("full", "new", Errno::PERM),
        ("nothing", "new", Errno::NOENT),
        ("full/second", "to-full", Errno::EXIST),
        ("full/second", "full/second", Errno::EXIST),
        ("full/second", "new/", Errno::NOENT),
        ("full/second/", "new", Errno::NOTDIR),
        ("full/second", ".", Errno::EXIST),
        ("../file", "new", Errno::PERM),
        ("full/second", "../new", Errno::PERM),
    ] {
        assert_eq!(program.link(old, new), Err(errno), "{old} {new}");
    }
    let [pointer, len] = program.path("full/second");
    let args = [3_u32.into(), 1_u32.into(), pointer, len, 3_u32.into(), pointer, len];
    assert_eq!(program.call(Function::PathLink, &args), Err(Errno::INVAL), "links are not followed");
}

#[test]
fn names_are_moved() {
    let mut program = Program::with_tree(tree());
    assert_eq!(program.rename("file", "moved"), Ok(()));
    assert_eq!(program.rename("moved", "full/inner"), Ok(()), "in the place of a file");
    assert_eq!(program.file("full/inner").unwrap(), b"content");
    assert_eq!(program.rename("full/inner", "full/inner"), Ok(()), "to itself");
    assert_eq!(program.rename("full", "full"), Ok(()), "to itself");
    assert_eq!(program.link("full/inner", "full/same"), Ok(()));
    assert_eq!(program.rename("full/same", "full/inner"), Ok(()), "to another name of its own");
    assert_eq!(program.stat("full/same", false).unwrap().links, 2, "which leaves both");
    assert_eq!(program.rename("full", "empty"), Ok(()), "in the place of a directory that is empty");
    assert_eq!(program.rename("empty/", "full/"), Ok(()));
    assert_eq!(program.make_directory("other"), Ok(()));
    assert_eq!(program.rename("to-file", "other/to-file"), Ok(()), "a link itself");
    for (old, new, errno) in [
        ("nothing", "new", Errno::NOENT),
        ("other", "full", Errno::NOTEMPTY),
        ("full", "full/inner/x", Errno::NOTDIR),
        ("full", "full/below", Errno::INVAL),
        ("full", "full/nothing/below", Errno::NOENT),
        ("full/inner", "other", Errno::ISDIR),
        ("other", "full/inner", Errno::NOTDIR),
        ("full/inner/", "new", Errno::NOTDIR),
        ("full/inner", "new/", Errno::NOTDIR),
        (".", "new", Errno::BUSY),
        ("full/.", "new", Errno::BUSY),
        ("full/..", "new", Errno::BUSY),
        ("full", ".", Errno::BUSY),
        ("..", "new", Errno::PERM),
        ("full", "../new", Errno::PERM),
        ("full", "/new", Errno::PERM),
    ] {
        assert_eq!(program.rename(old, new), Err(errno), "{old} {new}");
    }
}

#[test]
fn a_removed_directory_is_empty_and_stays_so() {
    let mut program = Program::with_tree(tree());
    let fd = program.open_directory(3, "empty").unwrap();
    assert_eq!(program.remove_directory("empty"), Ok(()));
    assert_eq!(program.stat_fd(fd).unwrap().links, 0);
    assert_eq!(program.stat_at(fd, ".", false).unwrap().file_type, 3);
    assert_eq!(program.stat_at(fd, "x", false), Err(Errno::NOENT));
    assert_eq!(program.stat_at(fd, "..", false), Err(Errno::PERM));
    assert_eq!(program.by_path(Function::PathCreateDirectory, fd, "x"), Err(Errno::NOENT));
    assert_eq!(program.open_at(fd, "x", CREATE, 0, 0, 0), Err(Errno::NOENT));
    assert_eq!(program.rename_at((3, "file"), (fd, "x")), Err(Errno::NOENT));
    let listed = program.read_directory(fd, 1_000, 0).unwrap();
    assert_eq!(listed.len(), 24 + 1 + 24 + 2, "`.` and `..`");
    // One with the same name is another.
    assert_eq!(program.make_directory("empty"), Ok(()));
    assert_eq!(program.make_directory("empty/x"), Ok(()));
    assert_eq!(program.stat_at(fd, "x", false), Err(Errno::NOENT));
    assert_eq!(program.close(fd), Ok(()));
}

#[test]
fn a_directory_that_is_moved_is_the_same() {
    let mut program = Program::with_tree(tree());
    let fd = program.open_directory(3, "full").unwrap();
    assert_eq!(program.rename("full", "empty/moved"), Ok(()));
    assert_eq!(program.stat_at(fd, "inner", false).unwrap().size, 1);
    assert_eq!(program.stat_at(fd, "..", false), Err(Errno::PERM), "also where there is one above");
    assert_eq!(program.stat_at(fd, "up", true), Err(Errno::PERM));
    assert_eq!(program.stat("empty/moved/up", true), Err(Errno::NOENT), "there is no `empty/file`");
    let tree = program.wasi.tree("/").unwrap();
    assert!(paths(&tree).contains(&"empty/moved/inner 1".to_owned()), "{:?}", paths(&tree));
}

#[test]
fn directories_are_not_too_deep() {
    let mut program = Program::with_limits(|limits| limits.depth = 6);
    assert_eq!(program.make_directory("a"), Ok(()));
    for path in ["a/b", "a/b/c", "x", "x/y", "x/y/z"] {
        assert_eq!(program.make_directory(path), Ok(()), "{path}");
    }
    assert_eq!(program.rename("x", "a/b/c/x"), Ok(()), "six");
    assert_eq!(program.make_directory("a/b/c/x/y/z/too-deep"), Err(Errno::NAMETOOLONG));
    assert_eq!(program.make_directory("d"), Ok(()));
    assert_eq!(program.rename("a", "d/a"), Err(Errno::NAMETOOLONG), "what is in it would be the seventh");
    assert_eq!(program.rename("a/b/c/x/y/z", "d/z"), Ok(()));
    assert_eq!(program.rename("a", "d/a"), Ok(()));
}
