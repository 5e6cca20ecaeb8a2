//! The bytes of a parked guest: that those from anywhere do no harm.

use super::{asker, begin, environment, often, recorded};
use guestbox::{
    HostError, InstanceLimits, Limits, Module, NoImports, Parked, Replayed, Step, Store, UnparkError, Value,
};
use guestbox_tests::{random::Random, text};
use std::sync::OnceLock;
use twox_hash::XxHash3_64;

/// A guest with calls in each other, writes, growth and an end, parked.
fn parked() -> Vec<u8> {
    let (module, mut store) = (asker(), Store::new());
    let guest = recorded(&mut store, &module);
    let memory = store.exported_memory(guest, "memory").unwrap().unwrap();
    store.memory_write(memory, 64, b"some").unwrap();
    store.memory_grow(memory, 1).unwrap();
    store.set_global(guest, "sum", Value::I32(3)).unwrap();
    let mut failed = begin(&mut store, guest, "run", &[2]);
    assert!(matches!(failed.run(&mut store), Ok(Step::HostCall(_))));
    failed.answer(Err(HostError::new())).unwrap();
    assert!(matches!(failed.run(&mut store), Ok(Step::Trapped(_))));
    let mut grown = begin(&mut store, guest, "grow", &[100]);
    assert!(matches!(grown.run(&mut store), Ok(Step::Finished(_))));
    let mut outer = begin(&mut store, guest, "run", &[3]);
    for _ in 0..2 {
        assert!(matches!(outer.run(&mut store), Ok(Step::HostCall(_))));
        outer.answer(Ok(5.into())).unwrap();
    }
    let Step::HostCall(call) = outer.run(&mut store).unwrap() else { panic!() };
    let level = store.open_level(&call).unwrap();
    let mut inner = begin(&mut store, guest, "spin", &[1_000]);
    inner.set_fuel(700);
    assert!(matches!(inner.run(&mut store), Ok(Step::OutOfFuel { .. })));
    store.close_level(level);
    store.park(guest).unwrap().into_bytes()
}

/// Gives bytes the checksum that they should have.
fn sign(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.len() - 8;
    let hash = XxHash3_64::oneshot(&bytes[..end]);
    bytes[end..].copy_from_slice(&hash.to_le_bytes());
    bytes
}

/// What became of bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Became {
    Refused,
    Diverged,
    Ready,
}

/// Unparks bytes in a store, lets all that comes of it go on for a while, and looks whether the store can be used.
fn attempt(store: &mut Store, bytes: &[u8], slice: u64) -> Became {
    static MODULE: OnceLock<Module> = OnceLock::new();
    let module = MODULE.get_or_init(asker);
    let became = match Parked::from_bytes(bytes.to_vec()) {
        Err(error) => {
            assert!(!error.to_string().is_empty());
            Became::Refused
        }
        Ok(parked) => {
            assert_eq!(parked.as_bytes(), bytes);
            let limits = InstanceLimits::new().with_journal();
            match store.unpark(module, &environment(), &parked, limits) {
                Err(_) => Became::Refused,
                Ok(mut replay) => loop {
                    match replay.run(store, slice) {
                        Ok(Replayed::Going) => {}
                        Ok(Replayed::Ready { instance, mut calls }) => {
                            while let Some(mut call) = calls.pop() {
                                call.set_fuel(2_000);
                                while let Ok(Step::HostCall(_)) = call.run(store) {
                                    call.answer(Ok(1.into())).unwrap();
                                }
                                call.cancel(store);
                            }
                            if let Some(instance) = instance {
                                store.teardown_instance(instance).unwrap();
                            }
                            break Became::Ready;
                        }
                        Err(UnparkError::Diverged { .. } | UnparkError::Limit(_)) => break Became::Diverged,
                        Err(error) => panic!("{error}"),
                    }
                },
            }
        }
    };
    assert_eq!(store.memory_pages_in_use(), 0, "something is left");
    became
}

fn small_store() -> Store {
    let mut limits = Limits::default();
    (limits.replay_fuel, limits.memory_pages) = (20_000, 20);
    Store::with_limits(limits)
}

#[test]
fn what_was_parked_is_read() {
    let bytes = parked();
    for slice in [1, 50, u64::MAX] {
        assert_eq!(attempt(&mut small_store(), &bytes, slice), Became::Ready);
    }
    assert_eq!(sign(bytes.clone()), bytes);
}

#[test]
fn what_was_cut_or_changed_is_refused() {
    let (bytes, mut store) = (parked(), small_store());
    let code = |bytes: &[u8]| Parked::from_bytes(bytes.to_vec()).unwrap_err().code();
    assert_eq!(code(b""), "not-parked");
    assert_eq!(code(b"gboxsnap and more"), "not-parked");
    for len in 0..bytes.len() {
        assert_eq!(attempt(&mut store, &bytes[..len], u64::MAX), Became::Refused, "{len}");
        let expected = if len < 8 { "not-parked" } else { "corrupted" };
        assert_eq!(code(&bytes[..len]), expected, "{len}");
    }
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            assert!(Parked::from_bytes(changed).is_err(), "{at}, {bit}");
        }
    }
    assert_eq!(code(&[&bytes[..], b"x"].concat()), "corrupted");
    let mut version = bytes.clone();
    version[8] = 9;
    assert!(matches!(Parked::from_bytes(version), Err(UnparkError::Version { found: 9, .. })));
    for at in [12, 16] {
        let mut other = bytes.clone();
        other[at] ^= 1;
        let other = Parked::from_bytes(sign(other)).unwrap();
        let refused = store.unpark(&asker(), &environment(), &other, InstanceLimits::new()).unwrap_err();
        assert_eq!(refused.code(), "other-engine");
    }
}

#[test]
fn what_was_damaged_is_refused() {
    let bytes = parked();
    let mut random = Random::new(11);
    for _ in 0..often(2_000, 100_000) {
        let mut damaged = bytes.clone();
        for _ in 0..random.between(1, 5) {
            let at = random.index(damaged.len());
            match random.below(5) {
                0 => damaged[at] ^= 1 << random.below(8),
                1 => damaged[at] = random.bytes(1)[0],
                2 => damaged.truncate(at),
                3 => damaged.insert(at, random.bytes(1)[0]),
                _ => damaged.rotate_left(at),
            }
            if damaged.is_empty() {
                break;
            }
        }
        assert!(damaged == bytes || Parked::from_bytes(damaged).is_err());
    }
}

#[test]
fn what_was_forged_is_refused_or_lawful() {
    let bytes = parked();
    let mut store = small_store();
    let mut counts = [0; 3];
    let mut forge = |forged: Vec<u8>, slice: u64| {
        let became = attempt(&mut store, &sign(forged), slice);
        counts[became as usize] += 1;
    };
    // Each byte to a neighbour, and to what numbers go on with.
    for at in 8..bytes.len() - 8 {
        for change in [bytes[at] ^ (1 << (at % 8)), 0xFF] {
            let mut forged = bytes.clone();
            forged[at] = change;
            forge(forged, u64::MAX);
        }
    }
    let mut random = Random::new(7);
    for _ in 0..often(400, 10_000) {
        let mut forged = bytes.clone();
        for _ in 0..random.between(1, 4) {
            let at = 45 + random.index(forged.len() - 53);
            match random.below(4) {
                0 => forged[at] = random.bytes(1)[0],
                1 => drop(forged.remove(at)),
                2 => forged.insert(at, random.bytes(1)[0]),
                _ => {
                    let len = random.index(20).min(forged.len() - 8 - at);
                    let copied = forged[at..at + len].to_vec();
                    let to = 45 + random.index(forged.len() - 53);
                    forged.splice(to..to, copied);
                }
            }
        }
        forge(forged, random.one(&[30, 1_000, u64::MAX]));
    }
    assert!(counts.iter().all(|count| *count > 20), "{counts:?}");
    let guest = text::guest(&mut store, "(module (func (export \"run\")))", &environment());
    store.invoke(&mut NoImports, guest, "run", &[], 0).unwrap();
}

#[test]
fn a_state_that_was_forged_is_noticed() {
    let bytes = parked();
    // The hash of the state stands behind the flags.
    assert_eq!(bytes[36] & 2, 2);
    let mut forged = bytes;
    forged[37] ^= 1;
    assert_eq!(attempt(&mut small_store(), &sign(forged), u64::MAX), Became::Diverged);
}
