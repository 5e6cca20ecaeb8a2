//! Random uses of a store, compared with a model of it that knows nothing of cells.
//!
//! The model has for each memory its number at offset 0 and its size, and a group. Guests bring
//! the groups of the memories they import together, and a group whose last user has gone falls
//! apart. A guest is refused exactly where it would bring together two groups that are in use.

use super::{guest_text, offering};
use guestbox::{
    Execution, FuncIndex, InstanceId, InstanceLimits, InstantiateError, MemoryId, Module, NoImports, Step,
    Store, Value,
};
use guestbox_tests::{random::Random, text};

const SEEDS: u64 = 80;
const STEPS: usize = 150;

struct Memory {
    /// `None` once it was torn down. Guests may use it all the same.
    id: Option<MemoryId>,
    number: i32,
    pages: u32,
    group: usize,
}

struct Guest {
    id: InstanceId,
    /// Of its first memory.
    memory: usize,
    /// Set where that is one of its own.
    exports: bool,
}

struct Paused {
    execution: Execution,
    memory: usize,
    added: i32,
}

struct World {
    store: Store,
    random: Random,
    modules: Vec<Module>,
    memories: Vec<Memory>,
    guests: Vec<Guest>,
    paused: Vec<Paused>,
}

/// `wait(x)` adds to the number x and what the supervisor answers, the latter as it is after.
const WAIT: &str = r#"(func (export "wait") (param i32)
    (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (local.get 0)))
    (local.set 0 (call $host))
    (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (local.get 0))))"#;

fn modules() -> Vec<Module> {
    let host = r#"(import "env" "host" (func $host (result i32)))"#;
    let (a, b) = (r#"(import "env" "a" (memory 1))"#, r#"(import "env" "b" (memory 1))"#);
    [
        format!(r#"{host} (memory (export "own") 1) {WAIT}"#),
        format!("{host} {a} {WAIT}"),
        format!("{host} {a} (memory 2) {WAIT}"),
        format!("{host} {a} {b} {WAIT}"),
        format!("{host} {a} {b} (table 5000 funcref) {WAIT}"),
    ]
    .iter()
    .map(|memories| text::module(&guest_text(memories, 0)))
    .collect()
}

impl World {
    fn new(seed: u64, modules: &[Module]) -> Self {
        let (store, random, modules) = (Store::new(), Random::new(seed), modules.to_vec());
        Self { store, random, modules, memories: vec![], guests: vec![], paused: vec![] }
    }

    /// The number of one of the memories that can be named.
    fn any_memory(&mut self) -> Option<usize> {
        let named: Vec<_> = (0..self.memories.len()).filter(|at| self.memories[*at].id.is_some()).collect();
        (!named.is_empty()).then(|| self.random.one(&named))
    }

    fn is_in_use(&self, group: usize) -> bool {
        let of_group = |memory: usize| self.memories[memory].group == group;
        self.guests.iter().any(|guest| of_group(guest.memory))
            || self.paused.iter().any(|paused| of_group(paused.memory))
    }

    /// Lets the groups that nobody uses any more fall apart.
    fn settle(&mut self) {
        for at in 0..self.memories.len() {
            if !self.is_in_use(self.memories[at].group) {
                self.memories[at].group = at;
            }
        }
    }

    fn add_memory(&mut self, id: MemoryId) -> usize {
        let group = self.memories.len();
        self.memories.push(Memory { id: Some(id), number: 0, pages: 1, group });
        group
    }

    fn instantiate(&mut self) {
        let which = self.random.index(self.modules.len());
        let (Some(first), Some(second)) = (self.any_memory(), self.any_memory()) else { return };
        let imported: &[usize] = match which {
            0 => &[],
            1 | 2 => &[first],
            _ => &[first, second],
        };
        let offered: Vec<_> =
            ["a", "b"].into_iter().zip(imported.iter().map(|at| self.memories[*at].id.unwrap())).collect();
        let environment = offering(&offered).with_function("env", "host", FuncIndex(0));
        let module = self.modules[which].clone();
        let mut used: Vec<_> = imported.iter().map(|at| self.memories[*at].group).collect();
        used.dedup();
        used.retain(|group| self.is_in_use(*group));
        let limits = InstanceLimits::new().with_overlapping_calls();
        match self.store.instantiate_with(&mut NoImports, &module, &environment, 0, limits) {
            Ok(id) => {
                assert!(used.len() < 2, "groups that are in use came together");
                let exported = self.store.exported_memory(id, "own").unwrap();
                let memory = exported.map_or(first, |id| self.add_memory(id));
                let home = used.first().copied().unwrap_or(self.memories[memory].group);
                for at in imported {
                    self.memories[*at].group = home;
                }
                self.guests.push(Guest { id, memory, exports: exported.is_some() });
            }
            Err(InstantiateError::Apart) => assert_eq!(used.len(), 2, "nothing was in the way"),
            Err(error) => panic!("{error}"),
        }
    }

    fn teardown_guest(&mut self) {
        if self.guests.is_empty() {
            return;
        }
        let at = self.random.index(self.guests.len());
        let guest = self.guests.swap_remove(at);
        self.store.teardown_instance(guest.id).unwrap();
        if guest.exports {
            self.memories[guest.memory].id = None;
        }
    }

    fn teardown_memory(&mut self) {
        let Some(at) = self.any_memory() else { return };
        if let Some(id) = self.memories[at].id.filter(|id| id.number().is_some()) {
            self.store.teardown_memory(id).unwrap();
            self.memories[at].id = None;
        }
    }

    fn call(&mut self) {
        if self.guests.is_empty() {
            return;
        }
        let at = self.random.index(self.guests.len());
        let (guest, grows) = (self.guests[at].id, self.random.below(8) == 0);
        let memory = &mut self.memories[self.guests[at].memory];
        if grows && memory.pages < 6 {
            assert_eq!(super::call(&mut self.store, guest, "grow", &[1]).unsigned_abs(), memory.pages);
            memory.pages += 1;
        }
        memory.number += 1;
        assert_eq!(super::call(&mut self.store, guest, "count", &[]), memory.number);
    }

    fn write(&mut self) {
        let Some(at) = self.any_memory() else { return };
        let grows = self.random.below(8) == 0;
        let memory = &mut self.memories[at];
        let id = memory.id.unwrap();
        if grows && memory.pages < 6 {
            assert_eq!(self.store.memory_grow(id, 1), Ok(memory.pages));
            memory.pages += 1;
        }
        memory.number += 1_000;
        self.store.memory_write(id, 0, &memory.number.to_le_bytes()).unwrap();
    }

    fn pause(&mut self) {
        if self.guests.is_empty() {
            return;
        }
        let at = self.random.index(self.guests.len());
        let added = i32::try_from(self.random.below(100)).unwrap();
        let (id, memory) = (self.guests[at].id, self.guests[at].memory);
        let mut execution = self.store.begin(id, "wait", &[Value::I32(added)], 0).unwrap();
        assert!(matches!(execution.run(&mut self.store), Ok(Step::HostCall(_))));
        self.memories[memory].number += added;
        self.paused.push(Paused { execution, memory, added });
    }

    fn resume(&mut self) {
        if self.paused.is_empty() {
            return;
        }
        let at = self.random.index(self.paused.len());
        let Paused { mut execution, memory, added } = self.paused.swap_remove(at);
        match self.random.below(4) {
            0 => execution.cancel(&mut self.store),
            1 => drop(execution),
            _ => {
                execution.answer(Ok(added.into())).unwrap();
                assert!(matches!(execution.run(&mut self.store), Ok(Step::Finished(_))));
                self.memories[memory].number += added;
            }
        }
    }

    fn check(&self) {
        let named = self.memories.iter().filter_map(|memory| Some((memory.id?, memory)));
        for (id, memory) in named {
            assert_eq!(super::read(&self.store, id, 0), memory.number);
            assert_eq!(self.store.memory_size(id), Ok(memory.pages));
        }
    }

    fn step(&mut self) {
        // Few, so that they meet often.
        let memories = self.memories.iter().filter(|memory| memory.id.is_some()).count();
        match self.random.below(16) {
            0 | 1 if memories < 4 => {
                let id = self.store.create_memory(1, None).unwrap();
                self.add_memory(id);
            }
            0..=4 => self.instantiate(),
            5..=7 => self.teardown_guest(),
            8 if self.random.below(3) == 0 => self.teardown_memory(),
            9 | 10 => self.call(),
            11 | 12 => self.write(),
            8 | 13 => self.pause(),
            _ => self.resume(),
        }
        self.settle();
        self.check();
    }
}

#[test]
fn a_store_does_what_a_model_without_cells_does() {
    let modules = modules();
    for seed in 1..=SEEDS {
        println!("seed {seed}");
        let mut world = World::new(seed, &modules);
        (0..STEPS).for_each(|_| world.step());
        while !world.guests.is_empty() {
            world.teardown_guest();
        }
        world.paused.clear();
        for id in world.memories.iter().filter_map(|memory| memory.id).collect::<Vec<_>>() {
            world.store.teardown_memory(id).unwrap();
        }
        world.store.create_memory(0, None).unwrap();
        assert_eq!(world.store.memory_pages_in_use(), 0);
    }
}
