//! Crowds of guests with calls that are under way: torn down in time linear in their number, and
//! nothing is left of them.

#[path = "../all/allocations.rs"]
mod allocations;
mod crowds;
mod linear;
mod parked;

use allocations::bytes_held;
use crowds::{CROWDS, Crowd, ENDS};

/// Guests in a crowd whose leavings are counted.
const SOME: u32 = 400;
/// What a store may keep for its next guests.
const SPARE_BYTES: i64 = 64 << 10;

#[test]
fn nothing_is_left_of_a_crowd() {
    for (crowd, make) in CROWDS {
        for (end, finish) in ENDS {
            let before = bytes_held();
            let Crowd { mut store, members } = make(SOME);
            finish(&mut store, members);
            let pages = store.memory_pages_in_use();
            assert_eq!(pages, 0, "{crowd}, {end}: pages");
            let held = bytes_held() - before;
            assert!(held < SPARE_BYTES, "{crowd}, {end}: {held} bytes");
            drop(store);
            assert_eq!(bytes_held() - before, 0, "{crowd}, {end}: bytes after the store");
        }
    }
}
