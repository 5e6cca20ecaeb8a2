//! `fd_readdir`.

use guestbox::wasi::{Errno, Function, Tree};
use guestbox_tests::wasi::{Listed, Program};

fn all(program: &mut Program, fd: u32, room: u32) -> Vec<Listed> {
    let (mut listed, mut cookie) = (Vec::new(), 0);
    loop {
        let buffer = program.read_directory(fd, room, cookie).unwrap();
        let found = Listed::all(&buffer);
        assert!(buffer.len() < room as usize || !found.is_empty(), "{room} bytes are too few for an entry");
        cookie = found.last().map_or(cookie, |last| last.next);
        listed.extend(found);
        if buffer.len() < room as usize {
            return listed;
        }
    }
}

fn names(listed: &[Listed]) -> Vec<&str> {
    listed.iter().map(|entry| entry.name.as_str()).collect()
}

#[test]
fn entries_are_listed_with_types_and_nodes() {
    let tree = Tree::new().with_file("a", "").with_directory("b").with_link("c", "a").with_file("ü", "");
    let mut program = Program::with_tree(tree);
    let listed = all(&mut program, 3, 4_096);
    assert_eq!(names(&listed), [".", "..", "a", "b", "c", "ü"]);
    assert_eq!(listed.iter().map(|entry| entry.file_type).collect::<Vec<_>>(), [3, 3, 4, 3, 7, 4]);
    assert_eq!(listed.iter().map(|entry| entry.next).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    for entry in &listed[2..] {
        assert_eq!(program.stat(&entry.name, false).unwrap().inode, entry.inode);
    }
    let root = program.stat(".", false).unwrap().inode;
    assert_eq!((listed[0].inode, listed[1].inode), (root, root), "there is nothing above a mount");
    let below = program.open_directory(3, "b").unwrap();
    let listed = all(&mut program, below, 4_096);
    assert_eq!(names(&listed), [".", ".."]);
    assert_eq!(listed[1].inode, root);
}

#[test]
fn any_buffer_lists_all() {
    let tree = (0..100).fold(Tree::new(), |tree, at| tree.with_file(format!("file-{at:03}"), ""));
    let mut program = Program::with_tree(tree);
    let whole = all(&mut program, 3, 65_536);
    assert_eq!(whole.len(), 102);
    for room in [32, 33, 40, 63, 64, 65, 100, 1_000, 3_300] {
        assert_eq!(all(&mut program, 3, room), whole, "{room}");
    }
    // What is cut is what there is room for.
    for room in [0, 1, 23, 24, 25, 26, 49] {
        let buffer = program.read_directory(3, room, 0).unwrap();
        assert_eq!(buffer.len(), room as usize);
        assert_eq!(buffer, program.read_directory(3, 100, 0).unwrap()[..room as usize]);
    }
}

#[test]
fn cookies_go_on_behind_what_is_removed_and_added() {
    let tree = (0..50).fold(Tree::new(), |tree, at| tree.with_file(format!("f{at:02}"), ""));
    let mut program = Program::with_tree(tree);
    let (mut cookie, mut seen) = (0, Vec::new());
    loop {
        let buffer = program.read_directory(3, 200, cookie).unwrap();
        let listed = Listed::all(&buffer);
        for entry in listed.iter().filter(|entry| !entry.name.starts_with('.')) {
            program.unlink(&entry.name).unwrap();
            seen.push(entry.name.clone());
        }
        match listed.last() {
            Some(last) if buffer.len() == 200 => cookie = last.next,
            _ => break,
        }
    }
    assert_eq!(seen.len(), 50, "a program that removes what it reads removes all");
    assert_eq!(names(&all(&mut program, 3, 1_000)), [".", ".."]);
    program.create("new", b"").unwrap();
    let listed = all(&mut program, 3, 1_000);
    assert!(listed[2].next > 52, "a cookie is not given twice");
    assert_eq!(Listed::all(&program.read_directory(3, 100, 2).unwrap()), &listed[2..]);
}

#[test]
fn cookies_of_nobody_list_nothing() {
    let mut program = Program::with_tree(Tree::new().with_file("a", ""));
    for cookie in [3, 4, 1 << 32, 1 << 63, u64::MAX] {
        assert_eq!(program.read_directory(3, 1_000, cookie).unwrap(), b"", "{cookie}");
    }
    assert_eq!(names(&Listed::all(&program.read_directory(3, 1_000, 1).unwrap())), ["..", "a"]);
}

#[test]
fn only_directories_are_listed_and_only_into_memory() {
    let mut program = Program::with_tree(Tree::new().with_file("a", ""));
    let file = program.open("a", 0, 1 << 1).unwrap();
    assert_eq!(program.read_directory(file, 10, 0), Err(Errno::NOTDIR));
    assert_eq!(program.read_directory(1, 10, 0), Err(Errno::NOTDIR));
    let end = program.memory.bytes.len() as u32;
    for (buffer, len, used) in
        [(end - 9, 10, 0x80), (0, u32::MAX, 0x80), (u32::MAX, 1, 0x80), (0x1000, 10, end - 3)]
    {
        let args = [3_u32.into(), buffer.into(), len.into(), 0_u64.into(), used.into()];
        assert_eq!(program.call(Function::FdReaddir, &args), Err(Errno::FAULT), "{buffer} {len} {used}");
    }
}
