//! The runtime's clocks.

use crate::convert::saturate_long;
use wasm_bindgen::prelude::wasm_bindgen;

// As they were when the module was loaded: what a page puts in their place may not call in.
#[wasm_bindgen(
    inline_js = "const clock = performance.now.bind(performance), time = Date.now; export const milliseconds = (isReal) => isReal ? time() : clock();"
)]
extern "C" {
    fn milliseconds(is_real: bool) -> f64;
}

const NANOSECONDS: f64 = 1e6;

/// The time since 1970 in nanoseconds.
pub(super) fn realtime_ns() -> u64 {
    saturate_long(milliseconds(true) * NANOSECONDS)
}

/// The time of a clock that does not go back, in nanoseconds.
pub(super) fn monotonic_ns() -> u64 {
    saturate_long(milliseconds(false) * NANOSECONDS)
}
