//! guestbox behind the interface of the ABI.

use crate::oracle::{
    log::{Failure, Missing, Outcome, Refusal, SupervisorTrap},
    sandbox::{Call, Sandbox},
    script::{Face, Region, Type, Value},
    supervisor::{Failed, Supervisor},
};
use guestbox::{
    FuncIndex, HandleError, InvokeError, Store, Thunk, ThunkError, ThunkSupervisor, Trap, TrapCode,
    abi::{self, InstantiateFailure},
    wire,
};

/// What names the dispatch thunk.
const THUNK: u32 = 3;

impl ThunkSupervisor for Supervisor<'_> {
    type Error = Failed;
    type Thunk = u32;

    fn allocate(&mut self, len: u32) -> Result<u32, Failed> {
        Supervisor::allocate(self, len)
    }

    fn deallocate(&mut self, ptr: u32) -> Result<(), Failed> {
        Supervisor::deallocate(self, ptr)
    }

    fn write(&mut self, ptr: u32, bytes: &[u8]) -> Result<(), Failed> {
        Supervisor::write(self, ptr, bytes)
    }

    fn read(&mut self, region: guestbox::Region, buffer: &mut Vec<u8>) -> Result<(), Failed> {
        let bytes = Supervisor::read(self, Region { ptr: region.ptr, len: region.len })?;
        buffer.clear();
        buffer.extend_from_slice(bytes);
        Ok(())
    }

    fn invoke(
        &mut self,
        store: &mut Store,
        thunk: u32,
        args: guestbox::Region,
        state: u32,
        FuncIndex(func): FuncIndex,
    ) -> Result<i64, Failed> {
        assert_eq!(thunk, THUNK);
        self.thunk(store, Region { ptr: args.ptr, len: args.len }, state, func)
    }
}

impl Sandbox for Store {
    fn memory_new(&mut self, initial: u32, maximum: u32) -> Result<u32, SupervisorTrap> {
        abi::memory_new(self, initial, maximum).map_err(trap)
    }

    fn memory_get(
        &mut self,
        supervisor: &mut Supervisor<'_>,
        memory: u32,
        offset: u32,
        to: Region,
    ) -> Result<u32, SupervisorTrap> {
        abi::memory_get(self, supervisor, memory, offset, region(to)).map_err(trap)
    }

    fn memory_set(
        &mut self,
        supervisor: &mut Supervisor<'_>,
        memory: u32,
        offset: u32,
        from: Region,
    ) -> Result<u32, SupervisorTrap> {
        abi::memory_set(self, supervisor, memory, offset, region(from)).map_err(trap)
    }

    fn memory_teardown(&mut self, memory: u32) -> Result<(), SupervisorTrap> {
        abi::memory_teardown(self, memory).map_err(trap)
    }

    fn instantiate(
        &mut self,
        supervisor: &mut Supervisor<'_>,
        wasm: &[u8],
        environment: &[u8],
        state: u32,
        face: Face,
    ) -> Outcome {
        match face {
            Face::Codes => Outcome::Code(abi::instantiate(self, supervisor, THUNK, wasm, environment, state)),
            Face::Kinds => {
                let mut thunk = Thunk::new(supervisor, THUNK);
                match abi::try_instantiate(self, &mut thunk, wasm, environment, state) {
                    Ok(id) => Outcome::Id(id.number()),
                    Err(failure) => Outcome::Refused(refusal(&failure)),
                }
            }
        }
    }

    fn invoke(&mut self, supervisor: &mut Supervisor<'_>, call: &Call<'_>, face: Face) -> Outcome {
        let Call { instance, export, args, result, state } = *call;
        match face {
            Face::Codes => {
                let result = region(result);
                let code = abi::invoke(self, supervisor, THUNK, instance, export, args, result, state);
                code.map_or_else(|error| Outcome::Trap(trap(error)), Outcome::Code)
            }
            Face::Kinds => {
                let Ok(args) = wire::decode_arguments(args) else {
                    return Outcome::Trap(SupervisorTrap::Arguments);
                };
                let id = match self.instance_id(instance) {
                    Ok(id) => id,
                    Err(error) => return Outcome::Trap(SupervisorTrap::Instance(missing(error))),
                };
                // The names that are not UTF-8 are for the other face.
                let export = String::from_utf8_lossy(export);
                let mut thunk = Thunk::new(supervisor, THUNK);
                match Store::invoke(self, &mut thunk, id, &export, &args, state) {
                    Ok(results) => Outcome::Results(results.first().map(|value| plain(*value))),
                    Err(error) => Outcome::Failed(failure(&error)),
                }
            }
        }
    }

    fn get_global_val(&mut self, instance: u32, name: &[u8]) -> Result<Vec<u8>, SupervisorTrap> {
        abi::get_global_val(self, instance, name).map_err(trap)
    }

    fn instance_teardown(&mut self, instance: u32) -> Result<(), SupervisorTrap> {
        abi::instance_teardown(self, instance).map_err(trap)
    }

    fn memory_bytes(&self, memory: u32) -> Result<Vec<u8>, Missing> {
        let id = self.memory_id(memory).map_err(missing)?;
        let len = self.memory_size(id).unwrap() << 16;
        Ok(self.memory_to_vec(id, 0, len).unwrap())
    }
}

const fn region(Region { ptr, len }: Region) -> guestbox::Region {
    guestbox::Region { ptr, len }
}

fn plain(value: guestbox::Value) -> Value {
    match value {
        guestbox::Value::I32(value) => Value::new(Type::I32, value.cast_unsigned().into()),
        guestbox::Value::I64(value) => Value::new(Type::I64, value.cast_unsigned()),
        guestbox::Value::F32(bits) => Value::new(Type::F32, bits.into()),
        guestbox::Value::F64(bits) => Value::new(Type::F64, bits),
        other => panic!("not a number: {other:?}"),
    }
}

fn missing(error: HandleError) -> Missing {
    match error {
        HandleError::TornDown => Missing::TornDown,
        HandleError::Unknown => Missing::Unknown,
        error => panic!("{error}"),
    }
}

fn trap(trap: abi::SupervisorTrap) -> SupervisorTrap {
    match trap {
        abi::SupervisorTrap::Arguments | abi::SupervisorTrap::Limit(_) => SupervisorTrap::Arguments,
        abi::SupervisorTrap::Instance(error) => SupervisorTrap::Instance(missing(error)),
        abi::SupervisorTrap::Memory(error) => SupervisorTrap::Memory(missing(error)),
        abi::SupervisorTrap::MemoryRefused(_) => SupervisorTrap::MemoryRefused,
        abi::SupervisorTrap::ResultBuffer => SupervisorTrap::ResultBuffer,
        trap => panic!("{trap}"),
    }
}

fn refusal(failure: &InstantiateFailure) -> Refusal {
    match failure {
        InstantiateFailure::EnvironmentCorrupted(_) => Refusal::EnvironmentCorrupted,
        InstantiateFailure::Instantiation(_) => Refusal::Instantiation,
        InstantiateFailure::ModuleDecoding(_) => Refusal::ModuleDecoding,
        InstantiateFailure::StartTrapped(trap) => Refusal::StartTrapped(trapped(trap)),
        failure => panic!("{failure}"),
    }
}

fn failure(error: &InvokeError) -> Failure {
    match error {
        InvokeError::Arguments(_) => Failure::UnexpectedSignature,
        InvokeError::ExportNotFound => Failure::ExportNotFound,
        InvokeError::NotAFunction => Failure::NotAFunction,
        InvokeError::Trap(trap) => trapped(trap),
        _ => Failure::Other,
    }
}

fn trapped(trap: &Trap) -> Failure {
    match trap.code() {
        TrapCode::BadConversionToInteger | TrapCode::IntegerOverflow => Failure::InvalidConversion,
        TrapCode::BadSignature | TrapCode::ResultType => Failure::UnexpectedSignature,
        TrapCode::HostError => match trap.reason() {
            None => Failure::HostError,
            Some(reason) if reason.is::<Failed>() => Failure::SupervisorTrapped,
            Some(reason) => reason.downcast_ref().copied().map_or(Failure::Other, adapter),
        },
        TrapCode::IndirectCallToNull => Failure::ElementUninitialized,
        TrapCode::IntegerDivisionByZero => Failure::DivisionByZero,
        TrapCode::MemoryOutOfBounds => Failure::MemoryOutOfBounds,
        TrapCode::TableOutOfBounds => Failure::TableOutOfBounds,
        TrapCode::Unreachable => Failure::Unreachable,
        _ => Failure::Other,
    }
}

const fn adapter(error: ThunkError) -> Failure {
    match error {
        ThunkError::AllocateArguments => Failure::AllocateArguments,
        ThunkError::DeallocateAfterWrite => Failure::DeallocateAfterWrite,
        ThunkError::DeallocateArguments => Failure::DeallocateArguments,
        ThunkError::DeallocateResult => Failure::DeallocateResult,
        ThunkError::DecodeResult => Failure::DecodeResult,
        ThunkError::Limit(_) | ThunkError::ReadResult => Failure::ReadResult,
        ThunkError::WriteArguments => Failure::WriteArguments,
        _ => Failure::Other,
    }
}
