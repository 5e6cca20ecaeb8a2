//! The lineage's seam: a supervisor with a linear memory, reached through a dispatch thunk.
//!
//! Such a supervisor has no closures to offer. What it has is a memory with an allocator, and a
//! function, its dispatch thunk, of the type `(args_ptr, args_len, state, func) -> i64`, which
//! returns a region of that memory packed as `ptr << 32 | len`. [`Thunk`] makes a
//! [`Supervisor`] of it, in the eight steps of [`Thunk::dispatch`](Supervisor::dispatch).

use crate::{
    error::Refusing,
    limits::{LimitError, maximum},
    store::{HostCall, Store, Supervisor},
    types::{host_error::HostError, ids::FuncIndex, trap::Reason, value::Values},
    wire,
};
use alloc::vec::Vec;
use core::{error::Error, fmt};

/// A region of a supervisor's memory.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a region is an address and a length")]
pub struct Region {
    /// The address of its first byte.
    pub ptr: u32,
    /// Its length in bytes.
    pub len: u32,
}

impl Region {
    /// The region that a dispatch thunk returned: `ptr << 32 | len`.
    #[must_use]
    pub const fn from_thunk(packed: i64) -> Self {
        let [l0, l1, l2, l3, p0, p1, p2, p3] = packed.to_le_bytes();
        Self { ptr: u32::from_le_bytes([p0, p1, p2, p3]), len: u32::from_le_bytes([l0, l1, l2, l3]) }
    }

    /// As a dispatch thunk returns it: `ptr << 32 | len`.
    #[must_use]
    pub const fn to_thunk(self) -> i64 {
        let ([p0, p1, p2, p3], [l0, l1, l2, l3]) = (self.ptr.to_le_bytes(), self.len.to_le_bytes());
        i64::from_le_bytes([l0, l1, l2, l3, p0, p1, p2, p3])
    }

    /// The slice that a host function's argument packs as `len << 32 | ptr`, the opposite way.
    #[must_use]
    pub const fn from_slice(packed: i64) -> Self {
        let Self { ptr, len } = Self::from_thunk(packed);
        Self { ptr: len, len: ptr }
    }

    /// As a host function's argument packs it: `len << 32 | ptr`.
    #[must_use]
    pub const fn to_slice(self) -> i64 {
        Self { ptr: self.len, len: self.ptr }.to_thunk()
    }

    const fn contains(self, address: u32) -> bool {
        address.wrapping_sub(self.ptr) < self.len
    }
}

/// A supervisor with a linear memory, an allocator and a dispatch thunk.
pub trait ThunkSupervisor {
    /// Why an operation of the supervisor failed.
    type Error: Error + Send + Sync + 'static;
    /// What names a dispatch thunk, an index into the supervisor's table as a rule.
    type Thunk: Copy;

    /// Allocates `len` bytes of the supervisor's memory and returns their address.
    ///
    /// # Errors
    ///
    /// Any; the guest call traps.
    fn allocate(&mut self, len: u32) -> Result<u32, Self::Error>;

    /// Frees what was allocated at `ptr`.
    ///
    /// # Errors
    ///
    /// Any; the guest call traps.
    fn deallocate(&mut self, ptr: u32) -> Result<(), Self::Error>;

    /// Writes `bytes` at `ptr`.
    ///
    /// # Errors
    ///
    /// Where they would not all be inside the supervisor's memory; the guest call traps.
    fn write(&mut self, ptr: u32, bytes: &[u8]) -> Result<(), Self::Error>;

    /// Replaces `buffer`'s contents by those of `region`.
    ///
    /// The region comes from the supervisor: check it against the memory before reserving. Its
    /// length is at most [`Limits::argument_bytes`](crate::Limits) for a thunk's result, and the
    /// size of the guest's memory for [`abi::memory_set`](crate::abi::memory_set).
    ///
    /// # Errors
    ///
    /// Where the region is not all inside the supervisor's memory; the guest call traps.
    fn read(&mut self, region: Region, buffer: &mut Vec<u8>) -> Result<(), Self::Error>;

    /// Calls the dispatch thunk. It may use the store, as any supervisor may.
    ///
    /// # Errors
    ///
    /// Where the supervisor trapped; the guest call traps with this as its reason.
    fn invoke(
        &mut self,
        store: &mut Store,
        thunk: Self::Thunk,
        args: Region,
        state: u32,
        func: FuncIndex,
    ) -> Result<i64, Self::Error>;
}

/// Makes a [`Supervisor`] of a [`ThunkSupervisor`] and one of its dispatch thunks.
#[derive(Debug)]
pub struct Thunk<'a, S: ThunkSupervisor + ?Sized> {
    supervisor: &'a mut S,
    thunk: S::Thunk,
    /// Arguments and results on their way, reused from call to call.
    scratch: Vec<u8>,
}

impl<'a, S: ThunkSupervisor + ?Sized> Thunk<'a, S> {
    /// Serves guests by calling `thunk` of `supervisor`.
    pub const fn new(supervisor: &'a mut S, thunk: S::Thunk) -> Self {
        Self { supervisor, thunk, scratch: Vec::new() }
    }

    fn write_arguments(&mut self, ptr: u32) -> Result<(), ThunkError> {
        if self.supervisor.write(ptr, &self.scratch).is_ok() {
            return Ok(());
        }
        Err(match self.supervisor.deallocate(ptr) {
            Ok(()) => ThunkError::WriteArguments,
            Err(_) => ThunkError::DeallocateAfterWrite,
        })
    }

    fn read_result(&mut self, store: &Store, args: Region, result: Region) -> Result<(), ThunkError> {
        let within = maximum::argument_bytes(store.limits()).check(result.len.into());
        let read = within.map_err(ThunkError::Limit).and_then(|()| {
            self.supervisor.read(result, &mut self.scratch).map_err(|_| ThunkError::ReadResult)
        });
        // A result that begins in the buffer of the arguments was freed with it.
        if !args.contains(result.ptr) && self.supervisor.deallocate(result.ptr).is_err() {
            return Err(ThunkError::DeallocateResult);
        }
        read
    }
}

impl<S: ThunkSupervisor + ?Sized> Supervisor for Thunk<'_, S> {
    /// Serves one import call through the dispatch thunk, in this order:
    ///
    /// 1. encode the arguments as a SCALE `Vec<Number>`; if one is no number, trap
    /// 2. `allocate` room for them; if that fails, trap
    /// 3. `write` them; if that fails, free them and trap
    /// 4. `invoke` the thunk; if that fails, the arguments are still freed
    /// 5. `deallocate` the arguments; a failure here masks one of step 4
    /// 6. `read` the result
    /// 7. `deallocate` the result, also if 6 failed; a failure here masks one of step 6. A result
    ///    that begins in the buffer of the arguments was freed by step 5 and is not freed again
    /// 8. decode `Result<ReturnValue, HostError>`; the execution compares its type with the
    ///    import's
    fn dispatch(&mut self, store: &mut Store, call: HostCall<'_>) -> Result<Values, HostError> {
        // 1.
        self.scratch.clear();
        wire::encode_arguments(call.args, &mut self.scratch).ok_or(ThunkError::EncodeArguments)?;
        let len = u32::try_from(self.scratch.len()).map_err(|_| ThunkError::AllocateArguments)?;
        // 2.
        let ptr = self.supervisor.allocate(len).map_err(|_| ThunkError::AllocateArguments)?;
        // 3.
        self.write_arguments(ptr)?;
        // 4.
        let args = Region { ptr, len };
        let outcome = self.supervisor.invoke(store, self.thunk, args, call.state, call.func);
        // 5.
        self.supervisor.deallocate(ptr).map_err(|_| ThunkError::DeallocateArguments)?;
        let result = Region::from_thunk(outcome?);
        // 6. and 7.
        self.read_result(store, args, result)?;
        // 8.
        let result = wire::decode_result(&self.scratch).map_err(|_| ThunkError::DecodeResult)?;
        result.map(Values::from)
    }
}

/// Why the adapter ended a guest call, the reason of the trap. Where the supervisor itself
/// failed, in step 4, the reason is the supervisor's own error.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ThunkError {
    /// Step 2: no room for the arguments.
    AllocateArguments,
    /// Step 3: the arguments could not be written, and then not be freed.
    DeallocateAfterWrite,
    /// Step 5: the arguments could not be freed.
    DeallocateArguments,
    /// Step 7: the result could not be freed.
    DeallocateResult,
    /// Step 8: the result is not valid SCALE.
    DecodeResult,
    /// Step 1: an argument is no number. Of an environment from the wire no import has such parameters.
    EncodeArguments,
    /// Step 6: the result is longer than [`Limits::argument_bytes`](crate::Limits).
    Limit(LimitError),
    /// Step 6: the result is not all inside the supervisor's memory.
    ReadResult,
    /// Step 3: the arguments could not be written.
    WriteArguments,
}

impl fmt::Display for ThunkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AllocateArguments => "no room for the arguments in the supervisor's memory",
            Self::DeallocateAfterWrite => "the arguments could neither be written nor be freed",
            Self::DeallocateArguments => "the arguments could not be freed",
            Self::DeallocateResult => "the thunk's result could not be freed",
            Self::EncodeArguments => "an argument is no number, and the wire has no others",
            Self::DecodeResult => "the thunk's result is no SCALE-encoded result",
            Self::Limit(error) => return write!(f, "{RESULT} refused: {error}"),
            Self::ReadResult => "the thunk's result could not be read",
            Self::WriteArguments => "the arguments could not be written",
        })
    }
}

impl Error for ThunkError {}

impl Refusing for ThunkError {
    fn refused(&self) -> Option<(&'static str, &[LimitError])> {
        match self {
            Self::Limit(error) => Some((RESULT, error.as_ref())),
            _ => None,
        }
    }
}

/// What a limit refuses here.
const RESULT: &str = "the thunk's result was";

impl ThunkError {
    /// The adapter's error behind a trap's reason.
    #[must_use]
    pub fn from_reason(reason: &Reason) -> Option<Self> {
        reason.downcast_ref::<Self>().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_packed_both_ways() {
        let region = Region { ptr: 0x8000_0010, len: 6 };
        assert_eq!(region.to_thunk().cast_unsigned(), 0x8000_0010_0000_0006);
        assert_eq!(region.to_slice().cast_unsigned(), 0x0000_0006_8000_0010);
        assert_eq!(Region::from_thunk(region.to_thunk()), region);
        assert_eq!(Region::from_slice(region.to_slice()), region);
        let highest = Region { ptr: u32::MAX, len: u32::MAX };
        assert_eq!(Region::from_thunk(-1), highest);
    }
}
