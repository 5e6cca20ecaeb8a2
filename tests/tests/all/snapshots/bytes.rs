//! The bytes of a snapshot: their format, and that bytes from anywhere do no harm.

use super::{GUEST, call, environment, guest, snapshot};
use guestbox::{Environment, FormatError, Limit, Number, RestoreError, Snapshot, Store, V128, Value};
use guestbox_tests::text;
use parity_scale_codec::Encode;
use twox_hash::XxHash3_64;

/// A snapshot written by hand, from the description of the format.
#[derive(Clone)]
pub(super) struct Forged {
    version: u32,
    module: (u64, u64),
    /// Counts that are said, where they are not those of what follows.
    counts: Option<(u32, u32)>,
    memories: Vec<(u32, Vec<ForgedRun>)>,
    globals: Vec<u8>,
    global_count: u32,
    rest: Vec<u8>,
}

/// The first block, the number of blocks that is said, and bytes.
type ForgedRun = (u32, u32, Vec<u8>);

impl Forged {
    /// Of an instance of a module without memories and globals.
    pub(super) fn of(module: &[u8]) -> Self {
        Self {
            version: 1,
            module: (module.len() as u64, XxHash3_64::oneshot(module)),
            counts: None,
            memories: Vec::new(),
            globals: Vec::new(),
            global_count: 0,
            rest: Vec::new(),
        }
    }

    /// Of an instance of the guest.
    fn of_guest(pages: u32, runs: Vec<ForgedRun>) -> Self {
        let globals = [Number::I64(-1), Number::I32(5)];
        Self::of(&text::bytes(GUEST)).with_memory(pages, runs).with_globals(&globals)
    }

    fn with_memory(mut self, pages: u32, runs: Vec<ForgedRun>) -> Self {
        self.memories.push((pages, runs));
        self
    }

    fn with_globals(mut self, globals: &[Number]) -> Self {
        self.globals = globals.iter().flat_map(Encode::encode).collect();
        self.global_count = globals.len() as u32;
        self
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"gboxsnap".to_vec();
        bytes.extend(self.version.to_le_bytes());
        bytes.extend(self.module.0.to_le_bytes());
        bytes.extend(self.module.1.to_le_bytes());
        let (memories, globals) = self.counts.unwrap_or((self.memories.len() as u32, self.global_count));
        bytes.extend(memories.to_le_bytes());
        bytes.extend(globals.to_le_bytes());
        for (pages, runs) in &self.memories {
            bytes.extend(pages.to_le_bytes());
            bytes.extend((runs.len() as u32).to_le_bytes());
        }
        bytes.extend(&self.globals);
        for (first, blocks, contents) in self.memories.iter().flat_map(|(_, runs)| runs) {
            bytes.extend(first.to_le_bytes());
            bytes.extend(blocks.to_le_bytes());
            bytes.extend(contents);
        }
        bytes.extend(&self.rest);
        sign(bytes)
    }
}

/// Appends the checksum.
fn sign(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.extend(XxHash3_64::oneshot(&bytes).to_le_bytes());
    bytes
}

fn run(first: u32, blocks: u32) -> ForgedRun {
    (first, blocks, vec![0x11; blocks as usize * 256])
}

fn read(bytes: &[u8]) -> Result<Snapshot, FormatError> {
    Snapshot::from_bytes(bytes.to_vec())
}

/// A snapshot with two runs, of a guest that has grown.
fn sample(store: &mut Store) -> Snapshot {
    let guest = guest(store);
    call(store, guest, "grow", &[1]);
    call(store, guest, "store", &[0, 1]);
    call(store, guest, "store", &[65_536 + 254, -1]);
    snapshot(store, guest)
}

/// A guest with a global that is a vector, between numbers.
const VECTORS: &str = r#"(module (global (mut i32) (i32.const 7))
    (global $v (export "v") (mut v128) (v128.const i64x2 0x0706050403020100 0x0F0E0D0C0B0A0908))
    (global v128 (v128.const i64x2 1 1)) (global (mut i64) (i64.const -1))
    (func (export "add") (global.set $v (i8x16.add (global.get $v) (i8x16.splat (i32.const 1))))))"#;

/// Its snapshot, where each byte of the vector is so much more than its place.
fn forged_vectors(more: u8) -> Forged {
    let vector = (0..16).map(|at| at + more);
    let globals =
        [Number::I32(7).encode(), [4].into_iter().chain(vector).collect(), Number::I64(-1).encode()];
    let of = Forged::of(&text::bytes(VECTORS));
    Forged { version: 2, globals: globals.concat(), global_count: 3, ..of }
}

#[test]
fn vectors_are_in_version_2() {
    let mut store = Store::new();
    let guest = text::guest(&mut store, VECTORS, &Environment::new());
    let first = snapshot(&mut store, guest);
    assert_eq!(first.as_bytes(), forged_vectors(0).bytes());
    text::call(&mut store, guest, "add", &[]);
    let second = snapshot(&mut store, guest);
    assert_eq!(second.as_bytes(), forged_vectors(1).bytes());
    for (snapshot, first_byte) in [(&first, 0), (&second, 1)] {
        let read = read(snapshot.as_bytes()).unwrap();
        store.restore(guest, &read).unwrap();
        let Some(Value::V128(V128(bytes))) = store.global(guest, "v").unwrap() else { panic!("no vector") };
        assert_eq!((bytes[0], bytes[15]), (first_byte, first_byte + 15));
        let fork = store.instantiate_from(&text::module(VECTORS), &Environment::new(), &read).unwrap();
        assert_eq!(store.global(fork, "v"), store.global(guest, "v"));
        let elsewhere = Store::new().instantiate_from(&text::module(VECTORS), &Environment::new(), &read);
        assert!(elsewhere.is_ok());
    }
}

#[test]
fn version_1_has_no_vectors_and_version_2_may_have_numbers_alone() {
    let vectors = Forged { version: 1, ..forged_vectors(0) };
    assert_eq!(read(&vectors.bytes()).err(), Some(FormatError::Corrupted));
    let mut cut = forged_vectors(0);
    cut.globals.pop();
    assert_eq!(read(&cut.bytes()).err(), Some(FormatError::Corrupted));
    for tag in [5, 0xFF] {
        let mut other = forged_vectors(0);
        other.globals[5] = tag;
        assert_eq!(read(&other.bytes()).err(), Some(FormatError::Corrupted), "{tag}");
    }
    let numbers = Forged { version: 2, ..Forged::of_guest(1, vec![run(0, 1)]) };
    let mut store = Store::new();
    let guest = guest(&mut store);
    store.restore(guest, &read(&numbers.bytes()).unwrap()).unwrap();
    // A number in the place of a vector is of another type, and the other way round.
    let mut vector_guest = Store::new();
    let guest = text::guest(&mut vector_guest, VECTORS, &Environment::new());
    let numbers =
        Forged::of(&text::bytes(VECTORS)).with_globals(&[Number::I32(7), Number::I64(0), Number::I64(-1)]);
    let restored = vector_guest.restore(guest, &read(&numbers.bytes()).unwrap());
    assert_eq!(restored, Err(RestoreError::Shape));
}

#[test]
fn the_bytes_are_as_the_format_says() {
    let mut block = vec![0; 256];
    block[0] = 1;
    let mut border = vec![0; 512];
    border[254..258].fill(0xFF);
    let forged = Forged::of_guest(2, vec![(0, 1, block), (256, 2, border)]);
    let taken = sample(&mut Store::new());
    assert_eq!(taken.as_bytes(), forged.bytes());
    assert_eq!(Snapshot::from_bytes(forged.bytes()), Ok(taken.clone()));
    assert_eq!(taken.memory_pages().collect::<Vec<_>>(), [2]);
    assert_eq!(taken.clone().into_bytes(), taken.as_bytes());
}

#[test]
fn cut_and_extended_bytes_are_refused() {
    let taken = sample(&mut Store::new()).into_bytes();
    for len in 0..taken.len() {
        let expected = if len < 8 { FormatError::NotASnapshot } else { FormatError::Corrupted };
        assert_eq!(read(&taken[..len]), Err(expected), "{len}");
        // Also where the checksum is that of the cut bytes.
        if len >= 12 {
            assert_eq!(read(&sign(taken[..len].to_vec())), expected_of_signed(len, &taken), "{len}");
        }
    }
    let mut extended = taken.clone();
    extended.push(0);
    assert_eq!(read(&extended), Err(FormatError::Corrupted));
    let mut doubled = taken[..taken.len() - 8].to_vec();
    doubled.extend([0; 8]);
    assert_eq!(read(&sign(doubled)), Err(FormatError::Corrupted));
}

/// All that is left when only the checksum is cut is the snapshot itself.
fn expected_of_signed(len: usize, taken: &[u8]) -> Result<Snapshot, FormatError> {
    if len == taken.len() - 8 { read(taken) } else { Err(FormatError::Corrupted) }
}

#[test]
fn every_changed_bit_is_noticed() {
    let taken = sample(&mut Store::new()).into_bytes();
    for at in 0..taken.len() {
        for bit in 0..8 {
            let mut changed = taken.clone();
            changed[at] ^= 1 << bit;
            let expected = match at {
                0..8 => FormatError::NotASnapshot,
                8..12 => {
                    // The variant has no public constructor: it is told by what it says.
                    assert_eq!(read(&changed).unwrap_err().code(), "version");
                    continue;
                }
                _ => FormatError::Corrupted,
            };
            assert_eq!(read(&changed), Err(expected), "bit {bit} of byte {at}");
        }
    }
}

/// Bytes with a right checksum are as their maker wants them: refused, or a state that a guest
/// could have. Either way nothing else happens.
#[test]
fn changes_with_a_right_checksum_do_no_harm() {
    let mut store = Store::new();
    let taken = sample(&mut store).into_bytes();
    let victim = guest(&mut store);
    let contents = &taken[..taken.len() - 8];
    let (mut refused, mut restored) = (0, 0);
    for at in 0..contents.len() {
        for value in [0x00, 0x01, 0x7F, 0x80, 0xFF, contents[at] ^ 1, contents[at] ^ 0x80] {
            let mut changed = contents.to_vec();
            changed[at] = value;
            let Ok(changed) = Snapshot::from_bytes(sign(changed)) else {
                refused += 1;
                continue;
            };
            let before = snapshot(&mut store, victim);
            match store.restore(victim, &changed) {
                Ok(()) => {
                    restored += 1;
                    assert!(changed.memory_pages().eq(snapshot(&mut store, victim).memory_pages()));
                    assert!(call(&mut store, victim, "size", &[]) <= 9);
                }
                Err(_) => {
                    refused += 1;
                    assert_eq!(snapshot(&mut store, victim), before, "byte {at} as {value}");
                }
            }
        }
    }
    assert!(refused > 300 && restored > 1_000, "{refused} refused, {restored} restored");
}

#[test]
fn forged_headers_are_refused_without_taking_memory() {
    let whole = Forged::of_guest(1, vec![run(0, 1)]);
    assert!(read(&whole.bytes()).is_ok());
    let corrupted = |forged: &Forged, what: &str| {
        assert_eq!(read(&forged.bytes()), Err(FormatError::Corrupted), "{what}")
    };
    for counts in [(0, 2), (2, 2), (1, 1), (1, 3), (u32::MAX, 2), (1, u32::MAX), (u32::MAX, u32::MAX)] {
        corrupted(&Forged { counts: Some(counts), ..whole.clone() }, &format!("{counts:?}"));
    }
    corrupted(&Forged { rest: vec![0], ..whole.clone() }, "bytes after");
    corrupted(&Forged { globals: vec![4, 0, 0, 0, 0], global_count: 1, ..whole.clone() }, "no such type");
    let far = |first, blocks: u32, len: usize| Forged::of_guest(1, vec![(first, blocks, vec![1; len])]);
    for (first, blocks, len) in [
        (256, 1, 256),
        (255, 2, 512),
        (u32::MAX, 1, 256),
        (1, u32::MAX, 256),
        (0, 0x0100_0001, 256),
        (0, 0, 0),
        (0, 2, 256),
    ] {
        corrupted(&far(first, blocks, len), &format!("blocks {blocks} from {first}"));
    }
    for runs in [vec![run(3, 2), run(4, 1)], vec![run(3, 1), run(2, 1)], vec![run(3, 1), run(3, 1)]] {
        corrupted(&Forged::of_guest(1, runs), "runs that overlap or descend");
    }
    assert!(read(&Forged::of_guest(1, vec![run(2, 1), run(3, 253)]).bytes()).is_ok(), "up to the end");
    corrupted(&Forged::of_guest(0x0100_0000, vec![]), "more pages than can be counted");
    for version in [0, 3, u32::MAX] {
        let error = read(&Forged { version, ..whole.clone() }.bytes()).unwrap_err();
        assert!(matches!(error, FormatError::Version { found, .. } if found == version));
    }
}

#[test]
fn forged_states_that_the_module_cannot_have_are_refused() {
    let mut store = Store::new();
    let guest = guest(&mut store);
    let before = snapshot(&mut store, guest);
    let base = || Forged::of(&text::bytes(GUEST));
    let globals = [Number::I64(0), Number::I32(0)];
    for (what, forged) in [
        ("no memory", base().with_globals(&globals)),
        ("two memories", Forged::of_guest(1, vec![]).with_memory(1, vec![])),
        ("below the minimum", Forged::of_guest(0, vec![])),
        ("above the maximum", Forged::of_guest(10, vec![])),
        ("far above it", Forged::of_guest(65_536, vec![])),
        ("no globals", base().with_memory(1, vec![])),
        ("one global", base().with_memory(1, vec![]).with_globals(&globals[..1])),
        ("three globals", base().with_memory(1, vec![]).with_globals(&[globals[0], globals[1], globals[1]])),
        ("other types", base().with_memory(1, vec![]).with_globals(&[Number::F64(0), Number::I32(0)])),
        ("another order", base().with_memory(1, vec![]).with_globals(&[globals[1], globals[0]])),
    ] {
        let forged = read(&forged.bytes()).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(store.restore(guest, &forged), Err(RestoreError::Shape), "{what}");
        let refused = store.instantiate_from(&text::module(GUEST), &environment(), &forged);
        assert_eq!(refused.unwrap_err().code(), "snapshot", "{what}");
    }
    let wrong_len = Forged { module: (1, base().module.1), ..Forged::of_guest(1, vec![]) };
    assert_eq!(store.restore(guest, &read(&wrong_len.bytes()).unwrap()), Err(RestoreError::OtherModule));
    assert_eq!(snapshot(&mut store, guest), before);
    assert_eq!(store.memory_pages_in_use(), 1);
}

#[test]
fn four_gibibytes_of_zeros_are_refused_before_they_are_taken() {
    let text = "(module (memory 0) (memory 0))";
    let mut store = Store::new();
    let guest = text::guest(&mut store, text, &Environment::new());
    for (pages, limit) in [(65_536, Limit::MemoryPages), (4_097, Limit::MemoryPages)] {
        let forged = Forged::of(&text::bytes(text)).with_memory(4_096, vec![]).with_memory(pages, vec![]);
        match store.restore(guest, &read(&forged.bytes()).unwrap()) {
            Err(RestoreError::Limit(refused)) => {
                assert_eq!((refused.limit, refused.requested), (limit, pages.into()))
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(store.memory_pages_in_use(), 0, "not even the first has grown");
    }
    let forged = Forged::of(&text::bytes(text)).with_memory(65_537, vec![]).with_memory(0, vec![]);
    assert_eq!(store.restore(guest, &read(&forged.bytes()).unwrap()), Err(RestoreError::Shape));
}

#[test]
fn forged_sizes_of_one_memory_imported_twice_are_refused_or_harmless() {
    let text = r#"(module (import "a" "m" (memory 1)) (import "b" "m" (memory 1)))"#;
    let mut store = Store::new();
    let memory = store.create_memory(3, None).unwrap();
    let environment = Environment::new().with_memory("a", "m", memory).with_memory("b", "m", memory);
    let guest = text::guest(&mut store, text, &environment);
    for (one, other) in [(1, 2), (2, 1), (3, 1)] {
        let forged = Forged::of(&text::bytes(text)).with_memory(one, vec![]).with_memory(other, vec![]);
        assert_eq!(store.restore(guest, &read(&forged.bytes()).unwrap()), Err(RestoreError::Shape));
        assert_eq!(store.memory_size(memory), Ok(3));
    }
    let forged =
        Forged::of(&text::bytes(text)).with_memory(3, vec![run(0, 1)]).with_memory(5, vec![run(1000, 1)]);
    store.restore(guest, &read(&forged.bytes()).unwrap()).unwrap();
    assert_eq!(store.memory_size(memory), Ok(5));
}
