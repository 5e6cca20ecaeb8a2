//! Runs the real guests under their native supervisors:  `guests [--list | name...]`
//!
//! The traces go to standard output, nothing else does; titles, times and fuel go to standard
//! error.

use guestbox_tests::guests::{GUESTS, Guest};
use std::{
    env,
    io::{self, Write},
    process::ExitCode,
    time::Instant,
};

fn main() -> ExitCode {
    let names: Vec<String> = env::args().skip(1).collect();
    if names.iter().any(|name| name == "--list") {
        for guest in GUESTS {
            println!("{}: {}", guest.name, guest.title);
        }
        return ExitCode::SUCCESS;
    }
    if let Some(unknown) = names.iter().find(|name| Guest::named(name).is_none()) {
        eprintln!("no guest is called {unknown}; see --list");
        return ExitCode::from(2);
    }
    let is_chosen = |guest: &&Guest| names.is_empty() || names.iter().any(|name| name == guest.name);
    for guest in GUESTS.iter().filter(is_chosen) {
        if let Err(error) = run(guest) {
            eprintln!("{}: {error}", guest.name);
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn run(guest: &Guest) -> Result<(), Box<dyn std::error::Error>> {
    eprintln!("# {}: {}", guest.name, guest.title);
    let begin = Instant::now();
    let report = guest.run();
    let time = begin.elapsed();
    let mut trace = io::stdout().lock();
    // Printed after a failure too: the last line says how far the guest came.
    for line in &report.lines {
        writeln!(trace, "{line}")?;
    }
    trace.flush()?;
    eprintln!(
        "# {} lines, {:.1} ms, {} fuel, {} of it in the largest call",
        report.lines.len(),
        time.as_secs_f64() * 1000.0,
        report.fuel,
        report.largest_call,
    );
    Ok(report.outcome?)
}
