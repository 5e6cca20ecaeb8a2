//! WASI preview 1: the system that programs of `wasm32-wasip1` see.
//!
//! [`Wasi`] is that system for one program: arguments, environment variables, files in memory, standard streams, clocks and
//! random numbers. By default all of it is deterministic: a program writes the same bytes and uses the same fuel in each
//! run, natively and in a browser. Nothing of the host is in it that was not put there.
//!
//! # Serving calls
//!
//! [`Wasi::environment`] is what a program imports, and [`Wasi::serve`] serves its calls:
//!
//! ```
//! use guestbox::{Module, Store, wasi::{Served, Stream, Wait, Wasi, WasiOptions}};
//! # let wasm = wat::parse_str(r#"(module
//! #     (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
//! #     (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
//! #     (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
//! #     (memory (export "memory") 1) (data (i32.const 0) "\10\00\00\00\20\00\00\00")
//! #     (func (export "_start")
//! #         (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
//! #         (i32.store (i32.const 4) (i32.load (i32.const 8)))
//! #         (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
//! #         (call $exit (i32.const 7))))"#).unwrap();
//! // A program that reads, writes what it read, and exits with 7.
//! let module = Module::new(&wasm)?;
//! let mut store = Store::new();
//! let guest = store.instantiate(&mut guestbox::NoImports, &module, &Wasi::environment(), 0)?;
//! let mut wasi = Wasi::new(&WasiOptions::new())?;
//! let mut execution = store.begin(guest, "_start", &[], 0)?;
//! let code = loop {
//!     let guestbox::Step::HostCall(call) = execution.run(&mut store)? else { panic!("it exits") };
//!     let outer = store.open_level(&call)?;
//!     let served = wasi.serve(&mut store, &call);
//!     execution.spend_to(store.close_level(outer));
//!     match served {
//!         Ok(Served::Answer(values)) => execution.answer(Ok(values))?,
//!         Ok(Served::Wait(Wait::Stdin)) => wasi.feed(b"hello"),
//!         Ok(Served::Exit(code)) => break code,
//!         Ok(other) => panic!("{other:?}"),
//!         Err(error) => execution.answer(Err(error))?,
//!     }
//! };
//! execution.cancel(&mut store);
//! assert_eq!(code, 7);
//! assert_eq!(wasi.take_output(), Some((Stream::Stdout, b"hello".to_vec())));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! This is the loop that [`Wasi::run`] makes for you with a [`WasiHost`]; the example `wasi` is a command line of it. A
//! program of another engine is served by [`Wasi::serve_with`], which sees its memory only by [`GuestMemory`].
//!
//! # What waits
//!
//! No call blocks. What a program waits for is a [`Wait`]: do it, and serve the same call again, which
//! [`Execution::run`](crate::Execution::run) gives as often as it is asked. Meanwhile the guest is paused as in any host call,
//! and anything else may run. These calls may wait:
//!
//! | functions | for |
//! |---|---|
//! | `fd_read` of standard input | [`Wait::Stdin`], unless it is of no bytes, or the descriptor is `NONBLOCK` |
//! | `fd_write` of standard output and error | [`Wait::Output`], where the buffer is full |
//! | `poll_oneoff` | [`Wait::Until`], [`Wait::Stdin`], [`Wait::Forever`] |
//! | `fd_read`, `fd_pread` and `path_open` of lazy files, and what sets their size | [`Wait::File`] |
//! | `random_get`, where numbers are the [host's](Random::Host) | [`Wait::Random`] |
//!
//! # What there is
//!
//! All 46 functions of `wasi_snapshot_preview1`. Components are not run, and there are no sockets, which are `NOTSOCK`, no threads and
//! no directories of the host.
//!
//! * **Files** are in memory: a [`Mount`] is a [`Tree`] that is given to the program, and [`Wasi::tree`] is what it has become. One is
//!   read-only, `ROFS`, or notes what is written back; a lazy file is asked for when it is needed. Bytes are shared with
//!   the tree, and with clones, until they are written to.
//! * **Paths** lead from node to node. One that is absolute or leads above the directory of its descriptor is `PERM`,
//!   also if it came back below; symbolic links are followed in the same way, at most 32 of them.
//! * **Rights** of a descriptor only shrink. The cookie of a directory's entry is its ordinal among all that were ever in it, so
//!   that a program that removes what it lists misses none.
//! * **Clocks** go on by a microsecond whenever they are asked, and by sleeping, from a time that is always the same; or they
//!   are the host's, [`Clocks`]. Random numbers come from a seed, or from the host, [`Random`].
//! * **Fuel** is charged before the work, once for each call, however often it waits: see [`costs`](crate::costs#wasi).
//! * **Limits** are [`WasiLimits`]: what a file takes is counted before it is taken.
//! * **Snapshots** have all of it but a call that waits: [`Wasi::snapshot`], beside that of the guest.

mod abi;
mod caller;
mod calls;
mod clock;
mod descriptors;
mod errno;
mod error;
mod files;
mod functions;
mod host;
mod inode;
pub(crate) mod limits;
mod memory;
mod names;
mod options;
mod serve;
mod snapshot;
mod state;
mod streams;
mod tree;
mod wait;

pub use self::{
    errno::Errno,
    error::{OptionsError, WasiSnapshotError},
    files::Written,
    functions::{FIRST_FUNCTION, Function, MODULE},
    host::{Ended, Run, WasiHost},
    limits::{OutputLimit, WasiLimits},
    memory::{GuestMemory, StoreMemory},
    options::{Clocks, Mount, Random, WasiOptions},
    state::Wasi,
    tree::{Entry, Tree},
    wait::{Request, Served, Stream, Wait},
};
