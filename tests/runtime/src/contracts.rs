//! The contracts, as build.rs compiled them.

include!(concat!(env!("OUT_DIR"), "/contracts.rs"));

pub fn wasm(name: &str) -> &'static [u8] {
    let found = ALL.iter().find(|contract| contract.0 == name);
    found.unwrap_or_else(|| panic!("there is no contract {}", name)).1
}
