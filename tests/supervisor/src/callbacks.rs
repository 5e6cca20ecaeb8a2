//! Programs whose functions use the sandbox while a guest waits for them: they re-enter it, make
//! guests, and tear down what is in use.

use crate::{
    embedder::programs,
    host::Failure,
    sandbox::{Environment, Function, Instance, Memory, State},
    wire::{HostError, ReturnValue, Value},
};
use alloc::vec::Vec;
use parity_scale_codec::Encode;

programs! {
    fail_inside create_inside grow_inside panic_inside reenter_other reenter_same reenter_too_deep
    start_reenters teardown_memory_in_use teardown_running teardown_waiting
}

/// What the functions work with: the guests in the order they were made, and who is called next.
struct World {
    code: Vec<u8>,
    memory: Memory,
    guests: Vec<Instance<Self>>,
    turn: usize,
}

impl State for World {
    fn label(&self) -> u32 {
        1
    }
}

impl World {
    fn new(code: Vec<u8>) -> Result<Self, Failure> {
        Ok(Self { code, memory: Memory::new(1, Some(4))?, guests: Vec::new(), turn: 0 })
    }

    fn environment(&self) -> Environment<Self> {
        const FUNCTIONS: [(&str, Function<World>); 8] = [
            ("again", again),
            ("create", create),
            ("fail", fail),
            ("grow", grow),
            ("other", other),
            ("panic", panic),
            ("teardown", teardown),
            ("teardown_memory", teardown_memory),
        ];
        let mut environment = Environment::new();
        for (index, (name, function)) in (0..).zip(FUNCTIONS) {
            environment.function("env", name, index, function);
        }
        environment.memory("env", "memory", &self.memory);
        environment
    }

    fn add_guest(&mut self) -> Result<Instance<Self>, Failure> {
        let (code, environment) = (self.code.clone(), self.environment());
        let guest = Instance::new(&code, environment, self)?;
        self.guests.push(guest.clone());
        Ok(guest)
    }

    /// Calls one of the guests; a guest that fails has an answer, too.
    fn ask(&mut self, guest: usize, export: &str, args: &[Value]) -> Result<ReturnValue, HostError> {
        let guest = self.guests.get(guest).ok_or(HostError)?.clone();
        Ok(guest.invoke(export, args, self).unwrap_or(ReturnValue::Value(Value::I32(-1))))
    }
}

/// Calls the first guest again.
fn again(world: &mut World, args: &[Value]) -> Result<ReturnValue, HostError> {
    world.ask(0, "count", args)
}

/// Calls the guests in turns.
fn other(world: &mut World, args: &[Value]) -> Result<ReturnValue, HostError> {
    world.turn = world.turn.wrapping_add(1) & 1;
    world.ask(world.turn, "ask_other", args)
}

/// Makes another guest of the same code and calls it.
fn create(world: &mut World, args: &[Value]) -> Result<ReturnValue, HostError> {
    let guest = world.add_guest().map_err(|_| HostError)?;
    guest.invoke("create", args, world).map_err(|_| HostError)
}

/// Lets the guest itself grow its memory, and writes to what is new.
fn grow(world: &mut World, _: &[Value]) -> Result<ReturnValue, HostError> {
    let size_before = world.ask(0, "grow_itself", &[])?;
    world.memory.set(65_536, &[42]).map_err(|_| HostError)?;
    Ok(size_before)
}

const fn fail(_: &mut World, _: &[Value]) -> Result<ReturnValue, HostError> {
    Err(HostError)
}

fn panic(_: &mut World, _: &[Value]) -> Result<ReturnValue, HostError> {
    #[expect(clippy::panic, reason = "what happens then is the point")]
    {
        panic!("as the program has it")
    }
}

/// Tears down the guest with that number.
fn teardown(world: &mut World, args: &[Value]) -> Result<ReturnValue, HostError> {
    let [Value::I32(guest)] = args else { return Err(HostError) };
    let guest = usize::try_from(*guest).map_err(|_| HostError)?;
    world.guests.get(guest).ok_or(HostError)?.teardown();
    Ok(ReturnValue::Unit)
}

fn teardown_memory(world: &mut World, _: &[Value]) -> Result<ReturnValue, HostError> {
    world.memory.teardown();
    Ok(ReturnValue::Unit)
}

/// Makes so many guests, calls the first, and says what came of it.
fn run(code: Vec<u8>, guests: usize, export: &str, args: &[Value]) -> Vec<u8> {
    let outcome = World::new(code).and_then(|mut world| {
        for _ in 0..guests {
            world.add_guest()?;
        }
        let first = world.guests.first().ok_or(Failure::Module)?.clone();
        first.invoke(export, args, &mut world)
    });
    outcome.encode()
}

fn reenter_same(code: Vec<u8>) -> Vec<u8> {
    run(code, 1, "count", &[Value::I32(5)])
}

/// The innermost call is refused; the answer is how many were not.
fn reenter_too_deep(code: Vec<u8>) -> Vec<u8> {
    run(code, 1, "count", &[Value::I32(40)])
}

fn reenter_other(code: Vec<u8>) -> Vec<u8> {
    run(code, 2, "ask_other", &[Value::I32(4)])
}

fn create_inside(code: Vec<u8>) -> Vec<u8> {
    run(code, 1, "create", &[Value::I32(3)])
}

/// A function fails inside a guest that another guest waits for, which goes on; so does the first.
fn fail_inside(code: Vec<u8>) -> Vec<u8> {
    run(code, 2, "ask_failing", &[])
}

fn grow_inside(code: Vec<u8>) -> Vec<u8> {
    run(code, 1, "grow", &[])
}

/// The supervisor traps while a guest waits: the guest's call ends, and the supervisor's goes on.
fn panic_inside(code: Vec<u8>) -> Vec<u8> {
    run(code, 1, "panic", &[])
}

/// The guest's call goes on without the guest.
fn teardown_running(code: Vec<u8>) -> Vec<u8> {
    run(code, 1, "teardown", &[Value::I32(0)])
}

/// The second guest has the first torn down, which waits for it.
fn teardown_waiting(code: Vec<u8>) -> Vec<u8> {
    run(code, 2, "ask_other_to_teardown", &[])
}

fn teardown_memory_in_use(code: Vec<u8>) -> Vec<u8> {
    run(code, 1, "teardown_memory", &[])
}

/// The start function of each guest makes the next, which is there first.
fn start_reenters(code: Vec<u8>) -> Vec<u8> {
    let outcome = World::new(code).and_then(|mut world| {
        world.add_guest()?;
        world.memory.get(0, 4)
    });
    outcome.encode()
}
