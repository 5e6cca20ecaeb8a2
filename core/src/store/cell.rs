//! Cells: what makes teardown free memory.
//!
//! A [`Space`] of an engine never frees an instance or a memory. So a [`Store`](crate::Store) keeps many
//! spaces, its cells: one for each set of guests that share memories, mutable globals or tables with each other. A
//! cell goes when nothing in it is used any more. While no guest of a cell lives, its memories
//! can leave it as plain bytes for a fresh cell, and its garbage goes with it.

use crate::{
    engine::{self, Budgets, Global, Limiter, Memory, RefKind, Space, Table},
    limits::{Limits, PAGE_BYTES, budget::Charge, to_usize},
    module::Module,
    store::{
        chain::Chain, execution::Recorders, leavings::Leavings, recording::Recording, references::Door,
        shared::Kept,
    },
    types::{ascending::Ascending, refs::Home},
};
use alloc::{
    boxed::Box,
    sync::{Arc, Weak},
    vec::Vec,
};

/// Garbage that a cell may hold before its memories leave it, at least.
const GARBAGE_BYTES: usize = 64 << 10;

/// Guests that share something, in a space of their own.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) space: Box<dyn Space>,
    /// Held once by the cell and once by each instance or execution that needs it.
    pub(crate) ticket: Arc<Ticket>,
    /// The numbers of what is in it and the supervisor's, and not torn down.
    pub(crate) kept: Kept,
    /// The keys of the instances by the engine's numbers, of dead ones too: the space has these as well.
    instances: Ascending<u32>,
    pub(crate) recorders: Recorders,
    /// What is recorded of its guest, if that is: it is the only one then.
    pub(crate) recording: Option<Box<Recording>>,
    /// Those of the chains whose stack several guests may share.
    chains: Vec<Weak<Chain>>,
    /// Instances in the space that are dead.
    pub(crate) dead_instances: u32,
    /// Roughly the bytes of the dead instances, without their memories.
    garbage: usize,
    /// Bytes of the memories that were forgotten, and a quarter more.
    forgotten: usize,
    /// Where [`Cell::waste`] has to be for it to be worth leaving, at least.
    worth_leaving_at: usize,
}

/// Marks a cell as used, and tells it from every other.
#[derive(Debug)]
pub(crate) struct Ticket {
    /// Where executions that are dropped say what there is to do.
    pub(crate) leavings: Arc<Leavings>,
}

impl Cell {
    /// A cell for an instance of `module`.
    pub(crate) fn new(
        module: &Module,
        limits: &Limits,
        budgets: &Budgets,
        leavings: &Arc<Leavings>,
        home: Home,
    ) -> Self {
        Self {
            space: module.code().space(Limiter::new(limits, budgets), home),
            ticket: Arc::new(Ticket { leavings: Arc::clone(leavings) }),
            kept: Kept::default(),
            instances: Ascending::new(),
            recorders: Recorders::default(),
            recording: None,
            chains: Vec::new(),
            dead_instances: 0,
            garbage: 0,
            forgotten: 0,
            worth_leaving_at: 0,
        }
    }

    /// Whether an instance lives in it or an execution is under way.
    pub(crate) fn is_used(&self) -> bool {
        Arc::strong_count(&self.ticket) > 1
    }

    /// Notes the key of an instance that was just made.
    pub(crate) fn note_instance(&mut self, instance: engine::Instance, key: u32) {
        self.instances.add(instance.0, key);
    }

    /// The key of an instance, which may be dead.
    pub(crate) fn key_of(&self, instance: engine::Instance) -> Option<u32> {
        self.instances.get(instance.0).copied()
    }

    /// The keys of all instances, of which some may be dead.
    pub(crate) fn keys(&self) -> impl Iterator<Item = u32> {
        self.instances.iter().copied()
    }

    /// The chain of the guests that have what the supervisor made.
    pub(crate) fn chain_of_door(&self, door: Door) -> Option<Arc<Chain>> {
        self.chains.iter().filter_map(Weak::upgrade).find(|chain| chain.has_door(door))
    }

    /// The chain of the guests one of whose stacks has a pointer.
    pub(crate) fn chain_of_pointer(&self, pointer: Global) -> Option<Arc<Chain>> {
        let mut chains = self.chains.iter().filter_map(Weak::upgrade);
        chains.find(|chain| chain.has_pointer(pointer, &*self.space))
    }

    /// The chain for an instance of `module` that imports doors: the one to which what it imports brought it, or its own.
    pub(crate) fn chain(
        &mut self,
        of: (u64, u32),
        module: &Module,
        instance: engine::Instance,
        joined: Option<Arc<Chain>>,
        doors: &[Door],
    ) -> Arc<Chain> {
        let stack = module.stack();
        let pointer = stack.and_then(|pointer| self.space.global(instance, &pointer.name));
        if let Some(chain) = joined {
            doors.iter().for_each(|door| chain.add_door(*door));
            if let Some(pointer) = pointer {
                chain.join(pointer, &mut *self.space);
            }
            self.note_known_chain(&chain);
            return chain;
        }
        let chain = Arc::new(Chain::new(of, pointer, doors));
        let is_shared = stack.is_some_and(|pointer| pointer.is_imported || pointer.is_exported);
        if is_shared || !doors.is_empty() {
            self.note_chain(&chain);
        }
        chain
    }

    /// Whoever imports something from now on has this chain.
    pub(crate) fn let_join(&mut self, chain: &Arc<Chain>, door: Door) {
        chain.add_door(door);
        self.note_known_chain(chain);
    }

    /// Notes a chain, which may be noted.
    fn note_known_chain(&mut self, chain: &Arc<Chain>) {
        if !self.chains.iter().any(|known| core::ptr::eq(known.as_ptr(), Arc::as_ptr(chain))) {
            self.note_chain(chain);
        }
    }

    fn note_chain(&mut self, chain: &Arc<Chain>) {
        if self.chains.len() == self.chains.capacity() {
            self.chains.retain(|chain| chain.strong_count() > 0);
        }
        self.chains.push(Arc::downgrade(chain));
    }

    /// Puts the pointers of stacks that guests can share back to where they were before the calls that were dropped.
    pub(crate) fn settle_chains(&mut self) {
        let Self { chains, space, .. } = self;
        chains.iter().filter_map(Weak::upgrade).for_each(|chain| chain.settle(&mut **space));
    }

    /// Whether the garbage of a cell that is not used is worth moving `kept` bytes of memory out
    /// of it: if it is a quarter of them, moving costs four bytes copied for each one freed.
    pub(crate) fn is_worth_leaving(&self, kept: usize) -> bool {
        self.missing_garbage(kept) == 0
    }

    /// How many bytes of garbage there would have to be more.
    fn missing_garbage(&self, kept: usize) -> usize {
        // Where no instance lives, every page that is not kept was of a dead one.
        let garbage = self.charged().saturating_sub(kept).saturating_add(self.garbage);
        GARBAGE_BYTES.max(kept / 4).saturating_sub(garbage)
    }

    /// Whether it may be worth leaving. To be sure of it takes a look at each of its memories.
    pub(crate) fn may_be_worth_leaving(&self) -> bool {
        self.waste() >= self.worth_leaving_at
    }

    /// Notes that with `kept` bytes of memory it is not worth leaving.
    pub(crate) fn stay(&mut self, kept: usize) {
        self.worth_leaving_at = self.waste().saturating_add(self.missing_garbage(kept));
    }

    /// Notes that it is worth leaving, and was not left for want of memory.
    pub(crate) const fn could_not_leave(&mut self) {
        self.worth_leaving_at = 0;
    }

    /// What grows at least as fast as what is missing to make it worth leaving shrinks.
    fn waste(&self) -> usize {
        self.charged().saturating_add(self.garbage).saturating_add(self.forgotten)
    }

    fn charged(&self) -> usize {
        PAGE_BYTES.saturating_mul(to_usize(self.space.limiter().charge().taken()))
    }

    /// Forgets the number of a memory, which is garbage as soon as no guest uses it.
    pub(crate) fn forget_memory(&mut self, number: u32, memory: Memory) {
        if self.kept.memories.remove(&number) {
            let bytes = self.space.len(memory);
            // It is garbage, and a quarter of it no longer asked for.
            self.forgotten = self.forgotten.saturating_add(bytes).saturating_add(bytes / 4);
        }
    }

    /// Takes the charge for a memory that leaves.
    pub(crate) fn release_pages(&mut self, pages: u32) -> Charge {
        let charge = self.space.limiter_mut().charge_mut();
        let mut released = charge.another();
        charge.move_to(&mut released, pages);
        released
    }

    pub(crate) const fn add_garbage(&mut self, bytes: usize) {
        self.garbage = self.garbage.saturating_add(bytes);
    }

    /// Takes the charge for a table that leaves.
    pub(crate) fn release_elements(&mut self, elements: u32) -> Charge {
        let charge = self.space.limiter_mut().elements_mut();
        let mut released = charge.another();
        charge.move_to(&mut released, elements);
        released
    }

    /// Makes a table of nulls in this cell, which are paid for by `charge`.
    pub(crate) fn adopt_table(
        &mut self,
        kind: RefKind,
        elements: u32,
        maximum: Option<u32>,
        charge: &mut Charge,
    ) -> Option<Table> {
        self.space.limiter_mut().begin_adopting();
        let table = self.space.add_table(kind, elements, maximum);
        self.space.limiter_mut().end();
        let table = table?;
        charge.move_to(self.space.limiter_mut().elements_mut(), elements);
        Some(table)
    }

    /// Makes a memory of the given bytes in this cell; all zero where there are fewer than its
    /// pages. The pages are paid for by `charge`.
    pub(crate) fn adopt_memory(
        &mut self,
        pages: u32,
        maximum: Option<u32>,
        bytes: &[u8],
        charge: &mut Charge,
    ) -> Option<Memory> {
        self.space.limiter_mut().begin_adopting();
        let memory = self.space.add_memory(pages, maximum);
        self.space.limiter_mut().end();
        let memory = memory?;
        if !self.space.write(memory, 0, bytes) {
            return None;
        }
        charge.move_to(self.space.limiter_mut().charge_mut(), pages);
        Some(memory)
    }
}
