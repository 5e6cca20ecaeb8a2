//! A supervisor that is wasm itself, over the host functions that the embedder links.
//!
//! The supervisor is a puppet: it exports each host function, and its dispatch thunk asks the
//! test what to do.

mod allocator;
mod codes;
mod embedder;
mod hostile;
mod mended;
mod nesting;
mod own_functions;
mod plain;
mod reentry;
mod thunks;
mod traps;
mod types;

use guestbox::{
    Limits, Number, Region, Value,
    abi::SupervisorTrap,
    substrate::{
        self, Sandbox,
        wasmi::{self, AsContext, AsContextMut, Caller, Engine, Extern, Func, Linker, Module, Store, Val},
    },
    wire::{self, Entry, EnvironmentDefinition, ExternEntity},
};
use parity_scale_codec::{Decode, Encode};
use std::{collections::HashMap, sync::Arc};

/// The names of the host functions, without `ext_` and `_version_1`.
const NAMES: [&str; 10] = [
    "sandbox_instantiate",
    "sandbox_invoke",
    "sandbox_memory_new",
    "sandbox_memory_get",
    "sandbox_memory_set",
    "sandbox_memory_teardown",
    "sandbox_instance_teardown",
    "sandbox_get_global_val",
    "allocator_malloc",
    "allocator_free",
];

/// Where the heap begins, in a memory of four pages. Below it the tests put what they like.
const HEAP_BASE: u32 = 65_536;
const MEMORY_BYTES: u32 = 4 * 65_536;
/// Indices in the supervisor's table of eight: 0 and all not named are null.
const THUNK: u32 = 1;
const OTHER_THUNK: u32 = 2;
const WRONG_THUNK: u32 = 3;

const SUPERVISOR: &str = include_str!("supervisor.wat");

/// A guest that passes a number to the import `f`, and what else the tests need.
const GUEST: &str = r#"(module
    (import "env" "f" (func $f (param i32) (result i32)))
    (global (export "answer") i64 (i64.const 500))
    (global (export "counter") (mut i32) (i32.const 7))
    (func (export "run") (param i32) (result i32) (call $f (local.get 0)))
    (func (export "forget") (param i32) (drop (call $f (local.get 0))))
    (func (export "nothing"))
    (func (export "trap") unreachable)
    (func (export "spin") (loop (br 0))))"#;

/// A call of the dispatch thunk.
struct Request {
    args: Region,
    state: u32,
    /// Which thunk of the table it is.
    thunk: u32,
}

type Hook = Arc<dyn Fn(&mut Caller<'_, Data>, Request) -> Result<i64, wasmi::Error> + Send + Sync>;

/// The data of the supervisor's wasmi store.
struct Data {
    sandbox: Sandbox,
    hook: Option<Hook>,
    exports: HashMap<String, Extern>,
    /// What the thunk was called with: arguments, state, function, thunk.
    seen: Vec<(Vec<Value>, u32, u32, u32)>,
}

impl AsMut<Sandbox> for Data {
    fn as_mut(&mut self) -> &mut Sandbox {
        &mut self.sandbox
    }
}

/// A supervisor and its embedder.
struct World {
    store: Store<Data>,
}

impl World {
    fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    fn with_limits(limits: Limits) -> Self {
        Self::with_supervisor(SUPERVISOR, limits)
    }

    fn with_supervisor(text: &str, limits: Limits) -> Self {
        let engine = Engine::default();
        let sandbox = Sandbox::new(limits);
        let data = Data { sandbox, hook: None, exports: HashMap::new(), seen: Vec::new() };
        let mut store = Store::new(&engine, data);
        let mut linker = Linker::new(&engine);
        substrate::link(&mut linker).unwrap();
        linker.func_wrap("test", "thunk", serve).unwrap();
        let module = Module::new(&engine, guestbox_tests::text::bytes(text)).unwrap();
        let instance = linker.instantiate_and_start(&mut store, &module).unwrap();
        substrate::attach(&mut store, &instance).unwrap();
        let exports: HashMap<_, _> =
            instance.exports(&store).map(|export| (export.name().to_owned(), export.into_extern())).collect();
        store.data_mut().exports = exports;
        Self { store }
    }

    /// Serves host calls by `hook`.
    fn on_call(
        &mut self,
        hook: impl Fn(&mut Caller<'_, Data>, Request) -> Result<i64, wasmi::Error> + Send + Sync + 'static,
    ) {
        self.store.data_mut().hook = Some(Arc::new(hook));
    }

    /// Serves host calls by the constant `value`.
    fn answer(&mut self, value: i32) {
        self.on_call(move |caller, _| Ok(reply(caller, &ok(value))));
    }

    /// Fails unless the sandbox still does all that it should.
    #[track_caller]
    fn assert_usable(&mut self) {
        self.answer(41);
        let guest = guest(&mut self.store, GUEST);
        assert_eq!(run(&mut self.store, guest, "run", &[Value::I32(1)]), Ok((0, Some(Value::I32(41)))));
        assert_eq!(host(&mut self.store, "sandbox_instance_teardown", &[guest]), Ok(0));
    }

    #[track_caller]
    fn assert_balanced(&self) {
        assert_eq!(self.store.data().sandbox.allocator().unwrap().bytes_in_use(), 0);
    }
}

/// The import `test` `thunk`, to which the supervisor's dispatch thunks pass their calls.
fn serve(
    mut caller: Caller<'_, Data>,
    thunk: u32,
    ptr: u32,
    len: u32,
    state: u32,
    func: u32,
) -> Result<i64, wasmi::Error> {
    let args = wire::decode_arguments(&read(&caller, Region { ptr, len })).unwrap();
    caller.data_mut().seen.push((args, state, func, thunk));
    let hook = caller.data().hook.clone().expect("no host call was expected");
    hook(&mut caller, Request { args: Region { ptr, len }, state, thunk })
}

/// Calls a host function as the supervisor: arguments as words, of which an `i64` is one.
fn call(
    mut ctx: impl AsContextMut<Data = Data>,
    name: &str,
    args: &[u64],
) -> Result<Option<u64>, wasmi::Error> {
    let func: Func = ctx.as_context().data().exports[name].into_func().unwrap();
    let ty = func.ty(&ctx);
    let val = |(ty, word): (&wasmi::ValType, &u64)| match ty {
        wasmi::ValType::I32 => Val::I32(u32::try_from(*word).unwrap().cast_signed()),
        wasmi::ValType::I64 => Val::I64(word.cast_signed()),
        other => panic!("{other:?}"),
    };
    assert_eq!(ty.params().len(), args.len(), "{name}");
    let args: Vec<Val> = ty.params().iter().zip(args).map(val).collect();
    let mut results = vec![Val::I32(0); ty.results().len()];
    func.call(&mut ctx, &args, &mut results)?;
    Ok(results.first().map(|result| match result {
        Val::I32(value) => value.cast_unsigned().into(),
        Val::I64(value) => value.cast_unsigned(),
        other => panic!("{other:?}"),
    }))
}

/// Calls a host function of 32-bit arguments and result; without a result it is 0.
fn host(ctx: impl AsContextMut<Data = Data>, name: &str, args: &[u32]) -> Result<u32, SupervisorTrap> {
    let args: Vec<u64> = args.iter().map(|&arg| arg.into()).collect();
    let result = call(ctx, name, &args).map_err(|error| trap(&error))?;
    Ok(result.unwrap_or(0).try_into().unwrap())
}

/// The supervisor trap that ended a call.
#[track_caller]
fn trap(error: &wasmi::Error) -> SupervisorTrap {
    *error.downcast_ref().unwrap_or_else(|| panic!("no supervisor trap: {error}"))
}

/// `instantiate` with bytes that it puts in the supervisor's memory.
fn instantiate(
    mut ctx: impl AsContextMut<Data = Data>,
    thunk: u32,
    wasm: &[u8],
    environment: &[u8],
    state: u32,
) -> Result<u32, SupervisorTrap> {
    let wasm = place(&mut ctx, 1_024, wasm);
    let environment = place(&mut ctx, 32_768, environment);
    let args = [thunk.into(), slice(wasm), slice(environment), state.into()];
    let result = call(ctx, "sandbox_instantiate", &args).map_err(|error| trap(&error))?;
    Ok(result.unwrap().try_into().unwrap())
}

/// Instantiates a guest, which must come to life, with `env` `f` as function 3.
#[track_caller]
fn guest(ctx: impl AsContextMut<Data = Data>, text: &str) -> u32 {
    let number = instantiate(ctx, THUNK, &guestbox_tests::text::bytes(text), &environment(), 7).unwrap();
    assert!(number < guestbox::abi::ERR_EXECUTION, "{number:#x}");
    number
}

/// `invoke` with state 9 and a buffer of 10 bytes for the result: the code, and the value if one
/// was written.
fn run(
    mut ctx: impl AsContextMut<Data = Data>,
    guest: u32,
    export: &str,
    args: &[Value],
) -> Result<(u32, Option<Value>), SupervisorTrap> {
    let buffer = place(&mut ctx, 512, &[0xEE; 10]);
    let args: Vec<_> = args.iter().map(|value| Number::try_from(*value).unwrap()).collect();
    let code = invoke(&mut ctx, guest, export.as_bytes(), &args.encode(), buffer)?;
    let bytes = read(&ctx, buffer);
    let value = match bytes[0] {
        0xEE => None,
        1 => Some(Number::decode(&mut &bytes[1..]).unwrap().into()),
        other => panic!("a result that begins with {other}"),
    };
    Ok((code, value))
}

fn invoke(
    mut ctx: impl AsContextMut<Data = Data>,
    guest: u32,
    export: &[u8],
    args: &[u8],
    result: Region,
) -> Result<u32, SupervisorTrap> {
    let export = place(&mut ctx, 128, export);
    let args = place(&mut ctx, 1_024, args);
    let args = [guest.into(), slice(export), slice(args), result.ptr.into(), result.len.into(), 9];
    let code = call(ctx, "sandbox_invoke", &args).map_err(|error| trap(&error))?;
    Ok(code.unwrap().try_into().unwrap())
}

/// Puts bytes at an address of the supervisor's memory.
fn place(mut ctx: impl AsContextMut<Data = Data>, ptr: u32, bytes: &[u8]) -> Region {
    let memory = memory(&ctx);
    memory.write(&mut ctx, ptr.try_into().unwrap(), bytes).unwrap();
    Region { ptr, len: bytes.len().try_into().unwrap() }
}

fn read(ctx: impl AsContext<Data = Data>, region: Region) -> Vec<u8> {
    let mut bytes = vec![0; region.len.try_into().unwrap()];
    memory(&ctx).read(&ctx, region.ptr.try_into().unwrap(), &mut bytes).unwrap();
    bytes
}

fn memory(ctx: impl AsContext<Data = Data>) -> wasmi::Memory {
    ctx.as_context().data().exports["memory"].into_memory().unwrap()
}

/// Puts a thunk's result in a buffer of the supervisor's, packed as a thunk returns it.
fn reply(mut ctx: impl AsContextMut<Data = Data>, bytes: &[u8]) -> i64 {
    let ptr = host(&mut ctx, "allocator_malloc", &[bytes.len().try_into().unwrap()]).unwrap();
    place(ctx, ptr, bytes).to_thunk()
}

/// A thunk's result: a value.
fn ok(value: impl Into<Value>) -> Vec<u8> {
    Ok::<_, guestbox::HostError>(guestbox::ReturnValue::Value(Number::try_from(value.into()).unwrap()))
        .encode()
}

fn slice(region: Region) -> u64 {
    region.to_slice().cast_unsigned()
}

/// `env` `f` is function 3.
fn environment() -> Vec<u8> {
    entries(&[("f", ExternEntity::Function(3))])
}

fn entries(entries: &[(&str, ExternEntity)]) -> Vec<u8> {
    let entry = |(name, entity): &(&str, _)| Entry {
        module_name: "env".into(),
        field_name: (*name).into(),
        entity: *entity,
    };
    EnvironmentDefinition { entries: entries.iter().map(entry).collect() }.encode()
}
