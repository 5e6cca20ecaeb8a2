//! Steps: an operator with its operands, and what becomes of its results.

use Source::{Code, Local, Register};

/// A type of the text format.
pub(super) type Type = &'static str;

/// The types of numbers.
pub(super) const NUMBERS: [Type; 4] = ["i32", "i64", "f32", "f64"];

/// The type of vectors: a constant of it begins with the shape.
pub(super) const VECTOR: Type = "v128";

/// Where the engine finds an operand.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    /// A constant.
    Code,
    /// A local that was set before.
    Local,
    /// What was computed right before; an integer displaces the integer before it.
    Register,
}

/// The sources of one operand.
pub(super) const ONE: [&[Source]; 3] = [&[Local], &[Register], &[Code]];

/// The sources of two.
pub(super) const TWO: [&[Source]; 6] = [
    &[Local, Register],
    &[Local, Code],
    &[Register, Local],
    &[Register, Register],
    &[Register, Code],
    &[Code, Register],
];

/// Of those of three each source in each place, with its like and with the others.
pub(super) const THREE: [&[Source]; 6] = [
    &[Local, Local, Local],
    &[Register, Register, Register],
    &[Code, Code, Code],
    &[Code, Local, Register],
    &[Local, Register, Code],
    &[Register, Code, Local],
];

/// An operator that is performed once.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// What is done before, without leaving anything on the stack.
    pub(super) prepare: String,
    /// What puts the operands on the stack.
    pub(super) operands: String,
    pub(super) operator: String,
    pub(super) results: Vec<Type>,
}

impl Step {
    /// An operator without operands, or with its operands in its text.
    pub(super) fn new(operator: impl Into<String>, results: &[Type]) -> Self {
        Self {
            prepare: String::new(),
            operands: String::new(),
            operator: operator.into(),
            results: results.to_vec(),
        }
    }

    /// With operands from these sources: a type and a constant of it, or a type of references and
    /// what makes one.
    pub(super) fn with(mut self, operands: &[(Type, &str)], sources: &[Source]) -> Self {
        for (at, ((ty, value), source)) in operands.iter().zip(sources).enumerate() {
            let is_number = NUMBERS.contains(ty) || *ty == VECTOR;
            let value = if is_number { format!("({ty}.const {value})") } else { (*value).to_owned() };
            self.operands += &match source {
                Local => {
                    self.prepare += &format!("(local.set $o{at}_{ty} {value}) ");
                    format!("(local.get $o{at}_{ty}) ")
                }
                Register if *ty == VECTOR => format!("(v128.or (local.get $zero_v128) {value}) "),
                Register if is_number => format!("({ty}.add (local.get $zero_{ty}) {value}) "),
                Code | Register => format!("{value} "),
            };
        }
        self
    }

    /// With one more operand on top of the others.
    pub(super) fn and(mut self, operand: &str) -> Self {
        self.operands += operand;
        self
    }
}

/// The steps of an operator with operands from all these sources.
pub(super) fn steps(
    operator: &str,
    operands: &[(Type, &str)],
    results: &[Type],
    sources: &[&[Source]],
) -> Vec<Step> {
    sources.iter().map(|sources| Step::new(operator, results).with(operands, sources)).collect()
}

/// Those of the locals that operands are in, or are zero, or that vectors go through, which some code uses.
pub(super) fn locals(code: &str) -> String {
    let types = NUMBERS.iter().chain(&["funcref", "externref", VECTOR]);
    let all = types
        .flat_map(|ty| ["o0", "o1", "o2", "o3", "zero", "taken"].map(|name| (format!("${name}_{ty}"), ty)));
    let used = all.filter(|(name, _)| code.contains(name));
    used.map(|(name, ty)| format!("(local {name} {ty}) ")).collect()
}
