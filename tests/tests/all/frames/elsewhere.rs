//! Frames over several guests, which reach each other through a table: one list, as V8 has it.

use super::{compile, compile_with, trap};
use crate::frames::v8::node;
use guestbox::{
    Environment, Frames, FuncIndex, HostCall, HostError, InstanceId, InstanceLimits, InstantiateError,
    Limits, Module, NoImports, Step, Store, TableId, TableType, Trap, Value,
};
use guestbox_tests::{random::Random, text};
use std::fmt::Write;

/// What each guest here begins with: a table of all functions, and what is called through it.
const HEAD: &str = r#"(import "env" "host" (func $host)) (import "env" "t" (table 16 funcref)) (type $f (func (param i32) (result i32)))"#;

struct Guests {
    store: Store,
    table: TableId,
    environment: Environment,
}

impl Guests {
    fn new() -> Self {
        let mut store = Store::new();
        let table = store.create_table(TableType::of_functions(16, None)).unwrap();
        let environment = Environment::new().with_function("env", "host", FuncIndex(0));
        let environment = environment.with_table("env", "t", table);
        Self { store, table, environment }
    }

    fn add(&mut self, module: &Module) -> InstanceId {
        let limits = InstanceLimits::new().with_overlapping_calls();
        self.store.instantiate_with(&mut NoImports, module, &self.environment, 0, limits).unwrap()
    }

    fn add_framed(&mut self, name: &str, body: &str) -> InstanceId {
        self.add(&compile(&format!("(module {name} {HEAD} {body})")))
    }

    /// The trap of `run`, whose host calls fail.
    fn trap(&mut self, guest: InstanceId, args: &[i32]) -> Trap {
        let mut fails = |_: &mut Store, _: HostCall<'_>| Err(HostError::new());
        trap(&mut self.store, &mut fails, guest, args)
    }
}

/// The frames, a line each without the offset and what is behind it.
fn places(trap: &Trap) -> Vec<String> {
    trap.frames()
        .iter()
        .map(|frame| frame.to_string().split(":0x").next().unwrap().replace(' ', ""))
        .collect()
}

/// Calls the place of the table with one less than it was called with, or traps at 0.
fn relay(name: &str, place: u32) -> String {
    format!(
        "(func {name} (param i32) (result i32) (if (i32.eqz (local.get 0)) (then unreachable))
            (call_indirect (type $f) (i32.sub (local.get 0) (i32.const 1)) (i32.const {place})))"
    )
}

#[test]
fn guests_that_call_each_other_are_in_one_list() {
    let mut guests = Guests::new();
    guests.add_framed("$pong", &format!("{} (elem (i32.const 1) $back)", relay("$back", 0)));
    let ping = relay("$forth", 1);
    let ping = format!(r#"{ping} (elem (i32.const 0) $forth) (export "run" (func $forth))"#);
    let ping = guests.add_framed("$ping", &ping);
    let trap = guests.trap(ping, &[3]);
    let [pong, own] = ["back(pong:wasm-function[1]", "forth(wasm-function[1]"];
    assert_eq!(places(&trap), [pong, own, pong, own]);
    let modules: Vec<_> = trap.frames().iter().map(|frame| frame.module.as_deref()).collect();
    assert_eq!(modules, [Some("pong"), None, Some("pong"), None]);
    let deep = guests.trap(ping, &[120]);
    assert_eq!((deep.frames().len(), deep.frames().left_out()), (100, 21));
    assert_eq!(places(&deep)[..3], [own, pong, own]);
}

#[test]
fn who_has_returned_is_not_in_it() {
    let mut guests = Guests::new();
    guests.add_framed(
        "$other",
        r#"(func $quiet (param i32) (result i32) (if (local.get 0) (then (return (call $quiet (i32.const 0))))) (call $host) (i32.const 0))
           (elem (i32.const 1) $quiet)"#,
    );
    let run = guests.add_framed(
        "$own",
        r#"(func $run (export "run") (result i32) (drop (call_indirect (type $f) (i32.const 1) (i32.const 1))) (call $fail))
           (func $fail (result i32) unreachable)"#,
    );
    let mut execution = guests.store.begin(run, "run", &[], 0).unwrap();
    let Ok(Step::HostCall(call)) = execution.run(&mut guests.store) else { panic!() };
    let inner: Vec<_> =
        call.frames().iter().map(|frame| (frame.name.clone(), frame.module.clone())).collect();
    let [quiet, own] = [("quiet", Some("other")), ("run", None)]
        .map(|(name, module)| (Some(name.into()), module.map(Into::into)));
    assert_eq!(inner, [quiet.clone(), quiet, own]);
    execution.answer(Ok(().into())).unwrap();
    let Ok(Step::Trapped(trap)) = execution.run(&mut guests.store) else { panic!() };
    assert_eq!(places(&trap), ["fail(wasm-function[2]", "run(wasm-function[1]"]);
}

#[test]
fn where_one_that_has_none_may_call_others_there_are_none() {
    // It cannot be seen that `$end` has returned to it.
    let silent = format!(
        r#"(module $silent {HEAD} (func $relay (param i32) (result i32)
            (drop (call_indirect (type $f) (i32.const 1) (i32.const 2))) unreachable) (elem (i32.const 1) $relay))"#
    );
    let returns = "(func $end (param i32) (result i32) (drop (i32.div_u (i32.const 1) (local.get 0))) (i32.const 1)) (elem (i32.const 2) $end)";
    let run = format!(r#"{} (export "run" (func $run))"#, relay("$run", 1));
    for is_first in [true, false] {
        let mut guests = Guests::new();
        if is_first {
            guests.add(&text::module(&silent));
        }
        guests.add_framed("$other", returns);
        let run = guests.add_framed("$run", &run);
        assert_eq!(guests.trap(run, &[0]).frames().is_empty(), is_first);
        if !is_first {
            let silent = guests.add(&text::module(&silent));
            guests.store.teardown_instance(silent).unwrap();
        }
        assert_eq!(*guests.trap(run, &[1]).frames(), Frames::default());
    }
}

#[test]
fn one_that_has_none_and_calls_no_others_changes_nothing() {
    let mut guests = Guests::new();
    let memory = guests.store.create_memory(1, None).unwrap();
    guests.environment = guests.environment.with_memory("env", "memory", memory);
    let alone = text::module(
        r#"(module (import "env" "memory" (memory 1)) (table 1 funcref) (elem (i32.const 0) $f) (func $f)
            (func (export "run") (call_indirect (i32.const 0)) unreachable))"#,
    );
    let alone = guests.add(&alone);
    let framed =
        format!(r#"(import "env" "memory" (memory 1)) {} (export "run" (func $run))"#, relay("$run", 1));
    let run = guests.add_framed("$run", &framed);
    assert!(guests.trap(alone, &[]).frames().is_empty());
    assert_eq!(places(&guests.trap(run, &[0])), ["run(wasm-function[1]"]);
}

#[test]
fn a_module_without_a_name_is_known_by_its_hash() {
    let mut guests = Guests::new();
    let other = text::bytes(&format!("(module {HEAD} {} (elem (i32.const 1) $end))", relay("$end", 1)));
    let options = guestbox::CompileOptions::new().with_frames();
    guests.add(&Module::with_options(&Limits::default(), &other, options).unwrap());
    let run = guests.add_framed("", &format!(r#"{} (export "run" (func $run))"#, relay("$run", 1)));
    let hash = format!("{:016x}", twox_hash::XxHash3_64::oneshot(&other));
    assert_eq!(guests.trap(run, &[1]).frames()[0].module.as_deref(), Some(&hash[..8]));
}

#[test]
fn of_a_guest_that_is_gone_they_are_known() {
    let mut guests = Guests::new();
    let gone = guests.add_framed("$gone", &format!("{} (elem (i32.const 1) $end)", relay("$end", 1)));
    let run = guests.add_framed("$run", &format!(r#"{} (export "run" (func $run))"#, relay("$run", 1)));
    guests.store.teardown_instance(gone).unwrap();
    assert_eq!(places(&guests.trap(run, &[1])), ["end(gone:wasm-function[1]", "run(wasm-function[1]"]);
}

#[test]
fn of_a_guest_that_could_not_be_made_there_are_none() {
    let mut guests = Guests::new();
    // It keeps the table where it is.
    let run = guests.add_framed("$run", &format!(r#"{} (export "run" (func $run))"#, relay("$run", 1)));
    // Its function is in the table before the segment that does not fit.
    let text = format!(
        "(module $unmade {HEAD} {} (elem (i32.const 1) $end) (elem (i32.const 16) $end))",
        relay("$end", 1)
    );
    let refused = guests.store.instantiate(&mut NoImports, &compile(&text), &guests.environment, 0);
    assert!(matches!(refused, Err(InstantiateError::Segment)));
    assert_eq!(*guests.trap(run, &[1]).frames(), Frames::default());
    assert_eq!(places(&guests.trap(run, &[0])), ["run(wasm-function[1]"]);
}

#[test]
fn deeper_than_its_limit_one_of_lower_limits_is_not_reached() {
    let mut guests = Guests::new();
    let mut limits = Limits::default();
    limits.guest_frames = 50;
    let low = format!("(module $low {HEAD} {} (elem (i32.const 1) $low))", relay("$low", 0));
    guests.add(&compile_with(&limits, &low));
    let high = format!(r#"{} (elem (i32.const 0) $high) (export "run" (func $high))"#, relay("$high", 1));
    let run = guests.add_framed("$high", &high);
    let trap = guests.trap(run, &[1_000]);
    // The first guest's engine is that of all in its cell.
    assert_eq!(trap.code(), guestbox::TrapCode::StackOverflow);
    assert_eq!(trap.frames().len() + trap.frames().left_out(), 50);
}

#[test]
fn a_function_of_one_that_calls_no_others_is_on_top_of_who_calls_it() {
    let mut guests = Guests::new();
    let memory = guests.store.create_memory(1, None).unwrap();
    guests.environment = guests.environment.with_memory("env", "memory", memory);
    let alone = r#"(module $alone (import "env" "memory" (memory 1)) (table 2 funcref) (elem (i32.const 1) $door) (type $f (func (param i32) (result i32)))
        (func $door (export "door") (param i32) (result i32)
            (if (result i32) (local.get 0) (then (call $inner (i32.sub (local.get 0) (i32.const 1)))) (else unreachable)))
        (func $inner (param i32) (result i32) (call_indirect (type $f) (local.get 0) (i32.const 1))))"#;
    let alone = guests.add(&compile(alone));
    let framed = |name: &str, place: u32, at: u32| {
        format!(
            r#"(import "env" "memory" (memory 1)) {} (elem (i32.const {at}) {name}) (export "run" (func {name}))"#,
            relay(name, place)
        )
    };
    guests.add_framed("$next", &framed("$next", 1, 0));
    let run = guests.add_framed("$run", &framed("$run", 0, 2));
    let door = guests.store.exported_func(alone, "door").unwrap().unwrap();
    guests.store.table_set(guests.table, 1, Value::FuncRef(Some(door))).unwrap();
    let [door, inner] = ["door(alone:wasm-function[0]", "inner(alone:wasm-function[1]"];
    let outer = ["next(next:wasm-function[1]", "run(wasm-function[1]"];
    assert_eq!(places(&guests.trap(run, &[2])), [door, outer[0], outer[1]]);
    assert_eq!(places(&guests.trap(run, &[4])), [door, inner, door, inner, door, outer[0], outer[1]]);
}

/// The modules of a program, and how often the first calls itself at most.
struct Program {
    modules: Vec<String>,
    depth: i32,
}

/// The functions of each, and those of them that are in the table: the others are called by their index only.
const FUNCTIONS: u32 = 6;
const IN_TABLE: u32 = 4;

impl Program {
    /// Three guests with functions that call their own and each other's, in tail calls too, and trap once so many of
    /// a guest were called; and with such as call others and come back.
    fn random(random: &mut Random) -> Self {
        let modules = (0..3).map(|module| Self::module(random, module)).collect();
        Self { modules, depth: random.between(4, 8).cast_signed() }
    }

    fn module(random: &mut Random, module: u32) -> String {
        let globals = r#"(import "env" "g" (global $constant i32)) (global (mut i64) (i64.const 5))"#;
        let mut text = format!("(module $m{module} {HEAD} {globals}");
        write!(text, "(global $left (mut i32) (i32.const {}))", random.between(1, 40)).unwrap();
        text.push_str(r#"(memory 1) (export "left" (global $left)) (export "run" (func $f0))"#);
        let has_tail_calls = random.chance(50);
        for function in 0..FUNCTIONS {
            let traps = [
                "unreachable",
                "(call $host)",
                "(drop (i32.div_u (i32.const 1) (i32.const 0)))",
                "(drop (call_indirect (type $f) (i32.const 1) (i32.const 15)))",
                "(return_call_indirect (type $f) (i32.const 1) (i32.const 15))",
            ];
            let trap = traps[random.index(if has_tail_calls { 5 } else { 4 })];
            write!(
                text,
                "(func $f{function} (param i32) (result i32)
                    (if (i32.eqz (global.get $left)) (then {trap}))
                    (global.set $left (i32.sub (global.get $left) (global.get $constant)))
                    (if (i32.eqz (local.get 0)) (then (return (i32.const 1))))"
            )
            .unwrap();
            for _ in 0..random.below(3) {
                write!(text, "(drop {})", Self::call(random, "")).unwrap();
            }
            let last = if has_tail_calls && random.chance(40) { "return_" } else { "" };
            write!(text, "{})", Self::call(random, last)).unwrap();
        }
        write!(
            text,
            "(func $noise (param i32) (result i32) (if (result i32) (local.get 0)
                (then (call_indirect (type $f) (i32.sub (local.get 0) (i32.const 1)) (i32.const {})))
                (else (i32.load (i32.const 0)))))
             (elem (i32.const {}) $f0 $f1 $f2 $f3) (elem (i32.const {}) $noise) (export \"noise\" (func $noise)))",
            12 + (module + 1) % 3,
            module * IN_TABLE,
            12 + module,
        )
        .unwrap();
        text
    }

    fn call(random: &mut Random, before: &str) -> String {
        let less = "(i32.sub (local.get 0) (i32.const 1))";
        if random.chance(30) {
            return format!("({before}call $f{} {less})", random.below(FUNCTIONS));
        }
        format!("({before}call_indirect (type $f) {less} (i32.const {}))", random.below(3 * IN_TABLE))
    }

    /// The frames of its trap, in the form of the script; slices of one unit and others' calls in between change
    /// nothing.
    fn frames(&self, in_slices: bool) -> String {
        let mut guests = Guests::new();
        let one = guests.store.create_global(Value::I32(1), false).unwrap();
        guests.environment = guests.environment.with_global("env", "g", one);
        let instances: Vec<_> = self.modules.iter().map(|text| guests.add(&compile(text))).collect();
        let mut execution = guests.store.begin(instances[0], "run", &[Value::I32(self.depth)], 0).unwrap();
        if in_slices {
            execution.set_slice(1);
        }
        let mut random = Random::new(7);
        loop {
            match execution.run(&mut guests.store).unwrap() {
                Step::Trapped(trap) => {
                    let frames = trap.frames().iter().map(|frame| {
                        let module = frame.module.as_deref().unwrap_or("m0");
                        format!("{module}:{}:{:x}", frame.function_index, frame.offset)
                    });
                    return frames.collect::<Vec<_>>().join(" ");
                }
                Step::Finished(_) => return "no trap".into(),
                Step::HostCall(_) => execution.answer(Err(HostError::new())).unwrap(),
                _ => {
                    let noise = Value::I32(random.below(9).cast_signed());
                    text::call(&mut guests.store, random.one(&instances), "noise", &[noise]);
                }
            }
        }
    }
}

/// Runs `run` of the first of each program's modules, and prints its frames as `module:index:offset`.
const SCRIPT: &str = r#"
  Error.stackTraceLimit = 1000;
  const host = () => { throw new Error("host"); };
  for (const program of require("fs").readFileSync(0, "utf8").trim().split("\n")) {
    const [depth, ...modules] = program.split(" ");
    const t = new WebAssembly.Table({ initial: 16, element: "anyfunc" });
    const g = new WebAssembly.Global({ value: "i32", mutable: false }, 1);
    const instances = modules.map((hex) => new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(hex, "hex")), { env: { host, t, g } }));
    try {
      instances[0].exports.run(Number(depth));
      console.log("no trap");
    } catch ({ stack }) {
      const frames = stack.matchAll(/wasm:\/\/wasm\/(\w+)-[0-9a-f]+:wasm-function\[(\d+)\]:0x([0-9a-f]+)/g);
      console.log(Array.from(frames, ([, module, index, offset]) => `${module}:${index}:${offset}`).join(" "));
    }
  }
"#;

#[test]
fn random_programs_over_three_guests_have_the_frames_of_v8() {
    let mut random = Random::new(0xF4A3_E500);
    let programs: Vec<_> = (0..300).map(|_| Program::random(&mut random)).collect();
    let lines = programs.iter().map(|program| {
        let hex = |text: &String| text::bytes(text).iter().map(|byte| format!("{byte:02x}")).collect();
        let modules: Vec<String> = program.modules.iter().map(hex).collect();
        format!("{} {}", program.depth, modules.join(" "))
    });
    let expected = node(SCRIPT, lines);
    assert_eq!(expected.len(), programs.len());
    let (mut trapped, mut over_several) = (0, 0);
    for (program, expected) in programs.iter().zip(&expected) {
        for in_slices in [false, true] {
            assert_eq!(
                &program.frames(in_slices),
                expected,
                "in slices: {in_slices}; {:#?}",
                program.modules
            );
        }
        trapped += usize::from(expected != "no trap");
        over_several += usize::from(["m0:", "m1:", "m2:"].iter().all(|module| expected.contains(module)));
    }
    // It is known what they do.
    assert!(trapped > 200 && over_several > 50, "{trapped} trapped, {over_several} of them in all guests");
}
