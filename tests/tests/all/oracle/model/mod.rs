//! The model: the lineage's sandbox over the lineage's engine, wasmi 0.9.1, written from the
//! description of the ABI and the recorded behaviour. It knows nothing of guestbox.
//!
//! A store is two lists of slots whose places are the ids. A guest call runs on the host's stack,
//! as it did in the lineage, with the supervisor called from within the engine.

mod dispatch;
mod link;

use crate::oracle::{
    differences,
    log::{
        ERR_EXECUTION, ERR_MODULE, ERR_OK, ERR_OUT_OF_BOUNDS, Failure, Missing, Outcome, Refusal,
        SupervisorTrap,
    },
    sandbox::{Call, Sandbox},
    scale::{self, Reader},
    script::{Face, Region, Type, Value},
    supervisor::Supervisor,
};
use dispatch::Caller;
use link::Link;
use std::rc::Rc;
use wasmi_lineage::{
    Error, ExternVal, MemoryInstance, MemoryRef, ModuleInstance, ModuleRef, RuntimeValue, Trap, TrapKind,
    memory_units::Pages,
};

const MEM_UNLIMITED: u32 = 0xFFFF_FFFF;
const PAGE_BYTES: u64 = 1 << 16;

/// What an id names: ids are places in a list, and are never used again.
enum Slot<T> {
    Live(T),
    TornDown,
}

struct Slots<T>(Vec<Slot<T>>);

impl<T: Clone> Slots<T> {
    fn add(&mut self, value: T) -> u32 {
        self.0.push(Slot::Live(value));
        u32::try_from(self.0.len()).unwrap() - 1
    }

    fn get(&self, id: u32) -> Result<T, Missing> {
        match self.0.get(id as usize) {
            Some(Slot::Live(value)) => Ok(value.clone()),
            Some(Slot::TornDown) => Err(Missing::TornDown),
            None => Err(Missing::Unknown),
        }
    }

    fn tear_down(&mut self, id: u32) -> Result<(), Missing> {
        self.get(id)?;
        self.0[id as usize] = Slot::TornDown;
        Ok(())
    }
}

/// The lineage's store.
pub struct Model {
    memories: Slots<MemoryRef>,
    instances: Slots<Rc<Guest>>,
}

/// An instance and what stands behind its imported functions.
struct Guest {
    module: ModuleRef,
    imports: Vec<Import>,
}

/// An imported function.
struct Import {
    func: u32,
    result: Option<Type>,
}

impl Model {
    pub const fn new() -> Self {
        Self { memories: Slots(Vec::new()), instances: Slots(Vec::new()) }
    }

    fn try_instantiate(
        &mut self,
        supervisor: &mut Supervisor<'_>,
        wasm: &[u8],
        environment: &[u8],
        state: u32,
    ) -> Result<u32, Refusal> {
        let link = Link::decode(environment, |memory| self.memories.get(memory).ok())
            .ok_or(Refusal::EnvironmentCorrupted)?;
        let module = differences::decode_module(wasm).ok_or(Refusal::ModuleDecoding)?;
        if !link.memories_fit(&module.memories) {
            return Err(Refusal::Instantiation);
        }
        let started = ModuleInstance::new(&module.module, &link).map_err(|_| Refusal::Instantiation)?;
        let imports = link.into_imports();
        let guest = Rc::new(Guest { module: started.not_started_instance().clone(), imports });
        let mut caller = Caller { model: self, supervisor, guest: &guest, state };
        started.run_start(&mut caller).map_err(|trap| Refusal::StartTrapped(trapped(&trap)))?;
        Ok(self.instances.add(guest))
    }

    fn try_invoke(
        &mut self,
        supervisor: &mut Supervisor<'_>,
        call: &Call<'_>,
    ) -> Result<Result<Option<Value>, Failure>, SupervisorTrap> {
        let args = Reader(call.args).values().ok_or(SupervisorTrap::Arguments)?;
        let guest = self.instances.get(call.instance).map_err(SupervisorTrap::Instance)?;
        let Ok(export) = std::str::from_utf8(call.export) else { return Ok(Err(Failure::ExportNotFound)) };
        let function = match guest.module.export_by_name(export) {
            Some(ExternVal::Func(function)) => function,
            Some(_) => return Ok(Err(Failure::NotAFunction)),
            None => return Ok(Err(Failure::ExportNotFound)),
        };
        let args: Vec<_> = args.into_iter().map(to_engine).collect();
        let mut caller = Caller { model: self, supervisor, guest: &guest, state: call.state };
        let outcome = wasmi_lineage::FuncInstance::invoke(&function, &args, &mut caller);
        Ok(outcome.map(|value| value.map(from_engine)).map_err(|trap| trapped(&trap)))
    }
}

impl Sandbox for Model {
    fn memory_new(&mut self, initial: u32, maximum: u32) -> Result<u32, SupervisorTrap> {
        let pages = |pages: u32| Pages(pages as usize);
        let maximum = (maximum != MEM_UNLIMITED).then_some(pages(maximum));
        let memory = MemoryInstance::alloc(pages(initial), maximum);
        Ok(self.memories.add(memory.map_err(|_| SupervisorTrap::MemoryRefused)?))
    }

    fn memory_get(
        &mut self,
        supervisor: &mut Supervisor<'_>,
        memory: u32,
        offset: u32,
        to: Region,
    ) -> Result<u32, SupervisorTrap> {
        let memory = self.memories.get(memory).map_err(SupervisorTrap::Memory)?;
        let Ok(bytes) = memory.get(offset, to.len as usize) else { return Ok(ERR_OUT_OF_BOUNDS) };
        Ok(if supervisor.write(to.ptr, &bytes).is_ok() { ERR_OK } else { ERR_OUT_OF_BOUNDS })
    }

    fn memory_set(
        &mut self,
        supervisor: &mut Supervisor<'_>,
        memory: u32,
        offset: u32,
        from: Region,
    ) -> Result<u32, SupervisorTrap> {
        let memory = self.memories.get(memory).map_err(SupervisorTrap::Memory)?;
        if u64::from(offset) + u64::from(from.len) > size(&memory) {
            return Ok(ERR_OUT_OF_BOUNDS);
        }
        let Ok(bytes) = supervisor.read(from) else { return Ok(ERR_OUT_OF_BOUNDS) };
        memory.set(offset, bytes).unwrap();
        Ok(ERR_OK)
    }

    fn memory_teardown(&mut self, memory: u32) -> Result<(), SupervisorTrap> {
        self.memories.tear_down(memory).map_err(SupervisorTrap::Memory)
    }

    fn instantiate(
        &mut self,
        supervisor: &mut Supervisor<'_>,
        wasm: &[u8],
        environment: &[u8],
        state: u32,
        face: Face,
    ) -> Outcome {
        let outcome = self.try_instantiate(supervisor, wasm, environment, state);
        match (face, outcome) {
            (Face::Kinds, Ok(id)) => Outcome::Id(id),
            (Face::Kinds, Err(refusal)) => Outcome::Refused(refusal),
            (Face::Codes, Ok(id)) => Outcome::Code(id),
            (Face::Codes, Err(Refusal::StartTrapped(_))) => Outcome::Code(ERR_EXECUTION),
            (Face::Codes, Err(_)) => Outcome::Code(ERR_MODULE),
        }
    }

    fn invoke(&mut self, supervisor: &mut Supervisor<'_>, call: &Call<'_>, face: Face) -> Outcome {
        let outcome = match self.try_invoke(supervisor, call) {
            Ok(outcome) => outcome,
            Err(trap) => return Outcome::Trap(trap),
        };
        match (face, outcome) {
            (Face::Kinds, Ok(result)) => Outcome::Results(result),
            (Face::Kinds, Err(failure)) => Outcome::Failed(failure),
            (Face::Codes, Err(_)) => Outcome::Code(ERR_EXECUTION),
            (Face::Codes, Ok(None)) => Outcome::Code(ERR_OK),
            (Face::Codes, Ok(Some(value))) => {
                let bytes = scale::return_value(value);
                if bytes.len() > call.result.len as usize
                    || supervisor.write(call.result.ptr, &bytes).is_err()
                {
                    return Outcome::Trap(SupervisorTrap::ResultBuffer);
                }
                Outcome::Code(ERR_OK)
            }
        }
    }

    fn get_global_val(&mut self, instance: u32, name: &[u8]) -> Result<Vec<u8>, SupervisorTrap> {
        let guest = self.instances.get(instance).map_err(SupervisorTrap::Instance)?;
        let export = std::str::from_utf8(name).ok().and_then(|name| guest.module.export_by_name(name));
        let value = match export {
            Some(ExternVal::Global(global)) => Some(from_engine(global.get())),
            _ => None,
        };
        Ok(scale::some(value))
    }

    fn instance_teardown(&mut self, instance: u32) -> Result<(), SupervisorTrap> {
        self.instances.tear_down(instance).map_err(SupervisorTrap::Instance)
    }

    fn memory_bytes(&self, memory: u32) -> Result<Vec<u8>, Missing> {
        let memory = self.memories.get(memory)?;
        Ok(memory.get(0, usize::try_from(size(&memory)).unwrap()).unwrap())
    }
}

/// The size of a memory in bytes, as it is now.
fn size(memory: &MemoryRef) -> u64 {
    u64::try_from(memory.current_size().0).unwrap() * PAGE_BYTES
}

fn to_engine(value: Value) -> RuntimeValue {
    let low = u32::try_from(value.bits & 0xFFFF_FFFF).unwrap();
    match value.ty {
        Type::I32 => RuntimeValue::I32(low.cast_signed()),
        Type::I64 => RuntimeValue::I64(value.bits.cast_signed()),
        Type::F32 => RuntimeValue::F32(wasmi_lineage::nan_preserving_float::F32::from_bits(low)),
        Type::F64 => RuntimeValue::F64(wasmi_lineage::nan_preserving_float::F64::from_bits(value.bits)),
    }
}

fn from_engine(value: RuntimeValue) -> Value {
    match value {
        RuntimeValue::I32(value) => Value::new(Type::I32, value.cast_unsigned().into()),
        RuntimeValue::I64(value) => Value::new(Type::I64, value.cast_unsigned()),
        RuntimeValue::F32(value) => Value::new(Type::F32, value.to_bits().into()),
        RuntimeValue::F64(value) => Value::new(Type::F64, value.to_bits()),
    }
}

fn trapped(trap: &Trap) -> Failure {
    match trap.kind() {
        TrapKind::DivisionByZero => Failure::DivisionByZero,
        TrapKind::ElemUninitialized => Failure::ElementUninitialized,
        TrapKind::Host(reason) => match reason.downcast_ref() {
            Some(dispatch::Stopped(failure)) => *failure,
            None => Failure::Other,
        },
        TrapKind::InvalidConversionToInt => Failure::InvalidConversion,
        TrapKind::MemoryAccessOutOfBounds => Failure::MemoryOutOfBounds,
        TrapKind::StackOverflow => Failure::Other,
        TrapKind::TableAccessOutOfBounds => Failure::TableOutOfBounds,
        TrapKind::UnexpectedSignature => Failure::UnexpectedSignature,
        TrapKind::Unreachable => Failure::Unreachable,
    }
}

/// What an import that the environment does not offer is refused with.
fn not_offered() -> Error {
    Error::Instantiation("not offered".into())
}
