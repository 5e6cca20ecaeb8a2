//! An embedder of another kind, whose supervisor is Rust over a memory that fails and shrinks.

use guestbox::{
    FuncIndex, Limits, Number, Region,
    abi::{ERR_OK, SupervisorTrap, ThunkLookupError},
    substrate::{self, AllocatorError, Embedder, LinearMemory, OutOfBounds, Sandbox, ThunkTrapped},
};
use guestbox_tests::text::bytes;
use parity_scale_codec::Encode;
use std::panic::{AssertUnwindSafe, catch_unwind};

const HEAP_BASE: u32 = 4_096;
const THUNK: u32 = 5;

/// What happens at an access that was told to fail.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Error,
    Panic,
    /// The memory is cut to so many bytes, for good.
    Shrink(usize),
}

struct Supervisor {
    memory: Vec<u8>,
    sandbox: Sandbox<u32>,
    /// Accesses until the fault.
    fault: Option<(u32, Fault)>,
    guest: u32,
}

impl Supervisor {
    fn new() -> Self {
        let mut sandbox = Sandbox::new(Limits::default());
        sandbox.set_heap_base(HEAP_BASE);
        Self { memory: vec![0; 65_536], sandbox, fault: None, guest: 0 }
    }

    fn access(&mut self) -> Result<&mut [u8], OutOfBounds> {
        if let Some((left, fault)) = &mut self.fault {
            *left -= 1;
            if *left == 0 {
                let fault = *fault;
                self.fault = None;
                match fault {
                    Fault::Error => return Err(OutOfBounds),
                    Fault::Panic => panic!("told to panic"),
                    Fault::Shrink(len) => self.memory.truncate(len),
                }
            }
        }
        Ok(&mut self.memory)
    }

    fn place(&mut self, ptr: u32, bytes: &[u8]) -> i64 {
        // Where the memory has shrunk the slice is outside.
        let _outside = self.memory[..].write(ptr, bytes);
        Region { ptr, len: bytes.len().try_into().unwrap() }.to_slice()
    }

    fn instantiate(&mut self) -> Result<u32, SupervisorTrap> {
        let wasm = self.place(1_024, &bytes(crate::substrate::GUEST));
        let environment = self.place(16, &crate::substrate::environment());
        substrate::instantiate(self, THUNK, wasm, environment, 7)
    }

    fn invoke(&mut self, export: &str, value: i32) -> Result<u32, SupervisorTrap> {
        let export = self.place(512, export.as_bytes());
        let args = self.place(600, &[Number::I32(value)][..].encode());
        substrate::invoke(self, self.guest, export, args, Region { ptr: 700, len: 10 }, 9)
    }

    /// What a supervisor does in its life, up to the first trap.
    fn live(&mut self) -> Result<(u32, u32, i64), SupervisorTrap> {
        self.guest = self.instantiate()?;
        let memory = substrate::memory_new(self, 1, 1)?;
        let set = substrate::memory_set(self, memory, 0, Region { ptr: 600, len: 8 })?;
        let run = self.invoke("run", 3)?;
        let name = self.place(800, b"answer");
        let global = substrate::get_global_val(self, self.guest, name)?;
        substrate::free(self, Region::from_slice(global).ptr)?;
        substrate::memory_teardown(self, memory)?;
        substrate::instance_teardown(self, self.guest)?;
        Ok((set, run, global))
    }

    /// Fails unless the sandbox does all that it should, once it has a memory and a heap again.
    #[track_caller]
    fn assert_usable(&mut self) {
        self.fault = None;
        self.memory = vec![0; 65_536];
        self.sandbox.set_heap_base(HEAP_BASE);
        assert!(!self.sandbox.store().expect("the store came back").is_serving(), "a level was left open");
        let (set, run, global) = self.live().unwrap();
        assert_eq!((set, run, Region::from_slice(global).len), (ERR_OK, ERR_OK, 10));
        assert_eq!(self.memory[700..706], [1, 0, 6, 0, 0, 0]);
        assert_eq!(self.sandbox.allocator().unwrap().bytes_in_use(), 0);
    }
}

impl LinearMemory for Supervisor {
    fn size(&mut self) -> u64 {
        self.memory.len().try_into().unwrap()
    }

    fn read(&mut self, ptr: u32, buffer: &mut [u8]) -> Result<(), OutOfBounds> {
        self.access()?.read(ptr, buffer)
    }

    fn write(&mut self, ptr: u32, bytes: &[u8]) -> Result<(), OutOfBounds> {
        self.access()?.write(ptr, bytes)
    }
}

impl Embedder for Supervisor {
    type Thunk = u32;

    fn with_sandbox<R>(&mut self, act: impl FnOnce(&mut Sandbox<u32>) -> R) -> R {
        act(&mut self.sandbox)
    }

    fn find_thunk(&mut self, index: u32) -> Result<u32, ThunkLookupError> {
        if index == THUNK { Ok(index) } else { Err(ThunkLookupError::OutOfBounds) }
    }

    /// Answers a call for `n` with `n` plus what the guest makes of `n - 1`.
    fn call_thunk(
        &mut self,
        thunk: u32,
        args: Region,
        _: u32,
        FuncIndex(func): FuncIndex,
    ) -> Result<i64, ThunkTrapped> {
        assert_eq!((thunk, func, args.len), (THUNK, 3, 6));
        let at = usize::try_from(args.ptr).unwrap() + 2;
        let n = self.memory.get(at..at + 4).ok_or(ThunkTrapped)?;
        let n = i32::from_le_bytes(n.try_into().unwrap());
        let mut sum = n;
        if n > 0 {
            let code = self.invoke("run", n - 1).map_err(|_| ThunkTrapped)?;
            if code != ERR_OK {
                return Err(ThunkTrapped);
            }
            let result = self.memory.get(702..706).ok_or(ThunkTrapped)?;
            sum += i32::from_le_bytes(result.try_into().unwrap());
        }
        let ptr = substrate::malloc(self, 7).map_err(|_| ThunkTrapped)?;
        self.memory[..].write(ptr, &crate::substrate::ok(sum)).map_err(|_| ThunkTrapped)?;
        Ok(Region { ptr, len: 7 }.to_thunk())
    }
}

/// Runs a supervisor's life with a fault at the nth access, for every n; how many there are.
fn at_every_access(fault: Fault) -> u32 {
    for nth in 1.. {
        let mut supervisor = Supervisor::new();
        supervisor.fault = Some((nth, fault));
        let outcome = catch_unwind(AssertUnwindSafe(|| supervisor.live()));
        if supervisor.fault.is_some() {
            return nth - 1;
        }
        match outcome {
            Ok(Ok((set, run, _))) => assert!(
                set != ERR_OK || run != ERR_OK || matches!(fault, Fault::Shrink(_)),
                "{nth} was not noticed"
            ),
            Ok(Err(_)) => assert_ne!(fault, Fault::Panic),
            Err(_) => assert_eq!(fault, Fault::Panic),
        }
        supervisor.assert_usable();
    }
    unreachable!()
}

#[test]
fn an_access_that_fails_at_any_time_is_a_code_or_a_trap_and_the_sandbox_stays_usable() {
    assert!(at_every_access(Fault::Error) > 40);
}

#[test]
fn a_memory_that_shrinks_at_any_time_is_a_code_or_a_trap_and_the_sandbox_stays_usable() {
    for len in [0, 1, 16, 600, 4_095, 4_096, 4_200, 65_535] {
        assert!(at_every_access(Fault::Shrink(len)) > 0, "{len}");
    }
}

#[test]
fn an_embedder_that_panics_at_any_time_leaves_the_sandbox_usable() {
    assert!(at_every_access(Fault::Panic) > 40);
}

#[test]
fn a_shrunk_memory_is_an_error_of_the_allocator() {
    let mut supervisor = Supervisor::new();
    substrate::malloc(&mut supervisor, 8).unwrap();
    supervisor.memory.pop();
    let shrunk = Err(SupervisorTrap::Allocator(AllocatorError::Shrunk));
    assert_eq!(substrate::malloc(&mut supervisor, 8), shrunk);
    supervisor.assert_usable();
}

#[test]
fn an_allocator_that_is_full_at_any_call_is_a_code_or_a_trap() {
    let mut outcomes = Vec::new();
    for room in (0..400).step_by(8) {
        let mut supervisor = Supervisor::new();
        supervisor.memory.truncate(4_096 + room);
        let outcome = supervisor.live();
        outcomes.push(match outcome {
            Ok((_, run, _)) => run,
            Err(SupervisorTrap::Allocator(AllocatorError::Full | AllocatorError::Poisoned)) => 1,
            Err(error) => panic!("{room}: {error}"),
        });
        supervisor.assert_usable();
    }
    assert_eq!((outcomes.first(), outcomes.last()), (Some(&1), Some(&ERR_OK)));
}

/// A supervisor whose memory calls a host function: nothing runs then that could serve it.
struct Meddler(Supervisor, Option<SupervisorTrap>);

impl LinearMemory for Meddler {
    fn size(&mut self) -> u64 {
        self.0.size()
    }

    fn read(&mut self, ptr: u32, buffer: &mut [u8]) -> Result<(), OutOfBounds> {
        self.0.read(ptr, buffer)
    }

    fn write(&mut self, ptr: u32, bytes: &[u8]) -> Result<(), OutOfBounds> {
        self.1 = substrate::memory_new(self, 1, 1).err();
        let malloc = substrate::malloc(&mut self.0, 8);
        assert_eq!(malloc.is_ok(), self.1.is_some(), "the allocator is away when it writes a header");
        self.0.write(ptr, bytes)
    }
}

impl Embedder for Meddler {
    type Thunk = u32;

    fn with_sandbox<R>(&mut self, act: impl FnOnce(&mut Sandbox<u32>) -> R) -> R {
        self.0.with_sandbox(act)
    }

    fn find_thunk(&mut self, _: u32) -> Result<u32, ThunkLookupError> {
        Err(ThunkLookupError::NoTable)
    }

    fn call_thunk(&mut self, _: u32, _: Region, _: u32, _: FuncIndex) -> Result<i64, ThunkTrapped> {
        Err(ThunkTrapped)
    }
}

#[test]
fn a_host_function_called_by_a_memory_while_another_has_the_store_traps() {
    let mut meddler = Meddler(Supervisor::new(), None);
    assert_eq!(substrate::memory_new(&mut meddler, 1, 1), Ok(0));
    assert_eq!(substrate::memory_get(&mut meddler, 0, 0, Region { ptr: 16, len: 4 }), Ok(ERR_OK));
    assert_eq!(meddler.1, Some(SupervisorTrap::StoreInUse));
    // The memory is there: a header is written with the store in its place.
    substrate::malloc(&mut meddler, 8).unwrap();
    assert_eq!(meddler.1, None);
    meddler.0.assert_usable();
}
