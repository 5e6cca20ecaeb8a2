//! What recording a guest costs, and parking and unparking one.

use crate::Report;
use guestbox::{
    Environment, FuncIndex, HostCall, HostError, InstanceId, InstanceLimits, Limits, Module, NoImports,
    Replayed, Step, Store, Value, Values,
};
use std::{hint::black_box, mem};

/// Host calls of a call.
const CALLS: u32 = 10_000;

const GUEST: &str = include_str!("../guests/durable.wat");

fn environment() -> Environment {
    Environment::new().with_function("env", "next", FuncIndex(0))
}

fn guest(store: &mut Store, module: &Module) -> InstanceId {
    store.instantiate(&mut NoImports, module, &environment(), 0).expect("it links")
}

pub(super) fn rows(report: &mut Report) {
    let module = Module::new(&wat::parse_str(GUEST).expect("it is valid")).expect("it compiles");
    let (recorded, plain) = (served(&module, true), served(&module, false));
    report.pair("a host call, recorded against not", CALLS, "<= 1.03", recorded, plain);

    // A call of a million units and some, that waits.
    let mut limits = Limits::default();
    (limits.fuel, limits.replay_fuel) = (u64::MAX, u64::MAX);
    let mut store = Store::with_limits(limits.clone());
    let waiting = guest(&mut store, &module);
    store.record(waiting).expect("it is alone");
    let mut call = store.begin(waiting, "wait", &[Value::I32(250_000)], 0).expect("it is exported");
    assert!(matches!(call.run(&mut store), Ok(Step::HostCall(_))));
    let parked = store.park(waiting).expect("it is recorded");
    let millions = parked.fuel() as f64 / 1e6;
    let mut peer = Store::with_limits(limits.clone());
    let other = guest(&mut peer, &module);
    let mut whole = || {
        let mut call = peer.begin(other, "wait", &[Value::I32(250_000)], 0).expect("it is exported");
        assert!(matches!(call.run(&mut peer), Ok(Step::HostCall(_))));
        call.cancel(&mut peer);
    };
    let park = || drop(black_box(store.park(waiting).expect("it is recorded")));
    report.pair(&format!("parking against a call of {millions:.2} million units"), 1, "-", park, &mut whole);
    let unpark = || {
        let mut store = Store::with_limits(limits.clone());
        let replay = store.unpark(&module, &environment(), &parked, InstanceLimits::new());
        let ready = replay.expect("it fits").run(&mut store, u64::MAX).expect("it is the same");
        assert!(matches!(black_box(ready), Replayed::Ready { .. }));
    };
    report.pair(&format!("unparking it, {millions:.2} million units"), 1, "-", unpark, whole);
}

/// A call of many host calls, of a guest that is recorded or not.
fn served(module: &Module, is_recorded: bool) -> impl FnMut() + use<> {
    let mut store = Store::new();
    let guest = guest(&mut store, module);
    let mut supervisor = |_: &mut Store, call: HostCall<'_>| -> Result<Values, HostError> {
        let n = call.args[0].as_i32().unwrap_or_default();
        Ok((n - 1).into())
    };
    let mut is_known = false;
    move || {
        if is_recorded {
            store.record(guest).expect("it is alone");
        }
        let args = [Value::I32(CALLS.cast_signed())];
        black_box(store.invoke(&mut supervisor, guest, "run", &args, 0).expect("it returns"));
        // Whether all of it was recorded is looked at once: that reads the journal.
        if is_recorded && !mem::replace(&mut is_known, true) {
            assert!(store.park(guest).is_ok());
        }
    }
}
