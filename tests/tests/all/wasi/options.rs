//! What a program is given, and what it cannot be given.

use guestbox::wasi::{Errno, Function, Mount, OptionsError, Tree, Wasi, WasiLimits, WasiOptions};
use guestbox_tests::wasi::Program;

fn error(options: &WasiOptions) -> OptionsError {
    Wasi::new(options).expect_err("refused")
}

fn with_tree(tree: Tree) -> WasiOptions {
    WasiOptions::new().with_mount("/", Mount::new(tree))
}

/// The strings that a pair of functions gives.
fn strings(program: &mut Program, sizes: Function, get: Function) -> Vec<String> {
    let (count, bytes) = (0x40_u32, 0x44_u32);
    program.call(sizes, &[count.into(), bytes.into()]).unwrap();
    let (count, bytes) = (program.word(count), program.word(bytes));
    program.call(get, &[0x1000_u32.into(), 0x8000_u32.into()]).unwrap();
    let all = program.get(0x8000, bytes as usize);
    (0..count)
        .map(|at| {
            let begin = program.word(0x1000 + at * 4) - 0x8000;
            let string = all[begin as usize..].split(|byte| *byte == 0).next().unwrap();
            String::from_utf8(string.to_vec()).unwrap()
        })
        .collect()
}

#[test]
fn arguments_and_variables_are_told() {
    let options = WasiOptions::new()
        .with_args(["program", "", "two words", "ümläut"])
        .with_variable("HOME", "/")
        .with_variable("EMPTY", "")
        .with_variable("MATHS", "1=1");
    let mut program = Program::new(&options);
    let args = strings(&mut program, Function::ArgsSizesGet, Function::ArgsGet);
    assert_eq!(args, ["program", "", "two words", "ümläut"]);
    let variables = strings(&mut program, Function::EnvironSizesGet, Function::EnvironGet);
    assert_eq!(variables, ["HOME=/", "EMPTY=", "MATHS=1=1"]);

    let end = program.memory.bytes.len() as u32;
    for (get, sizes) in
        [(Function::ArgsGet, Function::ArgsSizesGet), (Function::EnvironGet, Function::EnvironSizesGet)]
    {
        for (first, second) in [(end, 0), (0, end), (end - 3, 0), (u32::MAX, 0), (0, u32::MAX)] {
            let args = [first.into(), second.into()];
            assert_eq!(program.call(get, &args), Err(Errno::FAULT), "{first} {second}");
            assert_eq!(program.call(sizes, &args), Err(Errno::FAULT), "{first} {second}");
        }
    }
    assert_eq!(
        strings(&mut Program::new(&WasiOptions::new()), Function::ArgsSizesGet, Function::ArgsGet),
        [""; 0]
    );
}

#[test]
fn strings_with_zeros_and_names_that_are_none_are_refused() {
    assert_eq!(error(&WasiOptions::new().with_args(["a\0b"])), OptionsError::Zero);
    assert_eq!(error(&WasiOptions::new().with_variable("a", "\0")), OptionsError::Zero);
    let refused = error(&WasiOptions::new().with_variable("", "x"));
    assert_eq!(refused, OptionsError::VariableName("".into()));
    let refused = error(&WasiOptions::new().with_variable("a=b", "x"));
    assert_eq!(refused.to_string(), "an environment variable cannot have the name \"a=b\"");
}

#[test]
fn strings_are_bounded() {
    let many = |count: usize| WasiOptions::new().with_args(vec!["x"; count - 1]).with_variable("a", "b");
    assert!(Wasi::new(&many(1_000)).is_ok());
    assert!(matches!(error(&many(1_001)), OptionsError::Limit { limit: "strings", maximum: 1_000, .. }));
    let long = |bytes: usize| WasiOptions::new().with_args(["x".repeat(bytes - 1)]);
    assert!(Wasi::new(&long(65_536)).is_ok());
    assert!(matches!(
        error(&long(65_537)),
        OptionsError::Limit { limit: "string_bytes", maximum: 65_536, .. }
    ));
}

#[test]
fn names_of_mounts_are_told_and_checked() {
    let tree = Tree::new;
    let options =
        WasiOptions::new().with_mount("/", Mount::new(tree())).with_mount("/data", Mount::new(tree()));
    let mut program = Program::new(&options);
    for (fd, name) in [(3_u32, "/"), (4, "/data")] {
        program.call(Function::FdPrestatGet, &[fd.into(), 0_u32.into()]).unwrap();
        assert_eq!((program.word(0), program.word(4)), (0, name.len() as u32), "a directory, and its name");
        let args = [fd.into(), 64_u32.into(), (name.len() as u32 + 1).into()];
        program.call(Function::FdPrestatDirName, &args).unwrap();
        assert_eq!(program.get(64, name.len()), name.as_bytes());
        let short = [fd.into(), 64_u32.into(), (name.len() as u32 - 1).into()];
        assert_eq!(program.call(Function::FdPrestatDirName, &short), Err(Errno::NAMETOOLONG));
    }
    for fd in [0_u32, 2, 5, u32::MAX] {
        assert_eq!(program.call(Function::FdPrestatGet, &[fd.into(), 0_u32.into()]), Err(Errno::BADF));
        let args = [fd.into(), 0_u32.into(), 9_u32.into()];
        assert_eq!(program.call(Function::FdPrestatDirName, &args), Err(Errno::BADF));
    }

    let twice = WasiOptions::new().with_mount("/a", Mount::new(tree())).with_mount("/a", Mount::new(tree()));
    assert_eq!(error(&twice), OptionsError::MountTwice("/a".into()));
    for name in ["", "a\0", &"x".repeat(4_097)] {
        let refused = error(&WasiOptions::new().with_mount(name, Mount::new(tree())));
        assert!(matches!(refused, OptionsError::MountName(_)), "{name:?}: {refused:?}");
    }
    let refused = error(&WasiOptions::new().with_mount(vec![0xFF], Mount::new(tree())));
    assert!(matches!(refused, OptionsError::MountName(_)), "{refused:?}");
}

#[test]
fn paths_of_trees_are_checked() {
    let long = "x".repeat(256);
    for path in ["", "/", "/a", "a/", "a//b", ".", "a/./b", "..", "a/../b", "a\0", &long] {
        let refused = error(&with_tree(Tree::new().with_file(path, "")));
        assert!(matches!(&refused, OptionsError::Path(found) if **found == *path), "{path:?}: {refused:?}");
    }
    let not_text = error(&with_tree(Tree::new().with_file(vec![b'a', 0xFF], "")));
    assert!(matches!(not_text, OptionsError::Path(_)));
    let through_a_file = error(&with_tree(Tree::new().with_file("a", "").with_file("a/b", "")));
    assert_eq!(through_a_file, OptionsError::Path("a/b".into()));
    for target in ["", "/", "/etc/passwd", "a\0"] {
        let refused = error(&with_tree(Tree::new().with_link("link", target)));
        assert_eq!(refused, OptionsError::Path("link".into()), "{target:?}");
    }
    let deep = |depth: usize| with_tree(Tree::new().with_directory(vec!["d"; depth].join("/")));
    assert!(Wasi::new(&deep(128)).is_ok());
    assert!(matches!(error(&deep(129)), OptionsError::Path(_)));
}

#[test]
fn trees_and_mounts_are_bounded() {
    let mut limits = WasiLimits::strict();
    (limits.file_bytes, limits.inodes, limits.descriptors) = (10, 5, 4);
    let refused = |tree: Tree| Wasi::new(&with_tree(tree).with_limits(limits.clone())).err();
    assert_eq!(refused(Tree::new().with_file("a", "12345").with_link("b", "12345")), None);
    let refused_bytes = refused(Tree::new().with_file("a", "12345").with_link("b", "123456"));
    assert!(matches!(refused_bytes, Some(OptionsError::Limit { limit: "file_bytes", maximum: 10, .. })));
    assert_eq!(refused(Tree::new().with_directory("a/b/c/d")), None, "five with the root");
    let refused_inodes = refused(Tree::new().with_directory("a/b/c/d").with_file("a/e", ""));
    assert!(matches!(refused_inodes, Some(OptionsError::Limit { limit: "inodes", maximum: 5, .. })));
    assert_eq!(refused(Tree::new().with_lazy_file("a", 1 << 40, 0)), None, "it has no bytes yet");
    let two = with_tree(Tree::new()).with_mount("/b", Mount::new(Tree::new())).with_limits(limits.clone());
    assert!(matches!(error(&two), OptionsError::Limit { limit: "descriptors", maximum: 4, .. }));
}

#[test]
fn limits_have_names() {
    let strict = WasiLimits::strict();
    for (name, value) in strict.by_name() {
        let mut limits = WasiLimits::default();
        assert!(limits.set(name, value), "{name}");
        let set = limits.by_name().find(|(found, _)| *found == name).unwrap().1;
        assert_eq!(set, value, "{name}");
        let highest = WasiLimits::unlimited().by_name().find(|(found, _)| *found == name).unwrap().1;
        assert!(highest >= value, "{name}");
        assert!(
            limits.set(name, u64::MAX) && limits.by_name().any(|found| found == (name, highest)),
            "{name}"
        );
    }
    assert!(!WasiLimits::default().set("no such limit", 1));
    assert_eq!((strict.file_bytes, strict.inodes, strict.descriptors), (4 << 20, 1_000, 64));
    let default = WasiLimits::default();
    assert_eq!((default.file_bytes, default.inodes, default.descriptors), (64 << 20, 10_000, 256));
}
