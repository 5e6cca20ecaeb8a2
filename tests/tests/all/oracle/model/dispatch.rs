//! A guest's call of an import, on its way through the dispatch thunk in eight steps.

use super::{Guest, Model, from_engine, to_engine};
use crate::oracle::{
    differences,
    log::Failure,
    scale::{self, Reader},
    script::{Region, Value},
    supervisor::Supervisor,
};
use std::fmt;
use wasmi_lineage::{Externals, HostError, RuntimeArgs, RuntimeValue, Trap, TrapKind};

/// What a call needs when it comes out of the engine.
pub struct Caller<'a, 's> {
    pub model: &'a mut Model,
    pub supervisor: &'a mut Supervisor<'s>,
    pub guest: &'a Guest,
    pub state: u32,
}

/// The call was ended on the supervisor's side.
#[derive(Debug)]
pub struct Stopped(pub Failure);

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl HostError for Stopped {}

impl Externals for Caller<'_, '_> {
    fn invoke_index(&mut self, index: usize, args: RuntimeArgs<'_>) -> Result<Option<RuntimeValue>, Trap> {
        let import = &self.guest.imports[index];
        let args: Vec<Value> = args.as_ref().iter().map(|value| from_engine(*value)).collect();
        let value = self.dispatch(import.func, &args).map_err(|failure| Trap::from(Stopped(failure)))?;
        if !differences::is_of_declared_type(value, import.result) {
            return Err(TrapKind::UnexpectedSignature.into());
        }
        Ok(value.map(to_engine))
    }
}

impl Caller<'_, '_> {
    fn dispatch(&mut self, func: u32, args: &[Value]) -> Result<Option<Value>, Failure> {
        // 1. Encode the arguments.
        let bytes = scale::values(args);
        let len = u32::try_from(bytes.len()).unwrap();
        // 2. Room for them.
        let ptr = self.supervisor.allocate(len).map_err(|_| Failure::AllocateArguments)?;
        // 3. Write them; on failure they are freed first.
        if self.supervisor.write(ptr, &bytes).is_err() {
            return Err(match self.supervisor.deallocate(ptr) {
                Ok(()) => Failure::WriteArguments,
                Err(_) => Failure::DeallocateAfterWrite,
            });
        }
        // 4. The thunk, whose failure waits until
        let args = Region { ptr, len };
        let returned = self.supervisor.thunk(self.model, args, self.state, func);
        // 5. the arguments are freed, which hides it if it fails.
        self.supervisor.deallocate(ptr).map_err(|_| Failure::DeallocateArguments)?;
        let packed = returned.map_err(|_| Failure::SupervisorTrapped)?.cast_unsigned();
        let half = |bits: u64| u32::try_from(bits & 0xFFFF_FFFF).unwrap();
        let result = Region { ptr: half(packed >> 32), len: half(packed) };
        // 6. Read the result.
        let read = if differences::may_be_read(result) {
            self.supervisor.read(result).ok().map(<[u8]>::to_vec)
        } else {
            None
        };
        // 7. Free it, read or not.
        if !differences::was_freed_with(args, result) {
            self.supervisor.deallocate(result.ptr).map_err(|_| Failure::DeallocateResult)?;
        }
        let bytes = read.ok_or(Failure::ReadResult)?;
        // 8. Decode it; its type is compared by the caller.
        Reader(&bytes).result().ok_or(Failure::DecodeResult)?.ok_or(Failure::HostError)
    }
}
