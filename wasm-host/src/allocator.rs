//! The allocator, chosen by feature; without one it is the standard library's, dlmalloc.
//!
//! `wee_alloc` is unmaintained and known to leak (RUSTSEC-2022-0054): it is here for those who
//! need the smallest module and load a fresh sandbox often.

#[cfg(all(target_arch = "wasm32", feature = "wee_alloc"))]
#[global_allocator]
static ALLOCATOR: wee_alloc::WeeAlloc<'_> = wee_alloc::WeeAlloc::INIT;
