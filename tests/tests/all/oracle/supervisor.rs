//! The supervisor of both sides: it does what a script says and writes down what it is asked.
//!
//! It has a linear memory with an allocator. Its memory below the heap is where it has guest
//! memory copied to and from, and results written. What it does depends on nothing but the
//! script, what it is asked and the answers it gets, so it does the same on both sides until the
//! first difference.

use crate::oracle::{
    ids::Known,
    log::{ERR_EXECUTION, Event, Outcome, SupervisorTrap},
    sandbox::{Call, Sandbox},
    scale::{self, Entity, Entry},
    script::{Environment, Name, Offer, Operation, Pick, Primitive, Reaction, Region, Reply, Script},
};
use guestbox_tests::mock::{HEAP_BASE, Heap};
use std::{error::Error, fmt};

/// The size of its memory.
pub const MEMORY_BYTES: u32 = 1 << 16;

/// Callbacks nested more deeply only reply.
const NESTING: usize = 4;

/// So many operations callbacks perform in all, so that a sequence ends.
const NESTED_OPERATIONS: usize = 40;

/// After so many callbacks the supervisor traps at each one.
const CALLBACKS: usize = 300;

/// Why the supervisor failed at what it was asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Failed;

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the supervisor failed")
    }
}

impl Error for Failed {}

/// A supervisor that follows a script.
pub struct Supervisor<'s> {
    script: &'s Script,
    heap: Heap,
    /// How often each primitive was asked for.
    asked: [u32; 5],
    faults: Vec<(Primitive, u32)>,
    instances: Known,
    memories: Known,
    /// The instances whose calls are under way; `None` for one that starts.
    frames: Vec<Option<u32>>,
    callbacks: usize,
    nested_operations: usize,
    log: Vec<Event>,
}

/// Runs a script on a sandbox.
pub fn run<S: Sandbox>(script: &Script, sandbox: &mut S) -> Vec<Event> {
    let mut supervisor = Supervisor {
        script,
        heap: Heap::new(MEMORY_BYTES as usize),
        asked: [0; 5],
        faults: Vec::new(),
        instances: Known::default(),
        memories: Known::default(),
        frames: Vec::new(),
        callbacks: 0,
        nested_operations: 0,
        log: Vec::new(),
    };
    let pattern: Vec<u8> = (0..HEAP_BASE).map(|at| (at * 7 + 3).to_le_bytes()[0]).collect();
    supervisor.heap.write(0, &pattern).unwrap();
    for step in &script.steps {
        let faults = step.faults.iter();
        supervisor.faults =
            faults.map(|(what, nth)| (*what, supervisor.asked[*what as usize] + nth)).collect();
        supervisor.perform(sandbox, &step.operation);
    }
    supervisor.inspect(sandbox);
    supervisor.log
}

impl<'s> Supervisor<'s> {
    pub fn allocate(&mut self, len: u32) -> Result<u32, Failed> {
        self.log.push(Event::Allocate(len));
        self.ask(Primitive::Allocate)?;
        self.heap.allocate(len).map_err(|_| Failed)
    }

    /// Where this fails because the script says so, the buffer is free all the same.
    pub fn deallocate(&mut self, ptr: u32) -> Result<(), Failed> {
        self.log.push(Event::Deallocate(ptr));
        let asked = self.ask(Primitive::Deallocate);
        self.heap.free(ptr).map_err(|_| Failed)?;
        asked
    }

    pub fn write(&mut self, ptr: u32, bytes: &[u8]) -> Result<(), Failed> {
        self.log.push(Event::Write(ptr, bytes.to_vec()));
        self.ask(Primitive::Write)?;
        self.heap.write(ptr, bytes).map_err(|_| Failed)
    }

    pub fn read(&mut self, region: Region) -> Result<&[u8], Failed> {
        self.log.push(Event::Read(region));
        self.ask(Primitive::Read)?;
        self.heap.bytes(heap_region(region)).ok_or(Failed)
    }

    /// Serves a callback; the region of its result is packed as `ptr << 32 | len`.
    pub fn thunk<S: Sandbox>(
        &mut self,
        sandbox: &mut S,
        args: Region,
        state: u32,
        func: u32,
    ) -> Result<i64, Failed> {
        let bytes = self.heap.bytes(heap_region(args)).ok_or(Failed)?.to_vec();
        self.log.push(Event::Thunk { args: bytes.clone(), state, func });
        self.ask(Primitive::Thunk)?;
        let Reaction { operations, reply } =
            &self.script.reactions[self.callbacks % self.script.reactions.len()];
        self.callbacks += 1;
        if self.callbacks > CALLBACKS {
            return Err(Failed);
        }
        let depth = self.frames.len();
        if depth <= NESTING {
            for operation in operations {
                self.nested_operations += 1;
                if self.nested_operations > NESTED_OPERATIONS {
                    break;
                }
                if let Outcome::Trap(_) = self.perform(sandbox, operation) {
                    return Err(Failed);
                }
            }
        }
        self.log.push(Event::Reply(reply.name(), depth));
        let region = match reply {
            Reply::Bytes(bytes) => self.place(bytes)?,
            Reply::Echo => self.place(&scale::echo(&bytes))?,
            Reply::Expected(bits) => self.place(&scale::expected(func, *bits))?,
            Reply::Region(region) => {
                self.heap.claim(region.ptr);
                *region
            }
            Reply::Reused(offset, bytes) => {
                let ptr = args.ptr + offset % args.len;
                self.heap.write(ptr, bytes).map_err(|_| Failed)?;
                Region { ptr, len: u32::try_from(bytes.len()).unwrap() }
            }
            Reply::Trap => return Err(Failed),
        };
        Ok(i64::from(region.ptr) << 32 | i64::from(region.len))
    }

    fn place(&mut self, bytes: &[u8]) -> Result<Region, Failed> {
        let guestbox::Region { ptr, len } = self.heap.place(bytes).map_err(|_| Failed)?;
        self.log.push(Event::ThunkReturned(bytes.to_vec()));
        Ok(Region { ptr, len })
    }

    fn ask(&mut self, primitive: Primitive) -> Result<(), Failed> {
        let asked = &mut self.asked[primitive as usize];
        *asked += 1;
        let is_faulty = self.faults.contains(&(primitive, *asked));
        if is_faulty { Err(Failed) } else { Ok(()) }
    }

    fn perform<S: Sandbox>(&mut self, sandbox: &mut S, operation: &Operation) -> Outcome {
        let (name, depth) = (operation.name(), self.frames.len());
        self.log.push(Event::Begin(name, depth));
        if self.frames.contains(&None) {
            self.log.push(Event::Note("from a callback of a start function"));
        }
        let outcome = self.outcome(sandbox, operation);
        self.log.push(Event::End(name, depth, outcome.clone()));
        outcome
    }

    fn outcome<S: Sandbox>(&mut self, sandbox: &mut S, operation: &Operation) -> Outcome {
        match operation {
            Operation::GetGlobal { instance, name: Name(name) } => {
                let instance = self.instance(*instance);
                sandbox.get_global_val(instance, name).map_or_else(Outcome::Trap, Outcome::Bytes)
            }
            Operation::InstanceTeardown(instance) => {
                let instance = self.instance(*instance);
                self.note(instance, "tears down a running instance");
                done(sandbox.instance_teardown(instance), || self.instances.tear_down(instance))
            }
            Operation::Instantiate { guest, damage, environment, state, face } => {
                let wasm = damage.apply(&self.script.guests[*guest].wasm);
                let environment = self.environment(environment);
                if !self.frames.is_empty() {
                    self.log.push(Event::Note("instantiates from a callback"));
                }
                self.frames.push(None);
                let outcome = sandbox.instantiate(self, &wasm, &environment, *state, *face);
                self.frames.pop();
                match outcome {
                    Outcome::Id(id) => self.instances.live.push(id),
                    Outcome::Code(code) if code < ERR_EXECUTION => self.instances.live.push(code),
                    _ => {}
                }
                outcome
            }
            Operation::Invoke { instance, export: Name(export), args, result, state, face } => {
                let instance = self.instance(*instance);
                self.note(instance, "calls a running instance");
                let call = Call { instance, export, args: &args.encode(), result: *result, state: *state };
                self.frames.push(Some(instance));
                let outcome = sandbox.invoke(self, &call, *face);
                self.frames.pop();
                outcome
            }
            Operation::MemoryGet { memory, offset, to } => {
                let memory = self.memory(*memory);
                code(sandbox.memory_get(self, memory, *offset, *to))
            }
            Operation::MemoryNew { initial, maximum } => match sandbox.memory_new(*initial, *maximum) {
                Ok(id) => {
                    self.memories.live.push(id);
                    Outcome::Id(id)
                }
                Err(trap) => Outcome::Trap(trap),
            },
            Operation::MemorySet { memory, offset, from } => {
                let memory = self.memory(*memory);
                code(sandbox.memory_set(self, memory, *offset, *from))
            }
            Operation::MemoryTeardown(memory) => {
                let memory = self.memory(*memory);
                done(sandbox.memory_teardown(memory), || self.memories.tear_down(memory))
            }
        }
    }

    fn note(&mut self, instance: u32, note: &'static str) {
        if self.frames.contains(&Some(instance)) {
            self.log.push(Event::Note(note));
        }
    }

    /// Writes down what is left at the end.
    fn inspect<S: Sandbox>(&mut self, sandbox: &mut S) {
        for &memory in &self.memories.live {
            self.log.push(Event::Memory(memory, sandbox.memory_bytes(memory).ok()));
        }
        for &instance in &self.instances.live {
            for name in ["gi", "gl", "gf", "gd"] {
                let value = sandbox.get_global_val(instance, name.as_bytes()).ok();
                self.log.push(Event::Global(name, value));
            }
        }
        let all = guestbox::Region { ptr: 0, len: MEMORY_BYTES };
        self.log.push(Event::Memory(u32::MAX, self.heap.bytes(all).map(<[u8]>::to_vec)));
    }

    fn instance(&self, pick: Pick) -> u32 {
        self.instances.resolve(pick, self.frames.iter().rev().find_map(|frame| *frame))
    }

    fn memory(&self, pick: Pick) -> u32 {
        self.memories.resolve(pick, None)
    }

    fn environment(&self, environment: &Environment) -> Vec<u8> {
        let entry = |(Name(module), Name(field), offer): &(Name, Name, Offer)| {
            let entity = match offer {
                Offer::Function(func) => Entity::Function(*func),
                Offer::Memory(memory) => Entity::Memory(self.memory(*memory)),
            };
            Entry { module: module.clone(), field: field.clone(), entity }
        };
        let entries: Vec<_> = environment.entries.iter().map(entry).collect();
        environment.damage.apply(&scale::environment(&entries))
    }
}

const fn heap_region(Region { ptr, len }: Region) -> guestbox::Region {
    guestbox::Region { ptr, len }
}

fn code(code: Result<u32, SupervisorTrap>) -> Outcome {
    code.map_or_else(Outcome::Trap, Outcome::Code)
}

fn done(done: Result<(), SupervisorTrap>, then: impl FnOnce()) -> Outcome {
    match done {
        Ok(()) => {
            then();
            Outcome::Done
        }
        Err(trap) => Outcome::Trap(trap),
    }
}
