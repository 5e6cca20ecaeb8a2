//! What it takes to reset a guest by a snapshot, against making it anew.

use crate::Report;
use guestbox::{Environment, InstanceId, Module, NoImports, Store};

pub(super) fn rows(report: &mut Report) {
    const ROUNDS: u32 = 1_000;
    for pages in [1, 16, 256] {
        let wasm = wat::parse_str(format!("(module (memory {pages}) (global (mut i32) (i32.const 0)))"));
        let module = Module::new(&wasm.expect("the guest is valid")).expect("the guest compiles");
        let make = |store: &mut Store| -> InstanceId {
            store.instantiate(&mut NoImports, &module, &Environment::new(), 0).expect("it links")
        };
        let (mut store, mut others) = (Store::new(), Store::new());
        let guest = make(&mut store);
        let kept = store.snapshot(guest).expect("it is quiescent");
        report.pair(
            &format!("reset of a guest of {pages} pages, against a new one"),
            ROUNDS / pages,
            "-",
            || (0..ROUNDS / pages).for_each(|_| store.restore(guest, &kept).expect("it is its own")),
            || {
                for _ in 0..ROUNDS / pages {
                    let other = make(&mut others);
                    others.teardown_instance(other).expect("it lives");
                }
            },
        );
    }
}
