//! The seam before what runs guests' code.
//!
//! The store and its calls know an engine by the traits that stand here, and by nothing else. There is one,
//! [`Wasmi`]; the tests bring another, to show that the seam is where it is said to be.
//!
//! | noun | what it is |
//! |---|---|
//! | [`Engine`] | compiles modules |
//! | [`Code`] | a module, compiled |
//! | [`Space`] | what has instances, with their memories and globals, and runs their calls; never frees any of them before it goes |
//! | [`Instance`], [`Function`], [`Memory`], [`Global`] | numbers of what is in a space |
//! | [`Paused`] | a call that is not done yet |
//!
//! An engine gets modules as they were rewritten, [`Prepared`]. What it has to do with them beyond the standard is this:
//!
//! * Fuel is taken when a function, a loop or an arm of an `if` is entered, before anything in it happens: a unit,
//!   and for each `nop`, `ref.null` and `i64.extend16_s` that stands in it, but not in a loop or an arm within,
//!   [`NOP_COST`], [`REF_NULL_COST`] and [`EXTEND_COST`]. Operators by the size of what they write take
//!   [`BYTES_PER_UNIT`](crate::costs::BYTES_PER_UNIT) for a unit. Where there is not so much left the call pauses, and
//!   nothing has happened.
//! * A call of an imported function pauses.
//! * What grows tables is called through a table that the instance exports, [`Prepared::hooks`]: the engine puts functions
//!   `(ref, i32) -> i32` there, one for each table that is grown, when it makes an instance. Each does what `table.grow`
//!   does with that table and answers what that does. It takes a unit for 16 elements before, where it will grow, and
//!   none where it will be refused; where the fuel is not there the call pauses for want of it.
//! * No more functions are under way, and no more bytes of the stack are taken, than [`Prepared`] says: else the call traps.
//! * A memory or a table grows only where the [`Limiter`] lets it, also when an instance is made.
//! * Nothing panics, whatever a guest does, and no more is taken of the host's stack than the same small part
//!   for any guest.
//!
//! An engine may also be a host that compiles modules itself, [`Engine::is_host`], such as a JavaScript engine. It gets them
//! written so that their own code does what stands above, [`Prepared::host`], and whoever drives a call runs it there:
//! [`Outcome::Outside`] says so, and [`Execution::come_back`](crate::Execution::come_back) how that came back.

mod growths;
mod limiter;
mod wasmi;

pub use self::{limiter::Limiter, wasmi::Wasmi};
pub use crate::{
    types::refs::Home,
    wasm::{EXTEND_COST, Hooks, HostNames, NOP_COST, REF_NULL_COST, RefKind},
};

pub(crate) use self::{
    growths::{Again, Growths},
    limiter::{Budgets, Hidden},
};

use crate::{
    limits::StackLimits,
    types::{
        externs::{Export, Import},
        refs::ExternRef,
        trap::Trap,
        value::{FuncType, Value, ValueType},
    },
};
use alloc::{borrow::Cow, boxed::Box, sync::Arc, vec::Vec};
use core::{any::Any, fmt};

/// Compiles modules.
pub trait Engine: fmt::Debug + Send + Sync {
    /// Compiles a module, and validates what it is given.
    ///
    /// # Errors
    ///
    /// Where it is invalid, or is what the engine does not have: what is wrong, in a line.
    fn compile(&self, module: &Arc<Prepared>) -> Result<Box<dyn Code>, Box<str>>;

    /// Whether it is a host that compiles modules itself.
    fn is_host(&self) -> bool {
        false
    }
}

/// A module as it was rewritten for engines, and what they have to keep to.
#[derive(Debug)]
#[non_exhaustive]
pub struct Prepared {
    /// The module.
    pub bytes: Vec<u8>,
    /// What of its instances grows tables, where its code does.
    pub hooks: Option<Hooks>,
    /// What a host has to know of it, where it was written for one.
    pub host: Option<HostModule>,
    /// The export of the function by which tables and memories take the module's segments, where it is not for the engine.
    /// It is to be called once, without a limit of fuel, when an instance is made; where it traps there is none, and what
    /// was written stays.
    pub segments: Option<Box<str>>,
    /// Whether others can come by functions of its instances that these do not export: by tables, or as values.
    pub gives_functions: bool,
    /// Whether its instances have tables or globals that can have things of the supervisor's.
    pub keeps_externs: bool,
    /// What its calls may take of the stack: what [`TrapCode::StackOverflow`](crate::TrapCode::StackOverflow)
    /// has as its reason.
    pub stack: StackLimits,
    /// Bytes of the engine's stack that they may take, those for frames included.
    pub stack_bytes: usize,
}

/// What a host has to know of a module that was written for it.
#[derive(Debug)]
#[non_exhaustive]
pub struct HostModule {
    /// The exports by which it has what it needs.
    pub names: HostNames,
    /// What the guest imports.
    pub imports: Box<[Import]>,
    /// What the guest exports.
    pub exports: Box<[Export]>,
    /// The pages that its memories may grow to, where they say so, in order of their indices.
    pub maxima: Box<[Option<u32>]>,
    /// The pages that the memories begin with which it does not import.
    pub own_memories: Box<[u32]>,
    /// The elements that the tables begin with which it does not import.
    pub own_tables: Box<[u32]>,
    /// The types of its mutable globals, in order of their indices; none of those that refer to something.
    pub globals: Box<[Option<ValueType>]>,
}

/// A module, compiled.
pub trait Code: Any + fmt::Debug + Send + Sync {
    /// A space for an instance of it, and of others that will share something with that. The references to functions that
    /// it gives are of `home`.
    fn space(&self, limiter: Limiter, home: Home) -> Box<dyn Space>;

    /// Itself, for the spaces of the same engine.
    fn as_any(&self) -> &dyn Any;
}

/// What has instances and runs their calls.
///
/// Numbers are those of the space that gave them. Of another's there is nothing, or something else; it never
/// panics. Of the things of the supervisor's it is given only such as it was asked to [admit](Space::admit), and what is
/// admitted it keeps until it [lets go](Space::let_go) of it.
pub trait Space: fmt::Debug + Send + Sync {
    /// What is asked before something grows.
    fn limiter(&self) -> &Limiter;

    /// What is asked before something grows.
    fn limiter_mut(&mut self) -> &mut Limiter;

    /// Whether a module's code is in here from the beginning, so that nothing is translated for its instances.
    fn is_made_for(&self, code: &dyn Code) -> bool;

    /// Whether instances of a module's code can be made here.
    fn can_have(&self, code: &dyn Code) -> bool;

    /// Makes an instance up to its start function, which is an export here. The limiter was told what it takes. Its number
    /// is above those of the instances before.
    ///
    /// What it imports is of the types that it asks for.
    ///
    /// # Errors
    ///
    /// See [`Refusal`]. What was written to memories stays.
    fn instantiate(&mut self, code: &dyn Code, imported: Imported<'_>) -> Result<Instance, Refusal>;

    /// The function that an instance exports under a name.
    fn function(&mut self, instance: Instance, name: &str) -> Option<Function>;

    /// The memory that an instance exports under a name. It gets a number each time, which takes a few bytes until the
    /// space goes; it is the same for globals and tables.
    fn memory(&mut self, instance: Instance, name: &str) -> Option<Memory>;

    /// The global that an instance exports under a name.
    fn global(&mut self, instance: Instance, name: &str) -> Option<Global>;

    /// The table that an instance exports under a name.
    fn table(&mut self, instance: Instance, name: &str) -> Option<Table>;

    /// Makes a memory of so many pages of zeros that may grow to so many. `None` where the host has none left, or the
    /// limiter refuses.
    fn add_memory(&mut self, pages: u32, maximum: Option<u32>) -> Option<Memory>;

    /// Makes a global. `None` where there are too many; that does not happen.
    fn add_global(&mut self, value: Value, mutable: bool) -> Option<Global>;

    /// Makes a table of so many nulls that may grow to so many. `None` where the host has no memory left, or the limiter
    /// refuses.
    fn add_table(&mut self, kind: RefKind, elements: u32, maximum: Option<u32>) -> Option<Table>;

    /// The bytes of a memory in place; none of one that is not there, or is not in the host's own memory.
    fn bytes(&self, memory: Memory) -> &[u8];

    /// The bytes of a memory in place, to be written.
    fn bytes_mut(&mut self, memory: Memory) -> &mut [u8];

    /// The number by which whoever has a memory knows it that is not in the host's own.
    fn outside(&self, _memory: Memory) -> Option<u32> {
        None
    }

    /// How many bytes a memory has.
    fn len(&self, memory: Memory) -> usize {
        self.bytes(memory).len()
    }

    /// All bytes of a memory, as they are now. `None` where there is no room for a copy, if one is needed.
    fn contents(&self, memory: Memory) -> Option<Cow<'_, [u8]>> {
        Some(Cow::Borrowed(self.bytes(memory)))
    }

    /// Lets all bytes of a memory be changed. Whether there was room for a copy, if one was needed.
    fn change(&mut self, memory: Memory, change: &mut dyn FnMut(&mut [u8])) -> bool {
        change(self.bytes_mut(memory));
        true
    }

    /// Copies bytes of a memory; whether they are all inside.
    fn read(&self, memory: Memory, offset: usize, into: &mut [u8]) -> bool {
        let from = offset.checked_add(into.len()).and_then(|end| self.bytes(memory).get(offset..end));
        from.map(|from| into.copy_from_slice(from)).is_some()
    }

    /// Writes bytes of a memory; whether they are all inside, and none otherwise.
    fn write(&mut self, memory: Memory, offset: usize, bytes: &[u8]) -> bool {
        let end = offset.checked_add(bytes.len());
        let into = end.and_then(|end| self.bytes_mut(memory).get_mut(offset..end));
        into.map(|into| into.copy_from_slice(bytes)).is_some()
    }

    /// The pages that a memory may grow to, where it says so.
    fn maximum(&self, memory: Memory) -> Option<u32>;

    /// Grows a memory by so many pages; whether it did. Where it did not, the limiter may know why.
    fn grow(&mut self, memory: Memory, pages: u32) -> bool;

    /// Whether two numbers are of one memory.
    fn is_same(&self, one: Memory, other: Memory) -> bool;

    /// Whether two numbers are of one global.
    fn is_same_global(&self, one: Global, other: Global) -> bool;

    /// The value of a global; `None` where there is none. A function has one number, whoever gave it.
    fn get(&mut self, global: Global) -> Option<Value>;

    /// Sets a mutable global to a value of its type; whether it is one.
    fn set(&mut self, global: Global, value: Value) -> bool;

    /// The elements that a table has; none of one that is not there.
    fn elements(&self, table: Table) -> u32;

    /// An element of a table; `None` where there is none at this place. A function has one number, whoever gave it.
    fn element(&mut self, table: Table, at: u32) -> Option<Value>;

    /// Sets an element of a table to one of its kind; whether there is one at this place.
    fn set_element(&mut self, table: Table, at: u32, element: Value) -> bool;

    /// Grows a table by so many of an element; whether it did. Where it did not, the limiter may know why.
    fn grow_table(&mut self, table: Table, elements: u32, element: Value) -> bool;

    /// Makes room for a thing of the supervisor's, which may be here. Whether there is some: the limiter is asked.
    fn admit(&mut self, thing: ExternRef) -> bool;

    /// Lets go of the things of the supervisor's that no table and no global has, as no call is under way; but for
    /// `at_all_costs` not before there are so many that it is worth to look at all of these.
    fn let_go(&mut self, at_all_costs: bool);

    /// Whether there are twice as many as when it last let go of some.
    fn is_to_let_go(&self) -> bool;

    /// Puts the things of the supervisor's that are here behind others, in any order.
    fn externs(&self, all: &mut Vec<ExternRef>);

    /// The instance that a function is of.
    fn owner(&self, function: Function) -> Option<Instance>;

    /// The type of a function; `None` where there is no such function.
    fn function_type(&self, function: Function) -> Option<FuncType>;

    /// Runs a call until it has ended or pauses.
    fn run(&mut self, entry: Entry, turn: Turn<'_>) -> Outcome;
}

macro_rules! numbers {
    ($($(#[doc = $doc:literal])+ $name:ident)*) => {
        $(
            $(#[doc = $doc])+
            #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
            #[expect(clippy::exhaustive_structs, reason = "engines give them")]
            pub struct $name(pub u32);
        )*
    };
}

numbers! {
    /// An instance in a space.
    Instance
    /// A function of an instance.
    Function
    /// A memory in a space.
    Memory
    /// A global in a space.
    Global
    /// A table in a space.
    Table
}

/// What an instance imports besides functions, each kind in the order of what was [prepared](Prepared::bytes), which may
/// import globals that the module does not.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "engines take it apart")]
pub struct Imported<'a> {
    /// The memories.
    pub memories: &'a [Memory],
    /// The globals.
    pub globals: &'a [Global],
    /// The tables.
    pub tables: &'a [Table],
}

/// Why there is no instance.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "engines give them, and all are told apart")]
pub enum Refusal {
    /// The limiter refused, which knows why, or the host has no memory left.
    Memory,
    /// A segment is outside of its memory or table.
    Segment,
    /// Anything else: a defect.
    Defect,
}

/// Where a call begins or goes on.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "engines have to know them all")]
pub enum Entry {
    /// It begins, with arguments of the function's types.
    Call(Function),
    /// It paused at an import, and has results of its types.
    Answer,
    /// It paused for want of fuel, its own or its slice's.
    Refuelled,
}

/// What a call brings when its code is let run.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "engines take them apart")]
pub struct Turn<'a> {
    /// In goes what it is entered with. Out come its results, or the arguments of the import that it calls.
    pub values: &'a mut Vec<Value>,
    /// How many results it has.
    pub results: usize,
    /// The fuel that it may take; what is left after.
    pub fuel: &'a mut u64,
    /// What the engine keeps while it is paused, which was left there the last time.
    pub paused: &'a mut Paused,
}

/// What an engine keeps of a call that is not done yet.
pub type Paused = Option<Box<dyn Any + Send + Sync>>;

/// How a call came back.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "engines give them, and all are told apart")]
pub enum Outcome {
    /// It has returned.
    Finished,
    /// An import is called: of this instance, the one of this ordinal among its module's imported functions.
    HostCall(Instance, u32),
    /// It takes so much fuel to go on.
    OutOfFuel(u64),
    /// Whoever drives the call is to run it in the host that has compiled it, with what was brought.
    Outside,
    /// It has trapped.
    Trapped(Trap),
}
