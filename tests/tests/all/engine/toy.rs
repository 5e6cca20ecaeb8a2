//! A second engine, which knows a few operators: enough for guests that live, pause and end in all ways.
//!
//! It reads a function's operators one by one as they are in the module, and has all that a call is made of in values of
//! its own. So a call pauses by keeping these.

use super::code::{self, Body, Op};
use guestbox::{
    ExternRef, FuncType, PAGE_BYTES, Trap, TrapCode, Value,
    engine::{
        Code, Engine, Entry, Function, Global, Home, Imported, Instance, Limiter, Memory, Outcome, Paused,
        Prepared, RefKind, Refusal, Space, Table, Turn,
    },
};
use std::{any::Any, sync::Arc};

#[derive(Debug)]
pub(super) struct Toy;

#[derive(Debug)]
struct ToyCode {
    module: Arc<code::Module>,
    guest_frames: usize,
}

impl Engine for Toy {
    fn compile(&self, module: &Arc<Prepared>) -> Result<Box<dyn Code>, Box<str>> {
        let guest_frames = module.stack.guest_frames;
        Ok(Box::new(ToyCode { module: Arc::new(code::read(&module.bytes)?), guest_frames }))
    }
}

impl Code for ToyCode {
    fn space(&self, limiter: Limiter, _: Home) -> Box<dyn Space> {
        Box::new(ToySpace {
            limiter,
            guest_frames: self.guest_frames,
            instances: Vec::new(),
            functions: Vec::new(),
            memories: Vec::new(),
            globals: Vec::new(),
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// All that lives in a space, by the numbers that it gives.
#[derive(Debug)]
struct ToySpace {
    limiter: Limiter,
    guest_frames: usize,
    instances: Vec<ToyInstance>,
    /// The instance and the index in its module.
    functions: Vec<(u32, u32)>,
    memories: Vec<ToyMemory>,
    globals: Vec<ToyGlobal>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct ToyGlobal {
    pub(super) value: Value,
    pub(super) mutable: bool,
}

#[derive(Clone, Debug)]
struct ToyInstance {
    module: Arc<code::Module>,
    /// By their indices in the module, the numbers in the space.
    memories: Vec<u32>,
    globals: Vec<u32>,
}

#[derive(Debug)]
struct ToyMemory {
    bytes: Vec<u8>,
    maximum: Option<u32>,
}

/// A call: its functions, the innermost last, and what is on the operand stack.
#[derive(Debug)]
struct Call {
    instance: u32,
    frames: Vec<Frame>,
    operands: Vec<Value>,
}

#[derive(Debug)]
struct Frame {
    function: u32,
    at: usize,
    locals: Vec<Value>,
    /// Of the region at which it is and for which there was no fuel.
    owed: bool,
}

impl Space for ToySpace {
    fn limiter(&self) -> &Limiter {
        &self.limiter
    }

    fn limiter_mut(&mut self) -> &mut Limiter {
        &mut self.limiter
    }

    fn is_made_for(&self, code: &dyn Code) -> bool {
        code.as_any().is::<ToyCode>()
    }

    fn can_have(&self, code: &dyn Code) -> bool {
        code.as_any().is::<ToyCode>()
    }

    fn instantiate(&mut self, code: &dyn Code, imported: Imported<'_>) -> Result<Instance, Refusal> {
        let code = code.as_any().downcast_ref::<ToyCode>().ok_or(Refusal::Defect)?;
        let module = Arc::clone(&code.module);
        let mut instance = ToyInstance {
            module: Arc::clone(&module),
            memories: imported.memories.iter().map(|memory| memory.0).collect(),
            globals: imported.globals.iter().map(|global| global.0).collect(),
        };
        for (pages, maximum) in &module.memories {
            let memory = self.add_memory(*pages, *maximum).ok_or(Refusal::Memory)?;
            instance.memories.push(memory.0);
        }
        for ToyGlobal { value, mutable } in &module.globals {
            let global = self.add_global(*value, *mutable).ok_or(Refusal::Defect)?;
            instance.globals.push(global.0);
        }
        for (memory, offset, bytes) in &module.data {
            let memory = Memory(instance.memories[*memory]);
            let to = self.bytes_mut(memory).get_mut(*offset..*offset + bytes.len());
            to.ok_or(Refusal::Segment)?.copy_from_slice(bytes);
        }
        self.instances.push(instance);
        Ok(Instance(number(self.instances.len() - 1)))
    }

    fn function(&mut self, instance: Instance, name: &str) -> Option<Function> {
        let index = *self.instances[index(instance.0)].module.exports.get(name)?;
        self.functions.push((instance.0, index));
        Some(Function(number(self.functions.len() - 1)))
    }

    fn memory(&mut self, instance: Instance, name: &str) -> Option<Memory> {
        let instance = &self.instances[index(instance.0)];
        let memory = *instance.module.exports.get(name)?;
        Some(Memory(instance.memories[index(memory)]))
    }

    fn global(&mut self, instance: Instance, name: &str) -> Option<Global> {
        let instance = &self.instances[index(instance.0)];
        let global = *instance.module.exports.get(name)?;
        Some(Global(instance.globals[index(global)]))
    }

    fn add_memory(&mut self, pages: u32, maximum: Option<u32>) -> Option<Memory> {
        if !self.limiter.lets_memory_grow(0, pages) {
            return None;
        }
        self.memories.push(ToyMemory { bytes: vec![0; PAGE_BYTES * index(pages)], maximum });
        Some(Memory(number(self.memories.len() - 1)))
    }

    fn add_global(&mut self, value: Value, mutable: bool) -> Option<Global> {
        self.globals.push(ToyGlobal { value, mutable });
        Some(Global(number(self.globals.len() - 1)))
    }

    fn table(&mut self, _: Instance, _: &str) -> Option<Table> {
        None
    }

    fn add_table(&mut self, _: RefKind, _: u32, _: Option<u32>) -> Option<Table> {
        None
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

    fn owner(&self, function: Function) -> Option<Instance> {
        self.functions.get(index(function.0)).map(|(instance, _)| Instance(*instance))
    }

    fn function_type(&self, _: Function) -> Option<FuncType> {
        None
    }

    fn bytes(&self, memory: Memory) -> &[u8] {
        &self.memories[index(memory.0)].bytes
    }

    fn bytes_mut(&mut self, memory: Memory) -> &mut [u8] {
        &mut self.memories[index(memory.0)].bytes
    }

    fn maximum(&self, memory: Memory) -> Option<u32> {
        self.memories[index(memory.0)].maximum
    }

    fn grow(&mut self, memory: Memory, pages: u32) -> bool {
        let Self { limiter, memories, .. } = self;
        let memory = &mut memories[index(memory.0)];
        let current = number(memory.bytes.len() / PAGE_BYTES);
        let Some(desired) = current.checked_add(pages) else { return false };
        if desired > memory.maximum.unwrap_or(65_536) || !limiter.lets_memory_grow(current, desired) {
            return false;
        }
        memory.bytes.resize(PAGE_BYTES * index(desired), 0);
        true
    }

    fn is_same(&self, one: Memory, other: Memory) -> bool {
        one == other
    }

    fn is_same_global(&self, one: Global, other: Global) -> bool {
        one == other
    }

    fn get(&mut self, global: Global) -> Option<Value> {
        self.globals.get(index(global.0)).map(|global| global.value)
    }

    fn set(&mut self, global: Global, value: Value) -> bool {
        let global = &mut self.globals[index(global.0)];
        if global.mutable {
            global.value = value;
        }
        global.mutable
    }

    fn run(&mut self, entry: Entry, turn: Turn<'_>) -> Outcome {
        let Turn { values, fuel, paused, .. } = turn;
        let mut call = match entry {
            Entry::Call(function) => {
                let (instance, function) = self.functions[index(function.0)];
                let mut call = Call { instance, frames: Vec::new(), operands: std::mem::take(values) };
                call.enter(self.instances[index(instance)].module.body(function), function);
                call
            }
            Entry::Answer | Entry::Refuelled => {
                let mut call = take(paused);
                if matches!(entry, Entry::Answer) {
                    call.operands.append(values);
                }
                call
            }
        };
        let outcome = call.run(self, fuel);
        match outcome {
            Outcome::Finished => *values = call.operands,
            Outcome::HostCall(_, import) => {
                let params = self.instances[index(call.instance)].module.imports[index(import)];
                *values = call.operands.split_off(call.operands.len() - params);
                *paused = Some(Box::new(call));
            }
            Outcome::OutOfFuel(_) => *paused = Some(Box::new(call)),
            Outcome::Outside | Outcome::Trapped(_) => {}
        }
        outcome
    }
}

fn take(paused: &mut Paused) -> Call {
    *paused.take().expect("it is paused").downcast().expect("the engine put a call there")
}

impl Call {
    /// A function is called with the operands on top of the stack.
    fn enter(&mut self, body: &Body, function: u32) {
        let mut locals = self.operands.split_off(self.operands.len() - body.params);
        locals.extend(&body.locals);
        self.frames.push(Frame { function, at: 0, locals, owed: true });
    }

    fn run(&mut self, space: &mut ToySpace, fuel: &mut u64) -> Outcome {
        let instance = space.instances[index(self.instance)].clone();
        while let Some(frame) = self.frames.last_mut() {
            let body = instance.module.body(frame.function);
            if std::mem::take(&mut frame.owed) {
                let cost = body.costs[&frame.at];
                let Some(left) = fuel.checked_sub(cost) else {
                    frame.owed = true;
                    return Outcome::OutOfFuel(cost);
                };
                *fuel = left;
            }
            let Some(op) = body.ops.get(frame.at).copied() else {
                self.frames.pop();
                continue;
            };
            frame.at += 1;
            let operands = &mut self.operands;
            let mut pop = || operands.pop().expect("the module is valid");
            match op {
                Op::Nothing => {}
                Op::Unreachable => return Outcome::Trapped(TrapCode::Unreachable.into()),
                Op::Drop => drop(pop()),
                Op::Const(value) => operands.push(value),
                Op::LocalGet(local) => operands.push(frame.locals[local]),
                Op::LocalSet(local) => frame.locals[local] = pop(),
                Op::LocalTee(local) => {
                    let value = pop();
                    frame.locals[local] = value;
                    operands.push(value);
                }
                Op::GlobalGet(global) => {
                    operands.push(space.globals[index(instance.globals[global])].value);
                }
                Op::GlobalSet(global) => space.globals[index(instance.globals[global])].value = pop(),
                Op::Binary(of) => {
                    let (right, left) = (int(pop()), int(pop()));
                    operands.push(Value::I32(of(left, right)));
                }
                Op::Load { memory, offset } => {
                    let bytes = space.bytes(Memory(instance.memories[memory]));
                    let at = index(int(pop()).cast_unsigned()) + offset;
                    let Some(bytes) = bytes.get(at..).and_then(|bytes| bytes.first_chunk()) else {
                        return Outcome::Trapped(TrapCode::MemoryOutOfBounds.into());
                    };
                    operands.push(Value::I32(i32::from_le_bytes(*bytes)));
                }
                Op::Store { memory, offset } => {
                    let (value, at) = (int(pop()), index(int(pop()).cast_unsigned()) + offset);
                    let bytes = space.bytes_mut(Memory(instance.memories[memory]));
                    let Some(bytes) = bytes.get_mut(at..).and_then(|bytes| bytes.first_chunk_mut()) else {
                        return Outcome::Trapped(TrapCode::MemoryOutOfBounds.into());
                    };
                    *bytes = value.to_le_bytes();
                }
                Op::MemoryGrow(memory) => {
                    let memory = Memory(instance.memories[memory]);
                    let (before, pages) =
                        (space.bytes(memory).len() / PAGE_BYTES, int(pop()).cast_unsigned());
                    let grew = space.grow(memory, pages);
                    operands.push(Value::I32(if grew { number(before).cast_signed() } else { -1 }));
                }
                Op::Loop => frame.owed = true,
                Op::Branch(to) => frame.at = to,
                Op::BranchIf(to) => {
                    if int(pop()) != 0 {
                        frame.at = to;
                    }
                }
                Op::Call(function) => match function.checked_sub(number(instance.module.imports.len())) {
                    None => return Outcome::HostCall(Instance(self.instance), function),
                    Some(_) if self.frames.len() == space.guest_frames => {
                        return Outcome::Trapped(Trap::from(TrapCode::StackOverflow));
                    }
                    Some(_) => self.enter(instance.module.body(function), function),
                },
            }
        }
        Outcome::Finished
    }
}

fn int(value: Value) -> i32 {
    value.as_i32().expect("the module is valid")
}

fn index(number: u32) -> usize {
    number.try_into().expect("a host of 32 bits at least")
}

fn number(len: usize) -> u32 {
    len.try_into().expect("fewer than 2^32")
}
