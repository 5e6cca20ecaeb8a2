//! The module of a case.
//!
//! Each place is a function with a parameter of each type of number. It counts that it was entered,
//! computes a value of each type and leaves them on the stack, so that the last ones are in the
//! engine's registers; then come the steps, whose results are mixed into the global `out`. The
//! values below are its results, and what is in the parameters then is put into globals. Where the steps have to do
//! with vectors there is one below these values, which is mixed into the global at the end.

use super::step::{NUMBERS, Step, Type, VECTOR, locals};

/// Where a module has its steps: the names of its exports.
///
/// * `straight`: in the region of code that the function is entered by.
/// * `split`: with an `if` between operands and operator, and between that and what takes its
///   results, so that fuel is taken there.
/// * `arm`: in the arm of an `if`.
/// * `looped`: in a loop of two turns.
/// * `called`: `split`, called from another function with values of its own on the stack.
pub const PLACES: [&str; 5] = ["straight", "split", "arm", "looped", "called"];

/// The types of a place's results, and of its parameters.
pub(super) const RESULTS: &[Type] = &["i32", "i64", "f32", "f64"];

/// Parameters and results of a place.
const SIGNATURE: &str = "(param $i32 i32) (param $i64 i64) (param $f32 f32) (param $f64 f64)
    (result i32 i64 f32 f64)";

/// What a place has beside its parameters.
const LOCALS: &str = "(local $one i32) (local $turn i32) (local $func funcref)
    (local $extern externref) (local $below_i32 i32) (local $below_i64 i64) (local $below_f32 f32)
    (local $below_f64 f64)";

const GLOBALS: &str = r#"
    (global $entered (export "entered") (mut i32) (i32.const 0))
    (global $paused (export "paused") (mut i32) (i32.const 0))
    (global $left (export "left") (mut i32) (i32.const 0))
    (global $out (export "out") (mut i64) (i64.const 0x5DEECE66D))
    (global $i32 (export "i32") (mut i32) (i32.const 0))
    (global $i64 (export "i64") (mut i64) (i64.const 0))
    (global $f32 (export "f32") (mut f32) (f32.const 0))
    (global $f64 (export "f64") (mut f64) (f64.const 0))"#;

/// Fuel is taken at its arm, which does nothing.
const QUIET: &str = "(if (local.get $one) (then))\n";

/// The same with something done in the arm.
const BUSY: &str =
    "(if (local.get $one) (then (global.set $paused (i32.add (global.get $paused) (i32.const 1)))))\n";

/// The text of the module.
pub(super) fn text(fields: &str, steps: &[Step]) -> String {
    let plain: String = steps.iter().map(|step| performed(step, "", "")).collect();
    let split: String = steps.iter().map(|step| performed(step, QUIET, BUSY)).collect();
    let arm = format!("(if (local.get $one) (then\n{plain}) (else (unreachable)))\n");
    let looped = format!(
        "(loop $again\n{plain}(br_if $again (i32.lt_u
           (local.tee $turn (i32.add (local.get $turn) (i32.const 1))) (i32.const 2))))\n"
    );
    let arguments = "(local.get $i32) (i64.const 77) (f32.const 0.3) (local.get $f64)";
    let call = performed(&Step::new("call $split", RESULTS).and(arguments), "", "");
    let bodies = [(plain, true), (split, false), (arm, true), (looped, false), (call, true)];
    let places = PLACES.iter().zip(bodies);
    let places: String = places.map(|(place, (body, int_last))| function(place, &body, int_last)).collect();
    format!("(module {fields}{GLOBALS}\n{places})")
}

/// A place. The last integer that it computes, which the engine has in its register, is the i32 or
/// the i64.
fn function(place: &str, body: &str, int_last: bool) -> String {
    let order: [Type; 4] = if int_last { ["i64", "i32", "f64", "f32"] } else { ["i32", "i64", "f32", "f64"] };
    let factor = |ty| match ty {
        "i32" => "0x9E3779B1",
        "i64" => "0x9E3779B97F4A7C15",
        "f32" => "1.5",
        _ => "1.25",
    };
    let each = |act: &dyn Fn(Type) -> String, types: &[Type]| -> String {
        types.iter().map(|ty| act(ty) + "\n").collect()
    };
    let mut below = each(&|ty| format!("({ty}.mul (local.get ${ty}) ({ty}.const {}))", factor(ty)), &order);
    let mut above = order;
    above.reverse();
    let mut above = each(&|ty| format!("local.set $below_{ty}"), &above);
    let kept = each(&|ty| format!("(global.set ${ty} (local.get ${ty}))"), &NUMBERS);
    let results = each(&|ty| format!("(local.get $below_{ty})"), RESULTS);
    if body.contains(VECTOR) {
        below.insert_str(
            0,
            "(i64x2.mul (i64x2.splat (local.get $i64)) (i64x2.splat (i64.const 0x9E3779B97F4A7C15)))\n",
        );
        above += &taken(VECTOR);
    }
    let locals = locals(&format!("{body}{above}"));
    format!(
        r#"(func ${place} (export "{place}") {SIGNATURE} {LOCALS} {locals}
        (global.set $entered (i32.add (global.get $entered) (i32.const 1)))
        (local.set $one (i32.ne (local.get $i32) (i32.const 0)))
        {below}{body}{above}{kept}
        (global.set $left (i32.add (global.get $left) (i32.const 1)))
        {results})
        "#
    )
}

/// A step, with something between its operands and the operator, and after that.
fn performed(step: &Step, before: &str, after: &str) -> String {
    let Step { prepare, operands, operator, results } = step;
    let taken: String = results.iter().rev().map(|ty| taken(ty)).collect();
    format!("{prepare}\n{operands}\n{before}{operator}\n{after}{taken}\n")
}

/// Mixes the value on top of the stack into the global. Of a function reference it calls the
/// function.
fn taken(ty: Type) -> String {
    let as_long = match ty {
        "i32" => "i64.extend_i32_u",
        "i64" => "",
        "f32" => "i32.reinterpret_f32 i64.extend_i32_u",
        "f64" => "i64.reinterpret_f64",
        "externref" => "ref.is_null i64.extend_i32_u",
        VECTOR => {
            "local.set $taken_v128 (i64.xor (i64x2.extract_lane 0 (local.get $taken_v128))
             (i64.rotl (i64x2.extract_lane 1 (local.get $taken_v128)) (i64.const 7)))"
        }
        _ => {
            "local.set $func (table.set $seen (i32.const 0) (local.get $func))
             (if (result i64) (ref.is_null (local.get $func)) (then (i64.const -1))
               (else (i64.extend_i32_u (call_indirect $seen (type $number) (i32.const 0)))))"
        }
    };
    format!("{as_long} (i64.mul (global.get $out) (i64.const 31)) i64.add global.set $out\n")
}
