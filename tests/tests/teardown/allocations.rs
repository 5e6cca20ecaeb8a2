//! An allocator that counts the bytes that each thread holds.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    static HELD: Cell<i64> = const { Cell::new(0) };
}

fn count(taken: usize, given_back: usize) {
    let more = i64::try_from(taken).unwrap_or(0) - i64::try_from(given_back).unwrap_or(0);
    // While a thread ends its count may be gone already.
    let _ended = HELD.try_with(|held| held.set(held.get() + more));
}

// SAFETY: every call is passed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: as the caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(ptr, layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.realloc(ptr, layout, size) }
    }
}

/// The bytes that this thread allocated and did not free.
pub(crate) fn bytes_held() -> i64 {
    HELD.get()
}

#[test]
fn bytes_are_counted_until_they_are_freed() {
    let before = bytes_held();
    let bytes = vec![0_u8; 123_456];
    assert_eq!(bytes_held() - before, 123_456);
    drop(bytes);
    assert_eq!(bytes_held() - before, 0);
}
