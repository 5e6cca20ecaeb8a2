//! Cases: a module and the calls that are made of it.

use super::generate;
use crate::random::Random;
use guestbox::{Export, ExternType, FuncType, Limits, Module, Value, ValueType};

/// Fuel of a call of a random module.
const FUEL: u64 = 20_000;

/// Calls of a random module.
const CALLS: usize = 10;

/// A module and the calls that are made of it, one after the other.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it is known by: a seed, or a name.
    pub name: String,
    /// The module.
    pub bytes: Vec<u8>,
    pub(super) seed: u64,
    /// Whether only engines can be compared that make the same NaNs.
    pub(super) has_open_nans: bool,
    pub(super) limits: Limits,
    /// What is called, beside what the seed says.
    pub(super) calls: Vec<Call>,
}

/// A call of an export.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) export: String,
    pub(super) args: Vec<Value>,
}

/// What of a case is known once its module is compiled.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) calls: Vec<Call>,
    /// What the supervisor calls back.
    pub(super) back: Option<Call>,
    /// Exported memories, and exported globals that are numbers.
    pub(super) memories: Vec<String>,
    pub(super) globals: Vec<String>,
}

impl Case {
    /// The case of a seed, if there is one.
    #[must_use]
    pub fn of_seed(seed: u64) -> Option<Self> {
        let generated = generate::module(seed)?;
        Some(Self::new(seed, generated.bytes, generated.has_open_nans))
    }

    /// A case of a module with the calls of a seed.
    #[must_use]
    pub fn new(seed: u64, bytes: Vec<u8>, has_open_nans: bool) -> Self {
        let limits = limits(FUEL);
        Self { name: format!("seed {seed}"), bytes, seed, has_open_nans, limits, calls: Vec::new() }
    }

    /// A case with a name, whose export `run` is called with each of the numbers.
    pub(super) fn named(name: &str, text: &str, fuel: u64, args: &[i32]) -> Self {
        let call = |arg: &i32| Call { export: "run".into(), args: vec![Value::I32(*arg)] };
        Self {
            name: name.into(),
            bytes: crate::text::bytes(text),
            seed: 0,
            has_open_nans: false,
            limits: limits(fuel),
            calls: args.iter().map(call).collect(),
        }
    }

    /// What is done with the compiled module.
    pub(super) fn plan(&self, module: &Module) -> Plan {
        let mut random = Random::new(self.seed ^ 0xCA11);
        let functions: Vec<_> = module.exports().iter().filter_map(numeric).collect();
        let mut calls = self.calls.clone();
        if calls.is_empty() && !functions.is_empty() {
            for at in 0..CALLS {
                let at = if at < functions.len() { at } else { random.index(functions.len()) };
                calls.push(call(&mut random, functions[at]));
            }
        }
        let back = (!functions.is_empty()).then(|| functions[random.index(functions.len())]);
        let names = |is_one: fn(&ExternType) -> bool| {
            let exports = module.exports().iter().filter(|export| is_one(export.ty()));
            exports.map(|export| export.name().to_owned()).collect()
        };
        Plan {
            calls,
            back: back.map(|function| call(&mut random, function)),
            memories: names(|ty| matches!(ty, ExternType::Memory(_))),
            globals: names(|ty| matches!(ty, ExternType::Global(ty) if ty.value.is_number())),
        }
    }
}

fn limits(fuel: u64) -> Limits {
    let mut limits = Limits::default();
    limits.fuel = fuel;
    limits
}

/// An exported function that can be called.
fn numeric(export: &Export) -> Option<(&str, &FuncType)> {
    let ty = export.ty().as_func()?;
    ty.is_numeric().then_some((export.name(), ty))
}

fn call(random: &mut Random, (export, ty): (&str, &FuncType)) -> Call {
    let args = ty.params().iter().map(|ty| argument(random, *ty)).collect();
    Call { export: export.to_owned(), args }
}

/// A value of a type, an extreme one as a rule. NaNs are as every engine takes them.
fn argument(random: &mut Random, ty: ValueType) -> Value {
    let bits = random.next();
    let low = (bits as u32).cast_signed();
    match ty {
        ValueType::I32 => Value::I32(random.one(&[0, 1, -1, i32::MIN, i32::MAX, low & 0xFF, low])),
        ValueType::I64 => {
            let whole = bits.cast_signed();
            Value::I64(random.one(&[0, 1, -1, i64::MIN, i64::MAX, whole & 0xFF, whole]))
        }
        ValueType::F32 => {
            let any = f32::from_bits(bits as u32);
            let edges = [0.0, -0.0, 1.5, -1.0, f32::MIN, f32::MAX, f32::INFINITY, f32::NEG_INFINITY];
            let chosen = if random.chance(20) { any } else { random.one(&edges) };
            Value::F32(if random.chance(10) || chosen.is_nan() { 0x7FC0_0000 } else { chosen.to_bits() })
        }
        _ => {
            let any = f64::from_bits(bits);
            let edges = [0.0, -0.0, 1.5, -1.0, f64::MIN, f64::MAX, f64::INFINITY, f64::NEG_INFINITY];
            let chosen = if random.chance(20) { any } else { random.one(&edges) };
            let nan = random.chance(10) || chosen.is_nan();
            Value::F64(if nan { 0x7FF8_0000_0000_0000 } else { chosen.to_bits() })
        }
    }
}
