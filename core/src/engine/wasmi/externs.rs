//! The things of the supervisor's that guests have: what wasmi has for them.
//!
//! wasmi never frees an `ExternRef`. So each is a slot, which has one thing after the other: while no call is under way only
//! tables and globals can have slots, and those that none has are free for others.

use super::{data::Data, keys::key};
use crate::{
    limits::{count, to_usize},
    types::{
        refs::ExternRef,
        slots::{ByNumber, Numbers},
    },
};
use alloc::{vec, vec::Vec};
use core::fmt;
use wasmi::{Extern, Global, Instance, Nullable, Ref, Store, Table, Val, ValType};

#[derive(Default)]
pub(super) struct Externs {
    /// What wasmi has for each slot, and the thing that is in it.
    slots: Vec<(wasmi::ExternRef, Option<ExternRef>)>,
    /// The slots by their things.
    known: ByNumber<u32, u32>,
    /// The slots in which nothing is.
    free: Vec<u32>,
    /// Where slots can be while no call is under way.
    tables: Vec<Table>,
    globals: Vec<Global>,
    /// The keys of these.
    watched_tables: Numbers,
    watched_globals: Numbers,
    /// How many things there were when it last let go of some.
    kept: usize,
}

/// How many things there are at least when it lets go of some.
const FEW: usize = 64;

/// How many places are looked at for a thing.
const PLACES: u64 = 16;

impl Externs {
    /// What wasmi has for a thing that was admitted.
    pub(super) fn get(&self, thing: ExternRef) -> Option<wasmi::ExternRef> {
        self.slots.get(to_usize(*self.known.get(&thing.0)?)).map(|(slot, _)| *slot)
    }

    /// The thing that wasmi has this for.
    pub(super) fn thing(&self, store: &Store<Data>, slot: wasmi::ExternRef) -> Option<ExternRef> {
        self.slots.get(to_usize(number(store, slot)?))?.1
    }

    /// Gives a thing a slot; whether there is one.
    pub(super) fn admit(&mut self, store: &mut Store<Data>, thing: ExternRef) -> bool {
        if self.known.contains_key(&thing.0) {
            return true;
        }
        let free = self.free.pop();
        let Some(slot) = free.or_else(|| self.add(store)) else { return false };
        if let Some((_, of)) = self.slots.get_mut(to_usize(slot)) {
            *of = Some(thing);
            self.known.insert(thing.0, slot);
        }
        true
    }

    fn add(&mut self, store: &mut Store<Data>) -> Option<u32> {
        let slot = u32::try_from(self.slots.len()).ok()?;
        if !store.data_mut().limiter.lets_extern_in() {
            return None;
        }
        self.slots.push((wasmi::ExternRef::new(store, slot), None));
        Some(slot)
    }

    /// Notes what an instance has that can have slots: all that is so is exported.
    pub(super) fn watch(&mut self, store: &Store<Data>, instance: Instance) {
        for export in instance.exports(store) {
            match export.into_extern() {
                Extern::Table(table) => self.watch_table(store, table),
                Extern::Global(global) => self.watch_global(store, global),
                _ => {}
            }
        }
    }

    pub(super) fn watch_table(&mut self, store: &Store<Data>, table: Table) {
        if table.ty(store).element() == wasmi::RefType::Extern && is_new(&mut self.watched_tables, &table) {
            self.tables.push(table);
        }
    }

    pub(super) fn watch_global(&mut self, store: &Store<Data>, global: Global) {
        if global.ty(store).content() == ValType::ExternRef && is_new(&mut self.watched_globals, &global) {
            self.globals.push(global);
        }
    }

    /// Whether there are twice as many things as when it last let go of some.
    pub(super) fn is_to_let_go(&self) -> bool {
        self.known.len() >= self.kept.saturating_mul(2).max(FEW)
    }

    /// Frees the slots that no table and no global has, if there are enough things for so many places to be looked at.
    pub(super) fn let_go(&mut self, store: &Store<Data>, at_all_costs: bool) {
        let places = self.tables.iter().map(|table| table.size(store)).fold(0, u64::saturating_add);
        if !at_all_costs && count(self.known.len()) < places / PLACES {
            // Not before there are twice as many.
            self.kept = self.known.len();
            return;
        }
        let mut kept = vec![false; self.slots.len()];
        let mut keep = |slot: wasmi::ExternRef| {
            let kept = number(store, slot).and_then(|slot| kept.get_mut(to_usize(slot)));
            kept.into_iter().for_each(|kept| *kept = true);
        };
        for table in &self.tables {
            for at in 0..table.size(store) {
                if let Some(Ref::Extern(Nullable::Val(slot))) = table.get(store, at) {
                    keep(slot);
                }
            }
        }
        for global in &self.globals {
            if let Val::ExternRef(Nullable::Val(slot)) = global.get(store) {
                keep(slot);
            }
        }
        for ((at, (_, thing)), kept) in (0..).zip(&mut self.slots).zip(kept) {
            if let Some(gone) = thing.take_if(|_| !kept) {
                self.known.remove(&gone.0);
                self.free.push(at);
            }
        }
        self.kept = self.known.len();
    }

    /// The things that are in slots.
    pub(super) fn all(&self) -> impl Iterator<Item = ExternRef> {
        self.slots.iter().filter_map(|(_, thing)| *thing)
    }
}

/// The number of a slot.
fn number(store: &Store<Data>, slot: wasmi::ExternRef) -> Option<u32> {
    slot.data(store).downcast_ref().copied()
}

/// Whether a key is not among others yet, as many instances may have the same thing; it is then.
fn is_new(known: &mut Numbers, handle: &impl fmt::Debug) -> bool {
    key(handle).is_none_or(|key| known.insert(key))
}
