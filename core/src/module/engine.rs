//! Engines: where the code of modules is.
//!
//! An engine never frees code. So each module brings an engine of its own, and code goes with
//! it. Where guests of different modules share a memory, and so an engine, the code of the
//! others stays in the engine of one; once too much of that is of modules that were dropped, the
//! one moves to a fresh engine.

use super::{Inner, Module};
use crate::{limits::StackLimits, slots::ByNumber};
use alloc::sync::{Arc, Weak};
use core::fmt;
use spin::Mutex;

/// Bytes of dropped modules that an engine may hold at least before it is left.
const DROPPED_BYTES: usize = 64 << 10;

/// An engine, and what was translated for it besides the module that brought it.
pub(crate) struct Engine {
    engine: wasmi::Engine,
    stack: StackLimits,
    guests: Mutex<Guests>,
}

#[derive(Default)]
struct Guests {
    known: ByNumber<u64, Guest>,
    /// Bytes of the modules that were translated and then dropped.
    dropped_bytes: usize,
}

struct Guest {
    module: Weak<Inner>,
    bytes: usize,
    code: wasmi::Module,
}

impl Engine {
    pub(super) fn new(engine: wasmi::Engine, stack: StackLimits) -> Arc<Self> {
        Arc::new(Self { engine, stack, guests: Mutex::default() })
    }

    pub(crate) const fn engine(&self) -> &wasmi::Engine {
        &self.engine
    }

    /// The limits of the stack that it was made with.
    pub(crate) const fn stack(&self) -> StackLimits {
        self.stack
    }

    fn code_of(&self, module: &Module) -> Option<wasmi::Module> {
        let guests = self.guests.lock();
        guests.known.get(&module.id()).map(|guest| guest.code.clone())
    }

    fn keep(&self, module: &Module, code: wasmi::Module) {
        let guest = Guest { module: Arc::downgrade(&module.0), bytes: module.0.bytes.len(), code };
        self.guests.lock().known.insert(module.id(), guest);
    }

    /// Forgets the modules that were dropped; the bytes of all that ever were.
    fn dropped_bytes(&self) -> usize {
        let mut guests = self.guests.lock();
        let Guests { known, dropped_bytes } = &mut *guests;
        known.retain(|_, guest| {
            let lives = guest.module.strong_count() > 0;
            if !lives {
                *dropped_bytes = dropped_bytes.saturating_add(guest.bytes);
            }
            lives
        });
        *dropped_bytes
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

/// The engine that a module brings, and its code there.
#[derive(Clone)]
pub(super) struct Home {
    engine: Arc<Engine>,
    code: wasmi::Module,
}

impl Home {
    pub(super) fn new(engine: Arc<Engine>, code: wasmi::Module) -> Mutex<Self> {
        Mutex::new(Self { engine, code })
    }
}

impl Module {
    /// The engine that this module brings.
    pub(crate) fn engine(&self) -> Arc<Engine> {
        Arc::clone(&self.0.home.lock().engine)
    }

    /// The engine for a new cell: the one that this module brings, or a fresh one if that holds
    /// more of dropped modules than of this. A translation frees as much code as it makes then.
    pub(crate) fn engine_for_cell(&self) -> Arc<Engine> {
        let Home { engine, code } = self.0.home.lock().clone();
        if engine.dropped_bytes() <= DROPPED_BYTES.max(self.0.bytes.len()) {
            return engine;
        }
        let fresh = Engine::new(wasmi::Engine::new(engine.engine.config()), engine.stack);
        let Ok(translated) = wasmi::Module::new(&fresh.engine, &self.0.bytes) else { return engine };
        // For the cells that stay with the old one.
        engine.keep(self, code);
        *self.0.home.lock() = Home { engine: Arc::clone(&fresh), code: translated };
        fresh
    }

    /// The module's code for `engine`, translated now if it was not before. `None` where that
    /// fails, which does not happen: it was translated so for its own.
    pub(crate) fn code_for(&self, engine: &Arc<Engine>) -> Option<wasmi::Module> {
        let home = self.0.home.lock().clone();
        if Arc::ptr_eq(engine, &home.engine) {
            return Some(home.code);
        }
        if let Some(code) = engine.code_of(self) {
            return Some(code);
        }
        let code = wasmi::Module::new(&engine.engine, &self.0.bytes).ok()?;
        engine.keep(self, code.clone());
        Some(code)
    }
}
