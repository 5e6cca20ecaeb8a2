//! Bytes that nobody's journal has: they end in an error, in bounded time and memory, and leave nothing behind.

use guestbox::{
    Environment, FuncIndex, InstanceLimits, Limit, Limits, Module, NoImports, Parked, Replayed, Step, Store,
    UnparkError, Value, costs,
};
use guestbox_tests::text;
use twox_hash::XxHash3_64;

/// A guest that waits in its start function, and in an export that it calls itself.
const CALLER: &str = r#"(module (import "env" "host" (func $host)) (func $start (call $host)) (start $start)
    (func (export "run") (call $host)) (func (export "spin") (loop (br 0))))"#;

/// The fuel that a call of `host` takes, with what is before it.
const TO_HOST_CALL: u64 = 1_000;

/// Acts, as `guestbox::durable` has their format.
#[derive(Default)]
struct Acts(Vec<u8>);

impl Acts {
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.0.push(number.to_le_bytes()[0]);
    }

    /// A call of the export at a position begins, or of the start function, with so much left and used.
    fn begin(&mut self, export: Option<u64>, is_nested: bool, account: [u64; 2]) {
        self.0.push(1 | (u8::from(is_nested) << 3) | (u8::from(export.is_none()) << 5));
        export.into_iter().for_each(|export| self.number(export));
        [0, account[0], account[1], 0].into_iter().for_each(|number| self.number(number));
    }

    /// A call uses so much until it comes back: out of fuel 0, finished 1, with the host call of an ordinal 3 and that.
    fn run(&mut self, call: u64, used: u64, end: u64, refused: &[u64]) {
        [0, call, used, end * 2 + u64::from(!refused.is_empty())]
            .into_iter()
            .for_each(|number| self.number(number));
        if !refused.is_empty() {
            self.number(refused.len().try_into().unwrap());
            refused.iter().for_each(|ordinal| self.number(*ordinal));
        }
    }

    fn end(&mut self, call: u64) {
        [2, call].into_iter().for_each(|number| self.number(number));
    }

    /// Of a guest of a module, whose calls wait for host calls of these numbers, or for fuel where they are 0.
    fn parked(self, module: &[u8], waiting: &[u64]) -> Parked {
        let mut head = Self::default();
        head.0.extend(b"gboxpark");
        for number in [1, costs::VERSION, 0x0002_0000] {
            head.0.extend(number.to_le_bytes());
        }
        for number in [u64::try_from(module.len()).unwrap(), XxHash3_64::oneshot(module)] {
            head.0.extend(number.to_le_bytes());
        }
        head.0.extend([0; 10]);
        head.number(waiting.len().try_into().unwrap());
        for number in waiting {
            head.number(*number);
            if *number > 0 {
                head.0.extend(b"\x03env\x04host");
            }
        }
        let mut bytes = head.0;
        bytes.extend(self.0);
        let hash = XxHash3_64::oneshot(&bytes);
        bytes.extend(hash.to_le_bytes());
        Parked::from_bytes(bytes).unwrap()
    }
}

fn environment() -> Environment {
    Environment::new().with_function("env", "host", FuncIndex(0))
}

/// What comes of bytes of an instance of `CALLER`.
fn unpark(
    store: &mut Store,
    acts: Acts,
    waiting: &[u64],
    limits: InstanceLimits,
) -> Result<Replayed, UnparkError> {
    let module = text::module(CALLER);
    let parked = acts.parked(&text::bytes(CALLER), waiting);
    store.unpark(&module, &environment(), &parked, limits)?.run(store, u64::MAX)
}

/// The fuel that the start function takes to its host call.
fn used_by_start() -> u64 {
    let mut store = Store::new();
    let mut start = store.begin_instantiate(&text::module(CALLER), &environment(), 0).unwrap();
    assert!(matches!(start.run(&mut store), Ok(Step::HostCall(_))));
    start.fuel_used()
}

#[test]
fn an_account_that_is_full_does_not_hide_what_is_used() {
    let bytes = text::bytes(r#"(module (func (export "spin") (loop (br 0))))"#);
    let module = Module::new(&bytes).unwrap();
    let mut store = Store::new();
    let guest = store.instantiate(&mut NoImports, &module, &Environment::new(), 0).unwrap();
    let mut spinning = store.begin(guest, "spin", &[], 0).unwrap();
    spinning.set_fuel(1_000_000);
    assert!(matches!(spinning.run(&mut store), Ok(Step::OutOfFuel { .. })));
    let spent = spinning.fuel_used();
    for used in [u64::MAX, u64::MAX - 500_000, 0] {
        let mut acts = Acts::default();
        acts.begin(Some(0), false, [u64::MAX, used]);
        acts.run(0, spent, 0, &[]);
        let parked = acts.parked(&bytes, &[0]);
        let mut store = Store::new();
        let mut replay = store.unpark(&module, &Environment::new(), &parked, InstanceLimits::new()).unwrap();
        let mut slices = 0;
        while let Replayed::Going = replay.run(&mut store, 1_000).unwrap() {
            slices += 1;
        }
        assert!((900..=1_010).contains(&slices), "{slices}");
    }
}

#[test]
fn growth_that_was_refused_is_refused_to_nobody_else() {
    let bytes = text::bytes(r#"(module (import "env" "memory" (memory 1)) (func (export "run")))"#);
    let module = Module::new(&bytes).unwrap();
    let grower = r#"(module (import "env" "memory" (memory 1)) (func (export "grow") (result i32) (memory.grow (i32.const 1))))"#;
    for limits in [InstanceLimits::new(), InstanceLimits::new().with_journal()] {
        for is_dropped in [true, false] {
            let mut store = Store::new();
            let memory = store.create_memory(1, None).unwrap();
            let environment = Environment::new().with_memory("env", "memory", memory);
            let other = text::module(grower);
            let other = store.instantiate(&mut NoImports, &other, &environment, 0).unwrap();
            let grow = |store: &mut Store| store.invoke(&mut NoImports, other, "grow", &[], 0).unwrap()[0];
            let mut acts = Acts::default();
            acts.begin(Some(0), false, [1_000, 0]);
            acts.run(0, 500, 1, &(1..=100).collect::<Vec<_>>());
            let parked = acts.parked(&bytes, &[]);
            let mut replay = store.unpark(&module, &environment, &parked, limits).unwrap();
            if is_dropped {
                assert!(matches!(replay.run(&mut store, 1), Ok(Replayed::Going)));
                assert_eq!(grow(&mut store), Value::I32(1), "meanwhile");
                drop(replay);
            } else {
                let failed = replay.run(&mut store, u64::MAX);
                assert!(matches!(failed, Err(UnparkError::Diverged { .. })));
                assert_eq!(grow(&mut store), Value::I32(1));
            }
            assert_eq!([grow(&mut store), grow(&mut store)], [2, 3].map(Value::I32));
        }
    }
}

#[test]
fn an_export_is_not_called_before_the_start_function_has_returned() {
    let mut acts = Acts::default();
    acts.begin(None, false, [TO_HOST_CALL, 0]);
    acts.run(0, used_by_start(), 3, &[]);
    acts.begin(Some(0), true, [TO_HOST_CALL, 0]);
    let mut store = Store::new();
    let failed = unpark(&mut store, acts, &[1, 0], InstanceLimits::new());
    assert!(matches!(failed, Err(UnparkError::Diverged { act: 2, .. })), "{failed:?}");
    assert_eq!(store.memory_pages_in_use(), 0);
}

#[test]
fn the_number_that_is_waited_for_is_that_of_the_acts() {
    for (number, is_it) in [(1, true), (77, false)] {
        let mut acts = Acts::default();
        acts.begin(None, false, [TO_HOST_CALL, 0]);
        acts.run(0, used_by_start(), 3, &[]);
        let became = unpark(&mut Store::new(), acts, &[number], InstanceLimits::new());
        assert_eq!(became.is_ok(), is_it, "{became:?}");
    }
}

#[test]
fn calls_under_way_are_under_a_limit_and_end_in_any_order() {
    const CALLS: u64 = 3_000;
    let limits = InstanceLimits::new().with_overlapping_calls();
    let bytes = text::bytes(r#"(module (func (export "run")))"#);
    let module = Module::new(&bytes).unwrap();
    for (kib, is_refused) in [(4_000, false), (1_000, true)] {
        let mut store_limits = Limits::default();
        store_limits.parked_bytes = kib << 10;
        let mut store = Store::with_limits(store_limits);
        let mut acts = Acts::default();
        (0..CALLS).for_each(|_| acts.begin(Some(0), false, [0, 0]));
        (0..CALLS).for_each(|call| acts.end(call));
        let parked = acts.parked(&bytes, &[]);
        let mut replay = store.unpark(&module, &Environment::new(), &parked, limits).unwrap();
        match replay.run(&mut store, u64::MAX) {
            Ok(Replayed::Ready { calls, .. }) => assert!(!is_refused && calls.is_empty()),
            Err(UnparkError::Limit(refused)) => assert!(is_refused && refused.limit == Limit::ParkedBytes),
            other => panic!("{other:?}"),
        }
    }
}
