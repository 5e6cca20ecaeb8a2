//! Crowds: how they are made, and how they end.

use guestbox::{Environment, Execution, FuncIndex, InstanceId, Limits, MemoryId, NoImports, Step, Store};
use guestbox_tests::{random::Random, text};

/// A guest or a memory, with what is under way in it. An instantiation has no id yet.
#[derive(Default)]
pub(crate) struct Member {
    pub(crate) guest: Option<InstanceId>,
    pub(crate) call: Option<Execution>,
    pub(crate) memory: Option<MemoryId>,
}

pub(crate) struct Crowd {
    pub(crate) store: Store,
    pub(crate) members: Vec<Member>,
}

pub(crate) type Make = fn(u32) -> Crowd;
pub(crate) type End = fn(&mut Store, Vec<Member>);

pub(crate) const CROWDS: [(&str, Make); 7] = [
    ("calls that wait", |count| calls(count, &[])),
    ("calls that wait, one memory shared by all", |count| calls(count, &["a"])),
    ("calls that wait, memories shared by two", |count| calls(count, &["a", "b"])),
    ("calls that are out of fuel", starved),
    ("instantiations that wait", |count| instantiations(count, &[])),
    ("instantiations that wait, one memory shared by all", |count| instantiations(count, &["a"])),
    ("instantiations that wait, memories shared by two", |count| instantiations(count, &["a", "b"])),
];

pub(crate) const ENDS: [(&str, End); 8] = [
    ("cancelled, then torn down", |store, members| {
        let rest = cancel(store, members);
        tear_down(store, rest);
    }),
    ("torn down, then cancelled", |store, mut members| {
        let calls: Vec<_> = members.iter_mut().filter_map(|member| member.call.take()).collect();
        tear_down(store, members);
        cancel(store, calls.into_iter().map(of_call).collect());
    }),
    ("torn down, then cancelled, each backwards", |store, mut members| {
        members.reverse();
        let calls: Vec<_> = members.iter_mut().filter_map(|member| member.call.take()).collect();
        tear_down(store, members);
        cancel(store, calls.into_iter().map(of_call).collect());
    }),
    ("torn down and cancelled by turns, in random order", |store, mut members| {
        shuffle(&mut members);
        for mut member in members {
            let call = member.call.take();
            tear_down(store, vec![member]);
            cancel(store, call.into_iter().map(of_call).collect());
        }
    }),
    ("dropped, then torn down", |store, mut members| {
        members.iter_mut().for_each(|member| member.call = None);
        tear_down(store, members);
        use_once(store);
    }),
    ("torn down, then dropped in random order", |store, mut members| {
        let mut calls: Vec<_> = members.iter_mut().map(|member| member.call.take()).collect();
        tear_down(store, members);
        shuffle(&mut calls);
        drop(calls);
        use_once(store);
    }),
    ("torn down and dropped by turns, the store used each time", |store, members| {
        for mut member in members {
            let call = member.call.take();
            tear_down(store, vec![member]);
            drop(call);
            use_once(store);
        }
    }),
    ("dropped after the store", |store, members| {
        drop(std::mem::take(store));
        drop(members);
    }),
];

fn of_call(call: Execution) -> Member {
    Member { call: Some(call), ..Member::default() }
}

fn cancel(store: &mut Store, mut members: Vec<Member>) -> Vec<Member> {
    for member in &mut members {
        if let Some(mut call) = member.call.take() {
            call.cancel(store);
        }
    }
    members
}

pub(crate) fn tear_down(store: &mut Store, members: Vec<Member>) {
    for Member { guest, memory, .. } in members {
        if let Some(guest) = guest {
            store.teardown_instance(guest).unwrap();
        }
        if let Some(memory) = memory {
            store.teardown_memory(memory).unwrap();
        }
    }
}

/// What makes the store look for executions that were dropped.
fn use_once(store: &mut Store) {
    let memory = store.create_memory(0, None).unwrap();
    store.teardown_memory(memory).unwrap();
}

fn shuffle<T>(things: &mut [T]) {
    let mut random = Random::new(7);
    for at in (1..things.len()).rev() {
        things.swap(at, random.index(at + 1));
    }
}

/// Pages of a memory; there are fewer in all.
pub(crate) const MAX_PAGES: u32 = 65_536;

/// A store for any crowd.
fn store() -> Store {
    let mut limits = Limits::unlimited();
    limits.fuel = 1_000;
    limits.total_memory_pages = MAX_PAGES - 1;
    Store::with_limits(limits)
}

/// The text of a guest that imports memories of these names. What it exports as `run`, or starts with,
/// calls its import.
fn text_of(memories: &[&str], start: bool) -> String {
    let import = |name: &&str| format!(r#"(import "env" "{name}" (memory 0))"#);
    let imports: String = memories.iter().map(import).collect();
    let start = if start { "(start $run)" } else { "" };
    format!(
        r#"(module (import "env" "host" (func $host)) {imports}
            (func $run (export "run") (call $host)) {start} (func (export "spin") (loop (br 0))))"#
    )
}

/// For each member of a crowd its environment, with memories of these names, and a memory that is to
/// be torn down with it: of one name the same for all, of two each shared by two members.
fn environments(
    store: &mut Store,
    count: u32,
    names: &[&str],
    pages: u32,
) -> Vec<(Environment, Option<MemoryId>)> {
    let shared = if names.len() > 1 { count } else { u32::from(!names.is_empty()) };
    let memories: Vec<_> = (0..shared).map(|_| store.create_memory(pages, None).unwrap()).collect();
    let environment = |at: usize| {
        let host = Environment::new().with_function("env", "host", FuncIndex(0));
        let offered = names.iter().zip(memories.iter().cycle().skip(at % memories.len().max(1)));
        let with = |environment: Environment, (name, memory): (&&str, &MemoryId)| {
            environment.with_memory("env", name, *memory)
        };
        (offered.fold(host, with), memories.get(at).copied())
    };
    (0..to_usize(count)).map(environment).collect()
}

/// Pages of a memory that is shared. Thousands that move from cell to cell would hide all else.
fn pages(count: u32, memories: &[&str]) -> u32 {
    u32::from(memories.len() < 2 || count < 1_000)
}

/// Makes a crowd of guests, in each of which a call is begun by `begin`.
fn crowd(
    count: u32,
    memories: &[&str],
    begin: impl Fn(&mut Store, InstanceId) -> Option<Execution>,
) -> Crowd {
    crowd_with(count, memories, pages(count, memories), begin)
}

fn crowd_with(
    count: u32,
    memories: &[&str],
    pages: u32,
    begin: impl Fn(&mut Store, InstanceId) -> Option<Execution>,
) -> Crowd {
    let (mut store, module) = (store(), text::module(&text_of(memories, false)));
    let environments = environments(&mut store, count, memories, pages);
    let member = |(environment, memory): (Environment, Option<MemoryId>)| {
        let guest = store.instantiate(&mut NoImports, &module, &environment, 0).unwrap();
        Member { guest: Some(guest), call: begin(&mut store, guest), memory }
    };
    let members = environments.into_iter().map(member).collect();
    Crowd { store, members }
}

/// Guests each of whose calls waits for a host call.
fn calls(count: u32, memories: &[&str]) -> Crowd {
    crowd(count, memories, |store, guest| {
        let mut call = store.begin(guest, "run", &[], 0).unwrap();
        assert!(matches!(call.run(store), Ok(Step::HostCall(_))));
        Some(call)
    })
}

/// Guests each of whose calls waits for fuel.
fn starved(count: u32) -> Crowd {
    crowd(count, &[], |store, guest| {
        let mut call = store.begin(guest, "spin", &[], 0).unwrap();
        assert!(matches!(call.run(store), Ok(Step::OutOfFuel { .. })));
        Some(call)
    })
}

/// Instantiations whose start functions wait for a host call.
fn instantiations(count: u32, memories: &[&str]) -> Crowd {
    let (mut store, module) = (store(), text::module(&text_of(memories, true)));
    let environments = environments(&mut store, count, memories, pages(count, memories));
    let member = |(environment, memory): (Environment, Option<MemoryId>)| {
        let mut call = store.begin_instantiate(&module, &environment, 0).unwrap();
        assert!(matches!(call.run(&mut store), Ok(Step::HostCall(_))));
        Member { guest: None, call: Some(call), memory }
    };
    let members = environments.into_iter().map(member).collect();
    Crowd { store, members }
}

/// Memories that guests brought together which are gone.
pub(crate) fn left_alone(count: u32) -> Crowd {
    let Crowd { mut store, mut members } = crowd_with(count, &["a", "b"], 1, |_, _| None);
    for guest in members.iter_mut().filter_map(|member| member.guest.take()) {
        store.teardown_instance(guest).unwrap();
    }
    Crowd { store, members }
}

fn to_usize(count: u32) -> usize {
    count.try_into().unwrap()
}
