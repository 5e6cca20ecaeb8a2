//! Writes each line of standard input in capitals, says how many there were, and exits with that.

use std::io::{self, BufRead, Write};

fn main() {
    let mut count = 0;
    for line in io::stdin().lock().lines() {
        let line = line.expect("text");
        println!("{}", line.to_uppercase());
        io::stdout().flush().expect("written");
        count += 1;
    }
    let args: Vec<_> = std::env::args().collect();
    eprintln!("{count} lines, {args:?}, {:?}", std::env::var("NAME"));
    std::process::exit(count);
}
