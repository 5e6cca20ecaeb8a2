//! Parked guests: through their handles and bytes, by the door of the npm package.

use crate::common::{Page, Step, refusal};
use guestbox_wasm_host::Protocol;
use wasm_bindgen_test::wasm_bindgen_test;

/// Asks with what it has in its memory, which has a page.
const ASKER: &str = r#"(module (import "env" "ask" (func $ask (param i32) (result i32))) (memory (export "memory") 1)
    (func (export "run") (param i32) (result i32)
      (i32.store (i32.const 8) (local.get 0))
      (i32.add (call $ask (i32.load (i32.const 8))) (i32.load (i32.const 16)))))"#;

impl Page {
    /// Unparks bytes as a guest of a module that is recorded: what [`guestbox_wasm_host::Host::replay`] says at its end, and how often it was asked.
    fn unpark(&mut self, module: u32, bytes: &[u8], slice: u64) -> (Vec<u32>, u32) {
        let parked = self.host.load_parked(bytes.to_vec()).unwrap();
        let ways = Protocol::RECORDED;
        let replay = self.host.unpark(module, &[], parked, None, None, None, ways, &[]).unwrap();
        let mut slices = 0;
        loop {
            slices += 1;
            if let Some(ready) = self.host.replay(replay, slice).unwrap() {
                assert_eq!(self.host.replayed_frames(replay).unwrap(), None);
                assert!(!self.host.replayed_trap(replay).unwrap());
                self.host.drop_replay(replay);
                self.host.drop_parked(parked);
                return (ready, slices);
            }
        }
    }
}

#[wasm_bindgen_test]
fn a_call_that_waits_goes_on_where_it_was_parked() {
    let mut page = Page::new();
    let guest = page.recorded_guest(ASKER);
    let call = page.call(guest, "run", &[20]).waiting();
    assert_eq!(page.head(7), 1, "the number of the host call");
    let memory = page.host.exported_memory(guest.instance, "memory").unwrap();
    page.host.memory_address(memory).unwrap();
    assert_eq!(page.head(5), u64::from(1 | Protocol::NOTED));
    let parked = page.host.park(guest.instance).unwrap();
    assert_eq!(page.host.parked_waiting(parked).unwrap(), r#"[["env","ask",1]]"#);
    let bytes = page.host.parked_bytes(parked).unwrap().to_vec();
    // By its call it is the same, and what is written since is not in it.
    page.host.memory_write(memory, 16, &[1]).unwrap();
    let again = page.host.park_call(call).unwrap();
    assert_eq!(page.host.parked_fuel(again).unwrap(), page.fuel_used());
    assert_eq!(page.answer(call, &[21]), Step::Finished);
    assert_eq!(page.take(), [22]);

    for slice in [1, u64::MAX] {
        let mut page = Page::new();
        let module = page.compile(ASKER);
        let (ready, slices) = page.unpark(module, &bytes, slice);
        assert_eq!(slices > 1, slice == 1);
        let [1, call, position] = ready[..] else { panic!("{ready:?}") };
        assert_eq!(position, 1, "of the export `run`");
        assert_eq!(page.step(call), Step::HostCall { call, function: 0, state: 0 });
        assert_eq!((page.take(), page.head(7)), ([20], 1));
        assert_eq!(page.answer(call, &[21]), Step::Finished);
        assert_eq!(page.take(), [21]);
    }
}

#[wasm_bindgen_test]
fn what_is_not_recorded_and_what_is_none_is_refused() {
    let mut page = Page::with_limits(&[("parkedBytes", 100.0)]);
    let guest = page.guest(ASKER);
    let error = refusal(page.host.park(guest.instance));
    assert_eq!(error.kind(), ("ParkError", "not-recorded"));
    page.host.record(guest.instance).unwrap();
    assert_eq!(refusal(page.host.park(guest.instance)).kind(), ("ParkError", "limit"));
    assert_eq!(refusal(page.host.check_parked_bytes(101.0)).kind(), ("UnparkError", "limit"));
    page.host.check_parked_bytes(100.0).unwrap();
    assert_eq!(refusal(page.host.load_parked(vec![0; 50])).kind(), ("UnparkError", "not-parked"));
    for unknown in [0, 7, Protocol::NO_CALL] {
        assert_eq!(refusal(page.host.parked_bytes(unknown)).code, "unknown");
        assert_eq!(refusal(page.host.replay(unknown, 1)).code, "unknown");
        page.host.drop_parked(unknown);
        page.host.drop_replay(unknown);
    }
}
