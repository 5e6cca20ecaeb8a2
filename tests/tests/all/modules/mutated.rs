//! Modules with bytes changed at random: what is added to a module makes no invalid one valid.

use guestbox::{CompileError, CompileOptions, Limits, Module};
use guestbox_tests::{fuzz, random::Random};
use wasmparser::{Validator, WasmFeatures};

/// What guestbox supports.
const FEATURES: WasmFeatures = WasmFeatures::WASM2
    .difference(WasmFeatures::SIMD)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::MULTI_MEMORY)
    .union(WasmFeatures::EXTENDED_CONST);

/// Compares what is said of a module to what the validator says of its own bytes.
fn check(bytes: &[u8], what: &str) -> bool {
    let is_valid = Validator::new_with_features(FEATURES).validate_all(bytes).is_ok();
    for options in [CompileOptions::new(), CompileOptions::new().with_frames()] {
        match Module::with_options(&Limits::unlimited(), bytes, options) {
            Ok(_) => assert!(is_valid, "{what}: it is invalid, and was compiled"),
            Err(CompileError::Limit(_)) => {}
            Err(error) => assert!(!is_valid, "{what}: it is valid, and was refused: {error}"),
        }
    }
    is_valid
}

#[test]
fn what_is_valid_with_bytes_changed_is_compiled_and_nothing_else() {
    let mut random = Random::new(13);
    let (mut valid, mut invalid) = (0, 0);
    for seed in 0..30 {
        let Some(case) = fuzz::Case::of_seed(seed) else { continue };
        assert!(check(&case.bytes, &format!("seed {seed}")));
        for round in 0..40 {
            let mut bytes = case.bytes.clone();
            for _ in 0..random.between(1, 3) {
                let at = random.index(bytes.len());
                // Small numbers are indices and operators, more often than not.
                bytes[at] = match random.below(4) {
                    0 => random.below(256) as u8,
                    1 => random.below(32) as u8,
                    2 => bytes[at].wrapping_add(1),
                    _ => bytes[at].wrapping_sub(1),
                };
            }
            *if check(&bytes, &format!("seed {seed}, round {round}")) { &mut valid } else { &mut invalid } +=
                1;
        }
    }
    assert!(valid > 100 && invalid > 300, "{valid} valid, {invalid} invalid");
}
