//! Where the code of modules is.
//!
//! A wasmi engine never frees code. So each module brings one of its own, and code goes with it: dropping the last
//! handle frees it, and a failed compilation leaves nothing behind. Guests of different modules that share a memory
//! have to live in one wasmi store, and so in one engine: the code of the others is translated once more for the
//! engine of one, when it is asked for, and stays there while its module lives. Once too much of what an engine has is
//! of modules that were dropped, the one that brought it moves to a fresh engine.

use crate::{
    engine::Prepared,
    limits::StackLimits,
    types::{ids::unique, slots::ByNumber},
};
use alloc::{
    boxed::Box,
    sync::{Arc, Weak},
};
use core::{fmt, mem};
use spin::Mutex;
use wasmi::FuncType;

/// Bytes of dropped modules that an engine may hold at least before it is left.
const DROPPED_BYTES: usize = 64 << 10;

/// A wasmi engine, and what was translated for it besides the module that brought it.
pub(super) struct Library {
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
    module: Weak<Prepared>,
    bytes: usize,
    translated: wasmi::Module,
}

impl Library {
    pub(super) fn new(engine: wasmi::Engine, stack: StackLimits) -> Arc<Self> {
        Arc::new(Self { engine, stack, guests: Mutex::default() })
    }

    pub(super) const fn engine(&self) -> &wasmi::Engine {
        &self.engine
    }

    /// The limits of the stack that it was made with.
    pub(super) const fn stack(&self) -> StackLimits {
        self.stack
    }

    fn translated(&self, code: &WasmiCode) -> Option<wasmi::Module> {
        let guests = self.guests.lock();
        guests.known.get(&code.id).map(|guest| guest.translated.clone())
    }

    fn keep(&self, code: &WasmiCode, translated: wasmi::Module) {
        let module = Arc::downgrade(&code.module);
        let guest = Guest { module, bytes: code.module.bytes.len(), translated };
        self.guests.lock().known.insert(code.id, guest);
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

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Library").finish_non_exhaustive()
    }
}

/// A module, translated.
pub(super) struct WasmiCode {
    id: u64,
    module: Arc<Prepared>,
    /// The types of the imported functions, in order.
    imports: Box<[FuncType]>,
    home: Mutex<Home>,
}

/// The engine that a module brings, and its code there.
struct Home {
    library: Arc<Library>,
    translated: wasmi::Module,
}

impl WasmiCode {
    pub(super) fn new(module: &Arc<Prepared>, library: Arc<Library>, translated: wasmi::Module) -> Self {
        let imports = translated.imports().filter_map(|import| import.ty().func().cloned()).collect();
        let home = Mutex::new(Home { library, translated });
        Self { id: unique(), module: Arc::clone(module), imports, home }
    }

    pub(super) fn imports(&self) -> &[FuncType] {
        &self.imports
    }

    pub(super) fn module(&self) -> &Prepared {
        &self.module
    }

    /// Whether this is the engine that the module brings.
    pub(super) fn brings(&self, library: &Arc<Library>) -> bool {
        Arc::ptr_eq(library, &self.home.lock().library)
    }

    /// The engine for a new space: the one that the module brings, or a fresh one if that holds more of dropped
    /// modules than of this. A translation frees as much code as it makes then.
    pub(super) fn library_for_space(&self) -> Arc<Library> {
        let library = Arc::clone(&self.home.lock().library);
        if library.dropped_bytes() <= DROPPED_BYTES.max(self.module.bytes.len()) {
            return library;
        }
        let fresh = Library::new(wasmi::Engine::new(library.engine.config()), library.stack);
        let Ok(translated) = wasmi::Module::new(&fresh.engine, &self.module.bytes) else { return library };
        let home = Home { library: Arc::clone(&fresh), translated };
        let old = mem::replace(&mut *self.home.lock(), home);
        // For the spaces that stay with the old one.
        old.library.keep(self, old.translated);
        fresh
    }

    /// The module's code for an engine, translated now if it was not before. `None` where that fails, which does not
    /// happen: it was translated so for its own.
    pub(super) fn for_library(&self, library: &Arc<Library>) -> Option<wasmi::Module> {
        let home = self.home.lock();
        if Arc::ptr_eq(library, &home.library) {
            return Some(home.translated.clone());
        }
        drop(home);
        if let Some(translated) = library.translated(self) {
            return Some(translated);
        }
        let translated = wasmi::Module::new(&library.engine, &self.module.bytes).ok()?;
        library.keep(self, translated.clone());
        Some(translated)
    }
}

impl fmt::Debug for WasmiCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WasmiCode").finish_non_exhaustive()
    }
}
