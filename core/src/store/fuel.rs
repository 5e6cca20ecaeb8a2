//! Fuel between a guest and its supervisor: what a host call may still use and is charged.

use super::Store;
use crate::{
    error::InvokeError,
    limits::{Bounds, CallOptions, Outcome, maximum},
    store::{execution::Execution, supervisor::Supervisor},
    types::{
        fuel::OutOfFuel,
        ids::InstanceId,
        trap::{Trap, TrapCode},
        value::Value,
    },
};

impl Store {
    /// Calls an exported function as [`Store::invoke`] does, with options, and says what it used.
    ///
    /// # Errors
    ///
    /// See [`InvokeError`]; a [`Trap`] says what the call used until then. The store and the
    /// instance stay usable.
    pub fn invoke_with<S: Supervisor + ?Sized>(
        &mut self,
        supervisor: &mut S,
        instance: InstanceId,
        export: &str,
        args: &[Value],
        options: CallOptions,
    ) -> Result<Outcome, InvokeError> {
        let mut execution = self.begin_with(instance, export, args, &options)?;
        let values = match options.fuel {
            Some(_) => self.drive(supervisor, &mut execution)?,
            None => self.drive_sharing(supervisor, &mut execution)?,
        };
        Ok(Outcome { values, fuel_used: execution.fuel_used() })
    }

    /// The fuel that the call whose host call is being served has left; `None` where none is.
    #[must_use]
    pub const fn fuel_left(&self) -> Option<u64> {
        match self.level.fuel {
            Some(account) => Some(account.left()),
            None => None,
        }
    }

    /// Charges the guest whose host call is being served for the supervisor's own work. Do it
    /// before the work. Outside of a host call there is nobody to charge, and nothing happens.
    ///
    /// ```
    /// use guestbox::{HostCall, HostError, Store, Values};
    /// /// Charges a unit for each of the bytes that the guest asks for.
    /// fn random(store: &mut Store, call: HostCall<'_>) -> Result<Values, HostError> {
    ///     let length = call.args.first().and_then(|value| value.as_i32()).ok_or(HostError::new())?;
    ///     store.charge(length.cast_unsigned().into())?;
    ///     Ok(0.into())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`OutOfFuel`] where it has less. Then all it has is taken, so that it cannot go on if this
    /// error is passed over.
    pub fn charge(&mut self, fuel: u64) -> Result<(), OutOfFuel> {
        self.level.fuel.as_mut().map_or(Ok(()), |account| account.charge(fuel))
    }

    /// Takes the fuel that an execution used since it was begun, or last drawn, from the level, for those who
    /// drive executions by hand within a host call; what it was given by [`Execution::add_fuel`] is then the
    /// level's, too. Outside of a host call it does nothing.
    pub const fn draw(&mut self, execution: &mut Execution) {
        if let Some(account) = &mut self.level.fuel {
            account.settle(execution.fuel.turn_over());
        }
    }

    /// The fuel that a call begun now gets, of an instance with its own bounds.
    pub(super) fn fuel_of_call(&self, bounds: &Bounds) -> u64 {
        self.fuel_left().or(bounds.limits.fuel).unwrap_or(maximum::fuel(&self.limits))
    }

    /// The trap, where a host call of an instance with its own bounds is nested too deeply.
    /// The call was made at a depth, and may be driven at another.
    pub(crate) fn is_too_deep(&self, depth: u32, bounds: &Bounds) -> Option<Trap> {
        let depth = self.level.depth.max(depth).saturating_add(1);
        let refused = bounds.limits.nesting()?.check(depth.into()).err()?;
        Some(Trap::because(TrapCode::NestingTooDeep, refused))
    }
}
