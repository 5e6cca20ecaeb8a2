//! Without the crate's feature `simd` modules with vectors are refused, by name. The other tests are in `tests`.

#![cfg(not(feature = "simd"))]
#![expect(clippy::unwrap_used, reason = "these are tests")]

use guestbox::{CompileError, CompileOptions, Feature, Features, Limits, Module, Proposal};

/// Modules with vectors, the function that first uses them and the bytes there.
const USERS: &[(Proposal, Option<u32>, &[u8], &str)] = &[
    (Proposal::RelaxedSimd, Some(0), &[0xFD], RELAXED),
    (Proposal::Simd, None, &[], "(module (func (param v128)))"),
    (Proposal::Simd, None, &[], "(module (func (local v128)))"),
    (Proposal::Simd, None, &[], "(module (func (drop (block (result v128) (unreachable)))))"),
    (Proposal::Simd, None, &[], "(module (global v128 (v128.const i64x2 1 2)))"),
    (Proposal::Simd, Some(1), &[0xFD, 12], VECTOR),
    (
        Proposal::Simd,
        Some(1),
        &[0xFD, 0],
        r#"(module (import "env" "f" (func)) (memory 1) (func (drop (v128.load (i32.const 0)))))"#,
    ),
];

const RELAXED: &str = "(module (func (drop (i8x16.relaxed_swizzle (unreachable)))))";
const VECTOR: &str = "(module (func) (func (drop (i32x4.extract_lane 0 (v128.const i64x2 1 2)))))";

fn bytes(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

#[test]
fn vectors_are_refused_by_their_proposal_and_place() {
    for (proposal, function, there, text) in USERS {
        let bytes = bytes(text);
        for options in [CompileOptions::new(), CompileOptions::new().with_frames()] {
            let error = Module::with_options(&Limits::default(), &bytes, options).unwrap_err();
            let CompileError::Unsupported(found) = error else { panic!("{text}: {error}") };
            assert_eq!(found.proposal, *proposal, "{text}: {found}");
            if let Some(function) = function {
                assert_eq!(found.function, Some(*function), "{text}: {found}");
            }
            assert!(bytes[found.offset..].starts_with(there), "{text}: {found}");
        }
    }
}

#[test]
fn vectors_are_no_feature() {
    for feature in [Feature::Simd, Feature::RelaxedSimd] {
        assert!(!Feature::ALL.contains(&feature) && !Features::ALL.contains(feature));
    }
    let mut limits = Limits::default();
    limits.features = Features::ALL.without(Feature::Floats).with(Feature::Simd).with(Feature::RelaxedSimd);
    let error = Module::with_limits(&limits, &bytes(VECTOR)).unwrap_err();
    assert_eq!(error.code(), "unsupported");
}

/// Bytes cut off within a vector operator.
#[test]
fn what_ends_early_is_invalid() {
    let bytes = bytes(VECTOR);
    let code = bytes.iter().rposition(|byte| *byte == 0xFD).unwrap();
    for len in code..bytes.len() {
        let error = Module::new(&bytes[..len]).unwrap_err();
        assert_eq!(error.code(), "invalid", "{len}: {error}");
    }
}
