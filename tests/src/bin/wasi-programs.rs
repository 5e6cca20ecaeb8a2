//! Builds the programs of `tests/wasi/programs` and runs them:  `wasi-programs FOLDER`
//!
//! Writes the module and the trace of each to a folder. The tests of the npm package compare theirs with these: the fuel is that of what
//! this compiler made.

use guestbox_tests::wasi::{Session, rust_program};
use std::{error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("usage: wasi-programs FOLDER")?);
    for given in Session::of_programs() {
        let program = rust_program(&given.name);
        fs::write(folder.join(format!("{}.wasm", given.name)), &*program)?;
        fs::write(folder.join(format!("{}.txt", given.name)), given.run_program(&program))?;
    }
    Ok(())
}
