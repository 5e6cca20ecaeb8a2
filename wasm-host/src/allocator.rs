//! The allocator, chosen by feature.

#[cfg(all(target_arch = "wasm32", feature = "wee_alloc"))]
#[global_allocator]
static ALLOCATOR: wee_alloc::WeeAlloc<'_> = wee_alloc::WeeAlloc::INIT;
