//! A supervisor that is itself wasm, in the shape of Substrate's runtime of 2021.
//!
//! It reaches the sandbox only by the host functions `ext_sandbox_*` and `ext_allocator_*`, and
//! knows nothing of the crate `guestbox`: its wire types, its dispatch thunk and its safe wrapper
//! are its own. An embedder gives it guests and reads what came of them:
//!
//! 1. `alloc(len)` is room for the bytes of a guest or of an input, which the next call takes over
//! 2. a *program*, an export such as `call(ptr, len)`, returns its outcome, SCALE-encoded, as a
//!    region `ptr << 32 | len`
//! 3. `release(ptr, len)` frees the outcome
//! 4. `log()` is a region, too: all that happened since it was last read, a line for each event. It
//!    stays where it is until the next line, and can be read after a trap of the supervisor
//!
//! The parts, in reading order:
//!
//! | module | content |
//! |---|---|
//! | `host`, `heap` | the host functions, with numbers, made safe to call |
//! | `wire` | SCALE types |
//! | `sandbox` | memories, environments and instances that tear down what they own; the dispatch thunk |
//! | `embedder` | buffers to and from the embedder |
//! | `standard`, `callbacks`, `memories`, `misuse` | programs |
//! | `contracts` | a pallet that runs contracts, each call in a sandbox of its own |

#![cfg(target_arch = "wasm32")]
#![no_std]
#![expect(unreachable_pub, reason = "nobody links this crate, its interface is its exports")]
#![expect(
    trivial_numeric_casts,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "what the codec's macros write for enums with an index"
)]

extern crate alloc;

mod callbacks;
mod contracts;
mod embedder;
mod heap;
mod host;
mod log;
mod memories;
mod misuse;
mod sandbox;
mod standard;
mod wire;

use core::panic::PanicInfo;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
