//! Endless loops of every class of operator, and deep recursion and nesting, on a small stack.
//!
//! A guest must never reach the end of the host's stack. What would is not an error that can be
//! asserted but the end of the process, so these tests run on a thread of 256 KiB.

use guestbox::{
    Environment, Execution, FuncIndex, HostCall, HostError, InvokeError, Limits, Module, NoImports, Step,
    Store, TrapCode, Value, Values,
};
use guestbox_tests::torture::{IMPORT, LOOPS, START};
use std::thread;

const STACK_BYTES: usize = 256 << 10;

/// Enough for some 100,000 rounds of most of the loops; 50,000 were seen to end an 8 MiB stack
/// where each leaves a frame.
const FUEL: u64 = 1_000_000;

fn on_small_stack<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> T {
    on_stack(STACK_BYTES, body)
}

fn on_stack<T: Send + 'static>(bytes: usize, body: impl FnOnce() -> T + Send + 'static) -> T {
    // Where the stack does end, what is printed is the name of the thread.
    let name = thread::current().name().unwrap_or("torture").to_owned();
    thread::Builder::new().name(name).stack_size(bytes).spawn(body).unwrap().join().unwrap()
}

fn compile(text: &str) -> Module {
    Module::new(&wat::parse_str(text).unwrap()).unwrap()
}

/// Runs until the fuel is used up, answering host calls with their argument; how many there were.
fn use_up(execution: &mut Execution, store: &mut Store, name: &str) -> u32 {
    let mut calls = 0;
    loop {
        match execution.run(store).unwrap() {
            Step::HostCall(call) => {
                let answer = call.args[0];
                execution.answer(Ok(answer.into())).unwrap();
                calls += 1;
            }
            Step::OutOfFuel { required, .. } => {
                assert!(required > execution.fuel(), "{name}: could go on");
                return calls;
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn every_endless_loop_ends_by_fuel_and_goes_on_when_refuelled() {
    assert!(LOOPS.len() >= 45);
    for &(name, text) in LOOPS {
        let module = compile(text);
        on_small_stack(move || {
            let environment = Environment::new().with_function("env", IMPORT, FuncIndex(0));
            let mut store = Store::new();
            let mut execution = if name == START {
                store.begin_instantiate(&module, &environment, 0).unwrap()
            } else {
                let guest = store.instantiate(&mut NoImports, &module, &environment, 0).unwrap();
                store.begin(guest, "run", &[], 0).unwrap()
            };
            execution.set_fuel(FUEL);
            let calls = use_up(&mut execution, &mut store, name);
            assert_eq!(calls > 10_000, name.ends_with("import"), "{name}: {calls} host calls");
            for _ in 0..3 {
                let before = execution.fuel();
                execution.add_fuel(FUEL / 4);
                use_up(&mut execution, &mut store, name);
                assert!(execution.fuel() < before + FUEL / 8, "{name}: did not go on");
            }
            let guest = execution.instance();
            execution.cancel(&mut store);
            assert!(execution.is_ended());
            match guest {
                Some(guest) => {
                    let pong = store.invoke(&mut NoImports, guest, "ping", &[], 0).unwrap();
                    assert_eq!(*pong, [Value::I32(7)], "{name}");
                }
                None => assert_eq!(name, START),
            }
            let other = compile(r#"(module (func (export "one") (result i32) (i32.const 1)))"#);
            let other = store.instantiate(&mut NoImports, &other, &Environment::new(), 0).unwrap();
            assert_eq!(*store.invoke(&mut NoImports, other, "one", &[], 0).unwrap(), [Value::I32(1)]);
        });
    }
}

#[test]
fn deep_guest_recursion_traps_and_the_guest_stays_usable() {
    let shapes = [
        // Few slots: the number of frames ends it. Many: the engine's stack does.
        r#"(func $run (export "run") (param i32) (result i32)
             (i32.add (call $run (local.get 0)) (i32.const 1)))"#,
        r#"(func $run (export "run") (param i32) (result i32) (local i64 i64 i64 i64 i64 i64 i64 i64 i64 i64
             i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64
             i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
             (i32.add (call $run (local.get 0)) (i32.const 1)))"#,
        r#"(type $t (func (param i32) (result i32))) (table 1 funcref) (elem (i32.const 0) $run)
           (func $run (export "run") (param i32) (result i32)
             (i32.add (call_indirect (type $t) (local.get 0) (i32.const 0)) (i32.const 1)))"#,
    ];
    for shape in shapes {
        let module =
            compile(&format!(r#"(module {shape} (func (export "ping") (result i32) (i32.const 7)))"#));
        on_small_stack(move || {
            let mut store = Store::new();
            let guest = store.instantiate(&mut NoImports, &module, &Environment::new(), 0).unwrap();
            for _ in 0..3 {
                let error = store.invoke(&mut NoImports, guest, "run", &[Value::I32(0)], 0).unwrap_err();
                let InvokeError::Trap(trap) = error else { panic!("{error:?}") };
                assert_eq!(trap.code(), TrapCode::StackOverflow);
                let pong = store.invoke(&mut NoImports, guest, "ping", &[], 0).unwrap();
                assert_eq!(*pong, [Value::I32(7)]);
            }
        });
    }
}

/// A supervisor that calls the guest back, and notes how deep it got and where its stack is.
struct Mirror {
    depth: u32,
    deepest: u32,
    /// The addresses of a local at each depth.
    marks: Vec<usize>,
    /// What the innermost call that failed said.
    innermost: Option<TrapCode>,
}

impl Mirror {
    fn new() -> Self {
        Self { depth: 0, deepest: 0, marks: Vec::new(), innermost: None }
    }

    /// Stack bytes a level took, on the average over all but the outermost levels.
    fn bytes_per_level(&self) -> usize {
        let levels = self.marks.len() - 1;
        self.marks[0].abs_diff(self.marks[levels]) / levels
    }
}

impl guestbox::Supervisor for Mirror {
    fn dispatch(&mut self, store: &mut Store, call: HostCall<'_>) -> Result<Values, HostError> {
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        let mark = 0_u8;
        self.marks.push(std::ptr::from_ref(&mark).addr());
        let guest = call.instance.unwrap();
        let outcome = store.invoke(self, guest, "run", call.args, call.state);
        self.depth -= 1;
        match outcome {
            Ok(results) => Ok(results),
            Err(InvokeError::Trap(trap)) => {
                self.innermost.get_or_insert(trap.code());
                Err(trap.into())
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn mirrored() -> (Module, Environment) {
    let module = compile(
        r#"(module (import "env" "back" (func $back (param i32) (result i32)))
             (func (export "run") (param i32) (result i32) (i32.add (call $back (local.get 0)) (i32.const 1)))
             (func (export "ping") (result i32) (i32.const 7)))"#,
    );
    (module, Environment::new().with_function("env", "back", FuncIndex(0)))
}

fn nest(limits: Limits, rounds: u32) -> Mirror {
    let (module, environment) = mirrored();
    let nesting = limits.nesting;
    let mut store = Store::with_limits(limits);
    let guest = store.instantiate(&mut NoImports, &module, &environment, 0).unwrap();
    let mut last = Mirror::new();
    for _ in 0..rounds {
        let mut mirror = Mirror::new();
        let error = store.invoke(&mut mirror, guest, "run", &[Value::I32(0)], 0).unwrap_err();
        let InvokeError::Trap(trap) = error else { panic!("{error:?}") };
        assert_eq!(trap.code(), TrapCode::HostError, "of the levels around the innermost");
        assert_eq!(mirror.innermost, Some(TrapCode::NestingTooDeep));
        assert_eq!(mirror.deepest, nesting);
        assert_eq!(*store.invoke(&mut NoImports, guest, "ping", &[], 0).unwrap(), [Value::I32(7)]);
        last = mirror;
    }
    last
}

#[test]
fn deep_nesting_of_guest_and_supervisor_traps_at_the_limit() {
    let mirror = on_small_stack(|| nest(Limits::default(), 3));
    println!("{} stack bytes a level of nesting", mirror.bytes_per_level());
}
