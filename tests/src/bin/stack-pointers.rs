//! Prints which global guestbox takes for the stack's pointer:  `stack-pointers [FILES...]`
//!
//! Of each module as it is, and without its custom sections. Without files those of the real guests
//! are looked at.

use guestbox_tests::{
    guests::{self, GUESTS},
    stack_pointers::{find, strip},
};
use std::{env, fs, process::ExitCode};

fn main() -> ExitCode {
    let mut files: Vec<String> = env::args().skip(1).collect();
    if files.is_empty() {
        let modules = guests::directory().join("node_modules");
        files.extend(GUESTS.iter().map(|guest| modules.join(guest.file).display().to_string()));
    }
    println!("{:<60} {:>10} {:>10} {:>10}", "file", "bytes", "as shipped", "stripped");
    let mut outcome = ExitCode::SUCCESS;
    for file in files {
        match fs::read(&file) {
            Ok(module) => {
                let (shipped, stripped) = (describe(&module), describe(&strip(&module)));
                println!("{file:<60} {:>10} {shipped:>10} {stripped:>10}", module.len());
            }
            Err(error) => {
                eprintln!("{file}: {error}");
                outcome = ExitCode::FAILURE;
            }
        }
    }
    outcome
}

fn describe(module: &[u8]) -> String {
    match find(module) {
        Ok(None) => "none".into(),
        Ok(Some(global)) => format!("global {global}"),
        Err(error) => format!("refused: {error}"),
    }
}
