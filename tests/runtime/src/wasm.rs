//! What the runtime exports, and what it does where it panics.

use alloc::{boxed::Box, format};

/// Runs a scenario; its dump as `len << 32 | ptr`, or 0 where there are no more.
#[no_mangle]
pub extern "C" fn scenario(index: u32) -> u64 {
    let dump = match crate::run(index as usize) {
        Some(dump) => Box::leak(dump.into_boxed_str()),
        None => return 0,
    };
    (dump.len() as u64) << 32 | dump.as_ptr() as u64
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    sp_io::logging::log(sp_core::LogLevel::Error, "runtime", format!("{info}").as_bytes());
    core::arch::wasm32::unreachable()
}
