//! Clocks, random numbers, and the functions that are about the program itself.

use guestbox::wasi::{Clocks, Errno, Function, Random, Served, Wait, WasiOptions};
use guestbox_tests::wasi::Program;

const START: u64 = 1_700_000_000_000_000_000;

fn time(program: &mut Program, clock: u32) -> u64 {
    program.call(Function::ClockTimeGet, &[clock.into(), 0_u64.into(), 0x80_u32.into()]).unwrap();
    program.long(0x80)
}

#[test]
fn clocks_are_the_same_in_each_run() {
    for _ in 0..2 {
        let mut program = Program::new(&WasiOptions::new());
        assert_eq!(time(&mut program, 0), START + 1_000);
        assert_eq!(time(&mut program, 1), 2_000, "each question takes a microsecond");
        assert_eq!((time(&mut program, 2), time(&mut program, 3)), (3_000, 4_000));
        program.wasi.advance(1_000_000);
        assert_eq!(time(&mut program, 0), START + 1_001_000);
        program.wasi.advance(5);
        assert_eq!(time(&mut program, 1), 1_002_000, "it does not go back");
        assert_eq!(program.wasi.monotonic_ns(), 1_002_000);
        program.wasi.set_time(1, 1 << 60);
        assert_eq!(time(&mut program, 1), 1_003_000, "these are not the host's");
        assert!(!program.wasi.has_clocks_of_host());
    }
}

#[test]
fn clocks_have_a_start_a_tick_and_a_resolution() {
    let clocks = Clocks::from(100).with_tick(7);
    let mut program = Program::new(&WasiOptions::new().with_clocks(clocks));
    assert_eq!((time(&mut program, 0), time(&mut program, 1)), (107, 14));
    for clock in 0..4_u32 {
        program.call(Function::ClockResGet, &[clock.into(), 0x80_u32.into()]).unwrap();
        assert_eq!(program.long(0x80), 7);
    }
    let mut still = Program::new(&WasiOptions::new().with_clocks(Clocks::from(100).with_tick(0)));
    assert_eq!((time(&mut still, 0), time(&mut still, 0)), (100, 100));
    still.call(Function::ClockResGet, &[0_u32.into(), 0x80_u32.into()]).unwrap();
    assert_eq!(still.long(0x80), 1);
}

#[test]
fn clocks_of_the_host_are_what_it_says() {
    let mut program = Program::new(&WasiOptions::new().with_clocks(Clocks::host(50)));
    assert!(program.wasi.has_clocks_of_host());
    program.wasi.set_time(1_000, 10);
    assert_eq!((time(&mut program, 0), time(&mut program, 0), time(&mut program, 1)), (1_000, 1_000, 10));
    program.wasi.set_time(900, 5);
    assert_eq!((time(&mut program, 0), time(&mut program, 1)), (900, 10), "only the real one is set back");
    program.call(Function::ClockResGet, &[1_u32.into(), 0x80_u32.into()]).unwrap();
    assert_eq!(program.long(0x80), 50);
}

#[test]
fn there_are_four_clocks() {
    let mut program = Program::new(&WasiOptions::new());
    let outside = program.memory.bytes.len() as u32 - 7;
    for clock in [4, u32::MAX] {
        let args = [clock.into(), 0_u64.into(), 0x80_u32.into()];
        assert_eq!(program.call(Function::ClockTimeGet, &args), Err(Errno::INVAL));
        assert_eq!(program.call(Function::ClockResGet, &[clock.into(), 0x80_u32.into()]), Err(Errno::INVAL));
    }
    let args = [0_u32.into(), 0_u64.into(), outside.into()];
    assert_eq!(program.call(Function::ClockTimeGet, &args), Err(Errno::FAULT));
    assert_eq!(program.call(Function::ClockResGet, &[0_u32.into(), outside.into()]), Err(Errno::FAULT));
    assert_eq!(time(&mut program, 1), 1_000, "which was no question");
}

fn random(program: &mut Program, len: u32) -> Vec<u8> {
    program.call(Function::RandomGet, &[0x1_0000_u32.into(), len.into()]).unwrap();
    program.get(0x1_0000, len as usize)
}

#[test]
fn random_numbers_are_those_of_the_seed() {
    let mut first = Program::new(&WasiOptions::new());
    let mut second = Program::new(&WasiOptions::new().with_random(Random::Seeded(0)));
    let mut other = Program::new(&WasiOptions::new().with_random(Random::Seeded(1)));
    let numbers = random(&mut first, 5_000);
    assert_eq!(numbers, random(&mut second, 5_000));
    assert_ne!(numbers, random(&mut other, 5_000));
    assert_ne!(numbers, random(&mut first, 5_000), "they go on");
    let mut counts = [0; 256];
    numbers.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    assert!(counts.iter().all(|count| (2..50).contains(count)), "{counts:?}");
    assert_eq!(random(&mut first, 0), b"");
    let end = first.memory.bytes.len() as u32;
    for (at, len) in [(end, 1), (end - 1, 2), (0, u32::MAX), (u32::MAX, u32::MAX)] {
        assert_eq!(first.call(Function::RandomGet, &[at.into(), len.into()]), Err(Errno::FAULT));
    }
}

#[test]
fn random_numbers_of_the_host_are_asked_for() {
    let mut program = Program::new(&WasiOptions::new().with_random(Random::Host));
    let args = [0x1_0000_u32.into(), 150_000_u32.into()];
    let before = program.memory.fuel;
    let mut asked = Vec::new();
    let mut next = 0_u8;
    loop {
        match program.serve(Function::RandomGet, &args).unwrap() {
            Served::Wait(Wait::Random(len)) => {
                asked.push(len);
                next += 1;
                program.wasi.feed_random(&vec![next; len as usize]);
            }
            Served::Answer(_) => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(asked.iter().all(|len| *len <= 65_536), "{asked:?}");
    assert_eq!(asked.iter().sum::<u32>(), 150_000, "no more than it needs");
    assert_eq!(before - program.memory.fuel, 150_300, "which is paid once");
    let bytes = program.get(0x1_0000, 150_000);
    assert!(bytes.iter().all(|byte| (1..=next).contains(byte)) && program.get(0x1_0000 + 150_000, 1) == [0]);
    // What it was given is for nobody else.
    assert_eq!(program.wait(Function::RandomGet, &[0_u32.into(), 1_u32.into()]), Wait::Random(1));
}

#[test]
fn a_program_exits() {
    let mut program = Program::new(&WasiOptions::new());
    for code in [0, 1, 255, 256, u32::MAX] {
        assert_eq!(program.serve(Function::ProcExit, &[code.into()]).unwrap(), Served::Exit(code));
    }
    assert_eq!(program.serve(Function::ProcRaise, &[6_u32.into()]).unwrap(), Served::Exit(134));
    assert_eq!(program.serve(Function::ProcRaise, &[u32::MAX.into()]).unwrap(), Served::Exit(u32::MAX));
    assert_eq!(program.call(Function::SchedYield, &[]), Ok(()));
}
