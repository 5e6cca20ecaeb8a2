//! Random modules: what of WebAssembly they use, by seed.

use super::{
    dense,
    tame::{Tame, tame},
};
use crate::random::Random;
use arbitrary::Unstructured;
use std::sync::LazyLock;
use wasm_smith::{Config, MemoryOffsetChoices, Module};

/// What a module may import: functions and a memory. Its globals and tables are its own, as each module runs alone here. One
/// function in eleven of those that supervisors serve has several results.
static IMPORTS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    crate::text::bytes(
        r#"(module
          (import "env" "tick" (func))
          (import "env" "one" (func (result i32)))
          (import "env" "two" (func (param i32) (result i32)))
          (import "env" "three" (func (param i32 i32)))
          (import "env" "four" (func (param i64) (result i64)))
          (import "env" "five" (func (param i32 i64 i32 i64 i32 i64) (result i64)))
          (import "env" "six" (func (param i32 i32 i32 i32) (result i32)))
          (import "env" "memory" (memory 1 3)))"#,
    )
});

/// The same with floats.
static FLOAT_IMPORTS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    crate::text::bytes(
        r#"(module
          (import "env" "tick" (func))
          (import "env" "two" (func (param i32) (result i32)))
          (import "env" "four" (func (param i64) (result i64)))
          (import "env" "single" (func (param f32) (result f32)))
          (import "env" "double" (func (param f64 i32) (result f64)))
          (import "env" "mixed" (func (param i32 f64 f32 i64) (result i32)))
          (import "env" "memory" (memory 1 3)))"#,
    )
});

/// The same with functions of several results.
static SEVERAL_IMPORTS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    crate::text::bytes(
        r#"(module
          (import "env" "tick" (func))
          (import "env" "two" (func (param i32) (result i32)))
          (import "env" "pair" (func (param i32) (result i32 i64)))
          (import "env" "triple" (func (result i64 i32 i32)))
          (import "env" "memory" (memory 1 3)))"#,
    )
});

/// A module, and whether its results can be told apart by the bits of a NaN.
pub(super) struct Generated {
    pub(super) bytes: Vec<u8>,
    pub(super) has_open_nans: bool,
}

/// The module of a seed; `None` where the generator makes none of it.
pub(super) fn module(seed: u64) -> Option<Generated> {
    let mut random = Random::new(seed);
    // Apart from the others, so that the modules without vectors are what they were before there were any.
    let vectors = Random::new(seed ^ 0x5EC7).chance(35);
    if random.chance(40) {
        return Some(Generated { bytes: dense::module(&mut random, vectors), has_open_nans: false });
    }
    let floats = random.chance(60);
    // Without, other engines than a deterministic one cannot be compared.
    let canonical = random.chance(80);
    let config = config(&mut random, floats, canonical);
    // Of lanes the generator does not leave floats out.
    let config = Config {
        simd_enabled: vectors && floats,
        // Only this engine and its last line give the same.
        relaxed_simd_enabled: vectors && floats && !canonical,
        ..config
    };
    let how = Tame { small: random.chance(75), canonical: floats && canonical, vectors: vectors && floats };
    let len = random.between(4_000, 30_000);
    let bytes = random.bytes(len);
    let module = Module::new(config, &mut Unstructured::new(&bytes)).ok()?;
    Some(Generated { bytes: tame(&module.to_bytes(), how)?, has_open_nans: floats && !canonical })
}

fn config(random: &mut Random, floats: bool, canonical: bool) -> Config {
    let several = random.chance(25);
    let several_memories = random.chance(40);
    let imports = if several { &SEVERAL_IMPORTS } else { [&IMPORTS, &FLOAT_IMPORTS][usize::from(floats)] };
    Config {
        available_imports: Some(imports.to_vec()),
        export_everything: true,
        // A start function more often than not would keep many a module from being instantiated.
        allow_start_export: random.chance(30),
        allow_floats: floats,
        canonicalize_nans: floats && canonical,
        disallow_traps: random.chance(60),
        multi_value_enabled: several,
        tail_call_enabled: random.chance(40),
        bulk_memory_enabled: random.chance(60),
        reference_types_enabled: random.chance(75),
        saturating_float_to_int_enabled: random.chance(80),
        sign_extension_ops_enabled: random.chance(80),
        extended_const_enabled: random.chance(50),
        // Imports count.
        min_funcs: 1,
        max_funcs: random.one(&[10, 14, 25]),
        max_instructions: random.one(&[60, 200, 600, 2_000]),
        min_types: 3,
        max_types: 15,
        max_type_size: 100_000,
        max_globals: 8,
        max_data_segments: 5,
        max_element_segments: 5,
        max_elements: 20,
        // With one at most the import may be it.
        min_memories: u32::from(several_memories),
        max_memories: if several_memories { 3 } else { 1 },
        max_memory32_bytes: 3 << 16,
        memory_max_size_required: true,
        memory_offset_choices: MemoryOffsetChoices(95, 4, 1),
        min_tables: random.between(0, 1),
        max_tables: random.one(&[1, 3]),
        max_table_elements: random.one(&[20, 500, 2_000]),
        table_max_size_required: true,
        const_expr_fuel: 8,
        compact_imports_enabled: false,
        custom_page_sizes_enabled: false,
        exceptions_enabled: false,
        gc_enabled: false,
        memory64_enabled: false,
        relaxed_simd_enabled: false,
        shared_everything_threads_enabled: false,
        simd_enabled: false,
        threads_enabled: false,
        wide_arithmetic_enabled: false,
        ..Config::default()
    }
}
