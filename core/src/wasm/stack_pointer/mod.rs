//! The pointer of the stack that compiled code keeps in its memory.
//!
//! Compilers that have more to keep than a function's locals hold put it on a stack in the linear
//! memory, which grows downwards. A global says where its end is: a function lowers it when it is
//! entered, and raises it again before it returns. A call that ends early leaves it low, so it is put
//! back then, see `chain`. Which global it is, is found in two ways:
//!
//! * the name section, an export or an import calls it `__stack_pointer`, as LLVM does, or the name section
//!   `~lib/memory/__stack_pointer`, as AssemblyScript;
//! * where there is no such name, it is the mutable `i32` that most functions lower first, by a
//!   multiple of four bytes or by a size that is not known, and then raise: to where it was, or by as
//!   much, and not only within a block further in: an allocator gives back what it took where there
//!   is no room. No more functions may begin otherwise with it: what mostly is set to something else
//!   is no stack's pointer.
//!
//! The operators are looked at in their order, whatever jumps there are between them. So a local may
//! not hold what it seems to, where optimisers use it again for something else; by how much the
//! pointer is raised tells then.

mod value;

use super::{
    names::{self, GLOBALS},
    operators::code::{I32_ADD, I32_AND, I32_SUB, LOCAL_GET, LOCAL_SET},
    scan::{ExportKind, Scan, ScannedExport},
};
use crate::{limits::count, types::value::ValueType};
use alloc::{boxed::Box, vec::Vec};
use value::{Change, Derived, Top};
use wasmparser::Operator;

/// The last part of its name.
const NAME: &str = "__stack_pointer";

/// Locals of a function that are followed; compilers keep one or two for this.
const LOCALS: usize = 4;

/// Looks at the code of a module for the pointer of its stack.
pub(super) struct Finder {
    /// The one that the name section, an export or an import calls by the name.
    named: Option<u32>,
    /// The mutable `i32` globals, in order, where there is none.
    candidates: Box<[Candidate]>,
    /// How many functions have begun.
    function: u32,
    /// How many blocks of the function are open.
    depth: u32,
    /// Whether the function has read one of the candidates: before, nothing has to do with them.
    has_read: bool,
    /// What is on top of the operands.
    top: Top,
    /// What locals of the function are.
    locals: Vec<(u32, Derived)>,
}

struct Candidate {
    index: u32,
    /// The functions that lower it first and then raise it.
    keepers: u32,
    /// The functions that set it to anything else first.
    breakers: u32,
    /// The last function that set it, and what has become of it there.
    function: u32,
    phase: Phase,
}

/// What a function has done to a global.
#[derive(Clone, Copy)]
enum Phase {
    New,
    /// By so much, if that is known, where so many blocks were open.
    Lowered(Option<i32>, u32),
    /// A function counts once, however many ways out it has.
    Counted,
}

impl Finder {
    pub(super) fn new(scan: &Scan, module: &[u8]) -> Self {
        let words = scan.mutable_globals.iter().filter(|global| global.ty == Some(ValueType::I32));
        let finder = Self {
            named: None,
            candidates: words.map(|global| Candidate::new(global.index)).collect(),
            function: 0,
            depth: 0,
            has_read: false,
            top: Top::Other,
            locals: Vec::new(),
        };
        match finder.named(module).or_else(|| finder.exported(scan)).or_else(|| finder.imported(scan)) {
            None => finder,
            named => Self { named, candidates: Box::default(), ..finder },
        }
    }

    /// The candidate that the name section calls by the name.
    fn named(&self, module: &[u8]) -> Option<u32> {
        let mut named = None;
        let _readable = names::read(module, GLOBALS, |index, name| {
            let is_its_name =
                name.strip_suffix(NAME).is_some_and(|path| path.is_empty() || path.ends_with('/'));
            if is_its_name && self.place(index).is_some() {
                named = named.or(Some(index));
            }
        });
        named
    }

    /// The candidate that an export calls by the name.
    fn exported(&self, scan: &Scan) -> Option<u32> {
        let is_called_it =
            |export: &&ScannedExport| export.kind == ExportKind::Global && *export.name == *NAME;
        let exported = scan.exports.iter().find(is_called_it)?.index;
        self.place(exported).map(|_| exported)
    }

    /// The candidate that is imported by the name.
    fn imported(&self, scan: &Scan) -> Option<u32> {
        let (index, _) = (0..).zip(scan.imported_globals()).find(|(_, import)| import.name() == NAME)?;
        self.place(index).map(|_| index)
    }

    /// The operators that follow are of another function.
    pub(super) fn begin_function(&mut self) {
        self.function = self.function.saturating_add(1);
        self.depth = 0;
        self.has_read = false;
        self.top = Top::Other;
        self.locals.clear();
    }

    /// Looks at the next operator, an `i32.const`.
    #[inline]
    pub(super) fn see_constant(&mut self, value: i32) {
        if self.has_read {
            self.top.put(Top::Constant(value));
        }
    }

    /// Looks at the next operator, which reads or writes a local.
    #[inline]
    pub(super) fn see_local(&mut self, code: u8, local: u32) {
        if !self.has_read {
            return;
        }
        if code == LOCAL_GET {
            match self.locals.iter().find(|(known, _)| *known == local) {
                Some((_, derived)) => self.top.put(Top::Derived(*derived)),
                None => self.top.put(Top::Other),
            }
        } else {
            self.keep(local);
            if code == LOCAL_SET {
                self.top = Top::Other;
            }
        }
    }

    /// Looks at the next operator, one of those that are read quickly and name nothing.
    #[inline]
    pub(super) fn see_plain(&mut self, code: u8) {
        if self.has_read {
            self.top = match code {
                I32_ADD => self.top.add(),
                I32_AND => self.top.align(),
                I32_SUB => self.top.sub(),
                _ => Top::Other,
            };
        }
    }

    /// Looks at the next operator, of which nothing follows.
    #[inline]
    pub(super) fn see_other(&mut self) {
        self.top = Top::Other;
    }

    /// Looks at the next operator, one of the others.
    pub(super) fn see(&mut self, operator: &Operator<'_>) {
        self.top = match *operator {
            Operator::Block { .. } | Operator::If { .. } | Operator::Loop { .. } => {
                self.depth = self.depth.saturating_add(1);
                Top::Other
            }
            Operator::End => {
                self.depth = self.depth.saturating_sub(1);
                Top::Other
            }
            Operator::GlobalGet { global_index: global } if self.place(global).is_some() => {
                self.has_read = true;
                Top::Derived(Derived { global, change: Change::None })
            }
            Operator::GlobalSet { global_index } => {
                self.set(global_index);
                Top::Other
            }
            _ => Top::Other,
        };
    }

    /// The index of the global that it is.
    pub(super) fn found(&self) -> Option<u32> {
        let kept = self.candidates.iter().filter(|candidate| candidate.is_kept());
        let most = || kept.max_by_key(|candidate| candidate.keepers).map(|candidate| candidate.index);
        self.named.or_else(most)
    }

    fn place(&self, global: u32) -> Option<usize> {
        self.candidates.binary_search_by_key(&global, |candidate| candidate.index).ok()
    }

    /// A local becomes what is on top.
    fn keep(&mut self, local: u32) {
        let derived = match self.top {
            Top::Derived(derived) => Some(derived),
            _ => None,
        };
        if !self.locals.is_empty() {
            // Addresses within the frame look like the pointer raised: the last one is enough.
            let is_address = derived.is_some_and(Derived::is_higher);
            self.locals.retain(|(known, old)| *known != local && !(is_address && old.is_higher()));
        }
        if let Some(derived) = derived
            && self.locals.len() < LOCALS
        {
            self.locals.push((local, derived));
        }
    }

    /// A global is set to what is on top.
    fn set(&mut self, global: u32) {
        let Some(place) = self.place(global) else { return };
        let (function, depth, top) = (self.function, self.depth, self.top);
        if let Some(candidate) = self.candidates.get_mut(place) {
            candidate.set(function, depth, top);
        }
    }
}

impl Candidate {
    const fn new(index: u32) -> Self {
        Self { index, keepers: 0, breakers: 0, function: 0, phase: Phase::New }
    }

    /// Whether it is treated as a stack's pointer.
    const fn is_kept(&self) -> bool {
        self.keepers > 0 && self.keepers >= self.breakers
    }

    /// A function sets it.
    fn set(&mut self, function: u32, depth: u32, top: Top) {
        if self.function != function {
            self.function = function;
            self.phase = Phase::New;
        }
        let change = match top {
            Top::Derived(derived) if derived.global == self.index => Some(derived.change),
            _ => None,
        };
        let is_raised = match (self.phase, change, top) {
            (Phase::Lowered(_, outer), ..) if depth > outer => false,
            (Phase::Lowered(..), Some(Change::Higher | Change::None), _) => true,
            (Phase::Lowered(Some(lowered), _), None, Top::Sum(raised)) => lowered == raised,
            _ => false,
        };
        self.phase = match (self.phase, change) {
            (Phase::New, Some(Change::Lower(by))) => Phase::Lowered(by, depth),
            (Phase::New, _) => {
                self.breakers = self.breakers.saturating_add(1);
                Phase::Counted
            }
            (Phase::Lowered(..), _) if is_raised => {
                self.keepers = self.keepers.saturating_add(1);
                Phase::Counted
            }
            (phase, _) => phase,
        };
    }
}

/// The pointer of the stack that a module's code keeps in a memory.
#[derive(Debug)]
pub(crate) struct StackPointer {
    /// The index of the global.
    pub(crate) index: u32,
    /// The name under which the engine has it.
    pub(crate) name: Box<str>,
    pub(crate) is_imported: bool,
    /// Whether the guest exports it, so that others can import it.
    pub(crate) is_exported: bool,
}

impl StackPointer {
    /// The global of an index, where `names` are those that exports have of the mutable globals.
    pub(crate) fn new(index: u32, scan: &Scan, names: &[Box<str>]) -> Option<Self> {
        let place = scan.mutable_globals.iter().position(|global| global.index == index)?;
        let is_it = |export: &ScannedExport| export.kind == ExportKind::Global && export.index == index;
        Some(Self {
            index,
            name: names.get(place)?.clone(),
            is_imported: count(scan.imported_globals().count()) > u64::from(index),
            is_exported: scan.exports.iter().any(is_it),
        })
    }
}
