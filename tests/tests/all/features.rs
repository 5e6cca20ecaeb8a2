//! Each part of WebAssembly that can be switched off: refused by its name, and only where it is used.

use guestbox::{
    CompileError, CompileOptions, Environment, Feature, Features, InvokeError, Limits, Module, NoImports,
    Store, TrapCode, Value,
};
use guestbox_tests::text;

/// For each feature a module that uses it, and of the others only what it cannot do without.
const USERS: &[(Feature, &str)] = &[
    (Feature::BulkMemory, "(memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)))"),
    (Feature::ExtendedConst, "(global i32 (i32.add (i32.const 1) (i32.const 2)))"),
    (Feature::Floats, "(func (param f32))"),
    (Feature::Floats, "(func (drop (f64.const 1)))"),
    (Feature::Floats, "(global (mut f64) (f64.const 1))"),
    (Feature::Floats, "(memory 1) (func (drop (i64.trunc_f32_s (f32.load (i32.const 0)))))"),
    (Feature::Floats, "(func (local f64))"),
    (Feature::Floats, "(type (func (result f32)))"),
    (Feature::MultiMemory, "(memory 1) (memory 1)"),
    (Feature::MultiValue, "(func (result i32 i32) (i32.const 1) (i32.const 2))"),
    (Feature::MultiValue, "(func (block (result i32 i32) (i32.const 1) (i32.const 2)) drop drop)"),
    (Feature::MutableGlobals, r#"(global (export "g") (mut i32) (i32.const 0))"#),
    (Feature::ReferenceTypes, "(table 1 externref)"),
    (Feature::ReferenceTypes, "(func (drop (ref.null func)))"),
    (
        Feature::RelaxedSimd,
        "(func (param v128 v128) (drop (i8x16.relaxed_swizzle (local.get 0) (local.get 1))))",
    ),
    (Feature::SaturatingFloatToInt, "(func (drop (i32.trunc_sat_f32_s (f32.const 1))))"),
    (Feature::SignExtension, "(func (drop (i32.extend8_s (i32.const 1))))"),
    (Feature::SignExtension, "(func (drop (i64.extend32_s (i64.const 1))))"),
    (Feature::Simd, "(func (param v128))"),
    (Feature::Simd, "(type (func (result v128)))"),
    (Feature::Simd, "(func (local v128))"),
    (Feature::Simd, "(func (drop (i32x4.extract_lane 0 (v128.const i64x2 1 2))))"),
    (Feature::Simd, "(global (mut v128) (v128.const i64x2 1 2))"),
    (Feature::Simd, r#"(import "env" "f" (func (param v128)))"#),
    (Feature::Simd, "(func (drop (block (result v128) (unreachable))))"),
    (Feature::TailCalls, "(func $f (return_call $f))"),
];

/// What a feature cannot be used without.
const fn built_on(feature: Feature) -> &'static [Feature] {
    match feature {
        Feature::RelaxedSimd => &[Feature::Floats, Feature::Simd],
        Feature::SaturatingFloatToInt => &[Feature::Floats],
        _ => &[],
    }
}

fn compile(features: Features, text: &str) -> Result<Module, CompileError> {
    let mut limits = Limits::default();
    limits.features = features;
    Module::with_limits(&limits, &text::bytes(text))
}

#[test]
fn every_feature_has_a_user_here() {
    for feature in Feature::ALL {
        assert!(USERS.iter().any(|(used, _)| used == feature), "{feature:?}");
        assert!(Features::default().contains(*feature), "on by default");
    }
}

#[test]
fn what_is_switched_off_is_refused_by_its_name_and_nothing_else_is() {
    for (used, text) in USERS {
        let text = format!("(module {text})");
        assert!(compile(Features::ALL, &text).is_ok(), "{text}");
        for feature in Feature::ALL {
            let outcome = compile(Features::ALL.without(*feature), &text);
            if feature == used || built_on(*used).contains(feature) {
                assert_eq!(outcome.err(), Some(CompileError::Feature(*feature)), "{text}");
            } else {
                assert!(outcome.is_ok(), "{text} without {feature:?}: {:?}", outcome.err());
            }
        }
    }
}

#[test]
fn the_first_version_has_floats_and_nothing_of_what_came_after() {
    for (used, text) in USERS {
        let outcome = compile(Features::MVP, &format!("(module {text})"));
        match used {
            Feature::Floats => assert!(outcome.is_ok()),
            _ => assert!(matches!(outcome, Err(CompileError::Feature(_))), "{text}"),
        }
        let with = built_on(*used).iter().fold(Features::MVP.with(*used), |with, other| with.with(*other));
        let with = compile(with, &format!("(module {text})"));
        assert!(with.is_ok(), "{text}: {:?}", with.err());
    }
}

/// Lanes of floats are floats; a vector by itself has none. Of the relaxed operators there are none without.
#[test]
fn vectors_of_floats_need_floats() {
    let features = Features::ALL.without(Feature::Floats);
    let of = |body: &str| {
        let text = format!("(module (func (param $v v128) (drop {body})))");
        compile(Features::ALL, &text).unwrap_or_else(|error| panic!("{body}: {error}"));
        compile(features, &text).err()
    };
    let both = |operator: &str| format!("({operator} (local.get $v) (local.get $v))");
    let one = |operator: &str| format!("({operator} (local.get $v))");
    for of_none in [both("i32x4.add"), both("v128.and"), one("v128.not")] {
        assert_eq!(of(&of_none), None, "{of_none}");
    }
    let refused = Some(CompileError::Feature(Feature::Floats));
    for shape in ["f32x4", "f64x2"] {
        for name in
            ["eq", "ne", "lt", "gt", "le", "ge", "add", "sub", "mul", "div", "min", "max", "pmin", "pmax"]
        {
            assert_eq!(of(&both(&format!("{shape}.{name}"))), refused, "{shape}.{name}");
        }
        for name in ["abs", "neg", "ceil", "floor", "trunc", "nearest", "sqrt", "extract_lane 1"] {
            assert_eq!(of(&one(&format!("{shape}.{name}"))), refused, "{shape}.{name}");
        }
    }
    for operator in [
        "f32x4.convert_i32x4_s",
        "f32x4.convert_i32x4_u",
        "f32x4.demote_f64x2_zero",
        "f64x2.convert_low_i32x4_s",
        "f64x2.convert_low_i32x4_u",
        "f64x2.promote_low_f32x4",
        "i32x4.trunc_sat_f32x4_s",
        "i32x4.trunc_sat_f32x4_u",
        "i32x4.trunc_sat_f64x2_s_zero",
        "i32x4.trunc_sat_f64x2_u_zero",
        "i32x4.relaxed_trunc_f32x4_s",
        "i32x4.relaxed_trunc_f64x2_u_zero",
    ] {
        assert_eq!(of(&one(operator)), refused, "{operator}");
    }
    for operator in ["f32x4.relaxed_min", "f64x2.relaxed_max", "i8x16.relaxed_swizzle"] {
        assert_eq!(of(&both(operator)), refused, "{operator}");
    }
}

#[test]
fn what_is_invalid_anyway_says_so() {
    for features in [Features::ALL, Features::MVP, Features::MVP.without(Feature::Floats)] {
        let error = compile(features, "(module (func (result i32)))").unwrap_err();
        assert!(matches!(error, CompileError::Invalid(_)), "{error}");
        let mut limits = Limits::default();
        limits.features = features;
        assert!(matches!(Module::with_limits(&limits, b"\0asm\x01\0\0"), Err(CompileError::Invalid(_))));
    }
    let refused = compile(Features::ALL.without(Feature::Floats), "(module (func (param f64)))").unwrap_err();
    assert_eq!(refused.code(), "feature");
    assert_eq!(refused.to_string(), "module refused: it uses `floats`, which is not in `Limits::features`");
}

/// Linkers write the index of a table in five bytes, so that they can put another there.
#[test]
fn the_length_of_a_table_index_is_no_use_of_reference_types() {
    let text = r#"(module (type $f (func)) (table 1 funcref) (func (export "run") i32.const 0 call_indirect (type $f)))"#;
    let mut bytes = text::bytes(text);
    // `call_indirect 0 0` as `call_indirect 0 0x80 0x80 0x80 0x80 0x00`: four bytes more in the body and the section.
    let call = bytes.windows(3).rposition(|window| window == [0x11, 0, 0]).unwrap();
    bytes.splice(call + 2..call + 3, [0x80, 0x80, 0x80, 0x80, 0]);
    // Before it: the section's length, how many bodies, the body's length, no locals, `i32.const 0`.
    assert_eq!(bytes[call - 6..call], [9, 1, 7, 0, 0x41, 0]);
    bytes[call - 6] += 4;
    bytes[call - 4] += 4;
    let mut offsets = Vec::new();
    for features in [Features::ALL, Features::ALL.without(Feature::ReferenceTypes), Features::MVP] {
        let mut limits = Limits::default();
        limits.features = features;
        let module = Module::with_options(&limits, &bytes, CompileOptions::new().with_frames()).unwrap();
        let mut store = Store::new();
        let guest = store.instantiate(&mut NoImports, &module, &Environment::new(), 0).unwrap();
        let Err(InvokeError::Trap(trap)) = store.invoke(&mut NoImports, guest, "run", &[], 0) else {
            panic!("no trap")
        };
        assert_eq!(trap.code(), TrapCode::IndirectCallToNull);
        offsets.push(trap.frames().to_vec()[0].offset);
    }
    assert_eq!(offsets, [u32::try_from(call).unwrap(); 3], "in the module's own bytes");
    // What the proposal has is refused as before.
    let two = "(module (type $f (func)) (table 1 funcref) (table $t 1 funcref) (func i32.const 0 call_indirect $t (type $f)))";
    let refused = compile(Features::ALL.without(Feature::ReferenceTypes), two).unwrap_err();
    assert_eq!(refused, CompileError::Feature(Feature::ReferenceTypes));
}

#[test]
fn a_data_count_is_of_bulk_memory() {
    // `memory.init` asks for it; here it stands alone.
    let bytes = b"\0asm\x01\0\0\0\x05\x03\x01\0\x01\x0C\x01\0";
    assert!(Module::new(bytes).is_ok());
    let mut limits = Limits::default();
    limits.features = Features::ALL.without(Feature::BulkMemory);
    let refused = Module::with_limits(&limits, bytes).unwrap_err();
    assert_eq!(refused, CompileError::Feature(Feature::BulkMemory));
}

/// Engines are set alike whatever their module was compiled with, so modules go together.
#[test]
fn modules_of_different_features_share_a_memory() {
    let narrow = compile(
        Features::MVP.without(Feature::Floats),
        r#"(module (import "env" "m" (memory 1)) (func (export "get") (result i32) (i32.load (i32.const 8))))"#,
    )
    .unwrap();
    let wide = compile(
        Features::ALL,
        r#"(module (import "env" "m" (memory 1)) (func (export "fill") (param f32)
            (memory.fill (i32.const 8) (i32.trunc_sat_f32_s (local.get 0)) (i32.const 4))))"#,
    )
    .unwrap();
    for narrow_first in [true, false] {
        let mut store = Store::new();
        let memory = store.create_memory(1, None).unwrap();
        let environment = Environment::new().with_memory("env", "m", memory);
        let mut make = |module| store.instantiate(&mut NoImports, module, &environment, 0).unwrap();
        let (narrow, wide) = if narrow_first {
            let narrow = make(&narrow);
            (narrow, make(&wide))
        } else {
            let wide = make(&wide);
            (make(&narrow), wide)
        };
        text::call(&mut store, wide, "fill", &[Value::from(2.5_f32)]);
        assert_eq!(*text::call(&mut store, narrow, "get", &[]), [Value::I32(0x0202_0202)]);
    }
}
