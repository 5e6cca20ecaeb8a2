//! Endless loops, one for each class of operator.
//!
//! An engine that dispatches by tail calls leaves a frame on the host's stack wherever the
//! compiler could not turn a call into a jump, and then an endless loop of the operator kills
//! the process instead of using up its fuel. Which operators those are depends on the compiler
//! and on the optimisation level, so there is a loop of each class. They run natively and in the
//! browser; nothing here needs `std`.

/// The field under `env` that some of [`LOOPS`] import: a function from `i32` to `i32`.
pub const IMPORT: &str = "host";

/// The one of [`LOOPS`] whose loop is in its start function: it is never instantiated.
pub const START: &str = "start";

/// A module whose `run` repeats `$body` for ever. The body has locals of each type and may use
/// the function `$leaf`, one page of memory, a table `$t` and whatever `$fields` declares.
macro_rules! repeat {
    ($body:literal) => {
        repeat!("", $body)
    };
    ($fields:literal, $body:literal) => {
        whole!($fields, "(loop $again ", $body, " (br $again))")
    };
}

/// A module with `$body` as the whole of `run`, and `ping` to see whether it is still usable.
macro_rules! whole {
    ($fields:literal, $($body:literal),+) => {
        concat!(
            "(module (type $nullary (func)) (type $unary (func (param i32) (result i32))) ",
            $fields,
            "(memory $main 1) (table $t 4 funcref) (elem (table $t) (i32.const 0) func $leaf $run) ",
            "(func $leaf (param i32) (result i32) (local.get 0)) ",
            "(func (export \"ping\") (result i32) (i32.const 7)) ",
            "(func $run (export \"run\") (local $i i32) (local $j i64) (local $x f32) (local $y f64) ",
            $($body,)+
            "))"
        )
    };
}

/// Name and text of a module that exports `run`, which never returns and has no parameters and
/// no results, and `ping`, which returns 7.
pub const LOOPS: &[(&str, &str)] = &[
    ("call", repeat!("(drop (call $leaf (i32.const 1)))")),
    ("call_indirect", repeat!("(drop (call_indirect (type $unary) (i32.const 1) (i32.const 0)))")),
    (
        "call chain",
        repeat!(
            "(func $a (param i32) (result i32) (call $b (local.get 0)))
             (func $b (param i32) (result i32) (i32.add (call $leaf (local.get 0)) (i32.const 1)))",
            "(local.set $i (call $a (local.get $i)))"
        ),
    ),
    (
        "call import",
        repeat!(
            r#"(import "env" "host" (func $host (param i32) (result i32)))"#,
            "(local.set $i (call $host (local.get $i)))"
        ),
    ),
    (
        "call_indirect import",
        repeat!(
            r#"(import "env" "host" (func $host (param i32) (result i32)))
           (table $h 1 funcref) (elem (table $h) (i32.const 0) func $host)"#,
            "(local.set $i (call_indirect $h (type $unary) (local.get $i) (i32.const 0)))"
        ),
    ),
    ("return_call", whole!("", "(return_call $run)")),
    (
        "return_call mutual",
        whole!(
            "(func $even (param i64) (return_call $odd (i64.add (local.get 0) (i64.const 1))))
         (func $odd (param i64) (local i32) (return_call $even (i64.add (local.get 0) (i64.const 1))))",
            "(return_call $even (i64.const 0))"
        ),
    ),
    ("return_call_indirect", whole!("", "(return_call_indirect (type $nullary) (i32.const 1))")),
    ("br", whole!("", "(loop (br 0))")),
    ("br_if", whole!("", "(loop (br_if 0 (i32.eqz (local.get $i))))")),
    (
        "br_if compare",
        whole!(
            "",
            "(loop (local.set $i (i32.add (local.get $i) (i32.const 2)))
             (br_if 0 (i32.ne (local.get $i) (i32.const 1))))"
        ),
    ),
    ("br_table", whole!("", "(loop $l (block (br_table $l 0 $l (local.get $i))))")),
    ("br out of blocks", repeat!("(block (block (block (br 2)) (unreachable)))")),
    (
        "if else",
        repeat!(
            "(if (local.get $i) (then (local.set $i (i32.const 0))) (else (local.set $i (i32.const 1))))"
        ),
    ),
    (
        "block results",
        repeat!("(local.set $i (block (result i32) (loop (result i32) (br 1 (i32.const 5)))))"),
    ),
    (
        "multi-value block",
        repeat!("(block (result i64 i32) (local.get $j) (local.get $i)) (local.set $i) (local.set $j)"),
    ),
    ("select", repeat!("(local.set $i (select (i32.const 1) (i32.const 2) (local.get $i)))")),
    (
        "select typed",
        repeat!(
            "(drop (ref.is_null (select (result funcref) (ref.null func) (ref.func $leaf) (local.get $i))))"
        ),
    ),
    ("drop, nop", repeat!("(drop (local.get $i)) (nop)")),
    ("local", repeat!("(local.set $i (local.tee $i (local.get $i)))")),
    (
        "global",
        repeat!(
            "(global $g (mut i64) (i64.const 0)) (global $f (mut f32) (f32.const 0))",
            "(global.set $g (i64.add (global.get $g) (i64.const 1))) (global.set $f (f32.neg (global.get $f)))"
        ),
    ),
    (
        "i32 arithmetic",
        repeat!(
            "(local.set $i (i32.add (i32.mul (local.get $i) (i32.const 3)) (i32.sub (local.get $i)
          (i32.const 1))))
         (local.set $i (i32.xor (i32.and (local.get $i) (i32.const -7)) (i32.or (local.get $i)
         (i32.const 9))))
         (drop (i32.div_s (i32.const 9) (i32.or (local.get $i) (i32.const 1))))
         (drop (i32.div_u (i32.const 9) (i32.or (local.get $i) (i32.const 1))))
         (drop (i32.rem_s (i32.const 9) (i32.or (local.get $i) (i32.const 1))))
         (drop (i32.rem_u (i32.const 9) (i32.or (local.get $i) (i32.const 1))))"
        ),
    ),
    (
        "i64 arithmetic",
        repeat!(
            "(local.set $j (i64.add (i64.mul (local.get $j) (i64.const 3)) (i64.sub (local.get $j)
          (i64.const 1))))
         (local.set $j (i64.xor (i64.and (local.get $j) (i64.const -7)) (i64.or (local.get $j)
         (i64.const 9))))
         (drop (i64.div_s (i64.const 9) (i64.or (local.get $j) (i64.const 1))))
         (drop (i64.div_u (i64.const 9) (i64.or (local.get $j) (i64.const 1))))
         (drop (i64.rem_s (i64.const 9) (i64.or (local.get $j) (i64.const 1))))
         (drop (i64.rem_u (i64.const 9) (i64.or (local.get $j) (i64.const 1))))"
        ),
    ),
    (
        "integer comparison",
        repeat!(
            "(local.set $i (i32.add (i32.lt_s (local.get $i) (i32.const 5)) (i32.ge_u (local.get $i)
          (i32.const 2))))
         (local.set $i (i32.add (i64.eq (local.get $j) (i64.const 5)) (i64.gt_s (local.get $j)
         (i64.const 2))))
         (local.set $i (i32.add (i32.eqz (local.get $i)) (i64.eqz (local.get $j))))"
        ),
    ),
    (
        "shifts",
        repeat!(
            "(local.set $i (i32.rotl (i32.shl (local.get $i) (i32.const 3)) (i32.shr_s (local.get $i)
          (i32.const 1))))
         (local.set $i (i32.rotr (i32.shr_u (local.get $i) (local.get $i)) (i32.const 7)))
         (local.set $j (i64.rotl (i64.shl (local.get $j) (i64.const 3)) (i64.shr_s (local.get $j)
         (i64.const 1))))
         (local.set $j (i64.rotr (i64.shr_u (local.get $j) (local.get $j)) (i64.const 7)))"
        ),
    ),
    (
        "bit counts",
        repeat!(
            "(local.set $i (i32.clz (i32.ctz (i32.popcnt (local.get $i)))))
         (local.set $j (i64.clz (i64.ctz (i64.popcnt (local.get $j)))))"
        ),
    ),
    (
        "f32 arithmetic",
        repeat!(
        "(local.set $x (f32.div (f32.mul (f32.add (local.get $x) (f32.const 1)) (f32.const 3)) (f32.const 2)))
         (local.set $x (f32.min (f32.max (f32.sub (local.get $x) (f32.const 1)) (f32.const 0)) (f32.const 9)))
         (local.set $x (f32.copysign (f32.abs (f32.neg (local.get $x))) (local.get $x)))
         (local.set $i (f32.lt (local.get $x) (f32.const 1)))"
    ),
    ),
    (
        "f64 arithmetic",
        repeat!(
        "(local.set $y (f64.div (f64.mul (f64.add (local.get $y) (f64.const 1)) (f64.const 3)) (f64.const 2)))
         (local.set $y (f64.min (f64.max (f64.sub (local.get $y) (f64.const 1)) (f64.const 0)) (f64.const 9)))
         (local.set $y (f64.copysign (f64.abs (f64.neg (local.get $y))) (local.get $y)))
         (local.set $i (f64.ge (local.get $y) (f64.const 1)))"
    ),
    ),
    (
        "square root and rounding",
        repeat!(
            "(local.set $x (f32.sqrt (f32.nearest (f32.ceil (f32.floor (f32.trunc (f32.const 7.5)))))))
         (local.set $y (f64.sqrt (f64.nearest (f64.ceil (f64.floor (f64.trunc (f64.const 7.5)))))))"
        ),
    ),
    (
        "integer conversions",
        repeat!(
            "(local.set $i (i32.wrap_i64 (i64.extend_i32_s (i32.wrap_i64 (i64.extend_i32_u (local.get $i))))))"
        ),
    ),
    (
        "integer to float conversions",
        repeat!(
        "(local.set $x (f32.convert_i32_s (local.get $i))) (local.set $x (f32.convert_i32_u (local.get $i)))
         (local.set $x (f32.convert_i64_s (local.get $j))) (local.set $x (f32.convert_i64_u (local.get $j)))
         (local.set $y (f64.convert_i32_s (local.get $i))) (local.set $y (f64.convert_i32_u (local.get $i)))
         (local.set $y (f64.convert_i64_s (local.get $j))) (local.set $y (f64.convert_i64_u (local.get $j)))"
    ),
    ),
    (
        "float to integer conversions",
        repeat!(
            "(local.set $i (i32.trunc_f32_s (local.get $x))) (local.set $i (i32.trunc_f32_u (local.get $x)))
         (local.set $i (i32.trunc_f64_s (local.get $y))) (local.set $i (i32.trunc_f64_u (local.get $y)))
         (local.set $j (i64.trunc_f32_s (local.get $x))) (local.set $j (i64.trunc_f32_u (local.get $x)))
         (local.set $j (i64.trunc_f64_s (local.get $y))) (local.set $j (i64.trunc_f64_u (local.get $y)))"
        ),
    ),
    (
        "saturating truncation",
        repeat!(
            "(local.set $x (f32.const nan)) (local.set $y (f64.const 1e300))
         (local.set $i (i32.trunc_sat_f32_s (local.get $x))) (local.set $i (i32.trunc_sat_f32_u
         (local.get $x)))
         (local.set $i (i32.trunc_sat_f64_s (local.get $y))) (local.set $i (i32.trunc_sat_f64_u
         (local.get $y)))
         (local.set $j (i64.trunc_sat_f32_s (local.get $x))) (local.set $j (i64.trunc_sat_f32_u
         (local.get $x)))
         (local.set $j (i64.trunc_sat_f64_s (local.get $y))) (local.set $j (i64.trunc_sat_f64_u
         (local.get $y)))"
        ),
    ),
    (
        "float conversions",
        repeat!(
            "(local.set $x (f32.demote_f64 (f64.promote_f32 (local.get $x))))
         (local.set $x (f32.reinterpret_i32 (i32.reinterpret_f32 (local.get $x))))
         (local.set $y (f64.reinterpret_i64 (i64.reinterpret_f64 (local.get $y))))"
        ),
    ),
    (
        "sign extension",
        repeat!(
            "(local.set $i (i32.extend8_s (i32.extend16_s (local.get $i))))
         (local.set $j (i64.extend8_s (i64.extend16_s (i64.extend32_s (local.get $j)))))"
        ),
    ),
    (
        "loads",
        repeat!(
            "(drop (i32.load (local.get $i))) (drop (i64.load (local.get $i)))
         (drop (f32.load (local.get $i))) (drop (f64.load (i32.const 8)))"
        ),
    ),
    (
        "narrow loads",
        repeat!(
            "(drop (i32.load8_s (local.get $i))) (drop (i32.load8_u (local.get $i)))
         (drop (i32.load16_s (local.get $i))) (drop (i32.load16_u (local.get $i)))
         (drop (i64.load8_s (local.get $i))) (drop (i64.load8_u (local.get $i)))
         (drop (i64.load16_s (local.get $i))) (drop (i64.load16_u (local.get $i)))
         (drop (i64.load32_s (local.get $i))) (drop (i64.load32_u (local.get $i)))"
        ),
    ),
    (
        "stores",
        repeat!(
            "(i32.store (local.get $i) (i32.const 1)) (i64.store (local.get $i) (local.get $j))
         (f32.store (local.get $i) (local.get $x)) (f64.store (i32.const 8) (local.get $y))"
        ),
    ),
    (
        "narrow stores",
        repeat!(
            "(i32.store8 (local.get $i) (i32.const 1)) (i32.store16 (local.get $i) (i32.const 1))
         (i64.store8 (local.get $i) (local.get $j)) (i64.store16 (local.get $i) (local.get $j))
         (i64.store32 (local.get $i) (local.get $j))"
        ),
    ),
    (
        "access to a second memory",
        repeat!("(memory $other 1)", "(i32.store $main (i32.load $other (local.get $i)) (i32.const 0))"),
    ),
    ("memory.size", repeat!("(drop (memory.size))")),
    ("memory.grow by 0", repeat!("(drop (memory.grow (i32.const 0)))")),
    ("memory.grow refused", repeat!("(drop (memory.grow (i32.const 65535)))")),
    ("memory.fill", repeat!("(memory.fill (i32.const 0) (i32.const 1) (i32.const 8))")),
    ("memory.copy", repeat!("(memory.copy (i32.const 0) (i32.const 4) (i32.const 8))")),
    (
        "memory.init",
        repeat!(
            "(data $d \"guest\")",
            "(memory.init $d (i32.const 0) (i32.const 0)
    (i32.const 5))"
        ),
    ),
    ("data.drop", repeat!("(data $d \"guest\")", "(data.drop $d)")),
    ("table.get, table.set", repeat!("(table.set $t (i32.const 2) (table.get $t (i32.const 0)))")),
    ("table.size", repeat!("(drop (table.size $t))")),
    ("table.grow by 0", repeat!("(drop (table.grow $t (ref.null func) (i32.const 0)))")),
    ("table.grow refused", repeat!("(drop (table.grow $t (ref.null func) (i32.const -5)))")),
    ("table.fill", repeat!("(table.fill $t (i32.const 2) (ref.null func) (i32.const 2))")),
    ("table.copy", repeat!("(table.copy $t $t (i32.const 2) (i32.const 0) (i32.const 2))")),
    (
        "table.init",
        repeat!("(elem $e func $leaf)", "(table.init $t $e (i32.const 2) (i32.const 0) (i32.const 1))"),
    ),
    ("elem.drop", repeat!("(elem $e func $leaf)", "(elem.drop $e)")),
    (
        "references",
        repeat!("(local.set $i (ref.is_null (ref.null func))) (local.set $i (ref.is_null (ref.func $leaf)))"),
    ),
    (START, whole!("(start $forever) (func $forever (loop (br 0)))", "(nop)")),
];
