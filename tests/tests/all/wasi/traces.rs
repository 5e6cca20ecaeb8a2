//! A recorded session: each call with what it came to, output, files and fuel; and the same from a snapshot.
//!
//! `make record-wasi` records it anew.

use guestbox::{
    Limits, Store,
    wasi::{Function, Mount, Tree, Wasi, WasiLimits, WasiOptions},
};
use guestbox_tests::wasi::{FILE_RIGHTS, Script, instantiate, trace};
use std::path::Path;

/// Some of everything.
fn session() -> Script {
    let mut script = Script::new();
    let (zero, three, out) = (0_u32.into(), 3_u32.into(), 256_u32.into());
    let long = 0_u64.into();
    let [dir, dir_len] = script.data("dir");
    let [file, file_len] = script.data("dir/file");
    let [link, link_len] = script.data("link");
    let [above, above_len] = script.data("dir/../../etc");
    let [given, given_len] = script.data("given");
    let [hello, _] = script.piece("hello, world\n");
    let [room, _] = script.piece([0; 200]);
    let [buffer, buffer_len] = script.data([0; 400]);
    let [poll, _] = script.data({
        let mut subscriptions = [0; 96];
        subscriptions[16] = 1;
        subscriptions[24..32].copy_from_slice(&2_000_000_u64.to_le_bytes());
        subscriptions[56] = 1;
        subscriptions
    });
    let one = 1_u32.into();
    script.call(Function::ArgsSizesGet, &[out, buffer]);
    script.call(Function::EnvironGet, &[out, buffer]);
    script.call(Function::ClockTimeGet, &[zero, long, out]);
    script.call(Function::RandomGet, &[buffer, 64_u32.into()]);
    script.call(Function::FdPrestatGet, &[three, out]);
    script.call(Function::PathCreateDirectory, &[three, dir, dir_len]);
    script.call(Function::PathCreateDirectory, &[three, dir, dir_len]);
    for flags in [1_u32, 4 | 1, 8] {
        script.call(
            Function::PathOpen,
            &[three, zero, file, file_len, flags.into(), FILE_RIGHTS.into(), long, zero, out],
        );
    }
    script.call(Function::FdWrite, &[4_u32.into(), hello, one, out]);
    script.call(Function::FdSeek, &[4_u32.into(), 100_u64.into(), zero, out]);
    script.call(Function::FdWrite, &[4_u32.into(), hello, one, out]);
    script.call(Function::FdPread, &[4_u32.into(), room, one, long, out]);
    script.call(Function::FdFilestatSetSize, &[5_u32.into(), 50_u64.into()]);
    script.call(Function::FdClose, &[5_u32.into()]);
    script.call(Function::FdClose, &[5_u32.into()]);
    script.call(Function::PathSymlink, &[file, file_len, three, link, link_len]);
    script.call(Function::PathReadlink, &[three, link, link_len, buffer, buffer_len, out]);
    script.call(Function::PathFilestatGet, &[three, one, link, link_len, buffer]);
    script.call(Function::PathFilestatGet, &[three, one, above, above_len, buffer]);
    script.call(Function::PathLink, &[three, zero, given, given_len, three, given, given_len]);
    script.call(Function::PathRename, &[three, given, given_len, three, file, file_len]);
    script.call(Function::PathRemoveDirectory, &[three, dir, dir_len]);
    script.call(Function::FdReaddir, &[three, buffer, buffer_len, long, out]);
    script.call(Function::FdRead, &[zero, room, one, out]);
    script.call(Function::FdWrite, &[one, hello, one, out]);
    script.call(Function::FdWrite, &[2_u32.into(), hello, one, out]);
    script.call(Function::PollOneoff, &[poll, buffer, 2_u32.into(), out]);
    script.call(Function::PollOneoff, &[poll, buffer, one, out]);
    script.call(Function::ClockTimeGet, &[one, long, out]);
    script.call(Function::SockShutdown, &[one, zero]);
    script.call(Function::SchedYield, &[]);
    script.call(Function::PathUnlinkFile, &[three, link, link_len]);
    script.call(Function::ProcExit, &[7_u32.into()]);
    script
}

fn options() -> WasiOptions {
    WasiOptions::new().with_args(["session", "argument"]).with_variable("HOME", "/").with_mount(
        "/",
        Mount::new(Tree::new().with_file("given", "given to it").with_lazy_file("lazy", 5, 1)),
    )
}

fn store() -> Store {
    let mut limits = Limits::default();
    limits.fuel = u64::MAX;
    Store::with_limits(limits)
}

const INPUT: &[&str] = &["typed", "more"];

#[test]
fn a_session_is_as_recorded() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("wasi/recorded/session.txt");
    let mut store = store();
    let guest = instantiate(&mut store, &session().module());
    let traced = trace(&mut store, &mut Wasi::new(&options()).unwrap(), guest, INPUT);
    if std::env::var_os("RECORD_WASI").is_some() {
        std::fs::write(&file, &traced).unwrap();
    }
    let recorded = std::fs::read_to_string(&file).unwrap();
    for (at, (traced, recorded)) in traced.lines().zip(recorded.lines()).enumerate() {
        assert_eq!(traced, recorded, "line {}", at + 1);
    }
    assert_eq!(traced, recorded);
}

#[test]
fn a_session_from_a_snapshot_is_the_same() {
    let module = session().module();
    let mut store = store();
    let guest = instantiate(&mut store, &module);
    let mut wasi = Wasi::new(&options()).unwrap();
    let (kept, kept_wasi) = (store.snapshot(guest).unwrap(), wasi.snapshot().unwrap());
    let first = trace(&mut store, &mut wasi, guest, INPUT);
    for _ in 0..2 {
        store.restore(guest, &kept).unwrap();
        let mut wasi = Wasi::from_snapshot(&kept_wasi, WasiLimits::default()).unwrap();
        assert_eq!(trace(&mut store, &mut wasi, guest, INPUT), first);
    }
    // And on from where the first one ended, here and elsewhere.
    let (kept, kept_wasi) = (store.snapshot(guest).unwrap(), wasi.snapshot().unwrap());
    let second = trace(&mut store, &mut wasi, guest, INPUT);
    assert_ne!(second, first, "the directory is there already");
    let mut elsewhere = self::store();
    let guest = elsewhere.instantiate_from(&module, &Wasi::environment(), &kept).unwrap();
    let mut wasi = Wasi::from_snapshot(&kept_wasi, WasiLimits::default()).unwrap();
    assert_eq!(trace(&mut elsewhere, &mut wasi, guest, INPUT), second);
}
