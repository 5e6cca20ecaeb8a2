//! The lineage's host functions for a supervisor that is wasm itself.
//!
//! Such a supervisor imports ten functions from the module `env`: the eight
//! `ext_sandbox_*_version_1`, by which it runs guests, and `ext_allocator_malloc_version_1` and
//! `ext_allocator_free_version_1`, the allocator in its own memory. What is wrong with a guest it
//! learns as a code, see [`abi`](crate::abi); what it does wrong itself is a
//! [`SupervisorTrap`](crate::abi::SupervisorTrap), which ends it.
//!
//! [`link_with_memory`] defines them for a supervisor that runs in [`wasmi`] and imports its memory, as most
//! runtimes of 2020 and 2021 do, and [`link`] for one that exports it:
//!
//! ```
//! use guestbox::{Limits, substrate::{self, Sandbox, wasmi}};
//! # let supervisor = wat::parse_str(r#"(module
//! #     (import "env" "ext_sandbox_memory_new_version_1" (func $memory_new (param i32 i32) (result i32)))
//! #     (memory (export "memory") 1) (global (export "__heap_base") i32 (i32.const 1024))
//! #     (func (export "main") (result i32) (drop (call $memory_new (i32.const 1) (i32.const 1)))
//! #         (call $memory_new (i32.const 1) (i32.const 1))))"#)?;
//! let engine = wasmi::Engine::default();
//! let mut linker = wasmi::Linker::new(&engine);
//! substrate::link(&mut linker)?;
//! let mut store = wasmi::Store::new(&engine, Sandbox::new(Limits::default()));
//! let module = wasmi::Module::new(&engine, &supervisor)?;
//! let instance = linker.instantiate_and_start(&mut store, &module)?;
//! substrate::attach(&mut store, &instance)?;
//! // This one makes two memories and returns the number of the second.
//! assert_eq!(instance.get_typed_func::<(), u32>(&store, "main")?.call(&mut store, ())?, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Host functions of your own, and entry points with input, reach the supervisor by a [`WasmiSupervisor`]:
//! [`give`] puts bytes into its memory, [`read`] copies them from there. What it has no word for you are told,
//! see [`Sandbox::with_observer`]. If it meters its guests itself, [`Sandbox::self_metered`] bounds no fuel.
//!
//! Runtimes are served that were built since February 2020. Before, values had other indices in SCALE, and
//! before 2020 the names of the host functions had no version.
//!
//! Another engine serves its supervisors by an [`Embedder`] and the functions of this module that
//! have the names of the host functions: [`instantiate`], [`invoke`] and so on.
//!
//! # Re-entry
//!
//! While a guest waits for a dispatch thunk, the supervisor may call any host function again. So
//! the store is in the [`Sandbox`] whenever the supervisor runs, and with the host function
//! while a guest runs; it is moved from one to the other and never shared.
//!
//! # What a supervisor can take
//!
//! Guests have the [`Limits`](crate::Limits) of the sandbox. The supervisor's own time and memory
//! are the business of the engine that runs it. It cannot make the host allocate more than its
//! own memory, the guests' memories and the limits justify, whatever lengths it passes. The
//! allocator never grows the supervisor's memory, as in the lineage: let it have the pages it
//! needs from the beginning, the "heap pages" of a node, or grow on its own. What rustc builds as a `cdylib`
//! has 61 KiB of heap until it is given more.
//!
//! # Nesting
//!
//! Each level of nesting (guest, thunk, host function, guest) takes native stack, as the engine that
//! runs the supervisor is entered anew. So a sandbox has a limit of its own, [`NESTING`], below that of
//! [`Limits::nesting`](crate::Limits); a guest's call beyond it ends with
//! [`TrapCode::NestingTooDeep`](crate::TrapCode), which the supervisor sees as
//! [`ERR_EXECUTION`](crate::abi::ERR_EXECUTION). [`Sandbox::with_nesting`] sets another.
//!
//! With wasmi on x86-64 a level takes 4.1 to 4.5 KiB in release and 15 KiB in debug, and a compilation on
//! the innermost 14 and 21 KiB. So [`NESTING`] leaves three quarters of a 256 KiB thread in release, and
//! fits one in debug; for such a margin 32 levels want 640 KiB in release, and the 128 of
//! [`Sandbox::self_metered`] 2.5 MiB: they take 0.6 MiB in release and 2 MiB in debug.
//!
//! # What wasmi gets wrong
//!
//! wasmi 2.0.0 runs some code otherwise than it says: [`mend()`] rewrites a supervisor's module, as is done
//! with guests, before you give it to wasmi. Optimised code of LLVM has none of this as a rule.
//!
//! wasmi's handles are bound to a wasmi store: it panics where it is given one of another. So
//! a sandbox with instances must stay in the data of the wasmi store in which they were made.

mod allocator;
mod failure;
mod functions;
mod linker;
mod memory;
mod mend;
mod sandbox;
mod wasmi_supervisor;

pub use self::{
    allocator::Allocator,
    failure::Failure,
    functions::{
        free, get_global_val, give, instance_teardown, instantiate, invoke, malloc, memory_get, memory_new,
        memory_set, memory_teardown, read,
    },
    linker::{attach, heap_base, link, link_with_memory},
    memory::{LinearMemory, OutOfBounds},
    mend::mend,
    sandbox::{Embedder, NESTING, Sandbox, ThunkTrapped, WasmiThunk},
    wasmi_supervisor::{Exports, Outside, WasmiSupervisor},
};
pub use crate::abi::errors::AllocatorError;
pub use wasmi;
