//! What the embedder of a supervisor needs of its module, asked of the linker.

use std::env;

/// Room for the stack, the data and a heap above `__heap_base`, in bytes: 64 pages.
const INITIAL_MEMORY: u32 = 64 * 65_536;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("wasm32") {
        println!("cargo::rustc-link-arg-cdylib=--export-table");
        println!("cargo::rustc-link-arg-cdylib=--export=__heap_base");
        println!("cargo::rustc-link-arg-cdylib=--initial-memory={INITIAL_MEMORY}");
    }
}
