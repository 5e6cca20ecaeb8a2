//! Uses files as programs do, by the standard library, and checks what it gets.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom, Write},
    path::Path,
    time::{Duration, SystemTime},
};

fn kind<T>(result: io::Result<T>) -> ErrorKind {
    result.err().expect("an error").kind()
}

/// The errors that the standard library has no kind for, by WASI's numbers.
fn errno<T>(result: io::Result<T>) -> i32 {
    result.err().expect("an error").raw_os_error().expect("one of the system's")
}

const ISDIR: i32 = 31;
const NOTDIR: i32 = 54;
const NOTEMPTY: i32 = 55;
const ROFS: i32 = 69;

fn names(path: &str) -> Vec<String> {
    let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap());
    let mut names: Vec<_> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn main() {
    assert_eq!(fs::read_to_string("/work/given.txt").unwrap(), "given\n");
    assert_eq!(names("/work"), ["given.txt", "link"]);
    assert_eq!(fs::read_to_string("/work/link").unwrap(), "given\n");
    assert!(fs::symlink_metadata("/work/link").unwrap().is_symlink());
    assert_eq!(fs::read_link("/work/link").unwrap(), Path::new("given.txt"));

    fs::create_dir_all("/work/a/b/c").unwrap();
    fs::write("/work/a/b/c/file", "one\ntwo\nthree").unwrap();
    let file = BufReader::new(File::open("/work/a/b/c/file").unwrap());
    assert_eq!(file.lines().map(|line| line.unwrap()).collect::<Vec<_>>(), ["one", "two", "three"]);
    let mut file = OpenOptions::new().read(true).write(true).open("/work/a/b/c/file").unwrap();
    file.seek(SeekFrom::End(-5)).unwrap();
    file.write_all(b"FOUR!").unwrap();
    file.seek(SeekFrom::Start(4)).unwrap();
    let mut rest = String::new();
    file.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "two\nFOUR!");
    file.set_len(3).unwrap();
    file.sync_all().unwrap();
    assert_eq!(file.metadata().unwrap().len(), 3);
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    file.set_modified(time).unwrap();
    assert_eq!(file.metadata().unwrap().modified().unwrap(), time);
    drop(file);
    OpenOptions::new().append(true).open("/work/a/b/c/file").unwrap().write_all(b"+").unwrap();
    assert_eq!(fs::read("/work/a/b/c/file").unwrap(), b"one+");

    fs::hard_link("/work/a/b/c/file", "/work/hard").unwrap();
    fs::copy("/work/hard", "/work/copy").unwrap();
    fs::write("/work/hard", "new").unwrap();
    assert_eq!(fs::read("/work/a/b/c/file").unwrap(), b"new");
    assert_eq!(fs::read("/work/copy").unwrap(), b"one+");
    fs::rename("/work/a/b", "/work/moved").unwrap();
    assert_eq!(names("/work/moved/c"), ["file"]);
    assert!(Path::new("/work/a").is_dir() && !Path::new("/work/a/b").exists());

    assert_eq!(kind(File::open("/work/nothing")), ErrorKind::NotFound);
    assert_eq!(kind(File::open("/elsewhere")), ErrorKind::NotFound, "there is no such mount");
    assert_eq!(kind(fs::read("/work/../secret")), ErrorKind::PermissionDenied);
    assert_eq!(kind(fs::create_dir("/work/a")), ErrorKind::AlreadyExists);
    assert_eq!(kind(File::create_new("/work/copy")), ErrorKind::AlreadyExists);
    assert_eq!(errno(fs::remove_dir("/work/moved")), NOTEMPTY);
    assert_eq!(errno(fs::read_dir("/work/copy").map(|_| ())), NOTDIR);
    assert_eq!(errno(fs::write("/work/a", "")), ISDIR);
    assert_eq!(errno(fs::write("/fixed/file", "")), ROFS);
    assert_eq!(fs::read_to_string("/fixed/file").unwrap(), "fixed");

    // More than a buffer of entries, removed as they are read.
    fs::create_dir("/work/many").unwrap();
    for at in 0..700 {
        fs::write(format!("/work/many/file-{at}"), at.to_string()).unwrap();
    }
    assert_eq!(names("/work/many").len(), 700);
    fs::remove_dir_all("/work/many").unwrap();
    fs::remove_dir_all("/work/moved").unwrap();
    assert_eq!(names("/work"), ["a", "copy", "given.txt", "hard", "link"]);
    println!("ok");
}
