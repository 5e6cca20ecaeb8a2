//! Values keep their bits across every boundary between supervisor and guest.

use guestbox::{
    Environment, FuncIndex, GlobalError, HandleError, HostCall, HostError, InvokeError, Number, ReturnValue,
    Store, V128, Value, Values,
};
use guestbox_tests::text;

const F32: [u32; 10] = [
    0x7FC0_0000, // canonical NaN
    0xFFC0_0000,
    0x7FA0_0001, // signalling NaN with a payload
    0x7F80_0001,
    0xFFFF_FFFF,
    0x7F80_0000, // infinity
    0x8000_0000, // -0
    0x0000_0001, // the smallest subnormal
    0x7F7F_FFFF,
    0x3F80_0000,
];

const F64: [u64; 9] = [
    0x7FF8_0000_0000_0000,
    0xFFF8_0000_0000_0000,
    0x7FF4_0000_DEAD_BEEF,
    0x7FF0_0000_0000_0001,
    0xFFFF_FFFF_FFFF_FFFF,
    0xFFF0_0000_0000_0000,
    0x8000_0000_0000_0000,
    0x0000_0000_0000_0001,
    0x7FEF_FFFF_FFFF_FFFF,
];

fn all() -> Vec<Value> {
    let vectors = [0, 1, u128::MAX, 0x0102_0304_0506_0708_090A_0B0C_0D0E_0F10, 1 << 127];
    let vectors = vectors.map(|bits| Value::V128(bits.into()));
    let i32s = [0, 1, -1, i32::MIN, i32::MAX, 0x0102_0304].map(Value::I32);
    let i64s = [0, 1, -1, i64::MIN, i64::MAX, 1 << 53, (1 << 53) + 1, 0x0102_0304_0506_0708].map(Value::I64);
    i32s.into_iter()
        .chain(i64s)
        .chain(F32.map(Value::F32))
        .chain(F64.map(Value::F64))
        .chain(vectors)
        .collect()
}

/// Everything that a value may pass through, for one type.
fn passages(ty: &str) -> String {
    let zero = if ty == "v128" { "(v128.const i64x2 0 0)".to_owned() } else { format!("({ty}.const 0)") };
    format!(
        r#"(module (import "env" "echo" (func $echo (param {ty}) (result {ty})))
          (import "env" "echo" (func $twice (param {ty} i32 {ty}) (result {ty} i32 {ty})))
          (type $t (func (param {ty}) (result {ty})))
          (memory (export "memory") 1) (table 2 funcref) (elem (i32.const 0) $echo $same)
          (global $g (export "g") (mut {ty}) {zero})
          (func $same (export "same") (type $t) (local.get 0))
          (export "echo" (func $echo))
          (func (export "local") (type $t) (local $x {ty}) (local.set $x (local.get 0)) (local.get $x))
          (func (export "memory pass") (type $t) ({ty}.store (i32.const 8) (local.get 0)) ({ty}.load
          (i32.const 8)))
          (func (export "global pass") (type $t) (global.set $g (local.get 0)) (global.get $g))
          (func (export "select") (type $t) (select (local.get 0) {zero} (i32.const 1)))
          (func (export "block") (type $t) (block (result {ty}) (br_if 0 (local.get 0) (i32.const 1))))
          (func (export "call") (type $t) (call $same (local.get 0)))
          (func (export "host") (type $t) (call $echo (local.get 0)))
          (func (export "host by table") (type $t) (call_indirect (type $t) (local.get 0) (i32.const 0)))
          (func (export "host, several") (type $t)
            (call $twice (local.get 0) (i32.const 5) (local.get 0)) (drop) (drop)))"#
    )
}

const PASSAGES: [&str; 11] = [
    "same",
    "echo",
    "local",
    "memory pass",
    "global pass",
    "select",
    "block",
    "call",
    "host",
    "host by table",
    "host, several",
];

fn echo(_: &mut Store, call: HostCall<'_>) -> Result<Values, HostError> {
    Ok(call.args.iter().copied().collect())
}

fn echoing() -> Environment {
    Environment::new().with_function("env", "echo", FuncIndex(0))
}

#[test]
fn bits_pass_unchanged_through_arguments_results_and_host_calls() {
    let mut store = Store::new();
    for value in all() {
        let guest = text::guest(&mut store, &passages(value.ty().name()), &echoing());
        for passage in PASSAGES {
            let results = text::call_with(&mut store, &mut echo, guest, passage, &[value]);
            assert_eq!(*results, [value], "{passage}");
        }
        store.teardown_instance(guest).unwrap();
    }
}

#[test]
fn bits_pass_unchanged_through_globals_and_memories_from_outside() {
    let mut store = Store::new();
    for value in all() {
        let guest = text::guest(&mut store, &passages(value.ty().name()), &echoing());
        store.set_global(guest, "g", value).unwrap();
        assert_eq!(store.global(guest, "g"), Ok(Some(value)));
        text::call(&mut store, guest, "memory pass", &[value]);
        let memory = store.exported_memory(guest, "memory").unwrap().unwrap();
        let mut bytes = [0; 16];
        store.memory_read(memory, 8, &mut bytes).unwrap();
        let expected = match value {
            Value::I32(value) => value.to_le_bytes().to_vec(),
            Value::I64(value) => value.to_le_bytes().to_vec(),
            Value::F32(bits) => bits.to_le_bytes().to_vec(),
            Value::F64(bits) => bits.to_le_bytes().to_vec(),
            Value::V128(V128(bytes)) => bytes.to_vec(),
            other => panic!("not a number: {other:?}"),
        };
        assert_eq!(bytes[..expected.len()], expected);
        store.teardown_instance(guest).unwrap();
    }
}

#[test]
fn constants_of_the_guest_keep_their_bits() {
    let text = r#"(module (global (export "s") f32 (f32.const nan:0x200001))
        (global (export "d") f64 (f64.const -nan:0x4000000000001)) (global (export "f") funcref
        (ref.null func))
        (func (export "c") (result f32 f64) (f32.const -nan:0x1) (f64.const nan:0x1)))"#;
    let mut store = Store::new();
    let guest = text::guest(&mut store, text, &Environment::new());
    assert_eq!(store.global(guest, "s"), Ok(Some(Value::F32(0x7FA0_0001))));
    assert_eq!(store.global(guest, "d"), Ok(Some(Value::F64(0xFFF4_0000_0000_0001))));
    assert_eq!(store.global(guest, "f"), Ok(Some(Value::FuncRef(None))));
    let expected = [Value::F32(0xFF80_0001), Value::F64(0x7FF0_0000_0000_0001)];
    assert_eq!(*text::call(&mut store, guest, "c", &[]), expected);
}

/// What a NaN looks like after arithmetic is left open by the specification, and by processors
/// answered differently.
#[test]
fn arithmetic_gives_the_canonical_nan_and_sign_operators_keep_all_bits() {
    let mut store = Store::new();
    for (ty, canonical) in [("f32", Value::F32(0x7FC0_0000)), ("f64", Value::F64(0x7FF8_0000_0000_0000))] {
        let nans = if ty == "f32" {
            [0x7FA0_0001, 0xFFC0_0000, 0xFFFF_FFFF].map(Value::F32)
        } else {
            [0x7FF4_0000_0000_0001, 0xFFF8_0000_0000_0000, u64::MAX].map(Value::F64)
        };
        let unary = ["sqrt", "ceil", "floor", "trunc", "nearest"];
        let binary = ["add", "sub", "mul", "div", "min", "max"];
        let mut functions = String::new();
        for name in unary {
            functions += &format!(
                r#"(func (export "{name}") (param {ty}) (result {ty}) ({ty}.{name} (local.get 0)))"#
            );
        }
        for name in binary {
            functions += &format!(
                r#"(func (export "{name}") (param {ty}) (result {ty}) ({ty}.{name} (local.get 0)
                  ({ty}.const 1)))
                   (func (export "{name}-right") (param {ty}) (result {ty})
                     ({ty}.{name} ({ty}.const 1) (local.get 0)))"#
            );
        }
        let guest = text::guest(&mut store, &format!("(module {functions})"), &Environment::new());
        let rights: Vec<_> = binary.iter().map(|name| format!("{name}-right")).collect();
        for name in unary.into_iter().chain(binary).chain(rights.iter().map(String::as_str)) {
            for nan in nans {
                assert_eq!(*text::call(&mut store, guest, name, &[nan]), [canonical], "{ty}.{name} {nan:?}");
            }
        }
    }
    let text = r#"(module (func (export "neg") (param f32) (result f32) (f32.neg (local.get 0)))
        (func (export "abs") (param f64) (result f64) (f64.abs (local.get 0)))
        (func (export "demote") (param f64) (result f32) (f32.demote_f64 (local.get 0)))
        (func (export "promote") (param f32) (result f64) (f64.promote_f32 (local.get 0)))
        (func (export "bits") (param f32) (result i32) (i32.reinterpret_f32 (local.get 0))))"#;
    let guest = text::guest(&mut store, text, &Environment::new());
    for (name, arg, result) in [
        ("neg", Value::F32(0x7FA0_0001), Value::F32(0xFFA0_0001)),
        ("abs", Value::F64(0xFFF4_0000_0000_0001), Value::F64(0x7FF4_0000_0000_0001)),
        ("demote", Value::F64(0xFFF4_0000_0000_0001), Value::F32(0x7FC0_0000)),
        ("promote", Value::F32(0xFFA0_0001), Value::F64(0x7FF8_0000_0000_0000)),
        ("bits", Value::F32(0xFFA0_0001), Value::I32(0xFFA0_0001_u32.cast_signed())),
    ] {
        assert_eq!(*text::call(&mut store, guest, name, &[arg]), [result], "{name}");
    }
}

#[test]
fn arguments_must_have_the_number_and_types_of_the_parameters() {
    let text = r#"(module (func (export "f") (param i32 f64)) (func (export "none"))
        (func (export "r") (param externref)) (func (export "s") (result funcref) (ref.null func))
        (memory (export "m") 1))"#;
    let mut store = Store::new();
    let guest = text::guest(&mut store, text, &Environment::new());
    let mut call = |export: &str, args: &[Value]| store.begin(guest, export, args, 0).map(|_| ());
    let (int, float) = (Value::I32(0), Value::F64(0));
    assert!(call("f", &[int, float]).is_ok());
    for args in
        [&[][..], &[int], &[float, int], &[int, Value::F32(0)], &[int, float, int], &[Value::I64(0), float]]
    {
        assert!(matches!(call("f", args), Err(InvokeError::Arguments(_))), "{args:?}");
    }
    let refused = call("none", &[int]).unwrap_err();
    assert_eq!(refused.to_string(), "the export `none` takes (), and was given (i32)");
    let refused = call("f", &[int, Value::I64(1)]).unwrap_err();
    assert_eq!(refused.to_string(), "the export `f` takes (i32, f64), and was given (i32, i64)");
    assert!(matches!(call("r", &[Value::FuncRef(None)]), Err(InvokeError::Arguments(_))));
    assert!(call("r", &[Value::ExternRef(None)]).is_ok() && call("s", &[]).is_ok());
    assert!(matches!(call("m", &[]), Err(InvokeError::NotAFunction)));
    assert!(matches!(call("", &[]), Err(InvokeError::ExportNotFound)));
}

#[test]
fn globals_are_set_by_name_and_type() {
    let text = r#"(module (global (export "mut") (mut i64) (i64.const 1)) (global (export "const") i64
      (i64.const 2))
        (global $p (mut i32) (i32.const 3)) (func (export "f")) (func (export "private") (result i32)
        (global.get $p)))"#;
    let mut store = Store::new();
    let guest = text::guest(&mut store, text, &Environment::new());
    assert_eq!(store.set_global(guest, "mut", Value::I64(i64::MIN)), Ok(()));
    assert_eq!(store.set_global(guest, "mut", Value::F64(0)), Err(GlobalError::Type));
    assert_eq!(store.set_global(guest, "const", Value::I64(9)), Err(GlobalError::Immutable));
    assert_eq!(store.set_global(guest, "const", Value::I32(9)), Err(GlobalError::Type));
    for name in ["f", "p", "", "private"] {
        assert_eq!(store.set_global(guest, name, Value::I64(9)), Err(GlobalError::NotFound));
        assert_eq!(store.global(guest, name), Ok(None));
    }
    assert_eq!(store.global(guest, "mut"), Ok(Some(Value::I64(i64::MIN))));
    assert_eq!(store.global(guest, "const"), Ok(Some(Value::I64(2))));
    store.teardown_instance(guest).unwrap();
    assert_eq!(store.global(guest, "mut"), Err(HandleError::TornDown));
    let gone = GlobalError::Instance(HandleError::TornDown);
    assert_eq!(store.set_global(guest, "mut", Value::I64(0)), Err(gone));
    let other = GlobalError::Instance(HandleError::OtherStore);
    assert_eq!(Store::new().set_global(guest, "mut", Value::I64(0)), Err(other));
}

#[test]
fn rust_values_become_guest_values_and_back() {
    assert_eq!(Value::from(u32::MAX), Value::I32(-1));
    assert_eq!(Value::from(u64::MAX), Value::I64(-1));
    assert_eq!(Value::from(-0.0_f32), Value::F32(0x8000_0000));
    assert_eq!(Value::from(1.5_f64).as_f64(), Some(1.5));
    assert_eq!(
        (Value::I32(5).as_i32(), Value::I32(5).as_i64(), Value::F32(0).as_f64()),
        (Some(5), None, None)
    );
    assert_eq!(Values::from(vec![Value::I32(1)]), Values::from(1));
    assert_eq!(Values::from(vec![]), Values::NONE);
    assert_eq!(Values::from(ReturnValue::Value(Number::I64(1))), Values::from(1_i64));
    assert_eq!([1, 2].map(Value::I32).into_iter().collect::<Values>().len(), 2);
}
