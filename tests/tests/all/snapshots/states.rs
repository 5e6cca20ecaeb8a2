//! What is captured comes back, to the bit.

use super::{GUEST, call, environment, guest, instantiate, snapshot};
use guestbox::{Environment, Module, Snapshot, Store, Value};
use guestbox_tests::{random::Random, text};

/// Values at the edges of each type: signalling and quiet NaNs with payloads, both zeros.
const VALUES: [Value; 14] = [
    Value::I32(i32::MIN),
    Value::I32(-1),
    Value::I32(0),
    Value::I64(i64::MAX),
    Value::I64(i64::MIN),
    Value::F32(0x7FA0_0001),
    Value::F32(0xFFC1_2345),
    Value::F32(0x8000_0000),
    Value::F32(0x0000_0001),
    Value::F64(0x7FF4_0000_0000_0001),
    Value::F64(0xFFFF_FFFF_FFFF_FFFF),
    Value::F64(0x8000_0000_0000_0000),
    Value::F64(0x0000_0000_0000_0001),
    Value::F64(0x3FF0_0000_0000_0000),
];

#[test]
fn globals_of_every_type_come_back_bit_for_bit() {
    let types: Vec<_> = VALUES.iter().map(|value| value.ty().name()).collect();
    let globals: String = types
        .iter()
        .map(|ty| format!("(global (mut {ty}) ({ty}.const 1)) (global {ty} ({ty}.const 2))"))
        .collect();
    let functions: String = (0..)
        .step_by(2)
        .zip(&types)
        .map(|(at, ty)| {
            format!(
                r#"(func (export "get{at}") (result {ty}) (global.get {at}))
                   (func (export "set{at}") (param {ty}) (global.set {at} (local.get 0)))"#
            )
        })
        .collect();
    let mut store = Store::new();
    let guest = text::guest(&mut store, &format!("(module {globals}{functions})"), &Environment::new());
    let get = |store: &mut Store, at: usize| text::call(store, guest, &format!("get{}", at * 2), &[])[0];
    let initial: Vec<_> = (0..VALUES.len()).map(|at| get(&mut store, at)).collect();
    let first = snapshot(&mut store, guest);
    for (at, value) in VALUES.iter().enumerate() {
        text::call(&mut store, guest, &format!("set{}", at * 2), &[*value]);
    }
    let second = snapshot(&mut store, guest);
    for (snapshot, values) in [(&first, &initial[..]), (&second, &VALUES), (&first, &initial)] {
        store.restore(guest, snapshot).unwrap();
        for (at, value) in values.iter().enumerate() {
            assert_eq!(get(&mut store, at), *value, "global {at}");
        }
    }
}

#[test]
fn a_guest_is_reset_with_all_its_state() {
    let mut store = Store::new();
    let guest = guest(&mut store);
    call(&mut store, guest, "store", &[65_532, 7]);
    let before = snapshot(&mut store, guest);
    for round in 0..10 {
        call(&mut store, guest, "store", &[65_532, round]);
        call(&mut store, guest, "store", &[round * 1000, -1]);
        text::call(&mut store, guest, "hide", &[Value::I64(round.into())]);
        store.set_global(guest, "shown", Value::I32(round)).unwrap();
        store.restore(guest, &before).unwrap();
        assert_eq!(call(&mut store, guest, "load", &[65_532]), 7);
        assert_eq!(call(&mut store, guest, "load", &[round * 1000]), 0);
        assert_eq!(*text::call(&mut store, guest, "hidden", &[]), [Value::I64(-1)]);
        assert_eq!(store.global(guest, "shown"), Ok(Some(Value::I32(5))));
        assert_eq!(snapshot(&mut store, guest).as_bytes(), before.as_bytes(), "round {round}");
    }
}

#[test]
fn bytes_between_zeros_come_back_wherever_they_are() {
    let text = r#"(module (memory (export "memory") 3))"#;
    let mut store = Store::new();
    let guest = text::guest(&mut store, text, &Environment::new());
    let memory = store.exported_memory(guest, "memory").unwrap().unwrap();
    let end = 3 * 65_536;
    let places = [
        0,
        1,
        255,
        256,
        257,
        511,
        4095,
        4096,
        65_535,
        65_536,
        65_537,
        131_071,
        end - 257,
        end - 256,
        end - 1,
    ];
    let empty = snapshot(&mut store, guest);
    for places in places.iter().map(core::slice::from_ref).chain([&places[..], &places[3..9]]) {
        for place in places {
            store.memory_write(memory, *place, &[0xA5]).unwrap();
        }
        let expected = store.memory_to_vec(memory, 0, end).unwrap();
        let filled = snapshot(&mut store, guest);
        assert!(filled.as_bytes().len() < 60 + 15 * 264, "{} bytes", filled.as_bytes().len());
        store.memory_data_mut(memory).unwrap().fill(0xFF);
        store.restore(guest, &filled).unwrap();
        assert!(store.memory_to_vec(memory, 0, end).unwrap() == expected, "{places:?}");
        store.restore(guest, &empty).unwrap();
        assert!(store.memory_to_vec(memory, 0, end).unwrap().iter().all(|byte| *byte == 0));
    }
    store.memory_data_mut(memory).unwrap().fill(1);
    let full = snapshot(&mut store, guest);
    store.restore(guest, &empty).unwrap();
    store.restore(guest, &full).unwrap();
    assert!(store.memory_to_vec(memory, 0, end).unwrap().iter().all(|byte| *byte == 1));
}

#[test]
fn several_memories_come_back_each_its_own() {
    let text =
        r#"(module (import "env" "given" (memory 1 4)) (memory 1) (memory (export "own") 2) (memory 0 1))"#;
    let module = text::module(text);
    let mut store = Store::new();
    let given = store.create_memory(1, Some(4)).unwrap();
    let guest = instantiate(&mut store, &module, &Environment::new().with_memory("env", "given", given));
    let own = store.exported_memory(guest, "own").unwrap().unwrap();
    store.memory_write(given, 100, b"given").unwrap();
    store.memory_write(own, 131_069, b"own").unwrap();
    store.memory_grow(given, 1).unwrap();
    let taken = snapshot(&mut store, guest);
    assert_eq!(taken.memory_pages().collect::<Vec<_>>(), [2, 1, 2, 0]);

    let mut elsewhere = Store::new();
    let other = elsewhere.create_memory(1, Some(4)).unwrap();
    let environment = Environment::new().with_memory("env", "given", other);
    let guest = elsewhere.instantiate_from(&module, &environment, &taken).unwrap();
    let own = elsewhere.exported_memory(guest, "own").unwrap().unwrap();
    assert_eq!(elsewhere.memory_size(other), Ok(2));
    assert_eq!(elsewhere.memory_to_vec(other, 100, 5).unwrap(), b"given");
    assert_eq!(elsewhere.memory_to_vec(own, 131_069, 3).unwrap(), b"own");
    assert_eq!(snapshot(&mut elsewhere, guest).as_bytes(), taken.as_bytes());
}

#[test]
fn a_new_instance_begins_where_the_snapshot_was_taken_and_runs_no_start_function() {
    let text = r#"(module (global $starts (export "starts") (mut i32) (i32.const 0)) (memory (export "memory") 1)
        (data (i32.const 0) "initial") (start $s)
        (func $s (global.set $starts (i32.add (global.get $starts) (i32.const 1)))))"#;
    let module = text::module(text);
    let mut store = Store::new();
    let first = instantiate(&mut store, &module, &Environment::new());
    let memory = store.exported_memory(first, "memory").unwrap().unwrap();
    store.memory_write(memory, 0, b"changed\0").unwrap();
    let taken = snapshot(&mut store, first);
    let second = store.instantiate_from(&module, &Environment::new(), &taken).unwrap();
    assert_eq!(second.number(), first.number() + 1);
    assert_eq!(store.global(second, "starts"), Ok(Some(Value::I32(1))));
    let memory = store.exported_memory(second, "memory").unwrap().unwrap();
    assert_eq!(store.memory_to_vec(memory, 0, 7).unwrap(), b"changed");
    store.teardown_instance(first).unwrap();
    store.restore(second, &taken).unwrap();
    store.teardown_instance(second).unwrap();
    assert_eq!(store.memory_pages_in_use(), 0);
}

#[test]
fn equal_states_give_equal_bytes_whichever_way_they_came_about() {
    let mut store = Store::new();
    let (one, other) = (guest(&mut store), guest(&mut store));
    call(&mut store, one, "store", &[1024, 0x1234_5678]);
    for value in [1, -1, 0x1234_5678] {
        call(&mut store, other, "store", &[3000, value]);
        call(&mut store, other, "store", &[1024, value]);
    }
    call(&mut store, other, "store", &[3000, 0]);
    assert_eq!(snapshot(&mut store, one).as_bytes(), snapshot(&mut store, other).as_bytes());
    assert_eq!(snapshot(&mut store, one), snapshot(&mut store, other));
    call(&mut store, other, "store", &[1024, 0]);
    assert_ne!(snapshot(&mut store, one), snapshot(&mut store, other));
}

#[test]
fn a_module_compiled_once_more_is_the_same_module() {
    let bytes = text::bytes(GUEST);
    let (one, other) = (Module::new(&bytes).unwrap(), Module::new(&bytes).unwrap());
    let (mut store, mut elsewhere) = (Store::new(), Store::new());
    let guest = instantiate(&mut store, &one, &environment());
    call(&mut store, guest, "grow", &[2]);
    call(&mut store, guest, "store", &[180_000, 99]);
    let bytes = snapshot(&mut store, guest).into_bytes();
    let carried = Snapshot::from_bytes(bytes).unwrap();
    let copy = elsewhere.instantiate_from(&other, &environment(), &carried).unwrap();
    assert_eq!(call(&mut elsewhere, copy, "load", &[180_000]), 99);
    assert_eq!(call(&mut elsewhere, copy, "by-table", &[0]), 3);
    assert_eq!(call(&mut elsewhere, copy, "by-table", &[1]), 5);
}

/// A model beside the guest: random writes, growth and resets leave the two alike.
#[test]
fn random_histories_are_undone_and_redone() {
    let text = r#"(module (memory (export "memory") 1 6) (global (export "g") (mut i32) (i32.const 0))
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))"#;
    let mut store = Store::new();
    let guest = text::guest(&mut store, text, &Environment::new());
    let memory = store.exported_memory(guest, "memory").unwrap().unwrap();
    let mut random = Random::new(1);
    let mut kept = vec![(snapshot(&mut store, guest), vec![0_u8; 65_536], 0)];
    let (mut bytes, mut global) = (vec![0_u8; 65_536], 0);
    for step in 0..600 {
        match random.below(8) {
            0 => {
                let grown = call(&mut store, guest, "grow", &[1]);
                if grown >= 0 {
                    bytes.resize(bytes.len() + 65_536, 0);
                }
            }
            1 => {
                global = random.below(1 << 31).cast_signed();
                store.set_global(guest, "g", Value::I32(global)).unwrap();
            }
            2 => kept.push((snapshot(&mut store, guest), bytes.clone(), global)),
            3 | 4 => {
                let at = random.index(kept.len());
                store.restore(guest, &kept[at].0).unwrap();
                (bytes, global) = (kept[at].1.clone(), kept[at].2);
            }
            _ => {
                let len = random.index(2000);
                let at = random.index(bytes.len() - len);
                let value = random.one(&[0, 0, 0xFF, step as u8]);
                bytes[at..at + len].fill(value);
                store.memory_write(memory, at as u32, &vec![value; len]).unwrap();
            }
        }
        assert_eq!(store.global(guest, "g"), Ok(Some(Value::I32(global))), "step {step}");
        assert!(*store.memory_data_mut(memory).unwrap() == *bytes, "step {step}");
        assert_eq!(store.memory_pages_in_use() as usize * 65_536, bytes.len(), "step {step}");
    }
}
