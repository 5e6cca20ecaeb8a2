//! The global allocator: the embedder's, by its host functions.

use core::{
    alloc::{GlobalAlloc, Layout},
    ptr,
};

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    safe fn ext_allocator_malloc_version_1(size: usize) -> *mut u8;
    fn ext_allocator_free_version_1(ptr: *mut u8);
}

/// What the embedder's allocator aligns to, in bytes.
const ALIGNMENT: usize = 8;

struct EmbedderHeap;

// SAFETY: the embedder hands out regions of this memory above `__heap_base` that do not overlap,
// aligned to 8 bytes; a layout that wants more is refused. It never unwinds.
unsafe impl GlobalAlloc for EmbedderHeap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() > ALIGNMENT {
            return ptr::null_mut();
        }
        ext_allocator_malloc_version_1(layout.size())
    }

    unsafe fn dealloc(&self, ptr: *mut u8, _: Layout) {
        // SAFETY: by the caller's contract `ptr` came from `alloc` and is freed once.
        unsafe { ext_allocator_free_version_1(ptr) }
    }
}

#[global_allocator]
static HEAP: EmbedderHeap = EmbedderHeap;

/// Frees a buffer that a host function allocated for its result.
///
/// # Safety
///
/// `ptr` was returned by such a host function and is used no more.
pub unsafe fn free(ptr: *mut u8) {
    // SAFETY: the host function got it from the allocator that is asked to free it.
    unsafe { ext_allocator_free_version_1(ptr) }
}
