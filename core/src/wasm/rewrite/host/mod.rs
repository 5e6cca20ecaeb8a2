//! A module as a host is to have it that compiles it itself, such as a JavaScript engine.
//!
//! It has the same regions as the interpreter's, see [`blocks`](super::blocks), and pays the same for them, written
//! otherwise: a region takes its cost from a counter, a global, and below zero it asks the host by
//! a function. All that is added stands behind what the module has, and the guest cannot name it.
//!
//! | what | how |
//! |---|---|
//! | fuel | a global that holds what was granted, at most [`MOST_GRANTED`]; what the host has beyond is its own |
//! | frames, and bytes of the host's stack | one global: the frames left, above the words left. See [`frame`] |
//! | an end | a global that is not zero: each charge, and each import that returns, then traps |
//! | which trap it is | a global that is noted before operators of which hosts say too little |
//! | what the host is asked | two functions in a table of their own, which the host puts there: [`helpers`] |
//! | bulk operations, growth | functions that see to bounds first, then take the fuel, then do it: [`helpers`] |
//! | NaN | made the canonical one where something else than arithmetic takes it: [`nans`] |
//!
//! An end is a trap, and nothing that code could catch.

mod code;
mod exports;
mod frame;
mod helpers;
mod hosted;
mod nans;
mod operators;
#[cfg(feature = "simd")]
mod vectors;

pub use self::exports::HostNames;
pub(super) use self::{hosted::Hosted, nans::Quickly};

use super::{
    Module, Target,
    appended::{Appended, Functions, Helper},
    imports, read, unreadable, write_functions,
};
use crate::{
    error::CompileError,
    limits::{Limits, Needs, to_usize},
    snapshot::Uncapturable,
    wasm::{
        operators::code::{END, FUNC_REF, I32},
        scan::Scan,
        sections::{Added, Changes, MAX_LEB128, Referred, padded_leb128, push_bytes, push_leb128, push_u32},
    },
};
use alloc::vec::Vec;
use code::Code;

/// The most fuel that the counter holds, so that what is below zero by a region's cost is told from it.
pub(super) const MOST_GRANTED: u32 = 1 << 30;

/// The functions that the host puts into its table, by their places there.
const ASK_FUEL: u32 = 0;
const ASK_GROWTH: u32 = 1;
const ASKED: u32 = 2;

const MUTABLE: u8 = 1;
const HAS_MAXIMUM: u8 = 1;

/// A module for a host, and what was found out about it.
pub(crate) struct Rehosted {
    pub(crate) bytes: Vec<u8>,
    pub(crate) scan: Scan,
    pub(crate) names: HostNames,
    /// The global that is the pointer of the guest's stack, if it has one.
    pub(crate) stack_pointer: Option<u32>,
    /// What the code changes that no snapshot has.
    pub(crate) changes: Option<Uncapturable>,
    /// What it takes of the limits, without what was added.
    pub(crate) needs: Needs,
}

/// What is added to a module, as far as it is known while that is written.
pub(super) struct Host {
    /// The index of the first global that is added: [`Host::fuel`].
    first: u32,
    /// The functions that ask for fuel, and that end a call whose stack is used up.
    ask: u32,
    overflow: u32,
    /// The table of what the host is asked by.
    table: u32,
    /// The segments whose lengths are kept, as they can be dropped.
    segments: Vec<Segment>,
}

/// A segment, by its index.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Segment {
    Data(u32),
    Elements(u32),
}

impl Host {
    pub(super) fn new(scan: &Scan, functions: &mut Functions) -> Option<Self> {
        Some(Self {
            first: scan.globals(),
            ask: functions.of(Appended::Helper(Helper::Ask))?,
            overflow: functions.of(Appended::Helper(Helper::Overflow))?,
            table: u32::try_from(scan.tables.len()).ok()?,
            segments: Vec::new(),
        })
    }

    /// The global that holds what is left of the fuel that was granted.
    const fn fuel(&self) -> u32 {
        self.first
    }

    /// The global of frames and words.
    const fn stack(&self) -> u32 {
        self.first.saturating_add(1)
    }

    /// The global that says how the call has ended.
    const fn ended(&self) -> u32 {
        self.first.saturating_add(2)
    }

    /// The global of what is noted before an operator that can trap.
    const fn note(&self) -> u32 {
        self.first.saturating_add(3)
    }

    /// Keeps the length of a segment.
    fn keep_len(&mut self, segment: Segment) {
        if self.len_of(segment).is_none() {
            self.segments.push(segment);
        }
    }

    /// The global that has a segment's length, which is 0 once it was dropped.
    fn len_of(&self, segment: Segment) -> Option<u32> {
        let at = self.segments.iter().position(|known| *known == segment)?;
        self.first.checked_add(4)?.checked_add(u32::try_from(at).ok()?)
    }

    /// Adds the globals.
    fn declare_globals(&self, bytes: &[u8], globals: &mut Added) -> Option<()> {
        let lens = helpers::lens(bytes, &self.segments)?;
        for value in [0; 4].into_iter().chain(lens) {
            globals.push(|entries| {
                entries.extend([I32, MUTABLE]);
                Code::behind(entries, |code| {
                    code.constant(value.cast_signed()).op(END);
                });
                Some(())
            })?;
        }
        Some(())
    }

    /// Adds the table of what the host is asked by.
    fn declare_table(tables: &mut Added) -> Option<()> {
        tables.push(|entries| {
            entries.extend([FUNC_REF, HAS_MAXIMUM]);
            push_u32(entries, ASKED);
            push_u32(entries, ASKED);
            Some(())
        })
    }
}

/// Rewrites a module for a host, which is to be validated besides: a host may know more than what is rewritten here.
///
/// # Errors
///
/// Where the module is above the limits, or was seen to be invalid.
pub(crate) fn rewrite_for_host(limits: &Limits, bytes: &[u8]) -> Result<Rehosted, CompileError> {
    let (asked, scan) = read(limits, bytes)?;
    if !scan.starts_with_nothing() {
        return Err(CompileError::Invalid("invalid start function type".into()));
    }
    let mut module = Module::new(asked, &scan, bytes, Target::Host, None).ok_or_else(unreadable)?;
    let (code, _) = write_functions(&mut module, bytes)?;
    let stack_pointer = module.finder.found();
    let changes = module.changes;
    let needs = *module.code_limits.asked.needs();
    let (bytes, names) = finish(module, code, bytes).ok_or_else(unreadable)?;
    Ok(Rehosted { bytes, names, stack_pointer, changes, needs, scan })
}

/// The module with all that was written, and the names of what it exports.
fn finish(module: Module<'_>, mut code: Vec<u8>, bytes: &[u8]) -> Option<(Vec<u8>, HostNames)> {
    let Module { scan, functions, mut types, host, .. } = module;
    let host = host?;
    let mut changes = Changes { references: &scan.references, is_guest: true, ..Changes::default() };
    for function in functions.all() {
        let (ty, body) = match function {
            Appended::Import(import) => (scan.type_of_function(import)?, host.stand_in(scan, import)?),
            Appended::Helper(helper) => host.helper(scan, &mut types, helper)?,
        };
        changes.functions.push(|entries| push_leb128(entries, to_usize(ty)))?;
        push_bytes(&mut code, &body)?;
    }
    host.declare_globals(bytes, &mut changes.globals)?;
    Host::declare_table(&mut changes.tables)?;
    let many = scan.function_types.len().checked_add(functions.len())?;
    code.get_mut(..MAX_LEB128)?.copy_from_slice(&padded_leb128(many)?);
    let names = HostNames::export(scan, &host, &functions, &mut changes.exports)?;
    changes.types = types.into_added();
    changes.code = Some(code);
    let changed = changes.apply(bytes, |referred| match referred {
        Referred::Import(import) => functions.stands_for(import),
        Referred::Global(global) => Some(global),
    })?;
    Some((changed, names))
}

impl Host {
    /// The body of what stands for an import.
    fn stand_in(&self, scan: &Scan, import: u32) -> Option<Vec<u8>> {
        let (params, units) = imports::params_and_units(scan, import)?;
        let scratch = u32::try_from(params).ok()?;
        let size = frame::size(params, 0);
        // It has one local.
        let mut before = Code(Vec::from([1, 1, I32]));
        self.enter(&mut before, scratch, size);
        self.charge(&mut before, scratch, units.checked_add(1)?);
        let mut after = Code::default();
        self.guard(&mut after);
        self.leave(&mut after, size);
        imports::stand_in(params, import, before.0, &after.0)
    }
}
