//! Code of guests: random statements and expressions in the text format, well typed.

use super::guests::{GLOBALS, bits, constant};
use crate::oracle::{random::Random, script::Type};
use std::fmt;

#[derive(Clone, Debug)]
pub struct Signature {
    pub params: Vec<Type>,
    pub result: Option<Type>,
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.params.iter().try_for_each(|ty| write!(f, "(param {}) ", ty.name()))?;
        self.result.iter().try_for_each(|ty| write!(f, "(result {})", ty.name()))
    }
}

/// What code may use.
pub struct Code<'a> {
    pub random: &'a mut Random,
    /// `$import0` and so on.
    pub imports: &'a [Signature],
    pub memory: bool,
    pub table: bool,
    /// Of the function at hand.
    pub params: &'a [Type],
    pub place: Place,
}

/// Where code is, which says what it may call besides imports, so that every call ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// All of `$leaf` and `$recurse`.
    Function,
    /// Nothing.
    Leaf,
    /// Only `$leaf`; there is no counter for loops.
    Recursion,
}

impl<'a> Code<'a> {
    /// A function with a counter for loops as its last local.
    pub fn function(&mut self, name: &str, params: &'a [Type], result: Option<Type>) -> String {
        self.params = params;
        let statements: Vec<_> = (0..self.random.between(1, 3)).map(|_| self.statement(2)).collect();
        let value = result.map(|ty| self.expression(ty, 3)).unwrap_or_default();
        self.params = &[];
        let signature = Signature { params: params.to_vec(), result };
        format!("(func {name} {signature} (local $n i32)\n        {} {value})", statements.join("\n        "))
    }

    /// A statement; those with others in them have so many levels of them.
    pub fn statement(&mut self, levels: u32) -> String {
        match self.random.below(if levels > 0 { 14 } else { 10 }) {
            0 => self.set_global(),
            1..=5 if !self.imports.is_empty() => self.call_import(),
            6 | 7 if self.memory => self.store(),
            8 if self.memory => {
                let pages = self.random.weighted(&[(3, 0), (6, 1), (1, 2), (1, 65_537), (1, -1)]);
                format!("(global.set $gi (memory.grow (i32.const {pages})))")
            }
            9 => {
                let trap = self.trap();
                if self.random.chance(10) { trap } else { self.only_if(&trap) }
            }
            10 => {
                let inner = self.statement(0);
                self.only_if(&inner)
            }
            11 | 12 if self.place == Place::Function => {
                let (inner, rounds) = (self.statement(0), self.random.between(1, 3));
                format!(
                    "(local.set $n (i32.const {rounds})) (loop {inner} \
                     (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))"
                )
            }
            13 if self.place == Place::Function => {
                format!("(call $recurse (i32.const {}))", self.random.below(20))
            }
            _ => self.set_global(),
        }
    }

    fn set_global(&mut self) -> String {
        let (name, ty) = self.random.one(&GLOBALS);
        format!("(global.set ${name} {})", self.expression(ty, 2))
    }

    fn call_import(&mut self) -> String {
        let at = self.random.index(self.imports.len());
        let signature = self.imports[at].clone();
        let call = self.call(&format!("$import{at}"), &signature.params);
        match signature.result {
            None => call,
            Some(ty) => {
                let (name, _) = GLOBALS.into_iter().find(|(_, global)| *global == ty).unwrap();
                format!("(global.set ${name} {call})")
            }
        }
    }

    fn call(&mut self, function: &str, params: &[Type]) -> String {
        let args: Vec<_> = params.iter().map(|ty| self.expression(*ty, 1)).collect();
        format!("(call {function} {})", args.join(" "))
    }

    fn store(&mut self) -> String {
        let ty = self.random.one(&Type::ALL);
        let (address, value) = (self.address(), self.expression(ty, 1));
        let width = match ty {
            Type::I32 => self.random.one(&["", "8", "16"]),
            Type::I64 => self.random.one(&["", "8", "32"]),
            Type::F32 | Type::F64 => "",
        };
        format!("({}.store{width} {address} {value})", ty.name())
    }

    fn address(&mut self) -> String {
        let offset = self.random.weighted(&[(24, 0_u32), (12, 4), (1, 65_528), (1, u32::MAX)]);
        let address = self.random.weighted(&[(16, 16), (8, 64), (8, 8), (1, 65_532), (1, 65_535), (1, -1)]);
        format!("offset={offset} (i32.const {address})")
    }

    /// A condition on a parameter or a global.
    fn only_if(&mut self, statement: &str) -> String {
        let value =
            if self.params.first() == Some(&Type::I32) { "(local.get 0)" } else { "(global.get $gi)" };
        let number = bits(self.random, Type::I32);
        let operator = self.random.one(&["eq", "ne", "lt_u", "gt_s"]);
        format!("(if (i32.{operator} {value} (i32.const {number})) (then {statement}))")
    }

    fn trap(&mut self) -> String {
        let trap = self.random.one(&[
            "(unreachable)",
            "(global.set $gi (i32.div_s (i32.const 1) (i32.const 0)))",
            "(global.set $gl (i64.rem_u (i64.const 1) (i64.const 0)))",
            "(global.set $gi (i32.div_s (i32.const 0x80000000) (i32.const -1)))",
            "(global.set $gi (i32.trunc_f32_s (f32.const nan)))",
            "(global.set $gl (i64.trunc_f64_u (f64.const -1)))",
            "(global.set $gi (i32.trunc_f64_u (f64.const inf)))",
            "(call_indirect)",
        ]);
        if trap != "(call_indirect)" {
            return trap.into();
        }
        if !self.table || self.place == Place::Leaf {
            return "(unreachable)".into();
        }
        // `$leaf`, an import or another function, empty elements, and none.
        let index = self.random.one(&[0, 0, 1, 1, 2, 3, 4, 1_000]);
        let arg = self.expression(Type::I32, 0);
        format!("(global.set $gi (call_indirect (type $ii) {arg} (i32.const {index})))")
    }

    /// An expression of a type; its operands have so many levels.
    fn expression(&mut self, ty: Type, levels: u32) -> String {
        let name = ty.name();
        match self.random.below(if levels > 0 { 12 } else { 6 }) {
            0 | 1 => constant(self.random, ty),
            2 | 3 => match self.params.iter().position(|param| *param == ty) {
                Some(at) => format!("(local.get {at})"),
                None => constant(self.random, ty),
            },
            4 if self.memory && self.random.chance(30) => {
                let address = self.address();
                format!("({name}.load {address})")
            }
            4 | 5 => {
                let (global, _) = GLOBALS.into_iter().find(|(_, global)| *global == ty).unwrap();
                format!("(global.get ${global})")
            }
            6 => match self.imports.iter().position(|import| import.result == Some(ty)) {
                Some(at) => self.call(&format!("$import{at}"), &self.imports[at].params),
                None => constant(self.random, ty),
            },
            7 if ty == Type::I32 && self.place != Place::Leaf => self.call("$leaf", &[Type::I32]),
            7 => self.conversion(ty, levels - 1),
            _ => self.arithmetic(ty, levels - 1),
        }
    }

    fn conversion(&mut self, ty: Type, levels: u32) -> String {
        let choices: &[(&str, Type)] = match ty {
            Type::I32 => &[
                ("i32.wrap_i64", Type::I64),
                ("i32.reinterpret_f32", Type::F32),
                ("i32.trunc_f32_u", Type::F32),
                ("i32.trunc_f64_s", Type::F64),
                ("i64.eqz", Type::I64),
            ],
            Type::I64 => &[
                ("i64.extend_i32_s", Type::I32),
                ("i64.extend_i32_u", Type::I32),
                ("i64.reinterpret_f64", Type::F64),
                ("i64.trunc_f32_s", Type::F32),
            ],
            Type::F32 => &[
                ("f32.reinterpret_i32", Type::I32),
                ("f32.convert_i32_u", Type::I32),
                ("f32.convert_i64_s", Type::I64),
                ("call $canonical_f32 (f32.demote_f64", Type::F64),
            ],
            Type::F64 => &[
                ("f64.reinterpret_i64", Type::I64),
                ("f64.convert_i64_u", Type::I64),
                ("f64.convert_i32_s", Type::I32),
                ("call $canonical_f64 (f64.promote_f32", Type::F32),
            ],
        };
        let (operator, from) = self.random.one(choices);
        let closing = if operator.contains('(') { ")" } else { "" };
        format!("({operator} {}){closing}", self.expression(from, levels))
    }

    fn arithmetic(&mut self, ty: Type, levels: u32) -> String {
        let name = ty.name();
        let integer = matches!(ty, Type::I32 | Type::I64);
        if self.random.chance(25) {
            let operator = match integer {
                true => self.random.one(&["clz", "ctz", "popcnt"]),
                // Of the bits, not of the number: no NaN changes.
                false => self.random.one(&["abs", "neg"]),
            };
            return format!("({name}.{operator} {})", self.expression(ty, levels));
        }
        let operator = match integer {
            true => self.random.one(&[
                "add", "sub", "mul", "and", "or", "xor", "shl", "shr_s", "shr_u", "rotl", "rotr", "div_u",
                "rem_s",
            ]),
            // No `copysign`: see `differences`.
            false => self.random.one(&["add", "sub", "mul", "div"]),
        };
        let operands = format!("{} {}", self.expression(ty, levels), self.expression(ty, levels));
        if integer {
            format!("({name}.{operator} {operands})")
        } else {
            format!("(call $canonical_{name} ({name}.{operator} {operands}))")
        }
    }
}
