//! Every operator at every pause: modules in which a stale register, a frame begun anew or a lost
//! operand shows.
//!
//! A [`Case`] is an operator with what it works on, one module that has it in each of the
//! [`PLACES`], as an export. `step` has the values an operator works on, and where the engine finds
//! them: in a local, in a register, in the code. `module` puts steps between values that they are
//! not to touch. The other files are the cases, by what operators are about; `trial` runs them,
//! with and without pauses, and `record` writes down what they do for other runtimes.

mod calls;
mod control;
mod memories;
mod module;
mod numeric;
mod observed;
pub mod record;
mod step;
mod tables;
pub mod trial;
mod values;
mod vectors;

use crate::text;
pub use module::PLACES;
pub use observed::Observed;
use step::Step;

/// An operator in a module of its own.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name among the cases.
    pub name: String,
    /// The operator's, as in the text format.
    pub operator: String,
    /// The module in the text format.
    pub text: String,
}

impl Case {
    /// The operator performed by the steps one after the other, in a module with these fields,
    /// imports first.
    fn new(operator: &str, what: &str, fields: &str, steps: &[Step]) -> Self {
        Self {
            name: format!("{operator} {what}"),
            operator: operator.to_owned(),
            text: module::text(fields, steps),
        }
    }

    /// The module.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        text::bytes(&self.text)
    }
}

/// What the cases of a kind are about, and what makes them.
pub type Kind = (&'static str, fn() -> Vec<Case>);

/// All kinds.
pub const KINDS: [Kind; 7] = [
    ("calls", calls::cases),
    ("control", control::cases),
    ("memories", memories::cases),
    ("numeric", numeric::cases),
    ("tables", tables::cases),
    ("values", values::cases),
    ("vectors", vectors::cases),
];

/// All cases.
#[must_use]
pub fn cases() -> Vec<Case> {
    KINDS.iter().flat_map(|(_, cases)| cases()).collect()
}
