//! Writes what the cases of every operator do natively, see `guestbox_tests::operators`, as lines of
//! JSON to standard output, for the tests of the npm package.

use guestbox_tests::operators::record;
use std::io::{self, BufWriter, Write};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut output = BufWriter::new(io::stdout().lock());
    for line in record::lines()? {
        writeln!(output, "{line}")?;
    }
    Ok(output.flush()?)
}
