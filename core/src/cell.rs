//! Cells: what makes teardown free memory.
//!
//! An engine store never frees an instance or a memory. So a [`Store`](crate::Store) keeps many
//! engine stores, its cells: one for each set of guests that share memory with each other. A
//! cell goes when nothing in it is used any more. While no guest of a cell lives, its memories
//! can leave it as plain bytes for a fresh cell, and its garbage goes with it.

use crate::{
    budget::Charge,
    growth::Growth,
    leavings::Leavings,
    limiter::{Budgets, Limiter},
    limits::StackLimits,
    limits::{Limits, PAGE_BYTES, to_usize},
    module::{Engine, Module},
    slots::{ByNumber, Numbers},
    value::Value,
};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::fmt;
use wasmi::{Caller, Error, Extern, Func, ValType};

/// Garbage that a cell may hold before its memories leave it, at least.
const GARBAGE_BYTES: usize = 64 << 10;

/// Guests that share memory, in an engine store of their own.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) store: wasmi::Store<CellData>,
    pub(crate) engine: Arc<Engine>,
    /// Held once by the cell and once by each instance or execution that needs it.
    pub(crate) ticket: Arc<Ticket>,
    /// The numbers of the memories in it that have an id.
    pub(crate) memories: Numbers,
    /// The functions that stand for the imports of each module, by its number.
    imports: ByNumber<u64, Box<[Func]>>,
    /// Instances in the engine store that are dead.
    pub(crate) dead_instances: u32,
    /// Roughly the bytes of the dead instances, without their memories.
    garbage: usize,
    /// Bytes of the memories that were forgotten, and a quarter more.
    forgotten: usize,
    /// Where [`Cell::waste`] has to be for it to be worth leaving, at least.
    worth_leaving_at: usize,
}

/// Marks a cell as used, and tells it from every other.
#[derive(Debug)]
pub(crate) struct Ticket {
    /// Where executions that are dropped say what there is to do.
    pub(crate) leavings: Arc<Leavings>,
}

impl Cell {
    // Boxed where it is made: an engine store is large.
    pub(crate) fn new(
        engine: &Arc<Engine>,
        limits: &Limits,
        budgets: &Budgets,
        leavings: &Arc<Leavings>,
    ) -> Box<Self> {
        let limiter = Limiter::new(limits, budgets);
        let data = CellData { args: Vec::new(), import: 0, growth: None, limiter, stack: engine.stack() };
        let mut cell = Box::new(Self {
            store: wasmi::Store::new(engine.engine(), data),
            engine: Arc::clone(engine),
            ticket: Arc::new(Ticket { leavings: Arc::clone(leavings) }),
            memories: Numbers::default(),
            imports: ByNumber::default(),
            dead_instances: 0,
            garbage: 0,
            forgotten: 0,
            worth_leaving_at: 0,
        });
        cell.store.limiter(|data| &mut data.limiter);
        cell
    }

    /// Whether an instance lives in it or an execution is under way.
    pub(crate) fn is_used(&self) -> bool {
        Arc::strong_count(&self.ticket) > 1
    }

    /// Whether the garbage of a cell that is not used is worth moving `kept` bytes of memory out
    /// of it: if it is a quarter of them, moving costs four bytes copied for each one freed.
    pub(crate) fn is_worth_leaving(&self, kept: usize) -> bool {
        self.missing_garbage(kept) == 0
    }

    /// How many bytes of garbage there would have to be more.
    fn missing_garbage(&self, kept: usize) -> usize {
        // Where no instance lives, every page that is not kept was of a dead one.
        let garbage = self.charged().saturating_sub(kept).saturating_add(self.garbage);
        GARBAGE_BYTES.max(kept / 4).saturating_sub(garbage)
    }

    /// Whether it may be worth leaving. To be sure of it takes a look at each of its memories.
    pub(crate) fn may_be_worth_leaving(&self) -> bool {
        self.waste() >= self.worth_leaving_at
    }

    /// Notes that with `kept` bytes of memory it is not worth leaving.
    pub(crate) fn stay(&mut self, kept: usize) {
        self.worth_leaving_at = self.waste().saturating_add(self.missing_garbage(kept));
    }

    /// Notes that it is worth leaving, and was not left for want of memory.
    pub(crate) const fn could_not_leave(&mut self) {
        self.worth_leaving_at = 0;
    }

    /// What grows at least as fast as what is missing to make it worth leaving shrinks.
    fn waste(&self) -> usize {
        self.charged().saturating_add(self.garbage).saturating_add(self.forgotten)
    }

    fn charged(&self) -> usize {
        PAGE_BYTES.saturating_mul(to_usize(self.store.data().limiter.charge().taken()))
    }

    /// Forgets the number of a memory, which is garbage as soon as no guest uses it.
    pub(crate) fn forget_memory(&mut self, number: u32, memory: wasmi::Memory) {
        if self.memories.remove(&number) {
            let bytes = memory.data_size(&self.store);
            // It is garbage, and a quarter of it no longer asked for.
            self.forgotten = self.forgotten.saturating_add(bytes).saturating_add(bytes / 4);
        }
    }

    /// Takes the charge for a memory that leaves.
    pub(crate) fn release_pages(&mut self, pages: u32) -> Charge {
        let charge = self.store.data_mut().limiter.charge_mut();
        let mut released = charge.another();
        charge.move_to(&mut released, pages);
        released
    }

    pub(crate) const fn add_garbage(&mut self, bytes: usize) {
        self.garbage = self.garbage.saturating_add(bytes);
    }

    /// Makes a memory of the given bytes in this cell; all zero where there are fewer than its
    /// pages. The pages are paid for by `charge`.
    pub(crate) fn adopt_memory(
        &mut self,
        pages: u32,
        maximum: Option<u32>,
        bytes: &[u8],
        charge: &mut Charge,
    ) -> Option<wasmi::Memory> {
        let mut ty = wasmi::MemoryType::builder();
        ty.min(pages.into()).max(maximum.map(u64::from));
        let ty = ty.build().ok()?;
        self.store.data_mut().limiter.begin_adopting();
        let memory = wasmi::Memory::new(&mut self.store, ty);
        self.store.data_mut().limiter.end();
        let memory = memory.ok()?;
        let whole = memory.data_mut(&mut self.store);
        whole.get_mut(..bytes.len())?.copy_from_slice(bytes);
        charge.move_to(self.store.data_mut().limiter.charge_mut(), pages);
        Some(memory)
    }

    /// The functions that stand for the imports of `module`.
    pub(crate) fn imported_functions(&mut self, module: &Module) -> impl Iterator<Item = Extern> + '_ {
        let types = module.imported_functions();
        let functions = (!types.is_empty()).then(|| {
            &**self.imports.entry(module.id()).or_insert_with(|| {
                let types = (0..).zip(types);
                types.map(|(ordinal, ty)| import(&mut self.store, ordinal, ty.engine())).collect()
            })
        });
        functions.unwrap_or_default().iter().copied().map(Extern::Func)
    }
}

/// What an engine store carries along.
pub(crate) struct CellData {
    /// The arguments of the import call that paused the guest.
    pub(crate) args: Vec<Value>,
    /// The ordinal of that import among its module's imported functions.
    pub(crate) import: u32,
    /// What paused the guest instead of an import: it grows a table.
    pub(crate) growth: Option<Growth>,
    pub(crate) limiter: Limiter,
    /// What the engine was told.
    pub(crate) stack: StackLimits,
}

impl CellData {
    /// Pauses a guest that grows a table.
    pub(crate) fn pause_for_growth(&mut self, growth: Option<Growth>) -> Error {
        // The engine calls it with what its type says: there is one.
        self.growth = growth;
        Error::host(Paused)
    }

    fn pause(&mut self, import: u32, args: impl IntoIterator<Item = Value>) -> Error {
        self.import = import;
        self.args.clear();
        self.args.extend(args);
        Error::host(Paused)
    }
}

impl fmt::Debug for CellData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CellData").finish_non_exhaustive()
    }
}

/// The error with which an import returns out of the engine.
#[derive(Debug)]
struct Paused;

impl fmt::Display for Paused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("paused")
    }
}

impl wasmi::errors::HostError for Paused {}

/// The function that stands for an import: it notes the call and pauses the guest.
///
/// Integer signatures, by far the most common, get a typed function, which the engine calls
/// without allocating.
fn import(store: &mut wasmi::Store<CellData>, ordinal: u32, ty: &wasmi::FuncType) -> Func {
    macro_rules! typed {
        ($($arg:ident)*) => {
            match ty.results() {
                [] => return Func::wrap(store, move |mut caller: Caller<'_, CellData>, $($arg: i32),*| {
                    Err::<(), _>(caller.data_mut().pause(ordinal, [$(Value::I32($arg)),*]))
                }),
                [ValType::I32] => return Func::wrap(store, move |mut caller: Caller<'_, CellData>, $($arg: i32),*| {
                    Err::<i32, _>(caller.data_mut().pause(ordinal, [$(Value::I32($arg)),*]))
                }),
                _ => {}
            }
        };
    }
    if ty.params().iter().all(|ty| *ty == ValType::I32) {
        match ty.params().len() {
            0 => typed!(),
            1 => typed!(a),
            2 => typed!(a b),
            3 => typed!(a b c),
            4 => typed!(a b c d),
            _ => {}
        }
    }
    Func::new(store, ty.clone(), move |mut caller: Caller<'_, CellData>, args, _| {
        Err(caller.data_mut().pause(ordinal, args.iter().filter_map(Value::from_engine)))
    })
}
