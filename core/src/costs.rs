//! What a guest's work costs in fuel: the cost model, of version [`VERSION`].
//!
//! A unit is about one simple operator, natively some 0.3 to 1 ns. All of it is said here of a module's
//! own operators and of the calls between guest and supervisor, and nothing is left to an engine: counts
//! depend on the module alone. They are equal natively, in debug and release builds, in every JavaScript
//! runtime, and for modules that are compiled with frames.
//!
//! # Operators
//!
//! | class | operators | fuel each |
//! |---|---|---|
//! | structure | `block`, `loop`, `else`, `end`, `return`, `unreachable`, `drop` | 0 |
//! | simple | constants, locals, globals, comparisons, integer arithmetic other than division, loads, stores, `select`, references, `table.get`, `table.set`, sizes, float `abs`, `neg`, `copysign`, `min`, `max` and rounding, `nop` | 1 |
//! | branches | `br`, `br_if`, `if` | 1 |
//! | conversions | between integers and floats, and between floats | 2 |
//! | float arithmetic | `add`, `sub`, `mul` | 2 |
//! | division | integer `div` and `rem` | 3 |
//! | tables of branches | `br_table` | 4 |
//! | calls | `call`, `call_indirect`, `return_call`, `return_call_indirect` | 6 |
//! | growth | `memory.grow`, `table.grow` | 8, and by size |
//! | slow floats | `div`, `sqrt` | 10 |
//! | bulk | `memory.fill`, `memory.copy`, `memory.init`, `table.fill`, `table.copy`, `table.init`, `data.drop`, `elem.drop` | 4, and by size |
//! | passed values | `block`, `loop` and `if`, for each parameter, and an `if` that has some for each result; `br`, `br_if` and `br_table` for each value that they pass, but for one value that is passed to the end of a block | 2 |
//! | host calls | `call` and `return_call` of an imported function | [`HOST_CALL`] |
//!
//! # Crossings
//!
//! | what | when it is taken | fuel each |
//! |---|---|---|
//! | a host call | with the region that the call of the imported function is in | [`HOST_CALL`] |
//! | a call of an export, also one that is nested in another | before the guest begins | [`EXPORT_CALL`] |
//! | a start function that is run | before the guest begins | [`EXPORT_CALL`] |
//!
//! A call that has not the fuel to begin is out of fuel, and nothing has run; it begins when it is given more.
//! A module without a start function costs nothing to instantiate.
//!
//! # Imports
//!
//! Where an imported function is not called but referred to, by an export, a segment, a global or
//! `ref.func`, a function of the module's stands for it that calls it. It costs what such a function
//! does: a unit for its region and one for each parameter, and the host call; and while the host call is
//! served it is a frame of the guest's, though none that is listed.
//!
//! # By size
//!
//! * A bulk operation and growth cost a unit for each whole 64 bytes that they write: 1,024 for a
//!   page of memory, one for 16 elements of a table. Growth that is refused, and operations out
//!   of bounds, which trap, do not.
//! * A function with many locals costs a unit for each whole [`LOCALS_PER_UNIT`] of them, beside
//!   its parameters, whenever it is called.
//!
//! # When
//!
//! Fuel is taken before the work, for a region of code at once: a unit, and the cost of all operators of
//! the region, but not of the regions within it. So a count is an upper bound: what a branch skips in a
//! region is paid for. A region begins
//!
//! * when a function is entered, at each turn of a `loop`, and when an arm of an `if` is entered;
//! * behind a block or an `if` which a far branch leaves: one, from within it, before at least [`FAR`] units
//!   more of the region that the block's own operators belong to, or before another region begins so among
//!   these. The arms of an `if` are looked at apart. The region goes on to the end of the block around. It
//!   costs two units for each result of the block. None begins where the block around has other operands
//!   than these, or several results, or where [`OPEN`] blocks and such regions are open: then what follows
//!   is paid for with what is before.
//!
//! Code that no path leads to, behind an unconditional branch up to the end of its block, costs nothing.
//! That a condition is constant changes nothing; but where constants are bound to make an operator trap,
//! regions behind it may be paid for with the one that it is in. Bulk operations take what their size costs
//! when they run.
//!
//! What the supervisor does is its own: see [`Store::charge`](crate::Store::charge).
//!
//! # Why these
//!
//! `make bench-fuel` measures what a unit of each class is worth: 0.2 to 3 ns, also where functions
//! with 20,000 locals are called, which at a unit an operator would be worth 1,200. Above are only
//! multiplications of denormal floats, 7 ns a unit on x86, and pages of memory that a guest gets
//! for the first time, 27 ns a unit, of which the limits of memory allow 30 ms at most by default.
//!
//! It also measures crossings, natively and in Node, against plain code in the same run. They are what
//! hosts differ in: a unit of them is to be worth no more than ten of plain code in any, so that who calls
//! back and forth all the time is ended about as soon as who computes.
//!
//! Without regions behind far branches each turn of an interpreter's loop would pay for all arms of its
//! `br_table`: QuickJS for 170 times what it executes, and so for 2.5 times.

use crate::wasm::{EXTEND_COST, NOP_COST, REF_NULL_COST};
use wasmi::{CustomFuelCosts, OperatorCost};

/// The version of the cost model. It goes up whenever the same guest may use other fuel than
/// before: compare and keep counts only together with it.
pub const VERSION: u32 = 2;

/// The fuel that a call of an imported function costs.
pub const HOST_CALL: u32 = 64;

/// The fuel that each call of an export, and each run of a start function, costs before the guest begins.
pub const EXPORT_CALL: u32 = 64;

/// The units behind a branch, up to the end of its block, with which it is a far one.
pub const FAR: u32 = 64;

/// The blocks, with the regions begun behind far branches, that may be open where another such region begins.
pub const OPEN: u32 = 1_000;

/// The units of a value that is passed from block to block.
pub(crate) const PASSED: u32 = 2;

/// Locals, 8 bytes each, that are set to zero for a unit of fuel when a function is called.
pub const LOCALS_PER_UNIT: u32 = 16;

/// Bytes that bulk operations and growth write for a unit of fuel.
pub const BYTES_PER_UNIT: u32 = 64;

/// Tells the engine what to charge.
pub(crate) fn apply(config: &mut wasmi::Config) {
    let bulk = CustomFuelCosts {
        bytes_copied_per_fuel: BYTES_PER_UNIT,
        // Modules are translated before they run, at no guest's expense.
        fuel_per_bytes_translated: 0,
        fuel_per_bytes_validated: 0,
    };
    config.operator_cost(operators()).fuel_cost(bulk);
}

/// Nothing for all operators but those that a module is given to tell what its regions cost.
fn operators() -> OperatorCost {
    let mut costs = OperatorCost::default();
    macro_rules! nothing {
        ($($operator:ident)+) => {
            $(costs.$operator = 0;)+
        };
    }
    each_operator!(nothing);
    costs.nop = NOP_COST;
    costs.ref_null = REF_NULL_COST;
    costs.i64_extend16_s = EXTEND_COST;
    costs
}

/// All operators that the engine has a cost of.
macro_rules! each_operator {
    ($then:ident) => {
        $then! {
            block loop_ else_ end return_ unreachable drop nop i32_const i64_const f32_const f64_const
            local_get local_set local_tee global_get global_set i32_load i64_load f32_load f64_load
            i32_load8_s i32_load8_u i32_load16_s i32_load16_u i64_load8_s i64_load8_u i64_load16_s
            i64_load16_u i64_load32_s i64_load32_u i32_store i64_store f32_store f64_store i32_store8
            i32_store16 i64_store8 i64_store16 i64_store32 i32_eqz i32_eq i32_ne i32_lt_s i32_lt_u i32_gt_s
            i32_gt_u i32_le_s i32_le_u i32_ge_s i32_ge_u i64_eqz i64_eq i64_ne i64_lt_s i64_lt_u i64_gt_s
            i64_gt_u i64_le_s i64_le_u i64_ge_s i64_ge_u f32_eq f32_ne f32_lt f32_gt f32_le f32_ge f64_eq
            f64_ne f64_lt f64_gt f64_le f64_ge i32_clz i32_ctz i32_popcnt i32_add i32_sub i32_mul i32_and
            i32_or i32_xor i32_shl i32_shr_s i32_shr_u i32_rotl i32_rotr i32_extend8_s i32_extend16_s
            i64_clz i64_ctz i64_popcnt i64_add i64_sub i64_mul i64_and i64_or i64_xor i64_shl i64_shr_s
            i64_shr_u i64_rotl i64_rotr i64_extend8_s i64_extend16_s i64_extend32_s i32_wrap_i64
            i64_extend_i32_s i64_extend_i32_u i32_reinterpret_f32 i64_reinterpret_f64 f32_reinterpret_i32
            f64_reinterpret_i64 f32_abs f32_neg f32_ceil f32_floor f32_trunc f32_nearest f32_min f32_max
            f32_copysign f64_abs f64_neg f64_ceil f64_floor f64_trunc f64_nearest f64_min f64_max
            f64_copysign select typed_select ref_null ref_is_null ref_func memory_size table_size table_get
            table_set br br_if if_ f32_add f32_sub f32_mul f64_add f64_sub f64_mul i32_trunc_f32_s
            i32_trunc_f32_u i32_trunc_f64_s i32_trunc_f64_u i64_trunc_f32_s i64_trunc_f32_u i64_trunc_f64_s
            i64_trunc_f64_u i32_trunc_sat_f32_s i32_trunc_sat_f32_u i32_trunc_sat_f64_s i32_trunc_sat_f64_u
            i64_trunc_sat_f32_s i64_trunc_sat_f32_u i64_trunc_sat_f64_s i64_trunc_sat_f64_u
            f32_convert_i32_s f32_convert_i32_u f32_convert_i64_s f32_convert_i64_u f32_demote_f64
            f64_convert_i32_s f64_convert_i32_u f64_convert_i64_s f64_convert_i64_u f64_promote_f32
            i64_add128 i64_sub128 i64_mul_wide_s i64_mul_wide_u i32_div_s i32_div_u i32_rem_s i32_rem_u
            i64_div_s i64_div_u i64_rem_s i64_rem_u br_table memory_fill memory_copy memory_init data_drop
            table_fill table_copy table_init elem_drop call call_indirect return_call return_call_indirect
            memory_grow table_grow f32_div f32_sqrt f64_div f64_sqrt
        }
    };
}
use each_operator;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, vec::Vec};

    #[test]
    fn the_engine_is_told_what_every_operator_costs() {
        macro_rules! names {
            ($($operator:ident)+) => {
                alloc::vec![$(stringify!($operator)),+]
            };
        }
        let known = format!("{:?}", OperatorCost::default());
        let fields = known.trim_start_matches("OperatorCost {").trim_end_matches('}').split(',');
        let mut known: Vec<_> = fields.filter_map(|field| field.split(':').next()).map(str::trim).collect();
        let mut ours: Vec<&str> = each_operator!(names);
        known.sort_unstable();
        ours.sort_unstable();
        assert_eq!(ours, known);
    }
}
