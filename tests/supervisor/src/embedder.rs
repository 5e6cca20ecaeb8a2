//! Buffers to and from the embedder, and how its calls reach the programs.

use crate::{host::pack, log};
use alloc::{boxed::Box, vec, vec::Vec};
use core::{ptr, slice};

/// Runs a program on a buffer from `alloc`.
///
/// # Safety
///
/// `ptr` is from `alloc(len)`; it is taken over.
pub unsafe fn run(ptr: *mut u8, len: usize, program: impl FnOnce(Vec<u8>) -> Vec<u8>) -> u64 {
    // SAFETY: the caller's promise.
    let input = unsafe { take(ptr, len) };
    hand_out(program(input))
}

/// Leaks bytes to whoever reads them, as a region `ptr << 32 | len`. Never an empty allocation, so
/// that the region can always be freed.
pub fn hand_out(bytes: Vec<u8>) -> u64 {
    let len = bytes.len();
    let bytes = if len == 0 { vec![0] } else { bytes };
    pack(Box::into_raw(bytes.into_boxed_slice()).expose_provenance(), len)
}

/// Takes back what was handed out or allocated with this length.
unsafe fn take(ptr: *mut u8, len: usize) -> Vec<u8> {
    let slice = ptr::slice_from_raw_parts_mut(ptr, len.max(1));
    // SAFETY: `alloc` and `hand_out` made a box of this length, which nobody else uses any more.
    let mut bytes = unsafe { Box::from_raw(slice) }.into_vec();
    bytes.truncate(len);
    bytes
}

/// What a dispatch thunk's arguments hold; the embedder frees them.
///
/// # Safety
///
/// The embedder wrote `len` bytes at `ptr` for this call of the thunk.
pub unsafe fn thunk_arguments(ptr: *const u8, len: usize) -> Vec<u8> {
    // SAFETY: the caller's promise.
    unsafe { slice::from_raw_parts(ptr, len) }.to_vec()
}

#[unsafe(no_mangle)]
extern "C" fn alloc(len: usize) -> *mut u8 {
    Box::into_raw(vec![0; len.max(1)].into_boxed_slice()).cast()
}

#[unsafe(no_mangle)]
extern "C" fn release(ptr: *mut u8, len: usize) {
    // SAFETY: the embedder gives back what it got, once.
    drop(unsafe { take(ptr, len) });
}

#[unsafe(no_mangle)]
extern "C" fn log() -> u64 {
    log::read()
}

/// Exports programs that take a guest's bytes and nothing else.
macro_rules! programs {
    ($($program:ident)*) => {
        mod exports {
            $(
                #[unsafe(no_mangle)]
                extern "C" fn $program(ptr: *mut u8, len: usize) -> u64 {
                    // SAFETY: the embedder passes a buffer from `alloc`, as it must.
                    unsafe { $crate::embedder::run(ptr, len, super::$program) }
                }
            )*
        }
    };
}
pub(crate) use programs;
