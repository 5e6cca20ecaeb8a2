//! The lineage's host functions: every code, every trap of the supervisor, and what comes over
//! the wire malformed.

mod environments;
mod globals;
mod imports;
mod instances;
mod invocations;
mod malformed;
mod memories;
mod wire;

use guestbox::{
    Environment, InstantiateError, Limits, Region, Store, Thunk,
    abi::{self, InstantiateFailure, SupervisorTrap},
    wire::{Entry, EnvironmentDefinition, ExternEntity},
};
use guestbox_tests::mock::MockSupervisor;
use parity_scale_codec::Encode;

/// Where the tests' host functions have their buffer in the supervisor's memory.
const BUFFER: Region = Region { ptr: 16, len: 10 };

/// A store, and the supervisor with the standard functions, that calls the host functions.
struct World {
    store: Store,
    mock: MockSupervisor,
}

impl World {
    fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    fn with_limits(limits: Limits) -> Self {
        Self { store: Store::with_limits(limits), mock: MockSupervisor::new().with_standard_functions() }
    }

    fn instantiate(&mut self, wasm: &[u8], environment: &[u8]) -> u32 {
        abi::instantiate(&mut self.store, &mut self.mock, MockSupervisor::THUNK, wasm, environment, 7)
    }

    /// Why it fails.
    fn failure(&mut self, wasm: &[u8], environment: &[u8]) -> InstantiateFailure {
        let mut thunk = Thunk::new(&mut self.mock, MockSupervisor::THUNK);
        abi::try_instantiate(&mut self.store, &mut thunk, wasm, environment, 7).unwrap_err()
    }

    /// A guest that must come to life.
    fn guest(&mut self, wat: &str) -> u32 {
        let number = self.instantiate(&wasm(wat), &standard());
        assert!(self.store.instance_id(number).is_ok(), "code {number:#x}");
        number
    }

    fn invoke(&mut self, guest: u32, export: &str, args: &[u8]) -> Result<u32, SupervisorTrap> {
        self.invoke_into(guest, export.as_bytes(), args, BUFFER)
    }

    fn invoke_into(
        &mut self,
        guest: u32,
        export: &[u8],
        args: &[u8],
        result: Region,
    ) -> Result<u32, SupervisorTrap> {
        let (store, mock) = (&mut self.store, &mut self.mock);
        abi::invoke(store, mock, MockSupervisor::THUNK, guest, export, args, result, 9)
    }

    /// Fills the buffer with something that no result is.
    fn wipe(&mut self) {
        self.mock.heap_mut().write(BUFFER.ptr, &[0xEE; 10]).unwrap();
    }

    fn buffer(&self) -> &[u8] {
        self.mock.heap().bytes(BUFFER).unwrap()
    }

    fn global(&mut self, guest: u32, name: &str) -> Vec<u8> {
        abi::get_global_val(&mut self.store, guest, name.as_bytes()).unwrap()
    }

    /// Fails unless nothing was registered and nothing is kept: the store is as when it was made.
    #[track_caller]
    fn assert_untouched(&mut self) {
        assert_eq!(self.store.memory_pages_in_use(), 0);
        assert_eq!(self.mock.heap().balance(), 0);
        assert_eq!(self.guest("(module)"), 0, "an id was taken");
        abi::instance_teardown(&mut self.store, 0).unwrap();
    }
}

fn wasm(wat: &str) -> Vec<u8> {
    wat::parse_str(wat).unwrap()
}

fn function(name: &str, func: u32) -> Entry {
    entry(name, ExternEntity::Function(func))
}

fn memory(name: &str, number: u32) -> Entry {
    entry(name, ExternEntity::Memory(number))
}

/// An entry of the module `env`.
fn entry(name: &str, entity: ExternEntity) -> Entry {
    Entry { module_name: "env".into(), field_name: name.into(), entity }
}

fn environment(entries: &[Entry]) -> Vec<u8> {
    EnvironmentDefinition { entries: entries.to_vec() }.encode()
}

/// The mock's standard functions.
fn standard() -> Vec<u8> {
    let names = ["assert", "inc_counter", "polymorphic_id", "returns_i32", "fails"];
    let entries: Vec<Entry> = names.into_iter().zip(1..).map(|(name, func)| function(name, func)).collect();
    environment(&entries)
}

/// Instantiates at the level of the store.
fn link(store: &mut Store, wat: &str, environment: &Environment) -> Result<u32, InstantiateError> {
    let module = guestbox::Module::new(&wasm(wat)).unwrap();
    Ok(store.instantiate(&mut guestbox::NoImports, &module, environment, 0)?.number())
}
