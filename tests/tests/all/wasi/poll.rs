//! `poll_oneoff`.

use guestbox::{
    Value,
    wasi::{Clocks, Errno, Function, Tree, Wait, WasiOptions},
};
use guestbox_tests::wasi::{Program, READ_RIGHTS};

/// What a program subscribes to.
#[derive(Clone, Copy)]
enum To {
    /// A clock, a time and flags.
    Clock(u32, u64, u16),
    Read(u32),
    Write(u32),
    /// A tag that is none.
    Tag(u8),
}

#[derive(Debug, Eq, PartialEq)]
struct Event {
    userdata: u64,
    errno: u16,
    tag: u8,
    bytes: u64,
}

const fn event(userdata: u64, errno: Errno, tag: u8, bytes: u64) -> Event {
    Event { userdata, errno: errno.0, tag, bytes }
}

const SUBSCRIPTIONS: u32 = 0x2_0000;
const EVENTS: u32 = 0x4_0000;
const ABSOLUTE: u16 = 1;

/// The arguments. Each has its place as its data.
fn subscribe(program: &mut Program, to: &[To]) -> [Value; 4] {
    for (at, to) in to.iter().enumerate() {
        let mut bytes = [0xEE; 48];
        bytes[..8].copy_from_slice(&(at as u64).to_le_bytes());
        match to {
            To::Clock(id, timeout, flags) => {
                bytes[8] = 0;
                bytes[16..20].copy_from_slice(&id.to_le_bytes());
                bytes[24..32].copy_from_slice(&timeout.to_le_bytes());
                bytes[40..42].copy_from_slice(&flags.to_le_bytes());
            }
            To::Read(fd) | To::Write(fd) => {
                bytes[8] = if matches!(to, To::Read(_)) { 1 } else { 2 };
                bytes[16..20].copy_from_slice(&fd.to_le_bytes());
            }
            To::Tag(tag) => bytes[8] = *tag,
        }
        program.put(SUBSCRIPTIONS + at as u32 * 48, &bytes);
    }
    [SUBSCRIPTIONS.into(), EVENTS.into(), (to.len() as u32).into(), 0x80_u32.into()]
}

fn events(program: &mut Program, args: &[Value]) -> Vec<Event> {
    program.put(0x80, &u32::MAX.to_le_bytes());
    program.call(Function::PollOneoff, args).unwrap();
    let len = program.word(0x80);
    assert!(len > 0, "there is an event");
    (0..len)
        .map(|at| {
            let bytes = program.get(EVENTS + at * 32, 32);
            assert!(bytes[11..16].iter().chain(&bytes[24..]).all(|byte| *byte == 0), "the rest is zero");
            Event {
                userdata: u64::from_le_bytes(bytes[..8].try_into().unwrap()),
                errno: u16::from_le_bytes(bytes[8..10].try_into().unwrap()),
                tag: bytes[10],
                bytes: u64::from_le_bytes(bytes[16..24].try_into().unwrap()),
            }
        })
        .collect()
}

fn program() -> Program {
    Program::with_tree(Tree::new().with_file("file", "content"))
}

#[test]
fn a_program_sleeps_until_it_is_time() {
    let mut program = program();
    let args = subscribe(&mut program, &[To::Clock(1, 300_000_000, 0)]);
    let until = Wait::Until { monotonic_ns: 300_000_000, stdin: false };
    assert_eq!(program.wait(Function::PollOneoff, &args), until);
    program.wasi.advance(100_000_000);
    assert_eq!(program.wait(Function::PollOneoff, &args), until, "not from now on anew");
    program.wasi.advance(300_000_000);
    assert_eq!(events(&mut program, &args), [event(0, Errno::SUCCESS, 0, 0)]);
    assert_eq!(
        program.wait(Function::PollOneoff, &args),
        Wait::Until { monotonic_ns: 600_000_000, stdin: false }
    );
}

#[test]
fn a_wait_that_is_forgotten_begins_anew() {
    let mut program = program();
    let args = subscribe(&mut program, &[To::Clock(1, 100, 0)]);
    assert_eq!(program.wait(Function::PollOneoff, &args), Wait::Until { monotonic_ns: 100, stdin: false });
    program.wasi.forget_wait();
    program.wasi.advance(50);
    assert_eq!(program.wait(Function::PollOneoff, &args), Wait::Until { monotonic_ns: 150, stdin: false });
    // So does one after another call.
    program.call(Function::SchedYield, &[]).unwrap();
    program.wasi.advance(70);
    assert_eq!(program.wait(Function::PollOneoff, &args), Wait::Until { monotonic_ns: 170, stdin: false });
}

#[test]
fn times_can_be_absolute() {
    let mut program = Program::new(&WasiOptions::new().with_clocks(Clocks::from(1_000)));
    program.wasi.advance(500);
    for (to, monotonic_ns) in [
        (To::Clock(0, 2_000, ABSOLUTE), 1_000),
        (To::Clock(1, 2_000, ABSOLUTE), 2_000),
        (To::Clock(0, 2_000, 0), 2_500),
        (To::Clock(2, 700, ABSOLUTE), 700),
        (To::Clock(3, 1, 0), 501),
    ] {
        let args = subscribe(&mut program, &[to]);
        program.wasi.forget_wait();
        assert_eq!(program.wait(Function::PollOneoff, &args), Wait::Until { monotonic_ns, stdin: false });
    }
    for past in [To::Clock(0, 1_500, ABSOLUTE), To::Clock(1, 0, ABSOLUTE), To::Clock(1, 0, 0)] {
        let args = subscribe(&mut program, &[past]);
        assert_eq!(events(&mut program, &args), [event(0, Errno::SUCCESS, 0, 0)]);
    }
}

#[test]
fn the_nearest_time_or_input_ends_a_wait() {
    let mut program = program();
    let args = subscribe(&mut program, &[To::Clock(1, 500, 0), To::Read(0), To::Clock(0, 200, 0)]);
    let until = Wait::Until { monotonic_ns: 200, stdin: true };
    assert_eq!(program.wait(Function::PollOneoff, &args), until);
    program.wasi.feed(b"abc");
    assert_eq!(events(&mut program, &args), [event(1, Errno::SUCCESS, 1, 3)]);
    program.read(0, 3).unwrap();
    let args = subscribe(&mut program, &[To::Clock(1, 500, 0), To::Read(0), To::Clock(0, 200, 0)]);
    assert_eq!(program.wait(Function::PollOneoff, &args), until);
    program.wasi.advance(200);
    assert_eq!(events(&mut program, &args), [event(2, Errno::SUCCESS, 0, 0)]);
    program.wasi.close_stdin();
    assert_eq!(events(&mut program, &args), [event(1, Errno::SUCCESS, 1, 0)], "the end is to be read");
}

#[test]
fn what_is_ready_comes_at_once() {
    let mut program = program();
    let file = program.open("file", 0, READ_RIGHTS).unwrap();
    program.read(file, 2).unwrap();
    let to = [
        To::Clock(1, u64::MAX, 0),
        To::Read(file),
        To::Write(1),
        To::Write(file),
        To::Read(0),
        To::Write(2),
        To::Clock(1, 0, 0),
    ];
    let args = subscribe(&mut program, &to);
    assert_eq!(
        events(&mut program, &args),
        [
            event(1, Errno::SUCCESS, 1, 5),
            event(2, Errno::SUCCESS, 2, 1),
            event(3, Errno::SUCCESS, 2, 1),
            event(5, Errno::SUCCESS, 2, 1),
            event(6, Errno::SUCCESS, 0, 0),
        ]
    );
}

#[test]
fn each_has_its_error() {
    let mut program = program();
    let mute = program.open("file", 0, 0).unwrap();
    let to = [
        To::Clock(4, 0, 0),
        To::Read(99),
        To::Read(mute),
        To::Write(0),
        To::Read(1),
        To::Tag(3),
        To::Tag(255),
        To::Clock(1, 1_000, 0),
    ];
    let args = subscribe(&mut program, &to);
    assert_eq!(
        events(&mut program, &args),
        [
            event(0, Errno::INVAL, 0, 0),
            event(1, Errno::BADF, 1, 0),
            event(2, Errno::NOTCAPABLE, 1, 0),
            event(3, Errno::BADF, 2, 0),
            event(4, Errno::BADF, 1, 0),
            event(5, Errno::INVAL, 3, 0),
            event(6, Errno::INVAL, 255, 0),
        ]
    );
}

#[test]
fn it_may_be_for_ever() {
    let mut program = program();
    for (to, wait) in [
        (&[To::Clock(1, u64::MAX, 0)][..], Wait::Forever),
        (&[To::Clock(1, u64::MAX, ABSOLUTE)], Wait::Forever),
        (&[To::Read(0)], Wait::Stdin),
        (&[To::Clock(1, u64::MAX, 0), To::Read(0)], Wait::Stdin),
        (&[To::Clock(1, 1 << 63, 0)], Wait::Until { monotonic_ns: (1 << 63) + 1_000, stdin: false }),
    ] {
        program.wasi.advance(1_000);
        program.wasi.forget_wait();
        let args = subscribe(&mut program, to);
        assert_eq!(program.wait(Function::PollOneoff, &args), wait);
    }
    program.wasi.advance((1 << 63) + 1_000);
    let args = subscribe(&mut program, &[To::Clock(1, 1 << 63, 0)]);
    assert_eq!(events(&mut program, &args), [event(0, Errno::SUCCESS, 0, 0)], "after 292 years");
}

#[test]
fn there_is_something_and_not_too_much_to_poll() {
    let mut program = program();
    let zero = subscribe(&mut program, &[]);
    assert_eq!(program.call(Function::PollOneoff, &zero), Err(Errno::INVAL));
    let most = subscribe(&mut program, &[To::Write(1); 1_024]);
    assert_eq!(events(&mut program, &most).len(), 1_024);
    let many = subscribe(&mut program, &[To::Write(1); 1_025]);
    assert_eq!(program.call(Function::PollOneoff, &many), Err(Errno::INVAL));
    let [subscriptions, events, _, len] = many;
    let count = u32::MAX.into();
    assert_eq!(program.call(Function::PollOneoff, &[subscriptions, events, count, len]), Err(Errno::INVAL));
    let end = program.memory.bytes.len() as u32;
    let one = 1_u32.into();
    for args in [
        [(end - 47).into(), events, one, len],
        [subscriptions, (end - 31).into(), one, len],
        [subscriptions, events, one, (end - 3).into()],
        [u32::MAX.into(), events, one, len],
        [subscriptions, u32::MAX.into(), one, len],
    ] {
        assert_eq!(program.call(Function::PollOneoff, &args), Err(Errno::FAULT));
    }
    // Events may be where subscriptions were.
    let args = subscribe(&mut program, &[To::Write(1), To::Write(2)]);
    program.call(Function::PollOneoff, &[args[0], args[0], args[2], args[3]]).unwrap();
    assert_eq!(program.word(0x80), 2);
    assert_eq!((program.long(SUBSCRIPTIONS), program.long(SUBSCRIPTIONS + 32)), (0, 1));
}
