//! The standard streams.

use guestbox::{
    OutOfFuel, Value,
    wasi::{Errno, Function, OutputLimit, Served, Stream, Wait, WasiLimits, WasiOptions},
};
use guestbox_tests::wasi::Program;

fn program() -> Program {
    Program::new(&WasiOptions::new())
}

fn limited(change: impl FnOnce(&mut WasiLimits)) -> Program {
    Program::with_limits(change)
}

#[test]
fn input_is_waited_for() {
    let mut program = program();
    let args = program.reading(0, 4);
    assert_eq!(program.wait(Function::FdRead, &args), Wait::Stdin);
    assert_eq!(program.wait(Function::FdRead, &args), Wait::Stdin, "as long as there is none");
    assert!(program.wasi.is_waiting());
    program.wasi.feed(b"");
    assert_eq!(program.wait(Function::FdRead, &args), Wait::Stdin, "nothing is no input");
    program.wasi.feed(b"hello");
    assert_eq!(program.read(0, 4).unwrap(), b"hell");
    assert!(!program.wasi.is_waiting());
    program.wasi.feed(b" world");
    assert_eq!(program.read(0, 100).unwrap(), b"o world");
    program.wasi.close_stdin();
    assert_eq!(program.read(0, 4).unwrap(), b"");
    assert_eq!(program.read(0, 4).unwrap(), b"", "for ever");
}

#[test]
fn a_read_of_nothing_and_one_that_does_not_wait() {
    let mut program = program();
    assert_eq!(program.read(0, 0).unwrap(), b"");
    program.call(Function::FdFdstatSetFlags, &[0_u32.into(), 4_u32.into()]).unwrap();
    assert_eq!(program.read(0, 1), Err(Errno::AGAIN));
    program.wasi.feed(b"x");
    assert_eq!(program.read(0, 1).unwrap(), b"x");
    assert_eq!(program.read(0, 1), Err(Errno::AGAIN));
    program.wasi.close_stdin();
    assert_eq!(program.read(0, 1).unwrap(), b"");
}

#[test]
fn input_goes_into_pieces() {
    let mut program = program();
    program.wasi.feed(b"0123456789");
    let [at, len] = program.vector(&[(0x1_0000, 2), (0x1_0100, 3)]);
    program.call(Function::FdRead, &[0_u32.into(), at, len, 0x80_u32.into()]).unwrap();
    assert_eq!(program.word(0x80), 5);
    assert_eq!((program.get(0x1_0000, 2), program.get(0x1_0100, 3)), (b"01".to_vec(), b"234".to_vec()));
    assert_eq!(program.read(0, 9).unwrap(), b"56789");
}

#[test]
fn input_in_many_parts_comes_out_as_one() {
    let mut program = program();
    let bytes: Vec<u8> = (0..20_000_u32).map(|at| (at % 251) as u8).collect();
    let (mut fed, mut read) = (0, Vec::new());
    for step in (1..200).cycle() {
        let end = (fed + step * 3).min(bytes.len());
        program.wasi.feed(&bytes[fed..end]);
        fed = end;
        if fed == bytes.len() {
            program.wasi.close_stdin();
        }
        let got = program.read(0, step as u32 * 2).unwrap();
        if got.is_empty() && fed == bytes.len() {
            break;
        }
        read.extend(got);
    }
    assert!(read == bytes);
}

#[test]
fn output_comes_in_its_order() {
    let mut program = program();
    assert_eq!(program.write(1, b"one "), Ok(4));
    assert_eq!(program.write(1, b"two"), Ok(3));
    assert_eq!(program.write(2, b"error"), Ok(5));
    assert_eq!(program.write(1, b""), Ok(0));
    assert_eq!(program.write(1, b"three"), Ok(5));
    let taken: Vec<_> = std::iter::from_fn(|| program.wasi.take_output()).collect();
    let expected =
        [(Stream::Stdout, &b"one two"[..]), (Stream::Stderr, b"error"), (Stream::Stdout, b"three")];
    assert_eq!(taken, expected.map(|(stream, bytes)| (stream, bytes.to_vec())));
    let [at, len] = program.vector(&[(0x1_0000, 2), (0x1_0002, 3)]);
    program.put(0x1_0000, b"abcde");
    program.call(Function::FdWrite, &[2_u32.into(), at, len, 0x80_u32.into()]).unwrap();
    assert_eq!(program.wasi.take_output(), Some((Stream::Stderr, b"abcde".to_vec())));
}

#[test]
fn a_full_buffer_is_waited_for() {
    let mut program = limited(|limits| limits.output_buffer = 100);
    assert_eq!(program.write(1, &[b'x'; 250]), Ok(100), "a short write");
    let args = program.writing(1, b"y");
    let before = program.memory.fuel;
    assert_eq!(program.wait(Function::FdWrite, &args), Wait::Output);
    assert_eq!(program.wait(Function::FdWrite, &args), Wait::Output);
    assert_eq!(program.output(), [b'x'; 100]);
    assert_eq!(program.call(Function::FdWrite, &args), Ok(()));
    assert_eq!(program.output(), b"y");
    assert_eq!(before - program.memory.fuel, 316, "which is paid once");
    // How much is written does not depend on what waits.
    let mut patient = limited(|limits| limits.output_buffer = 100);
    assert_eq!(patient.write(1, b"z"), Ok(1));
    let args = patient.writing(1, &[b'x'; 250]);
    assert_eq!(patient.wait(Function::FdWrite, &args), Wait::Output);
    patient.output();
    assert_eq!(patient.call(Function::FdWrite, &args), Ok(()));
    assert_eq!(patient.word(0x80), 100);
}

#[test]
fn alternating_streams_do_not_fill_the_hosts_memory() {
    let mut program = limited(|limits| limits.output_buffer = 1_000);
    let mut written = 0;
    loop {
        let args = program.writing(1 + written % 2, b"x");
        match program.serve(Function::FdWrite, &args).unwrap() {
            Served::Answer(_) => written += 1,
            Served::Wait(Wait::Output) => break,
            other => panic!("{other:?}"),
        }
    }
    assert!((50..=60).contains(&written), "each takes 17 bytes of the buffer: {written}");
}

#[test]
fn output_is_bounded_altogether() {
    let mut program = limited(|limits| (limits.output_bytes, limits.output_buffer) = (10, 8));
    assert_eq!(program.write(1, b"12345678"), Ok(8));
    program.output();
    assert_eq!(program.write(2, b"90"), Ok(2), "both streams together");
    program.output();
    let args = program.writing(1, b"x");
    let error = program.serve(Function::FdWrite, &args).unwrap_err();
    let trap = trap_of(error);
    let reason = trap.reason().and_then(|reason| reason.downcast_ref::<OutputLimit>()).unwrap();
    assert_eq!(reason.maximum, 10);
    assert_eq!(
        trap.to_string(),
        "the supervisor ended the call: limit `output_bytes` is 10, and the program wrote more; raise it in `WasiLimits`"
    );
    assert_eq!(program.wasi.take_output(), None);
    program.wasi.forget_output();
    assert_eq!(program.write(1, b"x"), Ok(1));
}

/// The trap that an error makes of a call.
fn trap_of(error: guestbox::HostError) -> guestbox::Trap {
    use guestbox::{Environment, FuncIndex, HostCall, HostError, InvokeError, Store, Values};
    let mut store = Store::new();
    let environment = Environment::new().with_function("a", "b", FuncIndex(0));
    let wat = r#"(module (import "a" "b" (func $b)) (func (export "c") (call $b)))"#;
    let guest = guestbox_tests::text::guest(&mut store, wat, &environment);
    let mut error = Some(error);
    let mut supervisor =
        |_: &mut Store, _: HostCall<'_>| -> Result<Values, HostError> { Err(error.take().unwrap()) };
    match store.invoke(&mut supervisor, guest, "c", &[], 0) {
        Err(InvokeError::Trap(trap)) => trap,
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_cannot_pay_is_out_of_fuel_and_nothing_was_done() {
    let mut program = program();
    let args = program.writing(1, &[b'x'; 800]);
    program.memory.fuel = 300 + 16 + 100 - 1;
    let error = program.serve(Function::FdWrite, &args).unwrap_err();
    assert_eq!(trap_of(error).code(), guestbox::TrapCode::OutOfFuel);
    assert_eq!(program.wasi.take_output(), None);
    program.memory.fuel = 300 + 16 + 100;
    assert_eq!(program.call(Function::FdWrite, &args), Ok(()));
    assert_eq!(program.memory.fuel, 0);
    assert_eq!(OutOfFuel::new(), OutOfFuel::default());
}

#[test]
fn streams_can_be_closed() {
    let mut program = program();
    for fd in 0..3_u32 {
        assert_eq!(program.close(fd), Ok(()));
        assert_eq!(program.call(Function::FdFdstatGet, &[fd.into(), Value::I32(0)]), Err(Errno::BADF));
    }
    assert_eq!(program.write(1, b"x"), Err(Errno::BADF));
}
