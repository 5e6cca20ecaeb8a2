//! An allocator that notes what each thread allocates.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

struct Noting;

#[global_allocator]
static ALLOCATOR: Noting = Noting;

thread_local! {
    static LARGEST: Cell<usize> = const { Cell::new(0) };
    static HELD: Cell<i64> = const { Cell::new(0) };
}

fn note(taken: usize, given_back: usize) {
    let more = i64::try_from(taken).unwrap_or(0) - i64::try_from(given_back).unwrap_or(0);
    // While a thread ends its notes may be gone already.
    let _ended = LARGEST.try_with(|largest| largest.set(largest.get().max(taken)));
    let _ended = HELD.try_with(|held| held.set(held.get() + more));
}

// SAFETY: every call is passed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Noting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size(), 0);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size(), 0);
        // SAFETY: as the caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        note(0, layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(ptr, layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size, layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.realloc(ptr, layout, size) }
    }
}

/// The bytes of the largest single allocation that `work` makes on this thread.
pub fn largest_allocation<T>(work: impl FnOnce() -> T) -> (T, usize) {
    LARGEST.set(0);
    let result = work();
    (result, LARGEST.get())
}

/// The bytes that this thread allocated and did not free.
pub fn bytes_held() -> i64 {
    HELD.get()
}

#[test]
fn the_largest_allocation_is_noted() {
    assert_eq!(largest_allocation(|| vec![0_u8; 123_456].len()), (123_456, 123_456));
    assert_eq!(largest_allocation(|| ()).1, 0);
}

#[test]
fn bytes_are_counted_until_they_are_freed() {
    let before = bytes_held();
    let bytes = vec![0_u8; 123_456];
    assert_eq!(bytes_held() - before, 123_456);
    drop(bytes);
    assert_eq!(bytes_held() - before, 0);
}
