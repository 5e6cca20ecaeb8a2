//! A guest as compilers make them: what a function has that is too large for locals is on a stack in
//! its memory, of 1 MiB. It shows what becomes of that when calls overlap or end early.

#![cfg(target_arch = "wasm32")]
#![no_std]

use core::{hint::black_box, panic::PanicInfo};

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    /// The host does something meanwhile.
    safe fn wait(number: i32) -> i32;
    /// The host ends the call.
    safe fn fail();
}

/// How a call of [`deep`] ends.
const FAILS: i32 = 0;
const SPINS: i32 = 1;
const TRAPS: i32 = 2;

/// Writes a number into 64 words of its frame, waits, and says how many of them are another then.
#[unsafe(no_mangle)]
pub extern "C" fn keep(number: i32) -> i32 {
    let mut words = [number; 64];
    black_box(&mut words);
    let _answer = wait(number);
    words.iter().map(|word| i32::from(*word != number)).sum()
}

/// Ends, with a frame of 64 KiB, as it is told.
#[unsafe(no_mangle)]
pub extern "C" fn deep(how: i32) -> i32 {
    let mut frame = [1_u8; 65_536];
    black_box(&mut frame);
    match how {
        FAILS => fail(),
        SPINS => loop {
            black_box(&mut frame);
        },
        TRAPS => core::arch::wasm32::unreachable(),
        _ => {}
    }
    frame.iter().map(|byte| i32::from(*byte)).sum()
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
