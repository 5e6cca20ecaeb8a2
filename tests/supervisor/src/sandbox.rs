//! Memories, environments and instances that tear down what they own, and the dispatch thunk.
//!
//! A function of the supervisor is a plain function of the state of the call and its arguments.
//! The sandbox carries the state as one word: the address of a [`Call`], which lives on the stack
//! for as long as the call does.

use crate::{
    embedder,
    host::{self, Failure},
    log::{self, Hex},
    wire::{Arguments, Entry, ExternEntity, HostError, ReturnValue, Value},
};
use alloc::{borrow::ToOwned, rc::Rc, string::String, vec::Vec};
use core::{cell::Cell, ptr};
use parity_scale_codec::{Decode, Encode};

/// A function of the supervisor.
pub type Function<S> = fn(&mut S, &[Value]) -> Result<ReturnValue, HostError>;

/// The state of a call of a guest.
pub trait State {
    /// What stands for it in the log.
    fn label(&self) -> u32;
}

/// A function as the thunk finds it, by its index.
struct Registered<S> {
    index: u32,
    name: String,
    function: Function<S>,
}

type Functions<S> = Rc<Vec<Registered<S>>>;

/// What a call of a guest needs when it comes back by the thunk.
struct Call<'a, S> {
    functions: &'a [Registered<S>],
    state: &'a mut S,
}

/// The dispatch thunk of all guests whose state is an `S`.
extern "C" fn dispatch_thunk<S: State>(args: *const u8, len: usize, call: usize, func: u32) -> u64 {
    // SAFETY: the embedder calls this with arguments it wrote for it.
    let args = unsafe { embedder::thunk_arguments(args, len) };
    // SAFETY: `Instance<S>` passes this thunk and the address of a `Call<S>` together. The `Call`
    // outlives the guest's call, and its only user until this returns is this.
    let call = unsafe { &mut *ptr::with_exposed_provenance_mut::<Call<'_, S>>(call) };
    let decoded = Vec::<Value>::decode(&mut &*args);
    let registered = call.functions.iter().find(|registered| registered.index == func);
    let (Ok(args), Some(Registered { name, function, .. })) = (decoded, registered) else {
        log::line(format_args!("the thunk was called with what is no call"));
        core::arch::wasm32::unreachable()
    };
    let label = call.state.label();
    log::line(format_args!("thunk(len={len},state={label},func={func}) {name}({})", Arguments(&args)));
    let result = function(call.state, &args).encode();
    log::line(format_args!("thunk_ret({})", Hex(&result)));
    embedder::hand_out(result)
}

/// What guests can import.
pub struct Environment<S> {
    entries: Vec<Entry>,
    functions: Vec<Registered<S>>,
    memories: Vec<Memory>,
}

impl<S> Environment<S> {
    pub const fn new() -> Self {
        Self { entries: Vec::new(), functions: Vec::new(), memories: Vec::new() }
    }

    /// Adds a function under an index of one's choice.
    pub fn function(&mut self, module: &str, field: &str, index: u32, function: Function<S>) {
        self.functions.push(Registered { index, name: field.to_owned(), function });
        self.entry(module, field, ExternEntity::Function(index));
    }

    /// Adds a memory, which lives as long as an instance made with this.
    pub fn memory(&mut self, module: &str, field: &str, memory: &Memory) {
        self.memories.push(memory.clone());
        self.entry(module, field, ExternEntity::Memory(memory.number()));
    }

    fn entry(&mut self, module: &str, field: &str, entity: ExternEntity) {
        self.entries.push(Entry { module_name: module.into(), field_name: field.into(), entity });
    }
}

/// A memory or an instance by its number, torn down once.
struct Handle {
    number: u32,
    is_torn: Cell<bool>,
    teardown: fn(u32),
}

impl Handle {
    fn new(number: u32, teardown: fn(u32)) -> Rc<Self> {
        Rc::new(Self { number, is_torn: Cell::new(false), teardown })
    }

    fn teardown(&self) {
        if !self.is_torn.replace(true) {
            (self.teardown)(self.number);
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.teardown();
    }
}

/// A memory that guests share with the supervisor.
#[derive(Clone)]
pub struct Memory(Rc<Handle>);

impl Memory {
    pub fn new(initial: u32, maximum: Option<u32>) -> Result<Self, Failure> {
        let number = host::memory_new(initial, maximum.unwrap_or(host::MEM_UNLIMITED))?;
        Ok(Self(Handle::new(number, host::memory_teardown)))
    }

    pub fn number(&self) -> u32 {
        self.0.number
    }

    pub fn get(&self, offset: u32, len: usize) -> Result<Vec<u8>, Failure> {
        host::memory_get(self.number(), offset, len)
    }

    pub fn set(&self, offset: u32, bytes: &[u8]) -> Result<(), Failure> {
        host::memory_set(self.number(), offset, bytes)
    }

    /// Tears it down before its last owner does.
    pub fn teardown(&self) {
        self.0.teardown();
    }
}

/// A guest, whose functions take a state `S`. A clone is the same guest.
pub struct Instance<S> {
    handle: Rc<Handle>,
    functions: Functions<S>,
    /// Dropped after the handle, so that a guest goes before its memories.
    _memories: Rc<Vec<Memory>>,
}

impl<S> Clone for Instance<S> {
    fn clone(&self) -> Self {
        Self {
            handle: self.handle.clone(),
            functions: self.functions.clone(),
            _memories: self._memories.clone(),
        }
    }
}

impl<S: State> Instance<S> {
    pub fn new(code: &[u8], environment: Environment<S>, state: &mut S) -> Result<Self, Failure> {
        let Environment { entries, functions, memories } = environment;
        let (functions, _memories) = (Rc::new(functions), Rc::new(memories));
        let thunk = host::table_index(dispatch_thunk::<S>);
        let number = with_state(&functions, state, |call| {
            // SAFETY: `call` is the address of a `Call<S>`, which is what the thunk wants.
            unsafe { host::instantiate(thunk, code, &entries.encode(), call) }
        })?;
        Ok(Self { handle: Handle::new(number, host::instance_teardown), functions, _memories })
    }

    pub fn invoke(&self, export: &str, args: &[Value], state: &mut S) -> Result<ReturnValue, Failure> {
        with_state(&self.functions, state, |call| {
            // SAFETY: `call` is the address of a `Call<S>`; the instance was made with its thunk.
            unsafe { host::invoke(self.number(), export, args, call) }
        })
    }

    /// Calls an export with arguments and a result as bytes.
    pub fn invoke_raw(
        &self,
        export: &str,
        args: &[u8],
        result: &mut [u8],
        state: &mut S,
    ) -> Result<(), Failure> {
        with_state(&self.functions, state, |call| {
            // SAFETY: as for `invoke`.
            unsafe { host::invoke_raw(self.number(), export, args, result, call) }
        })
    }

    pub fn number(&self) -> u32 {
        self.handle.number
    }

    pub fn global(&self, name: &str) -> Option<Value> {
        host::global(self.number(), name)
    }

    /// Tears it down before its last owner does.
    pub fn teardown(&self) {
        self.handle.teardown();
    }
}

/// Calls a host function with the address of a `Call` that lives until it returns.
fn with_state<S, T>(functions: &[Registered<S>], state: &mut S, act: impl FnOnce(usize) -> T) -> T {
    let mut call = Call { functions, state };
    act(ptr::from_mut(&mut call).expose_provenance())
}
