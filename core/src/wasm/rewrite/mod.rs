//! A module as the engine is to have it: one walk over its code, by which all passes look at each operator.
//!
//! | pass | what it does |
//! |---|---|
//! | [`code_limits`] | refuses code that is above the limits |
//! | [`meter`] | has the engine take the fuel that [`costs`](crate::costs) say |
//! | [`lower`] | puts blocks that take parameters, and branches by tables, in other terms |
//! | [`repairs`], [`growth`], [`imports`], `lanes` | go around the engine's defects |
//! | [`notes`] | frames: has the code note where it is |
//! | [`segments`] | has segments be taken by a function, where tables are imported |
//! | [`hidden`] | exports what guestbox needs of an instance, and drops the start section |
//!
//! On the way the facts are found that others ask for: the pointer of the guest's stack, and whether a
//! snapshot has all that can change.
//!
//! The engine validates what is written, and what is written is valid only if the module is. For all that is
//! added stands behind what the module has, and an index beyond that is refused; and each operator is written
//! as what takes and leaves the same, or where that is not so what it takes is looked at, or the module's own
//! bytes are validated.

mod appended;
mod blocks;
mod body;
mod code_limits;
mod constants;
mod growth;
mod hidden;
mod host;
mod imports;
mod indices;
mod labels;
#[cfg(feature = "simd")]
mod lanes;
mod lower;
mod meter;
mod notes;
mod output;
mod repairs;
mod segments;
mod skim;
mod target;
mod temps;
mod types;
mod written;

pub use self::{
    growth::Hooks,
    host::HostNames,
    meter::{EXTEND_COST, NOP_COST, REF_NULL_COST},
};
pub(crate) use self::{
    hidden::Names,
    host::{Rehosted, rewrite_for_host},
    notes::{Bodies, Frames, LEAVING, OUTSIDE, SLOT, SLOT_BYTES, STACK_BYTES},
};

use super::{
    scan::{Scan, scan},
    sections::{Changes, HEADER_BYTES, MAX_LEB128, Referred, padded_leb128, push_bytes, push_leb128},
    stack_pointer::Finder,
};
use crate::{
    error::CompileError,
    limits::{Asked, Limit, LimitError, Limits, Needs, count, to_usize},
    snapshot::Uncapturable,
    types::features::Features,
};
use alloc::vec::Vec;
use appended::{Appended, Functions};
use body::{Body, Stop};
use code_limits::CodeLimits;
use growth::Growth;
use host::Host;
use meter::push_charge;
use notes::Notes;
use segments::Segments;
use target::Target;
use types::{AddedTypes, Nulls};
use wasmparser::{Parser, Payload};

/// A module as the engine is to have it, and what was found out about it.
pub(crate) struct Rewritten {
    pub(crate) bytes: Vec<u8>,
    pub(crate) scan: Scan,
    pub(crate) names: Names,
    /// The global that is the pointer of the guest's stack, if it has one.
    pub(crate) stack_pointer: Option<u32>,
    /// What the code changes that no snapshot has.
    pub(crate) changes: Option<Uncapturable>,
    pub(crate) frames: Option<Frames>,
    /// The names of what a host needs, where it was written for one.
    pub(crate) host: Option<HostNames>,
    /// Bytes that an instance has for what was added.
    pub(crate) added_bytes: usize,
    /// What it takes of the limits, without what was added.
    pub(crate) needs: Needs,
}

/// What is written of a module beside its functions, as they ask for it.
pub(super) struct Module<'a> {
    scan: &'a Scan,
    target: Target,
    code_limits: CodeLimits<'a>,
    finder: Finder,
    growth: Growth,
    functions: Functions,
    /// What is added for a host.
    host: Option<Host>,
    types: AddedTypes,
    nulls: Nulls,
    notes: Option<Notes>,
    /// What instances do with their segments once they are made.
    segments: Option<Segments>,
    changes: Option<Uncapturable>,
    /// Whether the module's own bytes have to be validated, as what is written may be valid without: where the
    /// code has a `ref.func` of the start function, which is valid where that is exported, and it will be
    /// under a hidden name; where it is not reached and is left out; and where it is about data segments that the
    /// module does not count before.
    must_be_valid: bool,
    /// Whether a tail call was written with notes that take it that there are none.
    missed_tail_call: bool,
}

/// Rewrites a module for the engine, with frames or without.
///
/// # Errors
///
/// Where the module is above the limits, or is invalid and the engine could not find that out, or where
/// that was seen before.
pub(crate) fn rewrite(limits: &Limits, bytes: &[u8], frames: bool) -> Result<Rewritten, CompileError> {
    let rewritten = rewrite_for_engine(limits, bytes, frames.then_some(false))?;
    match rewritten {
        Some(rewritten) => Ok(rewritten),
        None => rewrite_for_engine(limits, bytes, Some(true))?.ok_or_else(unreadable),
    }
}

/// Rewrites a module for the engine; with frames if it is said whether it has tail calls. `None` where it has, and it was
/// said that it has not.
fn rewrite_for_engine(
    limits: &Limits,
    bytes: &[u8],
    has_tail_calls: Option<bool>,
) -> Result<Option<Rewritten>, CompileError> {
    let (asked, mut scan) = read(limits, bytes)?;
    if !scan.starts_with_nothing() {
        return Err(CompileError::Invalid("invalid start function type".into()));
    }
    let notes = match has_tail_calls {
        Some(has_tail_calls) => Some(Notes::new(limits, &scan, has_tail_calls).ok_or_else(unreadable)?),
        None => None,
    };
    let mut module = Module::new(asked, &scan, bytes, Target::Interpreter, notes).ok_or_else(unreadable)?;
    let (functions, starts) = write_functions(&mut module, bytes)?;
    if module.missed_tail_call {
        return Ok(None);
    }
    if !module.growth.is_empty() {
        check_room(Limit::Tables, scan.tables.len())?;
    }
    if notes.is_some() {
        check_room(Limit::Memories, scan.memories.len())?;
    }
    module.check(bytes)?;
    let stack_pointer = module.finder.found();
    let changes = module.changes;
    let needs = *module.code_limits.asked.needs();
    // As `Scan::instance_bytes` counts functions.
    let added_bytes = module.functions.len().saturating_mul(64);
    let (changed, names) = module.finish(functions, bytes).ok_or_else(unreadable)?;
    let names = names.ok_or_else(unreadable)?;
    let added_bytes = added_bytes
        .saturating_add(notes.map_or(0, Notes::bytes))
        .saturating_add(names.hooks.as_ref().map_or(0, Hooks::bytes));
    let frames = match (notes, &names.frames) {
        (Some(notes), Some(memory)) => Some(Frames {
            memory: memory.clone(),
            own_memories: scan.own_memories(),
            bodies: Bodies::new(&mut scan, starts, notes),
        }),
        _ => None,
    };
    Ok(Some(Rewritten {
        bytes: changed,
        names,
        stack_pointer,
        changes,
        frames,
        host: None,
        added_bytes,
        needs,
        scan,
    }))
}

impl From<Rehosted> for Rewritten {
    fn from(Rehosted { bytes, scan, names: host, stack_pointer, changes, needs }: Rehosted) -> Self {
        let names = Names {
            start: host.start.clone(),
            memories: host.memories.clone(),
            globals: host.globals.clone(),
            frames: None,
            hooks: None,
            segments: None,
        };
        Self {
            bytes,
            scan,
            names,
            stack_pointer,
            changes,
            frames: None,
            host: Some(host),
            added_bytes: 0,
            needs,
        }
    }
}

/// Rewrites a module so that the engine gets it right, and for nothing else. Growing tables stays as it is.
///
/// # Errors
///
/// Where the module is above the limits, or where it was seen to be invalid.
pub(crate) fn mend(limits: &Limits, bytes: &[u8]) -> Result<Vec<u8>, CompileError> {
    let (asked, scan) = read(limits, bytes)?;
    let mut module = Module::new(asked, &scan, bytes, Target::Mended, None).ok_or_else(unreadable)?;
    let (functions, _) = write_functions(&mut module, bytes)?;
    module.check(bytes)?;
    let (mended, _) = module.finish(functions, bytes).ok_or_else(unreadable)?;
    Ok(mended)
}

/// Looks over a module, with what it takes of the limits. Where that is refused all is counted that it takes.
fn read<'a>(limits: &'a Limits, bytes: &[u8]) -> Result<(Asked<'a>, Scan), CompileError> {
    let mut asked = Asked::new(limits);
    asked.take(Needs::module_bytes, count(bytes.len()));
    if !Needs::are_counted(limits, bytes.len()) {
        return Err(refusal(&asked));
    }
    let scan = scan(&mut asked, bytes);
    if !asked.is_refused() {
        return Ok((asked, scan?));
    }
    if let Ok(scan) = &scan {
        let mut code = CodeLimits::new(asked, scan);
        code.count_all(bytes);
        return Err(refusal(&code.asked));
    }
    Err(refusal(&asked))
}

/// The error for a module that asks for too much.
fn refusal(asked: &Asked<'_>) -> CompileError {
    asked.refused().map_or_else(unreadable, CompileError::Limit)
}

/// Writes the functions anew: the contents of a code section with room for how many they are, and the offsets at which their bodies began before.
fn write_functions<'a>(
    module: &mut Module<'a>,
    module_bytes: &'a [u8],
) -> Result<(Vec<u8>, Vec<u32>), CompileError> {
    let mut section = Vec::with_capacity(module_bytes.len());
    section.extend_from_slice(&[0; MAX_LEB128]);
    let scan = module.scan;
    let mut types = scan.function_types.iter();
    let mut starts = Vec::new();
    let mut body = Body::new(module);
    for payload in Parser::new(0).parse_all(module_bytes) {
        // It was read before.
        let Ok(Payload::CodeSectionEntry(function)) = payload else { continue };
        let range = function.range();
        let (Some(ty), Ok(start), Some(bytes)) =
            (types.next(), u32::try_from(range.start), module_bytes.get(range))
        else {
            return Err(unreadable());
        };
        body.write(bytes, start, *ty, &mut section).map_err(|stop| match stop {
            Stop::Invalid => CompileError::Invalid("a function is not valid".into()),
            Stop::Refused(error) => error,
            Stop::AboveLimits => {
                body.module.code_limits.count_all(module_bytes);
                refusal(&body.module.code_limits.asked)
            }
        })?;
        if body.module.notes.is_some() {
            starts.push(start);
        }
    }
    if types.next().is_some() {
        return Err(CompileError::Invalid("a function has no code".into()));
    }
    Ok((section, starts))
}

impl<'a> Module<'a> {
    fn new(
        asked: Asked<'a>,
        scan: &'a Scan,
        bytes: &[u8],
        target: Target,
        notes: Option<Notes>,
    ) -> Option<Self> {
        let segments = match target {
            Target::Interpreter => Segments::of(scan, bytes.get(HEADER_BYTES..).unwrap_or_default()),
            Target::Host | Target::Mended => None,
        };
        let mut functions = Functions::new(scan);
        let host = match target {
            Target::Host => Some(Host::new(scan, &mut functions)?),
            Target::Interpreter | Target::Mended => None,
        };
        imports::ask(&mut functions, scan, target.is_metered());
        Some(Self {
            scan,
            target,
            code_limits: CodeLimits::new(asked, scan),
            finder: Finder::new(scan, bytes),
            growth: Growth::default(),
            functions,
            host,
            types: AddedTypes::default(),
            nulls: Nulls::new(scan.globals().saturating_add(notes.map_or(0, |_| Notes::GLOBALS))),
            notes,
            changes: None,
            must_be_valid: false,
            missed_tail_call: false,
            segments,
        })
    }

    /// Validates of the module's own bytes what is no part of what is written, or may be valid there without.
    fn check(&self, bytes: &[u8]) -> Result<(), CompileError> {
        if self.must_be_valid {
            Features::ALL.validate(bytes)
        } else if self.segments.is_some() {
            // What is constant in a segment is no more so in a function.
            Features::ALL.validate_sections(bytes)
        } else {
            Ok(())
        }
    }

    /// The module with all that was written, and the names of what a guest exports.
    fn finish(self, mut code: Vec<u8>, bytes: &[u8]) -> Option<(Vec<u8>, Option<Names>)> {
        let Self { scan, growth, functions, mut types, nulls, notes, segments, target, .. } = self;
        let is_guest = target.is_metered();
        let mut changes = Changes { references: &scan.references, is_guest, ..Changes::default() };
        for function in functions.all() {
            let Appended::Import(import) = function else { return None };
            let (params, units) = imports::params_and_units(scan, import)?;
            let mut before = Vec::from([0]);
            if is_guest {
                push_charge(&mut before, units);
            }
            let body = imports::stand_in(params, import, before, &[])?;
            let ty = scan.type_of_function(import)?;
            changes.functions.push(|entries| push_leb128(entries, to_usize(ty)))?;
            push_bytes(&mut code, &body)?;
        }
        growth.declare(&mut changes.tables)?;
        if let Some(notes) = notes {
            notes.declare(&mut changes.memories, &mut changes.imports)?;
        }
        nulls.declare(&mut changes.globals)?;
        let mut many = scan.function_types.len().checked_add(functions.len())?;
        let mut begin = None;
        if let Some(segments) = segments {
            begin = Some(scan.functions().checked_add(u32::try_from(functions.len()).ok()?)?);
            segments.declare(scan, &mut types, &mut changes.functions, &mut code)?;
            many = many.checked_add(1)?;
            changes.data_count = segments.data_count;
            changes.passive = Some(segments::passive);
        }
        let names = if is_guest {
            Some(hidden::export(scan, &growth, &functions, notes, begin, &mut changes.exports)?)
        } else {
            None
        };
        changes.types = types.into_added();
        if many > 0 {
            code.get_mut(..MAX_LEB128)?.copy_from_slice(&padded_leb128(many)?);
            changes.code = Some(code);
        }
        let changed = changes.apply(bytes, |referred| match referred {
            Referred::Import(import) => functions.stands_for(import),
            Referred::Global(global) => Some(notes.map_or(global, |notes| notes.moved(global))),
        })?;
        Some((changed, names))
    }
}

/// Refuses a module that has as many of something as the engine's parser takes, where one more is needed.
fn check_room(limit: Limit, len: usize) -> Result<(), LimitError> {
    limit.check(count(len), ENGINE_TAKES.saturating_sub(1))
}

/// The memories, and the tables, that the engine's parser takes.
const ENGINE_TAKES: u64 = 100;

fn unreadable() -> CompileError {
    CompileError::Invalid("sections of other lengths than they say".into())
}
