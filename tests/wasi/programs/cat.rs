//! Writes what is in the files that its arguments name to standard output, and a mark at their ends.

use std::{fs::OpenOptions, io::Write};

fn main() {
    for path in std::env::args().skip(1) {
        print!("{}", std::fs::read_to_string(&path).expect("a file with text"));
        let mut file = OpenOptions::new().append(true).open(&path).expect("a file to write to");
        file.write_all(b"(read)").expect("written");
    }
}
