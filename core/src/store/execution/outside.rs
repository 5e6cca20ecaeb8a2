//! Calls whose code is run by a host that has compiled it, and not by an engine here.
//!
//! A run of such a call ends with [`Step::Outside`](super::Step::Outside). Whoever drives it has the host run the code, and
//! when that has ended, or has called an import, or is out of fuel, says so by [`Execution::come_back`]. The next
//! run then goes on as if an engine here had come to that. While its code is outside nothing here is borrowed.

use super::{Execution, State};
use crate::{
    engine::{Limiter, Outcome},
    error::ExecutionError,
    store::Store,
    types::{
        externs::{ExternType, Import},
        trap::TrapCode,
        value::{Value, ValueType},
    },
};

/// What a call came to whose code was outside.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "hosts give them, and there are no others")]
pub enum Back {
    /// It has returned.
    Finished,
    /// It calls the import of this ordinal among the module's imported functions.
    HostCall(u32),
    /// It takes so much fuel to go on.
    OutOfFuel(u64),
    /// It has trapped.
    Trapped(TrapCode),
}

#[doc(hidden)]
impl Execution {
    /// The types of the values with which it comes back: its results, or the arguments of the import.
    #[must_use]
    pub fn types_back(&self, back: Back) -> &[ValueType] {
        match back {
            Back::HostCall(import) => {
                let ty = self.imported_function(import).map(Import::ty).and_then(ExternType::as_func);
                ty.map_or(&[], |ty| ty.params())
            }
            Back::Finished => {
                let export = self.context.as_ref().zip(self.export).and_then(|(context, position)| {
                    context.module.exports().get(crate::limits::to_usize(position))
                });
                export.and_then(|export| export.ty().as_func()).map_or(&[], |ty| ty.results())
            }
            Back::OutOfFuel(_) | Back::Trapped(_) => &[],
        }
    }

    /// Says what it came to, with values of [these types](Execution::types_back), and how much fuel it has left of what it was
    /// given. It is to be run next.
    ///
    /// # Errors
    ///
    /// [`ExecutionError::NotWaiting`] where its code is not outside.
    pub fn come_back(&mut self, back: Back, values: &[Value], left: u64) -> Result<(), ExecutionError> {
        let (State::Outside, Some(context)) = (&self.state, &self.context) else {
            return Err(ExecutionError::NotWaiting);
        };
        let outcome = match back {
            Back::Finished => Outcome::Finished,
            Back::HostCall(import) => Outcome::HostCall(context.handle, import),
            Back::OutOfFuel(required) => Outcome::OutOfFuel(required),
            Back::Trapped(code) => Outcome::Trapped(code.into()),
        };
        self.values.clear();
        self.values.extend_from_slice(values);
        self.state = State::Back(outcome, left);
        Ok(())
    }

    /// What is asked before something of its guest grows, while its code is outside.
    pub fn limiter<'s>(&self, store: &'s mut Store) -> Option<&'s mut Limiter> {
        let context = self.context.as_ref().filter(|_| matches!(self.state, State::Outside))?;
        let (space, _, _) = store.cell(context.cell, &context.ticket)?;
        Some(space.limiter_mut())
    }
}
