//! Spaces of the engine that is outside: what stands here are numbers of what JavaScript has.

use super::{OutsideCode, door};
use alloc::{borrow::Cow, sync::Arc};
use guestbox::{
    ExternRef, ExternType, FuncType, PAGE_BYTES, V128, Value, ValueType,
    engine::{
        Code, Entry, Function, Global, HostModule, Imported, Instance, Limiter, Memory, Outcome, Prepared,
        RefKind, Refusal, Space, Table, Turn,
    },
};
use std::collections::HashMap;

/// What has instances in JavaScript.
#[derive(Debug)]
pub(super) struct OutsideSpace {
    number: u32,
    limiter: Limiter,
    /// The modules of the instances, by their numbers, and the memories that these import.
    instances: HashMap<u32, (Arc<Prepared>, Box<[Memory]>)>,
    /// The pages that memories may grow to, where they say so, by their numbers.
    memories: HashMap<u32, Option<u32>>,
    /// The types of globals, and whether they are mutable.
    globals: HashMap<u32, (ValueType, bool)>,
}

/// A call that JavaScript runs, until it has ended or is given up.
#[derive(Debug)]
struct Run(u32);

impl Drop for Run {
    fn drop(&mut self) {
        door::end(self.0);
    }
}

/// A number that JavaScript has given, if it is one.
fn number(given: i32) -> Option<u32> {
    u32::try_from(given).ok()
}

impl OutsideSpace {
    pub(super) fn new(limiter: Limiter) -> Self {
        Self {
            number: door::add_space(),
            limiter,
            instances: HashMap::new(),
            memories: HashMap::new(),
            globals: HashMap::new(),
        }
    }

    fn host(&self, instance: Instance) -> Option<&HostModule> {
        self.instances.get(&instance.0)?.0.host.as_ref()
    }

    fn size(&self, memory: Memory) -> usize {
        if !self.memories.contains_key(&memory.0) {
            return 0;
        }
        let pages = usize::try_from(door::pages(memory.0)).unwrap_or(usize::MAX);
        pages.saturating_mul(PAGE_BYTES)
    }

    /// A copy of all bytes of a memory, where there is room for it.
    fn copy(&self, memory: Memory) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let size = self.size(memory);
        bytes.try_reserve_exact(size).ok()?;
        bytes.resize(size, 0);
        self.read(memory, 0, &mut bytes).then_some(bytes)
    }
}

impl Drop for OutsideSpace {
    fn drop(&mut self) {
        door::drop_space(self.number);
    }
}

impl Space for OutsideSpace {
    fn limiter(&self) -> &Limiter {
        &self.limiter
    }

    fn limiter_mut(&mut self) -> &mut Limiter {
        &mut self.limiter
    }

    fn is_made_for(&self, code: &dyn Code) -> bool {
        self.can_have(code)
    }

    fn can_have(&self, code: &dyn Code) -> bool {
        code.as_any().is::<OutsideCode>()
    }

    fn instantiate(&mut self, code: &dyn Code, imported: Imported<'_>) -> Result<Instance, Refusal> {
        let code = code.as_any().downcast_ref::<OutsideCode>().ok_or(Refusal::Defect)?;
        let host = code.host().ok_or(Refusal::Defect)?;
        let lets = |limiter: &mut Limiter| {
            host.own_memories.iter().all(|pages| limiter.lets_memory_grow(0, *pages))
                && host.own_tables.iter().all(|elements| limiter.lets_table_grow(0, (*elements).into()))
        };
        if !lets(&mut self.limiter) {
            return Err(Refusal::Memory);
        }
        let frames = u32::try_from(code.module.stack.guest_frames).unwrap_or(u32::MAX);
        let memories: Vec<_> = imported.memories.iter().map(|memory| memory.0).collect();
        let globals: Vec<_> = imported.globals.iter().map(|global| global.0).collect();
        match door::instantiate(self.number, code.number, frames, &memories, &globals) {
            door::NO_MEMORY => Err(Refusal::Memory),
            door::NO_ROOM => Err(Refusal::Segment),
            made => {
                let instance = number(made).ok_or(Refusal::Defect)?;
                let module = Arc::clone(&code.module);
                self.instances.insert(instance, (module, imported.memories.into()));
                Ok(Instance(instance))
            }
        }
    }

    fn function(&mut self, instance: Instance, name: &str) -> Option<Function> {
        number(door::function(self.number, instance.0, name)).map(Function)
    }

    fn memory(&mut self, instance: Instance, name: &str) -> Option<Memory> {
        let host = self.host(instance)?;
        let at = host.names.memories.iter().position(|known| **known == *name);
        let maximum = match at {
            Some(at) => *host.maxima.get(at)?,
            None => host.exports.iter().find(|export| export.name() == name).and_then(|export| match export
                .ty()
            {
                ExternType::Memory(ty) => ty.maximum,
                _ => None,
            }),
        };
        let memory = number(door::memory(self.number, instance.0, name))?;
        // One that is imported is as it was made, whatever is asked for.
        let (_, imported) = self.instances.get(&instance.0)?;
        let given = imported.iter().find(|given| door::is_same_memory(given.0, memory));
        let maximum = given.map_or(maximum, |given| self.maximum(*given));
        self.memories.insert(memory, maximum);
        Some(Memory(memory))
    }

    fn global(&mut self, instance: Instance, name: &str) -> Option<Global> {
        let host = self.host(instance)?;
        let hidden = host.names.globals.iter().position(|known| **known == *name);
        let (ty, mutable) = match hidden {
            Some(at) => ((*host.globals.get(at)?)?, true),
            None => {
                let export = host.exports.iter().find(|export| export.name() == name)?;
                let ty = export.ty().as_global()?;
                (ty.value, ty.mutable)
            }
        };
        let global = number(door::global(self.number, instance.0, name, ty.name(), mutable))?;
        self.globals.insert(global, (ty, mutable));
        Some(Global(global))
    }

    fn table(&mut self, _: Instance, _: &str) -> Option<Table> {
        None
    }

    fn add_memory(&mut self, pages: u32, maximum: Option<u32>) -> Option<Memory> {
        if !self.limiter.lets_memory_grow(0, pages) {
            return None;
        }
        let most = maximum.map_or(-1.0, f64::from);
        let Some(memory) = number(door::add_memory(self.number, pages, most)) else {
            self.limiter.undo();
            return None;
        };
        self.memories.insert(memory, maximum);
        Some(Memory(memory))
    }

    fn add_global(&mut self, value: Value, mutable: bool) -> Option<Global> {
        let (low, high) = bits(value)?;
        let global = number(door::add_global(self.number, value.ty().name(), mutable, low, high))?;
        self.globals.insert(global, (value.ty(), mutable));
        Some(Global(global))
    }

    fn add_table(&mut self, _: RefKind, _: u32, _: Option<u32>) -> Option<Table> {
        None
    }

    fn bytes(&self, _: Memory) -> &[u8] {
        &[]
    }

    fn bytes_mut(&mut self, _: Memory) -> &mut [u8] {
        &mut []
    }

    fn contents(&self, memory: Memory) -> Option<Cow<'_, [u8]>> {
        self.copy(memory).map(Cow::Owned)
    }

    fn change(&mut self, memory: Memory, change: &mut dyn FnMut(&mut [u8])) -> bool {
        let Some(mut bytes) = self.copy(memory) else { return false };
        change(&mut bytes);
        self.write(memory, 0, &bytes)
    }

    fn outside(&self, memory: Memory) -> Option<u32> {
        Some(memory.0)
    }

    fn len(&self, memory: Memory) -> usize {
        self.size(memory)
    }

    fn read(&self, memory: Memory, offset: usize, into: &mut [u8]) -> bool {
        let Ok(offset) = u32::try_from(offset) else { return into.is_empty() };
        self.memories.contains_key(&memory.0) && door::read(memory.0, offset, into)
    }

    fn write(&mut self, memory: Memory, offset: usize, bytes: &[u8]) -> bool {
        let Ok(offset) = u32::try_from(offset) else { return bytes.is_empty() };
        self.memories.contains_key(&memory.0) && door::write(memory.0, offset, bytes)
    }

    fn maximum(&self, memory: Memory) -> Option<u32> {
        self.memories.get(&memory.0).copied().flatten()
    }

    fn grow(&mut self, memory: Memory, pages: u32) -> bool {
        if !self.memories.contains_key(&memory.0) {
            return false;
        }
        let current = door::pages(memory.0);
        if !self.limiter.lets_memory_grow(current, current.saturating_add(pages)) {
            return false;
        }
        let has_grown = door::grow(memory.0, pages);
        if !has_grown {
            self.limiter.undo();
        }
        has_grown
    }

    fn is_same(&self, one: Memory, other: Memory) -> bool {
        one == other || door::is_same_memory(one.0, other.0)
    }

    fn is_same_global(&self, one: Global, other: Global) -> bool {
        one == other || door::is_same_global(one.0, other.0)
    }

    fn get(&mut self, global: Global) -> Option<Value> {
        let (ty, _) = self.globals.get(&global.0)?;
        let low = door::low(global.0);
        let ([b0, b1, b2, b3, ..], half) = (low.to_le_bytes(), u32::from_le_bytes);
        let bits = half([b0, b1, b2, b3]);
        Some(match ty {
            ValueType::I32 => Value::I32(bits.cast_signed()),
            ValueType::I64 => Value::I64(low.cast_signed()),
            ValueType::F32 => Value::F32(bits),
            ValueType::F64 => Value::F64(low),
            ValueType::V128 => {
                Value::V128(V128::from(u128::from(low) | u128::from(door::high(global.0)) << 64_u32))
            }
            _ => return None,
        })
    }

    fn set(&mut self, global: Global, value: Value) -> bool {
        match (self.globals.get(&global.0), bits(value)) {
            (Some((ty, true)), Some((low, high))) if *ty == value.ty() => {
                door::set(global.0, low, high);
                true
            }
            _ => false,
        }
    }

    fn elements(&self, _: Table) -> u32 {
        0
    }

    fn element(&mut self, _: Table, _: u32) -> Option<Value> {
        None
    }

    fn set_element(&mut self, _: Table, _: u32, _: Value) -> bool {
        false
    }

    fn grow_table(&mut self, _: Table, _: u32, _: Value) -> bool {
        false
    }

    fn admit(&mut self, _: ExternRef) -> bool {
        false
    }

    fn let_go(&mut self, _: bool) {}

    fn is_to_let_go(&self) -> bool {
        false
    }

    fn externs(&self, _: &mut Vec<ExternRef>) {}

    fn owner(&self, _: Function) -> Option<Instance> {
        None
    }

    fn function_type(&self, _: Function) -> Option<FuncType> {
        None
    }

    fn run(&mut self, entry: Entry, turn: Turn<'_>) -> Outcome {
        match entry {
            Entry::Call(function) => {
                *turn.paused = Some(Box::new(Run(door::begin(self.number, function.0))));
            }
            Entry::Answer | Entry::Refuelled => {
                let run = turn.paused.as_ref().and_then(|paused| paused.downcast_ref::<Run>());
                if let Some(run) = run {
                    door::go_on(run.0);
                }
            }
        }
        Outcome::Outside
    }
}

/// The bits of a value, in two halves; `None` of one that refers to something.
fn bits(value: Value) -> Option<(u64, u64)> {
    Some(match value {
        Value::I32(value) => (value.cast_unsigned().into(), 0),
        Value::I64(value) => (value.cast_unsigned(), 0),
        Value::F32(bits) => (bits.into(), 0),
        Value::F64(bits) => (bits, 0),
        Value::V128(V128(bytes)) => {
            let ([low, high], _) = bytes.as_chunks() else { return None };
            (u64::from_le_bytes(*low), u64::from_le_bytes(*high))
        }
        _ => return None,
    })
}
