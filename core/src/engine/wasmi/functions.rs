//! The functions that have numbers, and whose they are.

use super::keys::key;
use crate::{
    engine::{Function, Instance},
    limits::to_usize,
    types::slots::ByNumber,
};
use alloc::vec::Vec;
use wasmi::Func;

/// The functions of a space that have numbers.
#[derive(Default)]
pub(super) struct Functions {
    /// By their numbers.
    all: Vec<(Func, Option<Instance>)>,
    /// Their numbers by their keys.
    numbers: ByNumber<u32, u32>,
    /// The instances that give functions away, with a key that is below those of their functions and above those of others before.
    /// The engine does not say whose a function is.
    begun: Vec<(u32, Instance)>,
}

impl Functions {
    /// The functions that are made from now on are of an instance, until the next one begins.
    pub(super) fn begin(&mut self, instance: Instance, first: &Func) {
        self.begun.extend(key(first).map(|key| (key, instance)));
    }

    /// The number of a function, which is the instance's if that is known.
    pub(super) fn add(&mut self, function: Func, owner: Option<Instance>) -> Option<Function> {
        let key = key(&function)?;
        if let Some(known) = self.numbers.get(&key) {
            return Some(Function(*known));
        }
        let number = u32::try_from(self.all.len()).ok()?;
        self.all.push((function, owner.or_else(|| self.owner_by(key))));
        self.numbers.insert(key, number);
        Some(Function(number))
    }

    /// What was not given out before is of an instance that gives functions away.
    fn owner_by(&self, key: u32) -> Option<Instance> {
        let behind = self.begun.partition_point(|(first, _)| *first < key);
        self.begun.get(behind.checked_sub(1)?).map(|(_, instance)| *instance)
    }

    pub(super) fn get(&self, function: Function) -> Option<Func> {
        self.all.get(to_usize(function.0)).map(|(function, _)| *function)
    }

    pub(super) fn owner(&self, function: Function) -> Option<Instance> {
        self.all.get(to_usize(function.0))?.1
    }
}
