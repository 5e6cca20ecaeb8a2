//! The pointer of the stack that compiled code keeps in its memory.
//!
//! Compilers that have more to keep than a function's locals hold put it on a stack in the linear
//! memory, which grows downwards. A global says where its end is: a function lowers it when it is
//! entered, and raises it again before it returns. A call that ends early leaves it low, so it is put
//! back then, see `chain`. Which global it is, is found in two ways:
//!
//! * the name section calls it `__stack_pointer`, as LLVM does, or `~lib/memory/__stack_pointer`, as
//!   AssemblyScript;
//! * where the names were stripped, it is the mutable `i32` that most functions lower first, by a
//!   multiple of four bytes, and then raise.

use super::{
    names::{self, GLOBALS},
    scan::Scan,
};
use crate::value::ValueType;
use alloc::{boxed::Box, vec::Vec};
use wasmparser::Operator;

/// The last part of its name.
const NAME: &str = "__stack_pointer";

/// Locals of a function that are followed; compilers keep one or two for this.
const LOCALS: usize = 4;

/// Looks at the code of a module for the pointer of its stack.
pub(super) struct Finder {
    /// The mutable `i32` globals, in order, with how many functions lower and raise each.
    globals: Box<[(u32, u32)]>,
    /// What is on top of the operands: how it came from a global.
    top: Option<Derived>,
    /// What locals of the function are.
    locals: Vec<(u32, Derived)>,
    /// The global that the function has lowered.
    lowered: Option<u32>,
    /// The globals that it set otherwise, or has raised again.
    others: Vec<u32>,
}

/// How a value comes from a global.
#[derive(Clone, Copy)]
struct Derived {
    global: u32,
    change: Change,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Change {
    /// The global's value.
    None,
    /// That, and another operand on top: a constant, or what is not known.
    Operand {
        below: Known,
        constant: Option<i32>,
    },
    Lower,
    Higher,
}

/// What is known below an operand.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Known {
    Global,
    Lower,
}

impl Finder {
    pub(super) fn new(scan: &Scan) -> Self {
        let words = scan.mutable_globals.iter().filter(|global| global.ty == Some(ValueType::I32));
        Self {
            globals: words.map(|global| (global.index, 0)).collect(),
            top: None,
            locals: Vec::new(),
            lowered: None,
            others: Vec::new(),
        }
    }

    /// The operators that follow are of another function.
    pub(super) fn begin_function(&mut self) {
        self.top = None;
        self.locals.clear();
        self.lowered = None;
        self.others.clear();
    }

    /// Looks at the next operator.
    pub(super) fn see(&mut self, operator: &Operator<'_>) {
        self.top = match *operator {
            Operator::GlobalGet { global_index: global } if self.place(global).is_some() => {
                Some(Derived { global, change: Change::None })
            }
            Operator::GlobalSet { global_index } => {
                self.set(global_index);
                None
            }
            Operator::LocalGet { local_index } => match self.top {
                Some(derived) => derived.with_operand(None),
                None => self.local(local_index),
            },
            Operator::LocalTee { local_index } => {
                self.keep(local_index);
                self.top
            }
            Operator::LocalSet { local_index } => {
                self.keep(local_index);
                None
            }
            Operator::I32Const { value } => self.top.and_then(|derived| derived.with_operand(Some(value))),
            Operator::I32Add => self.top.and_then(Derived::add),
            Operator::I32And => self.top.and_then(Derived::align),
            Operator::I32Sub => self.top.and_then(Derived::sub),
            _ => None,
        };
    }

    /// The index of the global that it is.
    pub(super) fn found(&self, module: &[u8]) -> Option<u32> {
        let mut named = None;
        let _readable = names::read(module, GLOBALS, |index, name| {
            let is_its_name =
                name.strip_suffix(NAME).is_some_and(|path| path.is_empty() || path.ends_with('/'));
            if is_its_name && self.place(index).is_some() {
                named = named.or(Some(index));
            }
        });
        let most =
            || self.globals.iter().filter(|(_, functions)| *functions > 0).max_by_key(|global| global.1);
        named.or_else(|| most().map(|(index, _)| *index))
    }

    fn place(&self, global: u32) -> Option<usize> {
        self.globals.binary_search_by_key(&global, |(index, _)| *index).ok()
    }

    fn local(&self, local: u32) -> Option<Derived> {
        self.locals.iter().find(|(known, _)| *known == local).map(|(_, derived)| *derived)
    }

    /// A local becomes what is on top.
    fn keep(&mut self, local: u32) {
        if !self.locals.is_empty() {
            self.locals.retain(|(known, _)| *known != local);
        }
        if let Some(derived) = self.top
            && self.locals.len() < LOCALS
        {
            self.locals.push((local, derived));
        }
    }

    /// A global is set to what is on top.
    fn set(&mut self, global: u32) {
        let Some(place) = self.place(global).filter(|_| !self.others.contains(&global)) else { return };
        let change = self.top.filter(|derived| derived.global == global).map(|derived| derived.change);
        let is_lowered = self.lowered == Some(global);
        match change {
            Some(Change::Lower) if self.lowered.is_none() => self.lowered = Some(global),
            Some(Change::Higher | Change::None) if is_lowered => {
                if let Some((_, functions)) = self.globals.get_mut(place) {
                    *functions = functions.saturating_add(1);
                }
                // A function counts once, however many ways out it has.
                self.others.push(global);
            }
            _ if !is_lowered => self.others.push(global),
            _ => {}
        }
    }
}

impl Derived {
    const fn with_operand(self, constant: Option<i32>) -> Option<Self> {
        let below = match self.change {
            Change::None => Known::Global,
            Change::Lower => Known::Lower,
            Change::Higher | Change::Operand { .. } => return None,
        };
        Some(Self { change: Change::Operand { below, constant }, ..self })
    }

    fn sub(self) -> Option<Self> {
        self.moved(|constant| constant.checked_neg())
    }

    fn add(self) -> Option<Self> {
        self.moved(Some)
    }

    /// Moved by the operand, a constant as `by` makes of it.
    fn moved(self, by: impl FnOnce(i32) -> Option<i32>) -> Option<Self> {
        let Change::Operand { below, constant } = self.change else { return None };
        let change = match (below, constant.map(by)) {
            (_, Some(None)) => return None,
            (_, Some(Some(by))) if by.checked_rem(4) != Some(0) => return None,
            (Known::Global, Some(Some(by))) if by < 0 => Change::Lower,
            (Known::Lower | Known::Global, Some(Some(by))) if by > 0 => Change::Higher,
            // Memory of a size that is not known: lower, as compilers subtract it.
            (Known::Global, None) => Change::Lower,
            _ => return None,
        };
        Some(Self { change, ..self })
    }

    /// Rounded down to a multiple of what a constant says.
    const fn align(self) -> Option<Self> {
        match self.change {
            Change::Operand { below: Known::Lower, constant: Some(..0) } => {
                Some(Self { change: Change::Lower, ..self })
            }
            _ => None,
        }
    }
}

/// The name under which the engine has it, of the names of the mutable globals.
pub(super) fn exported(scan: &Scan, globals: &[Box<str>], index: u32) -> Option<Box<str>> {
    let place = scan.mutable_globals.iter().position(|global| global.index == index)?;
    globals.get(place).cloned()
}
