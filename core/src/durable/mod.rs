//! Durable calls: a guest whose call is paused, as bytes that are carried anywhere.
//!
//! What a guest does depends on nothing but what its supervisor does. So a paused call is what the guest was in the beginning
//! and a *journal* of the supervisor's acts since: which calls began with which arguments, what host calls were answered, what was
//! written to memory, and how much fuel each call had used when. [`Store::park`](crate::Store::park) makes bytes of
//! these. [`Store::unpark`](crate::Store::unpark) makes a guest of them, in this store or another, in another process or on another machine:
//! it does all again, without calling any import, to the same instruction and the same unit of fuel.
//!
//! ```
//! use guestbox::{Environment, FuncIndex, InstanceLimits, Module, NoImports, Parked, Replayed, Step, Store, Value, Waiting};
//! # let wasm = wat::parse_str(r#"(module (import "bank" "pay" (func $pay (param i32) (result i32)))
//! #     (func (export "run") (param i32) (result i32) (i32.add (call $pay (local.get 0)) (i32.const 1))))"#).unwrap();
//! let module = Module::new(&wasm)?;
//! let environment = Environment::new().with_function("bank", "pay", FuncIndex(0));
//! let limits = InstanceLimits::new().with_journal();
//!
//! let mut store = Store::new();
//! let guest = store.instantiate_with(&mut NoImports, &module, &environment, 0, limits)?;
//! let mut call = store.begin(guest, "run", &[Value::I32(20)], 0)?;
//! assert!(matches!(call.run(&mut store)?, Step::HostCall(_)));
//! let bytes = store.park(guest)?.into_bytes();
//! drop((call, store));
//!
//! // Elsewhere, much later.
//! let parked = Parked::from_bytes(bytes)?;
//! let waiting: Vec<_> = parked.waiting().collect();
//! assert_eq!(waiting, [Waiting::HostCall { module: "bank", name: "pay", number: 1 }]);
//! let mut store = Store::new();
//! let mut replay = store.unpark(&module, &environment, &parked, limits)?;
//! let Replayed::Ready { mut calls, .. } = replay.run(&mut store, u64::MAX)? else { panic!() };
//! let Step::HostCall(pay) = calls[0].run(&mut store)? else { panic!() };
//! assert_eq!((pay.args, pay.number), (&[Value::I32(20)][..], Some(1)));
//! calls[0].answer(Ok(41.into()))?;
//! let Step::Finished(results) = calls[0].run(&mut store)? else { panic!() };
//! assert_eq!(*results, [Value::I32(42)]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is delivered how often
//!
//! A host call that waits is made again in the new home: what its import did since, by calls of the guest too that have ended, is left
//! out of the bytes where calls of the guest nest. So it happens at least once. [`HostCall::number`](crate::HostCall::number) is the same each time, the number of the host
//! call since the journal began, and is what to recognise it by, where the guest is recorded there too. An import that calls the guest is to be called again
//! rather than answered from what is known: the numbers of host calls within it are used again as well, and by what comes after where they are not made.
//!
//! Calls that are nested each have the fuel that they had left when they paused, and draw on no other's once they are unparked: what the inner one uses
//! then is not taken of the outer one, whose import is called again with the fuel that it had.
//!
//! # What is noted
//!
//! A guest is recorded from its birth, [`InstanceLimits::with_journal`](crate::InstanceLimits::with_journal), or from a moment without calls,
//! [`Store::record`](crate::Store::record), which takes a snapshot; so does [`Store::restore`](crate::Store::restore). From then on
//! everything is noted by which a supervisor changes it:
//!
//! * calls: when they take their places, their arguments, within which host call; when they go on, with what answer, and with what fuel, whoever
//!   added, shared, charged or used it; when they are ended early or dropped;
//! * [`Store::memory_write`](crate::Store::memory_write), [`Store::memory_grow`](crate::Store::memory_grow), [`Store::global_set`](crate::Store::global_set);
//! * [`Store::memory_data_mut`](crate::Store::memory_data_mut): what was changed in it is looked for before the guest is next run, by hashes of each KiB of that
//!   memory, and noted by the KiB. That reads all of it twice, and takes a byte for 128 meanwhile; `memory_write` is for less;
//! * which growths of the guest the store refused.
//!
//! What only looks, slices and frames are not noted: a call may be replayed in other slices, and one recorded by a module without frames
//! replayed by the same [with frames](crate::CompileOptions::with_frames). Fuel that a paused call was given since it paused is not its own before it goes on.
//!
//! What cannot be recorded is an error when it is parked, see [`ParkError`]: what refers to functions or things, changes of tables, and guests
//! that share a memory, a global or a table with others.
//!
//! # The format
//!
//! Version 1. Numbers are LEB128 in their shortest form, or little-endian where their bytes are given.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `gboxpark` |
//! | 4, 4, 4 | the versions of the format, of [`costs`](crate::costs) and of the engine |
//! | 8, 8 | the module: the length of its bytes, and their XXH3 (64 bits, seed 0) |
//! | 1 | 1 where there is a snapshot, and 2 where there is a hash of the guest's state |
//! | 8 | that hash, of its memories and mutable globals, or 0 |
//! | | the number of the constants that it imports, and their values, see [`snapshot`](crate::snapshot) |
//! | | the length of the snapshot, and its bytes: what the guest was when the journal began, if not a new instance |
//! | | the number of calls under way, and for each the number of the host call that it waits for, with the lengths and the names of the import, or 0 |
//! | | the acts |
//! | 8 | the XXH3 of all bytes before |
//!
//! Bytes are no more than acts of a supervisor, which bring a guest to what its module can be brought to, under the limits of its new home: what
//! is wrong in them is an error, and never more than a guest can do. The fuel that its calls used is checked before any is used again. But they decide what the guest
//! does next: who lets that carry weight signs them, and as they have what is in its memory, and what it was answered, encrypts them where that matters.

pub(crate) mod acts;
pub(crate) mod format;
pub(crate) mod journal;
pub(crate) mod under_way;

pub use crate::error::{ParkError, UnparkError};

use crate::{
    snapshot::{Identity, Snapshot, plain::Reader},
    types::value::Value,
};
use alloc::{sync::Arc, vec::Vec};
use core::{fmt, ops::Range};
use format::Layout;

/// A guest that was parked, with its calls. Cheap to clone. See [`Store::park`](crate::Store::park).
#[derive(Clone, Eq, PartialEq)]
pub struct Parked(Arc<(Vec<u8>, Layout)>);

/// What a call of a parked guest waits for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a call that has not ended waits for one of these")]
pub enum Waiting<'a> {
    /// To be run: it was out of fuel, its slice was over, or it was not run yet.
    Fuel,
    /// For the answer to a host call.
    HostCall {
        /// The module name of the import.
        module: &'a str,
        /// The field name of the import.
        name: &'a str,
        /// Which host call it is since the journal began, from 1: [`HostCall::number`](crate::HostCall::number).
        number: u64,
    },
}

impl Parked {
    /// Reads a parked guest. The bytes are checked and kept.
    ///
    /// # Errors
    ///
    /// [`UnparkError::NotParked`], [`UnparkError::Version`] or [`UnparkError::Corrupted`]: bytes that were changed anywhere, cut or
    /// extended are refused.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, UnparkError> {
        let layout = Layout::read(&bytes)?;
        Ok(Self(Arc::new((bytes, layout))))
    }

    /// The bytes, in the format of [`durable`](crate::durable).
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0.0
    }

    /// The bytes.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        match Arc::try_unwrap(self.0) {
            Ok((bytes, _)) => bytes,
            Err(shared) => shared.0.clone(),
        }
    }

    /// What its calls wait for that are under way, in the order in which they began; none where none is.
    pub fn waiting(&self) -> impl Iterator<Item = Waiting<'_>> {
        let mut reader = Reader(self.part(&self.layout().waiting));
        let calls = acts::number(&mut reader).unwrap_or(0);
        (0..calls).map_while(move |_| format::waiting(&mut reader))
    }

    /// The fuel that its calls used since the journal began, which unparking it uses again.
    #[must_use]
    pub fn fuel(&self) -> u64 {
        self.layout().fuel
    }

    fn layout(&self) -> &Layout {
        &self.0.1
    }

    fn part(&self, range: &Range<usize>) -> &[u8] {
        self.as_bytes().get(range.clone()).unwrap_or_default()
    }

    pub(crate) fn identity(&self) -> Identity {
        self.layout().identity
    }

    pub(crate) fn is_of_engine(&self) -> bool {
        self.layout().is_of_engine
    }

    /// The values of the constants that it imports.
    pub(crate) fn constants(&self) -> Option<Vec<Value>> {
        acts::constants(&mut Reader(self.part(&self.layout().constants)))
    }

    /// What it was when the journal began.
    pub(crate) fn base(&self) -> Result<Option<Snapshot>, UnparkError> {
        let Some(range) = &self.layout().base else { return Ok(None) };
        Snapshot::from_bytes(self.part(range).to_vec()).map(Some).map_err(|_| UnparkError::Corrupted)
    }

    /// The hash of what it was when it was parked.
    pub(crate) fn state(&self) -> Option<u64> {
        self.layout().state
    }

    pub(crate) fn acts(&self) -> &[u8] {
        self.part(&self.layout().acts)
    }
}

impl fmt::Debug for Parked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parked").field("bytes", &self.as_bytes().len()).finish_non_exhaustive()
    }
}
