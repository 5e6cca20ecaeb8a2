//! One step of a guest's life:  `snapshots MODULE [SNAPSHOT]`
//!
//! Instantiates the module of a file, anew or in the state of a snapshot's file, calls its export
//! `work`, and writes a snapshot of what it is then to standard output. The module imports
//! nothing. The tests of the npm package let a guest live by turns here and there.

use guestbox::{Environment, Module, NoImports, Snapshot, Store};
use std::{
    error::Error,
    fs,
    io::{self, Write},
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut files = std::env::args().skip(1);
    let module = Module::new(&fs::read(files.next().ok_or("usage: snapshots MODULE [SNAPSHOT]")?)?)?;
    let (mut store, environment) = (Store::new(), Environment::new());
    let guest = match files.next() {
        Some(file) => {
            let snapshot = Snapshot::from_bytes(fs::read(file)?)?;
            store.instantiate_from(&module, &environment, &snapshot)?
        }
        None => store.instantiate(&mut NoImports, &module, &environment, 0)?,
    };
    store.invoke(&mut NoImports, guest, "work", &[], 0)?;
    Ok(io::stdout().write_all(store.snapshot(guest)?.as_bytes())?)
}
