//! A supervisor that runs in wasmi, as its embedder reaches it.

use super::{
    failure::Failure,
    memory::{LinearMemory, OutOfBounds},
    sandbox::{Embedder, Sandbox, ThunkTrapped, WasmiThunk},
};
use crate::{
    abi::{ThunkLookupError, thunk::Region},
    limits::{count, to_usize},
    types::ids::FuncIndex,
};
use wasmi::{AsContext, AsContextMut, Caller, Extern, Instance, Memory, Ref, StoreContext, StoreContextMut};

/// A supervisor that runs in wasmi: its memory, and its allocator and guests in the [`Sandbox`] that the
/// data of its wasmi store lends.
///
/// It is made from the `Caller` of a host function of your own, or from [`Outside`] of all of them. What
/// this module has as functions over an [`Embedder`] takes it: [`give`](super::give) bytes to the supervisor, or
/// [`read`](super::read) those it points to.
///
/// ```
/// use guestbox::{Limits, substrate::{self, Outside, Sandbox, WasmiSupervisor, wasmi}};
/// # let supervisor = wat::parse_str(r#"(module
/// #     (import "env" "ext_hashing_twox_64_version_1" (func $hash (param i64) (result i32)))
/// #     (memory (export "memory") 2) (global (export "__heap_base") i32 (i32.const 1024))
/// #     (func (export "first") (param i32 i32) (result i64)
/// #         (i64.or (i64.shl (i64.const 8) (i64.const 32)) (i64.extend_i32_u (call $hash
/// #             (i64.or (i64.shl (i64.extend_i32_u (local.get 1)) (i64.const 32))
/// #                 (i64.extend_i32_u (local.get 0))))))))"#)?;
/// let engine = wasmi::Engine::default();
/// let mut linker = wasmi::Linker::<Sandbox>::new(&engine);
/// substrate::link(&mut linker)?;
/// // A host function of your own, which returns a buffer from the supervisor's allocator.
/// linker.func_wrap("env", "ext_hashing_twox_64_version_1", |caller: wasmi::Caller<'_, Sandbox>, bytes: i64| {
///     let mut supervisor = WasmiSupervisor::new(caller);
///     let mut bytes = substrate::read(&mut supervisor, bytes)?;
///     bytes.resize(8, 0); // no hash, to be sure
///     let given = substrate::give(&mut supervisor, &bytes)?;
///     Ok::<_, wasmi::Error>(given.ptr)
/// })?;
/// let mut store = wasmi::Store::new(&engine, Sandbox::new(Limits::default()));
/// let module = wasmi::Module::new(&engine, &supervisor)?;
/// let instance = linker.instantiate_and_start(&mut store, &module)?;
/// substrate::attach(&mut store, &instance)?;
/// // An entry point whose input lies in the supervisor's memory, and whose output does.
/// let input = substrate::give(&mut WasmiSupervisor::new(Outside::new(&mut store, &instance)), b"input")?;
/// let first = instance.get_typed_func::<(u32, u32), i64>(&store, "first")?;
/// let output = first.call(&mut store, (input.ptr, input.len))?;
/// let mut supervisor = WasmiSupervisor::new(Outside::new(&mut store, &instance));
/// assert_eq!(substrate::read(&mut supervisor, output)?, b"input\0\0\0");
/// substrate::free(&mut supervisor, input.ptr)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct WasmiSupervisor<C> {
    context: C,
    /// `None` where it has none: every access is outside of it.
    memory: Option<Memory>,
}

impl<C: Exports> WasmiSupervisor<C> {
    /// A supervisor that exports its memory as `memory`.
    pub fn new(context: C) -> Self {
        Self::with_memory(context, None)
    }

    /// A supervisor that imports its memory; with `None` it exports one as `memory`.
    pub fn with_memory(context: C, memory: impl Into<Option<Memory>>) -> Self {
        let memory = memory.into().or_else(|| context.export("memory").and_then(Extern::into_memory));
        Self { context, memory }
    }

    /// What it was made from, to reach the data of the wasmi store besides.
    pub const fn context_mut(&mut self) -> &mut C {
        &mut self.context
    }
}

/// Where a supervisor's exports are: the `Caller` of a host function, or [`Outside`].
pub trait Exports: AsContextMut<Data: AsMut<Sandbox>> {
    /// The supervisor's export of a name.
    fn export(&self, name: &str) -> Option<Extern>;
}

impl<T: AsMut<Sandbox>> Exports for Caller<'_, T> {
    fn export(&self, name: &str) -> Option<Extern> {
        self.get_export(name)
    }
}

/// A supervisor's instance in its wasmi store, while it calls no host function.
#[derive(Debug)]
pub struct Outside<'a, T: 'static> {
    store: StoreContextMut<'a, T>,
    instance: Instance,
}

impl<'a, T> Outside<'a, T> {
    /// The instance in its store.
    pub fn new<S: AsContextMut<Data = T>>(store: &'a mut S, instance: &Instance) -> Self {
        Self { store: store.as_context_mut(), instance: *instance }
    }
}

impl<T> AsContext for Outside<'_, T> {
    type Data = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        self.store.as_context()
    }
}

impl<T> AsContextMut for Outside<'_, T> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        self.store.as_context_mut()
    }
}

impl<T: AsMut<Sandbox>> Exports for Outside<'_, T> {
    fn export(&self, name: &str) -> Option<Extern> {
        self.instance.get_export(&self.store, name)
    }
}

impl<C: Exports> LinearMemory for WasmiSupervisor<C> {
    fn size(&mut self) -> u64 {
        self.memory.map_or(0, |memory| count(memory.data_size(&self.context)))
    }

    fn read(&mut self, ptr: u32, buffer: &mut [u8]) -> Result<(), OutOfBounds> {
        let memory = self.memory.ok_or(OutOfBounds)?;
        memory.read(&self.context, to_usize(ptr), buffer).map_err(|_| OutOfBounds)
    }

    fn write(&mut self, ptr: u32, bytes: &[u8]) -> Result<(), OutOfBounds> {
        let memory = self.memory.ok_or(OutOfBounds)?;
        memory.write(&mut self.context, to_usize(ptr), bytes).map_err(|_| OutOfBounds)
    }
}

impl<C: Exports> Embedder for WasmiSupervisor<C> {
    type Thunk = WasmiThunk;

    fn with_sandbox<R>(&mut self, act: impl FnOnce(&mut Sandbox) -> R) -> R {
        act(self.context.as_context_mut().data_mut().as_mut())
    }

    fn find_thunk(&mut self, index: u32) -> Result<WasmiThunk, ThunkLookupError> {
        let export = self.context.export("__indirect_function_table");
        let table = export.and_then(Extern::into_table).ok_or(ThunkLookupError::NoTable)?;
        match table.get(&self.context, index.into()).ok_or(ThunkLookupError::OutOfBounds)? {
            Ref::Func(func) => {
                let func = func.val().ok_or(ThunkLookupError::Null)?;
                func.typed(&self.context).map_err(|_| ThunkLookupError::Type)
            }
            Ref::Extern(_) => Err(ThunkLookupError::NoTable),
        }
    }

    fn call_thunk(
        &mut self,
        thunk: WasmiThunk,
        args: Region,
        state: u32,
        FuncIndex(func): FuncIndex,
    ) -> Result<i64, ThunkTrapped> {
        thunk.call(&mut self.context, (args.ptr, args.len, state, func)).map_err(|_| ThunkTrapped)
    }

    fn failed(&mut self, failure: Failure) {
        self.with_sandbox(|sandbox| sandbox.failed(&failure));
    }
}
