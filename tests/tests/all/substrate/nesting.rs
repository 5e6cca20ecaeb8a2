//! How deeply guests and a supervisor that is wasm may call each other, and the stack that it takes.

use guestbox::{
    HostCall, HostError, InstanceId, InvokeError, Limit, LimitError, Limits, Region, Trap, TrapCode, Value,
    Values,
    abi::{ERR_EXECUTION, ERR_OK},
    substrate::{
        self, NESTING, Sandbox,
        wasmi::{Engine, Linker, Module, Store, TypedFunc},
    },
};
use guestbox_tests::text::bytes;

/// Calls its import with one less, and adds 1 to what that returns.
const GUEST: &str = r#"(module (import "env" "f" (func $f (param i32) (result i32)))
    (func (export "run") (param i32) (result i32)
        (if (result i32) (local.get 0)
            (then (i32.add (call $f (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
            (else (i32.const 0)))))"#;

/// Calls its import as it starts.
const STARTER: &str = r#"(module (import "env" "f" (func $f)) (func $start (call $f)) (start $start))"#;

/// Serves a guest's call by invoking the guest with the same arguments: `run` gives the code of the
/// outermost call, and what it returned. After `start` it serves each call by instantiating another such
/// guest, so many times: that gives the number of the outermost.
const SUPERVISOR: &str = r#"(module
    (import "env" "ext_sandbox_instantiate_version_1"
        (func $instantiate (param i32 i64 i64 i32) (result i32)))
    (import "env" "ext_sandbox_invoke_version_1"
        (func $invoke (param i32 i64 i64 i32 i32 i32) (result i32)))
    (import "env" "ext_allocator_malloc_version_1" (func $malloc (param i32) (result i32)))
    (memory (export "memory") 4)
    (global (export "__heap_base") i32 (i32.const 65536))
    (table (export "__indirect_function_table") 2 funcref)
    (elem (i32.const 1) $thunk)
    (global $starts (mut i32) (i32.const -1)) (global $wasm (mut i64) (i64.const 0))
    (global $environment (mut i64) (i64.const 0))
    (data (i32.const 16) "run")
    (data (i32.const 32) "\04\00\00\00\00\00")
    (func (export "instantiate") (param $wasm i64) (param $environment i64) (result i32)
        (global.set $wasm (local.get $wasm))
        (global.set $environment (local.get $environment))
        (call $again))
    (func (export "start") (param $starts i32) (param $wasm i64) (result i32)
        (global.set $starts (local.get $starts))
        (global.set $wasm (local.get $wasm))
        (call $again)
        (global.set $starts (i32.const -1)))
    (func $again (result i32)
        (call $instantiate (i32.const 1) (global.get $wasm) (global.get $environment) (i32.const 0)))
    (func (export "run") (param $depth i32) (result i32 i32)
        (i32.store (i32.const 34) (local.get $depth))
        (call $call (i32.const 32) (i32.const 6) (i32.const 48))
        (i32.load (i32.const 50)))
    (func $call (param $args i32) (param $len i32) (param $result i32) (result i32)
        (call $invoke (i32.const 0) (i64.const 0x3_0000_0010)
            (i64.or (i64.shl (i64.extend_i32_u (local.get $len)) (i64.const 32))
                (i64.extend_i32_u (local.get $args)))
            (local.get $result) (i32.const 6) (i32.const 0)))
    (func $thunk (param $args i32) (param $len i32) (param $state i32) (param $func i32) (result i64)
        (local $reply i32)
        (local.set $reply (call $malloc (i32.const 7)))
        (i32.store16 (local.get $reply) (i32.const 0))
        (if (i32.lt_s (global.get $starts) (i32.const 0))
            (then (i32.store8 (local.get $reply)
                (i32.ne (i32.const 0)
                    (call $call (local.get $args) (local.get $len) (i32.add (local.get $reply) (i32.const 1))))))
            (else
                (global.set $starts (i32.sub (global.get $starts) (i32.const 1)))
                (if (i32.gt_s (global.get $starts) (i32.const 0))
                    (then (i32.store8 (local.get $reply) (i32.gt_u (call $again) (i32.const 0xFFFF)))))))
        (i64.or (i64.shl (i64.extend_i32_u (local.get $reply)) (i64.const 32)) (i64.const 7))))"#;

/// The data of the supervisor's wasmi store, which notes how deep the stack was when it was used.
struct Data {
    sandbox: Sandbox,
    deepest: usize,
}

impl AsMut<Sandbox> for Data {
    fn as_mut(&mut self) -> &mut Sandbox {
        let mark = 0_u8;
        self.deepest = self.deepest.min(std::ptr::from_ref(&mark).addr());
        &mut self.sandbox
    }
}

struct World {
    store: Store<Data>,
    run: TypedFunc<u32, (u32, u32)>,
    start: TypedFunc<(u32, u64), u32>,
    starter: u64,
}

impl World {
    fn new(sandbox: Sandbox) -> Self {
        let engine = Engine::default();
        let mut store = Store::new(&engine, Data { sandbox, deepest: usize::MAX });
        let mut linker = Linker::new(&engine);
        substrate::link(&mut linker).unwrap();
        let module = Module::new(&engine, bytes(SUPERVISOR)).unwrap();
        let instance = linker.instantiate_and_start(&mut store, &module).unwrap();
        substrate::attach(&mut store, &instance).unwrap();
        let memory = instance.get_memory(&store, "memory").unwrap();
        let mut place = |ptr: u32, bytes: &[u8]| {
            memory.write(&mut store, ptr.try_into().unwrap(), bytes).unwrap();
            crate::substrate::slice(Region { ptr, len: bytes.len().try_into().unwrap() })
        };
        let (wasm, starter) = (place(1_024, &bytes(GUEST)), place(2_048, &bytes(STARTER)));
        let environment = place(32_768, &crate::substrate::environment());
        let instantiate = instance.get_typed_func::<(u64, u64), u32>(&store, "instantiate").unwrap();
        assert_eq!(instantiate.call(&mut store, (wasm, environment)).unwrap(), 0);
        let run = instance.get_typed_func(&store, "run").unwrap();
        let start = instance.get_typed_func(&store, "start").unwrap();
        Self { store, run, start, starter }
    }

    /// Lets the guest make so many host calls, each within the one before.
    fn calls(&mut self, levels: u32) -> (u32, u32) {
        self.run.call(&mut self.store, levels).unwrap()
    }

    /// Lets so many guests start, each within the start of the one before; the number of the first.
    fn starts(&mut self, levels: u32) -> u32 {
        self.start.call(&mut self.store, (levels, self.starter)).unwrap()
    }

    /// The lowest address of the stack at which the sandbox is used meanwhile.
    fn deepest(&mut self, work: impl FnOnce(&mut Self)) -> usize {
        self.store.data_mut().deepest = usize::MAX;
        work(self);
        self.store.data().deepest
    }
}

/// A quarter of a thread with a small stack; without optimisation all of it.
const STACK_BYTES: usize = if cfg!(debug_assertions) { 256 << 10 } else { 64 << 10 };

#[test]
fn the_deepest_nesting_takes_a_quarter_of_a_small_stack() {
    let mut world = World::new(Sandbox::default());
    let mut taken = |name, nest: fn(&mut World, u32)| {
        let (one, all) = (world.deepest(|world| nest(world, 1)), world.deepest(|world| nest(world, NESTING)));
        let level = (one - all) / usize::try_from(NESTING - 1).unwrap();
        println!("{level} bytes of stack a level of {name}");
        assert!(level * usize::try_from(NESTING).unwrap() < STACK_BYTES, "{level}");
    };
    taken("calls", |world, levels| assert_eq!(world.calls(levels), (ERR_OK, levels)));
    taken("starts", |world, levels| assert!(world.starts(levels) < ERR_EXECUTION));
    // And truly on such a stack, with what is done on the innermost level: a guest is compiled there too.
    let nest = move || {
        assert_eq!(world.calls(NESTING), (ERR_OK, NESTING));
        assert!(world.starts(NESTING) < ERR_EXECUTION);
        assert_eq!(world.calls(NESTING + 1).0, ERR_EXECUTION);
        assert_eq!(world.starts(NESTING + 1), ERR_EXECUTION);
    };
    std::thread::Builder::new().stack_size(STACK_BYTES).spawn(nest).unwrap().join().unwrap();
}

#[test]
fn a_supervisor_that_meters_its_guests_has_128_levels_on_the_stack_that_is_stated() {
    let stack_bytes = if cfg!(debug_assertions) { 2_176 << 10 } else { 640 << 10 };
    let nest = || {
        let sandbox = Sandbox::self_metered();
        assert_eq!(sandbox.store().unwrap().limits().fuel, u64::MAX);
        let mut world = World::new(sandbox);
        assert_eq!(world.calls(128), (ERR_OK, 128));
        assert!(world.starts(128) < ERR_EXECUTION);
        assert_eq!(world.calls(129).0, ERR_EXECUTION);
    };
    std::thread::Builder::new().stack_size(stack_bytes).spawn(nest).unwrap().join().unwrap();
}

#[test]
fn deeper_nesting_ends_at_the_limit() {
    let mut world = World::new(Sandbox::default());
    for _ in 0..3 {
        assert_eq!(world.calls(NESTING + 1).0, ERR_EXECUTION);
        assert_eq!(world.starts(NESTING + 1), ERR_EXECUTION);
        assert_eq!(world.calls(NESTING), (ERR_OK, NESTING));
    }
}

#[test]
fn a_limit_below_holds_and_one_above_has_to_be_asked_for() {
    let limited = |nesting: u32| {
        let mut limits = Limits::default();
        limits.nesting = nesting;
        Sandbox::new(limits)
    };
    let deep = move || {
        for (sandbox, nesting) in [
            (limited(3), 3),
            (limited(NESTING + 1), NESTING),
            (limited(3).with_nesting(5), 5),
            (limited(3).with_nesting(40), 40),
        ] {
            assert_eq!(sandbox.store().unwrap().limits().nesting, nesting);
            let mut world = World::new(sandbox);
            assert_eq!(world.calls(nesting), (ERR_OK, nesting));
            assert_eq!(world.calls(nesting + 1).0, ERR_EXECUTION);
        }
    };
    std::thread::Builder::new().stack_size(4 << 20).spawn(deep).unwrap().join().unwrap();
}

/// The innermost trap of calls of a guest each within the one before.
fn innermost(store: &mut guestbox::Store, guest: InstanceId, args: &[Value]) -> Trap {
    let mut trap = None;
    nest(store, guest, args, &mut trap);
    trap.unwrap()
}

fn nest(store: &mut guestbox::Store, guest: InstanceId, args: &[Value], trap: &mut Option<Trap>) {
    let mut supervisor = |store: &mut guestbox::Store, call: HostCall<'_>| -> Result<Values, HostError> {
        nest(store, guest, call.args, trap);
        Err(HostError::new())
    };
    let Err(InvokeError::Trap(ended)) = store.invoke(&mut supervisor, guest, "run", args, 0) else {
        panic!()
    };
    trap.get_or_insert(ended);
}

#[test]
fn what_ends_it_is_a_trap_that_names_the_limit() {
    let mut world = World::new(Sandbox::default());
    let store = world.store.data_mut().sandbox.store_mut().unwrap();
    let guest = store.instance_id(0).unwrap();
    let trap = innermost(store, guest, &[Value::I32(1_000)]);
    assert_eq!(trap.code(), TrapCode::NestingTooDeep);
    let refused = trap.reason().unwrap().downcast_ref::<LimitError>().unwrap();
    assert_eq!((refused.limit, refused.maximum), (Limit::Nesting, NESTING.into()));
}
