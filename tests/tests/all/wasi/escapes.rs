//! No path reaches above its directory: random trees with links, and moves under way.

use guestbox::wasi::{Errno, Function, Tree};
use guestbox_tests::{
    random::Random,
    wasi::{Listed, Program},
};
use std::collections::BTreeSet;

const NAMES: &[&str] = &["a", "b", "c", "d"];
const COMPONENTS: &[&str] = &["a", "b", "c", "d", "..", "..", ".", "", "secret", "jail"];

fn path(random: &mut Random, components: &[&str]) -> String {
    let len = random.between(1, 7);
    (0..len).map(|_| random.one(components)).collect::<Vec<_>>().join("/")
}

/// All nodes below a directory, by names alone.
fn below(program: &mut Program, fd: u32) -> BTreeSet<u64> {
    let mut found = BTreeSet::from([program.stat_fd(fd).unwrap().inode]);
    let mut left = vec![String::new()];
    while let Some(directory) = left.pop() {
        let fd = program.open_directory(fd, if directory.is_empty() { "." } else { &directory }).unwrap();
        let listed = Listed::all(&program.read_directory(fd, 60_000, 2).unwrap());
        program.close(fd).unwrap();
        for entry in listed {
            found.insert(entry.inode);
            if entry.file_type == 3 {
                left.push(format!(
                    "{directory}{}{}",
                    if directory.is_empty() { "" } else { "/" },
                    entry.name
                ));
            }
        }
    }
    found
}

/// Changes something somewhere, by the root.
fn change(random: &mut Random, program: &mut Program) {
    let name = |random: &mut Random| {
        let len = random.between(1, 3);
        let mut path: Vec<_> = (0..len).map(|_| random.one(NAMES)).collect();
        if random.chance(50) {
            path.insert(0, "jail");
        }
        path.join("/")
    };
    let (first, second) = (name(random), name(random));
    let _ = match random.below(9) {
        0..=2 => program.make_directory(&first),
        3 => program.create(&first, b"x"),
        4 => program.symlink(&path(random, COMPONENTS), &first),
        5 => program.rename(&first, &second),
        6 => program.link(&first, &second),
        7 => program.unlink(&first),
        _ => program.remove_directory(&first),
    };
}

#[test]
fn no_path_leads_out() {
    let mut found = 0;
    for seed in 0..60 {
        let mut random = Random::new(seed);
        let mut program = Program::with_tree(Tree::new().with_file("secret", "x").with_directory("jail"));
        let jail = program.open_directory(3, "jail").unwrap();
        for _ in 0..60 {
            change(&mut random, &mut program);
            let inside = below(&mut program, jail);
            for _ in 0..8 {
                let path = path(&mut random, COMPONENTS);
                match program.stat_at(jail, &path, random.chance(50)) {
                    Ok(stat) => {
                        assert!(inside.contains(&stat.inode), "seed {seed}: {path} leads out");
                        found += 1;
                    }
                    Err(errno) => assert!(
                        [Errno::NOENT, Errno::PERM, Errno::NOTDIR, Errno::LOOP].contains(&errno),
                        "{path}: {errno}"
                    ),
                }
            }
        }
    }
    assert!(found > 1_000, "the paths have to lead somewhere: {found}");
}

#[test]
fn nothing_is_changed_outside() {
    let mut changed = 0;
    for seed in 0..60 {
        let mut random = Random::new(1_000 + seed);
        let mut program = Program::with_tree(Tree::new().with_file("secret", "x").with_directory("jail"));
        let jail = program.open_directory(3, "jail").unwrap();
        for _ in 0..80 {
            change(&mut random, &mut program);
            let outside = |program: &Program| -> Vec<(Vec<u8>, String)> {
                let tree = program.wasi.tree("/").unwrap();
                let outside = tree.entries().filter(|(path, _)| !path.starts_with(b"jail/"));
                outside.map(|(path, entry)| (path.to_vec(), format!("{entry:?}"))).collect()
            };
            let before = outside(&program);
            let (old, new) = (path(&mut random, COMPONENTS), path(&mut random, COMPONENTS));
            let [pointer, len] = program.path(&new);
            let jailed = jail.into();
            let done = match random.below(6) {
                0 => program.by_path(Function::PathCreateDirectory, jail, &old),
                1 => program.by_path(Function::PathUnlinkFile, jail, &old),
                2 => program.by_path(Function::PathRemoveDirectory, jail, &old),
                3 => program.rename_at((jail, &old), (jail, &new)),
                4 => program
                    .call(Function::PathLink, &[jailed, 0_u32.into(), pointer, len, jailed, pointer, len]),
                _ => program.open_at(jail, &old, 9, 1 << 6, 1, 0).and_then(|fd| {
                    let _ = program.write(fd, b"changed");
                    program.close(fd)
                }),
            };
            changed += usize::from(done.is_ok());
            assert_eq!(outside(&program), before, "seed {seed}: {old} {new}");
        }
    }
    assert!(changed > 100, "something has to change: {changed}");
}

#[test]
fn another_mount_is_out_of_reach() {
    use guestbox::wasi::{Mount, WasiOptions};
    let options = WasiOptions::new()
        .with_mount("/jail", Mount::new(Tree::new().with_link("up", "..").with_link("abs", "x")))
        .with_mount("/", Mount::new(Tree::new().with_file("secret", "x").with_file("jail/secret", "x")));
    let mut program = Program::new(&options);
    for path in [
        "../secret",
        "..",
        "/secret",
        "up",
        "up/secret",
        "./../secret",
        ".//..//secret",
        "up/../secret",
        "abs/../..",
        "../jail/secret",
        "..\\secret",
        "%2e%2e/secret",
        ".../secret",
        "\u{2024}./secret",
    ] {
        let found = program.stat_at(3, path, true);
        assert!(matches!(found, Err(Errno::PERM | Errno::NOENT)), "{path}: {found:?}");
    }
}
