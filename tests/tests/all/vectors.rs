//! Vectors: lanes of floats have the canonical NaN, and each relaxed operator one result.

use guestbox::{Environment, InstanceId, Store, V128, Value};
use guestbox_tests::text;

/// NaNs of every kind: quiet and signalling, of either sign, with payloads and without.
const SINGLES: [u32; 6] = [0x7FC0_0000, 0xFFC0_0000, 0x7FA0_0001, 0xFF80_0001, 0x7FFF_FFFF, 0xFFFF_FFFF];
const DOUBLES: [u64; 6] = [
    0x7FF8_0000_0000_0000,
    0xFFF8_0000_0000_0000,
    0x7FF4_0000_0000_0001,
    0xFFF0_0000_0000_0001,
    0x7FFF_FFFF_FFFF_FFFF,
    0xFFFF_FFFF_FFFF_FFFF,
];

const CANONICAL_SINGLE: u32 = 0x7FC0_0000;
const CANONICAL_DOUBLE: u64 = 0x7FF8_0000_0000_0000;

fn singles(lanes: [u32; 4]) -> V128 {
    V128(lanes.map(u32::to_le_bytes).as_flattened().try_into().unwrap())
}

fn doubles(lanes: [u64; 2]) -> V128 {
    V128(lanes.map(u64::to_le_bytes).as_flattened().try_into().unwrap())
}

fn as_singles(V128(bytes): V128) -> [u32; 4] {
    let lanes = bytes.as_chunks().0.iter().map(|lane| u32::from_le_bytes(*lane));
    lanes.collect::<Vec<_>>().try_into().unwrap()
}

fn as_doubles(V128(bytes): V128) -> [u64; 2] {
    let lanes = bytes.as_chunks().0.iter().map(|lane| u64::from_le_bytes(*lane));
    lanes.collect::<Vec<_>>().try_into().unwrap()
}

/// An export for an operator on so many vectors.
fn export(operator: &str, operands: usize) -> String {
    let params = " v128".repeat(operands);
    let get: String = (0..operands).map(|at| format!("(local.get {at})")).collect();
    format!(r#"(func (export "{operator}") (param{params}) (result v128) ({operator} {get}))"#)
}

fn call(store: &mut Store, guest: InstanceId, operator: &str, operands: &[V128]) -> V128 {
    let operands: Vec<Value> = operands.iter().map(|vector| Value::V128(*vector)).collect();
    match *text::call(store, guest, operator, &operands) {
        [Value::V128(vector)] => vector,
        ref other => panic!("{operator}: {other:?}"),
    }
}

/// The same with constants in the code, which the engine works out before.
fn call_folded(store: &mut Store, operator: &str, operands: &[V128]) -> V128 {
    let constants = operands.iter().map(|vector| {
        let [low, high] = as_doubles(*vector);
        format!("(v128.const i64x2 {low:#x} {high:#x})")
    });
    let constants: String = constants.collect();
    let module = format!(r#"(module (func (export "{operator}") (result v128) ({operator} {constants})))"#);
    let guest = text::guest(store, &module, &Environment::new());
    let result = call(store, guest, operator, &[]);
    store.teardown_instance(guest).unwrap();
    result
}

/// Operators that compute, with how many operands they have; those of the last list only lanes of one width.
const UNARY: [&str; 5] = ["sqrt", "ceil", "floor", "trunc", "nearest"];
const BINARY: [&str; 8] = ["add", "sub", "mul", "div", "min", "max", "relaxed_min", "relaxed_max"];
const TERNARY: [&str; 2] = ["relaxed_madd", "relaxed_nmadd"];

fn computing(shape: &str) -> Vec<(String, usize)> {
    let of = |names: &[&str], operands: usize| {
        names.iter().map(|name| (format!("{shape}.{name}"), operands)).collect::<Vec<_>>()
    };
    [of(&UNARY, 1), of(&BINARY, 2), of(&TERNARY, 3)].concat()
}

#[test]
fn each_lane_of_singles_gets_the_canonical_nan() {
    let mut store = Store::new();
    let operators = computing("f32x4");
    let exports: String = operators.iter().map(|(operator, operands)| export(operator, *operands)).collect();
    let guest = text::guest(&mut store, &format!("(module {exports})"), &Environment::new());
    let [one, two] = [1.0_f32, 2.0].map(f32::to_bits);
    for (operator, operands) in &operators {
        let others = vec![singles([one; 4]); *operands];
        let clean = as_singles(call(&mut store, guest, operator, &others));
        for (nan, lane, operand) in SINGLES
            .iter()
            .flat_map(|nan| (0..4).flat_map(move |lane| (0..*operands).map(move |at| (nan, lane, at))))
        {
            let mut operands = others.clone();
            let mut lanes = [one; 4];
            lanes[lane] = *nan;
            operands[operand] = singles(lanes);
            let mut expected = clean;
            expected[lane] = CANONICAL_SINGLE;
            let shown = format!("{operator} {nan:#x} in lane {lane} of operand {operand}");
            assert_eq!(as_singles(call(&mut store, guest, operator, &operands)), expected, "{shown}");
            if lane == 2 {
                assert_eq!(
                    as_singles(call_folded(&mut store, operator, &operands)),
                    expected,
                    "{shown}, folded"
                );
            }
        }
        // Two NaNs in the same lane.
        if *operands > 1 {
            let mut operands = vec![singles([SINGLES[3], SINGLES[4], two, SINGLES[5]]); *operands];
            operands[0] = singles([SINGLES[2], one, SINGLES[1], SINGLES[0]]);
            assert_eq!(
                as_singles(call(&mut store, guest, operator, &operands)),
                [CANONICAL_SINGLE; 4],
                "{operator}"
            );
        }
    }
}

#[test]
fn each_lane_of_doubles_gets_the_canonical_nan() {
    let mut store = Store::new();
    let operators = computing("f64x2");
    let exports: String = operators.iter().map(|(operator, operands)| export(operator, *operands)).collect();
    let guest = text::guest(&mut store, &format!("(module {exports})"), &Environment::new());
    let one = 1.0_f64.to_bits();
    for (operator, operands) in &operators {
        let others = vec![doubles([one; 2]); *operands];
        let clean = as_doubles(call(&mut store, guest, operator, &others));
        for (nan, lane, operand) in DOUBLES
            .iter()
            .flat_map(|nan| (0..2).flat_map(move |lane| (0..*operands).map(move |at| (nan, lane, at))))
        {
            let mut operands = others.clone();
            let mut lanes = [one; 2];
            lanes[lane] = *nan;
            operands[operand] = doubles(lanes);
            let mut expected = clean;
            expected[lane] = CANONICAL_DOUBLE;
            let shown = format!("{operator} {nan:#x} in lane {lane} of operand {operand}");
            assert_eq!(as_doubles(call(&mut store, guest, operator, &operands)), expected, "{shown}");
            assert_eq!(as_doubles(call_folded(&mut store, operator, &operands)), expected, "{shown}, folded");
        }
    }
}

/// Of numbers that have no result processors make NaNs of different signs.
#[test]
fn what_has_no_result_is_the_canonical_nan() {
    let mut store = Store::new();
    let mut check = |operator: &str, operands: &[f64]| {
        let narrow: Vec<V128> =
            operands.iter().map(|value| singles([(*value as f32).to_bits(); 4])).collect();
        let wide: Vec<V128> = operands.iter().map(|value| doubles([value.to_bits(); 2])).collect();
        let names = [format!("f32x4.{operator}"), format!("f64x2.{operator}")];
        let exports: String = names.iter().map(|name| export(name, operands.len())).collect();
        let guest = text::guest(&mut store, &format!("(module {exports})"), &Environment::new());
        let results = (
            as_singles(call(&mut store, guest, &names[0], &narrow)),
            as_doubles(call(&mut store, guest, &names[1], &wide)),
        );
        assert_eq!(results, ([CANONICAL_SINGLE; 4], [CANONICAL_DOUBLE; 2]), "{operator}");
    };
    let infinite = f64::INFINITY;
    check("sub", &[infinite, infinite]);
    check("add", &[infinite, -infinite]);
    check("mul", &[0.0, -infinite]);
    check("div", &[-0.0, 0.0]);
    check("sqrt", &[-1.0]);
    check("relaxed_madd", &[infinite, 0.0, 1.0]);
    check("relaxed_nmadd", &[infinite, 1.0, infinite]);
}

#[test]
fn conversions_between_floats_give_the_canonical_nan() {
    let mut store = Store::new();
    let (demote, promote) = ("f32x4.demote_f64x2_zero", "f64x2.promote_low_f32x4");
    let exports = [export(demote, 1), export(promote, 1)].concat();
    let guest = text::guest(&mut store, &format!("(module {exports})"), &Environment::new());
    let (one, wide_one) = (1.0_f32.to_bits(), 1.0_f64.to_bits());
    for nan in DOUBLES {
        let demoted = call(&mut store, guest, demote, &[doubles([nan, wide_one])]);
        assert_eq!(as_singles(demoted), [CANONICAL_SINGLE, one, 0, 0], "{nan:#x}");
        let demoted = call_folded(&mut store, demote, &[doubles([wide_one, nan])]);
        assert_eq!(as_singles(demoted), [one, CANONICAL_SINGLE, 0, 0], "{nan:#x}");
    }
    for nan in SINGLES {
        let promoted = call(&mut store, guest, promote, &[singles([nan, one, nan, nan])]);
        assert_eq!(as_doubles(promoted), [CANONICAL_DOUBLE, wide_one], "{nan:#x}");
        let promoted = call_folded(&mut store, promote, &[singles([one, nan, 0, 0])]);
        assert_eq!(as_doubles(promoted), [wide_one, CANONICAL_DOUBLE], "{nan:#x}");
    }
}

/// Signs are bits, and what chooses or moves lanes leaves them as they are.
#[test]
fn what_does_not_compute_keeps_all_bits_of_a_nan() {
    let mut store = Store::new();
    let unary = ["f32x4.neg", "f32x4.abs", "f64x2.neg", "f64x2.abs"];
    let binary = ["f32x4.pmin", "f32x4.pmax", "f64x2.pmin", "f64x2.pmax"];
    let mut exports: String = unary.iter().map(|name| export(name, 1)).collect();
    exports.extend(binary.iter().map(|name| export(name, 2)));
    exports += r#"
      (func (export "splat") (param f32) (result v128) (f32x4.splat (local.get 0)))
      (func (export "wide splat") (param f64) (result v128) (f64x2.splat (local.get 0)))
      (func (export "extract") (param v128) (result f32) (f32x4.extract_lane 3 (local.get 0)))
      (func (export "wide extract") (param v128) (result f64) (f64x2.extract_lane 1 (local.get 0)))
      (func (export "replace") (param v128 f32) (result v128) (f32x4.replace_lane 2 (local.get 0) (local.get 1)))
      (func (export "wide replace") (param v128 f64) (result v128) (f64x2.replace_lane 0 (local.get 0) (local.get 1)))
      (memory (export "memory") 1)
      (func (export "lane through memory") (param v128) (result v128)
        (v128.store32_lane 3 (i32.const 4) (local.get 0)) (v128.store64_lane 1 (i32.const 16) (local.get 0))
        (v128.load64_lane 0 (i32.const 16) (v128.load32_splat (i32.const 4)) ))"#;
    let guest = text::guest(&mut store, &format!("(module {exports})"), &Environment::new());
    let one = 1.0_f32.to_bits();
    for nan in SINGLES {
        let vector = singles([one, nan, 0, nan]);
        let mut as_lanes =
            |name: &str, operands: &[V128]| as_singles(call(&mut store, guest, name, operands));
        let sign = 1 << 31;
        assert_eq!(as_lanes("f32x4.neg", &[vector]), [one ^ sign, nan ^ sign, sign, nan ^ sign]);
        assert_eq!(as_lanes("f32x4.abs", &[vector]), [one, nan & !sign, 0, nan & !sign]);
        let ones = singles([one; 4]);
        for name in ["f32x4.pmin", "f32x4.pmax"] {
            // The first, unless the second is less, or greater; of a NaN it is neither.
            assert_eq!(as_lanes(name, &[vector, ones])[1], nan, "{name}");
            assert_eq!(as_lanes(name, &[ones, vector])[1], one, "{name}");
        }
        let narrow = Value::F32(nan);
        let splat = *text::call(&mut store, guest, "splat", &[narrow]).first().unwrap();
        assert_eq!(splat, Value::V128(singles([nan; 4])));
        assert_eq!(*text::call(&mut store, guest, "extract", &[splat]), [narrow]);
        let replaced = text::call(&mut store, guest, "replace", &[Value::V128(ones), narrow]);
        assert_eq!(*replaced, [Value::V128(singles([one, one, nan, one]))]);
        let stored = call(&mut store, guest, "lane through memory", &[vector]);
        assert_eq!(as_singles(stored), [0, nan, nan, nan]);
    }
    for nan in DOUBLES {
        let one = 1.0_f64.to_bits();
        let vector = doubles([nan, one]);
        let mut as_lanes =
            |name: &str, operands: &[V128]| as_doubles(call(&mut store, guest, name, operands));
        let sign = 1 << 63;
        assert_eq!(as_lanes("f64x2.neg", &[vector]), [nan ^ sign, one ^ sign]);
        assert_eq!(as_lanes("f64x2.abs", &[vector]), [nan & !sign, one]);
        for name in ["f64x2.pmin", "f64x2.pmax"] {
            assert_eq!(as_lanes(name, &[vector, doubles([one; 2])]), [nan, one], "{name}");
        }
        let wide = Value::F64(nan);
        let splat = *text::call(&mut store, guest, "wide splat", &[wide]).first().unwrap();
        assert_eq!(splat, Value::V128(doubles([nan; 2])));
        assert_eq!(*text::call(&mut store, guest, "wide extract", &[splat]), [wide]);
        let replaced = text::call(&mut store, guest, "wide replace", &[Value::V128(doubles([one; 2])), wide]);
        assert_eq!(*replaced, [Value::V128(doubles([nan, one]))]);
    }
}

/// As the table of the documentation of `Features` has them: of each operator what tells its result from the others that
/// the proposal allows.
#[test]
fn each_relaxed_operator_has_the_result_that_is_documented() {
    let mut store = Store::new();
    let mut check = |operator: &str, operands: &[V128], expected: V128| {
        let module = format!("(module {})", export(operator, operands.len()));
        let guest = text::guest(&mut store, &module, &Environment::new());
        assert_eq!(call(&mut store, guest, operator, operands), expected, "{operator}");
        assert_eq!(call_folded(&mut store, operator, operands), expected, "{operator}, folded");
    };
    let bytes =
        |first: &[u8], rest: u8| V128(std::array::from_fn(|at| first.get(at).copied().unwrap_or(rest)));
    let words = |lanes: [i16; 8]| V128(lanes.map(i16::to_le_bytes).as_flattened().try_into().unwrap());
    let integers = |lanes: [i32; 4]| singles(lanes.map(i32::cast_unsigned));
    let floats = |lanes: [f32; 4]| singles(lanes.map(f32::to_bits));
    let wide = |lanes: [f64; 2]| doubles(lanes.map(f64::to_bits));
    let table = V128(std::array::from_fn(|at| 0x40 + u8::try_from(at).unwrap()));
    check(
        "i8x16.relaxed_swizzle",
        &[table, bytes(&[15, 16, 31, 127, 128, 255], 1)],
        bytes(&[0x4F, 0, 0, 0, 0, 0], 0x41),
    );
    let far = floats([-1.5, 3e9, f32::NAN, -3e9]);
    check("i32x4.relaxed_trunc_f32x4_s", &[far], integers([-1, i32::MAX, 0, i32::MIN]));
    check("i32x4.relaxed_trunc_f32x4_u", &[far], singles([0, 3_000_000_000, 0, 0]));
    check(
        "i32x4.relaxed_trunc_f32x4_u",
        &[floats([5e9, -1.0, 1.9, f32::INFINITY])],
        singles([u32::MAX, 0, 1, u32::MAX]),
    );
    check("i32x4.relaxed_trunc_f64x2_s_zero", &[wide([f64::NAN, -3e9])], integers([0, i32::MIN, 0, 0]));
    check("i32x4.relaxed_trunc_f64x2_u_zero", &[wide([5e9, -1.0])], singles([u32::MAX, 0, 0, 0]));
    // Rounded once: the product of these has more bits than a float, and what is left is what was rounded off.
    let exact = 1.0 + f32::EPSILON;
    let left = f32::EPSILON * f32::EPSILON;
    let product = exact * exact;
    assert_eq!(exact.mul_add(exact, -product), left);
    check(
        "f32x4.relaxed_madd",
        &[floats([exact; 4]), floats([exact; 4]), floats([-product; 4])],
        floats([left; 4]),
    );
    check(
        "f32x4.relaxed_nmadd",
        &[floats([exact; 4]), floats([exact; 4]), floats([product; 4])],
        floats([-left; 4]),
    );
    let exact = 1.0 + f64::EPSILON;
    let left = f64::EPSILON * f64::EPSILON;
    let product = exact * exact;
    check("f64x2.relaxed_madd", &[wide([exact; 2]), wide([exact; 2]), wide([-product; 2])], wide([left; 2]));
    check("f64x2.relaxed_nmadd", &[wide([exact; 2]), wide([exact; 2]), wide([product; 2])], wide([-left; 2]));
    for shape in ["i8x16", "i16x8", "i32x4", "i64x2"] {
        // By bits, where the mask has lanes that are neither all set nor all clear.
        let operator = format!("{shape}.relaxed_laneselect");
        check(
            &operator,
            &[bytes(&[], 0x33), bytes(&[], 0xCC), bytes(&[0x80, 0x01, 0xFF, 0x00], 0x0F)],
            bytes(&[0x4C, 0xCD, 0x33, 0xCC], 0xC3),
        );
    }
    let (nan, zeros) = (floats([f32::NAN, 1.0, 0.0, -0.0]), floats([1.0, -f32::NAN, -0.0, 0.0]));
    let canonical = f32::from_bits(CANONICAL_SINGLE);
    check("f32x4.relaxed_min", &[nan, zeros], floats([canonical, canonical, -0.0, -0.0]));
    check("f32x4.relaxed_max", &[nan, zeros], floats([canonical, canonical, 0.0, 0.0]));
    let canonical = f64::from_bits(CANONICAL_DOUBLE);
    check("f64x2.relaxed_min", &[wide([f64::NAN, 0.0]), wide([1.0, -0.0])], wide([canonical, -0.0]));
    check("f64x2.relaxed_max", &[wide([1.0, -0.0]), wide([f64::NAN, 0.0])], wide([canonical, 0.0]));
    let least = words([i16::MIN, i16::MIN, 0x4000, 1, 0, 0, 0, 0]);
    let other = words([i16::MIN, i16::MAX, 0x4000, 1, 0, 0, 0, 0]);
    check("i16x8.relaxed_q15mulr_s", &[least, other], words([i16::MAX, -i16::MAX, 0x2000, 0, 0, 0, 0, 0]));
    // The second operand is signed, and the sum of two products wraps.
    let first = bytes(&[0x80, 0x80, 0x80, 0x80, 127, 127], 0);
    let second = bytes(&[0x80, 0x80, 1, 1, 0xFF, 2], 0);
    check("i16x8.relaxed_dot_i8x16_i7x16_s", &[first, second], words([i16::MIN, -256, 127, 0, 0, 0, 0, 0]));
    check(
        "i32x4.relaxed_dot_i8x16_i7x16_add_s",
        &[first, second, integers([1, 2, 3, i32::MAX])],
        integers([1 - 32_768 - 256, 2 + 127, 3, i32::MAX]),
    );
}
