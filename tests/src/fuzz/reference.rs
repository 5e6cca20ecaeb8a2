//! The same cases in wasmi 1.1.0, the engine's last line before the one that guestbox uses: another
//! compiler and another executor.

use super::{
    case::{Call, Case, Plan},
    ground::Ground,
    host::{Host, class},
    record::{End, Entry, State, hash},
    tally::Tally,
};
use guestbox::{ExternType, TrapCode, Value};
use std::panic::{AssertUnwindSafe, catch_unwind};
use wasmi_reference::{
    AsContext, Caller, Config, Engine, Error, Extern, F32, F64, Func, Instance, Memory, MemoryType, Module,
    Store, TrapCode as Code, Val,
    errors::{ErrorKind, HostError},
};

/// Fuel of a call; those that guestbox ended by fuel are not made.
const FUEL: u64 = 1_000_000_000;

/// What the store carries.
struct Data {
    host: Host,
    instance: Option<Instance>,
    back: Option<Call>,
}

#[derive(Debug)]
struct Ended;

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ended by the supervisor")
    }
}

impl HostError for Ended {}

/// Compares a case with its plain run, up to the first call that fuel or the stack ended.
pub(super) fn compare(
    case: &Case,
    ground: &Ground,
    plain: &[Entry],
    tally: &mut Tally,
) -> Result<(), String> {
    if case.has_open_nans {
        tally.add("skipped", "other engines, bits of NaNs", 1);
        return Ok(());
    }
    let engine = Engine::new(&config());
    let module = match catch_unwind(AssertUnwindSafe(|| Module::new(&engine, &case.bytes))) {
        Ok(Ok(module)) => module,
        Ok(Err(_)) => {
            tally.add("skipped", "wasmi 1.1.0 refuses", 1);
            return Ok(());
        }
        Err(_) => {
            tally.add("skipped", "wasmi 1.1.0 panics", 1);
            return Ok(());
        }
    };
    let mut run = Run::new(&engine, &module, ground);
    for (at, plain) in plain.iter().enumerate() {
        if plain.is_bounded() {
            tally.add("skipped", "wasmi 1.1.0, bounded", 1);
            break;
        }
        let end = if at == 0 { run.instantiate(&module) } else { run.call(&ground.plan.calls[at - 1]) };
        if matches!(end, End::Trapped(TrapCode::StackOverflow)) || run.store.data().host.is_tainted {
            tally.add("skipped", "wasmi 1.1.0, its stack", 1);
            break;
        }
        let state = run.state(&ground.plan);
        let there = Entry::new(end, 0, &run.store.data().host, state).abroad();
        same(at, &plain.abroad(), there)?;
        tally.add("compared", "wasmi 1.1.0", 1);
    }
    Ok(())
}

fn same(at: usize, plain: &Entry, mut there: Entry) -> Result<(), String> {
    match (&plain.end, &there.end) {
        // A segment that does not fit its memory is a trap there.
        (
            End::NoInstance("segment"),
            End::Trapped(TrapCode::MemoryOutOfBounds | TrapCode::TableOutOfBounds),
        ) => {
            there.end = plain.end.clone();
        }
        (End::Trapped(here), End::Trapped(code)) if class(*here) == class(*code) => {
            there.end = plain.end.clone();
        }
        _ => {}
    }
    if *plain == there {
        return Ok(());
    }
    Err(format!("wasmi 1.1.0: entry {at} differs\n   plain: {plain:x?}\n   other: {there:x?}\n"))
}

fn config() -> Config {
    let mut config = Config::default();
    config
        .consume_fuel(true)
        .compilation_mode(wasmi_reference::CompilationMode::Eager)
        .set_max_recursion_depth(10_000)
        .set_max_stack_height(4 << 20);
    config
}

struct Run {
    store: Store<Data>,
    imports: Vec<Extern>,
    memories: Vec<Memory>,
}

impl Run {
    fn new(engine: &Engine, module: &Module, ground: &Ground) -> Self {
        let data = Data { host: Host::new(), instance: None, back: ground.plan.back.clone() };
        let mut store = Store::new(engine, data);
        let mut memories = Vec::new();
        let mut ordinals = 0..;
        let mut import =
            |import: &guestbox::Import, theirs: wasmi_reference::ImportType<'_>| match import.ty() {
                ExternType::Memory(ty) => {
                    let memory = Memory::new(&mut store, MemoryType::new(ty.initial, ty.maximum)).unwrap();
                    memories.push(memory);
                    Extern::Memory(memory)
                }
                ty => {
                    let ordinal = ordinals.next().unwrap();
                    let ty = ty.as_func().unwrap().clone();
                    let theirs = theirs.ty().func().unwrap().clone();
                    Extern::Func(Func::new(&mut store, theirs, move |caller, args, results| {
                        serve(caller, ordinal, &ty, args, results)
                    }))
                }
            };
        let imports = ground.module.imports().iter().zip(module.imports());
        let imports = imports.map(|(ours, theirs)| import(ours, theirs)).collect();
        Self { store, imports, memories }
    }

    fn instantiate(&mut self, module: &Module) -> End {
        self.store.set_fuel(FUEL).unwrap();
        match Instance::new(&mut self.store, module, &self.imports) {
            Ok(instance) => {
                self.store.data_mut().instance = Some(instance);
                End::Finished(Vec::new())
            }
            Err(error) => match error.kind() {
                ErrorKind::Instantiation(_) => End::NoInstance("segment"),
                _ => End::Trapped(code(&error)),
            },
        }
    }

    fn call(&mut self, call: &Call) -> End {
        self.store.set_fuel(FUEL).unwrap();
        let instance = self.store.data().instance.unwrap();
        match invoke(&mut self.store, instance, call) {
            Ok(values) => End::Finished(values),
            Err(code) => End::Trapped(code),
        }
    }

    fn state(&self, plan: &Plan) -> State {
        let mut memories = self.memories.clone();
        let mut globals = Vec::new();
        if let Some(instance) = self.store.data().instance {
            memories.extend(plan.memories.iter().map(|name| instance.get_memory(&self.store, name).unwrap()));
            let global = |name: &String| instance.get_global(&self.store, name).unwrap().get(&self.store);
            globals.extend(plan.globals.iter().map(|name| value(&global(name))));
        }
        let memory = |memory: &Memory| {
            let bytes = memory.data(self.store.as_context());
            ((bytes.len() >> 16) as u32, hash(bytes))
        };
        State { memories: memories.iter().map(memory).collect(), globals }
    }
}

fn invoke(
    mut store: impl wasmi_reference::AsContextMut<Data = Data>,
    instance: Instance,
    call: &Call,
) -> Result<Vec<Value>, TrapCode> {
    let function = instance.get_func(&store, &call.export).unwrap();
    let args: Vec<_> = call.args.iter().copied().map(val).collect();
    let ty = function.ty(&store);
    let mut results: Vec<_> = ty.results().iter().copied().map(Val::default).collect();
    function.call(&mut store, &args, &mut results).map_err(|error| code(&error))?;
    Ok(results.iter().map(value).collect())
}

fn serve(
    mut caller: Caller<'_, Data>,
    ordinal: u32,
    ty: &guestbox::FuncType,
    args: &[Val],
    results: &mut [Val],
) -> Result<(), Error> {
    let data = caller.data_mut();
    let hash = data.host.enter(ordinal, args.iter().map(value));
    if let (true, Some(instance), Some(back)) = (data.host.calls_back(), data.instance, data.back.clone()) {
        data.host.is_nested = true;
        let outcome = invoke(&mut caller, instance, &back);
        let host = &mut caller.data_mut().host;
        host.is_nested = false;
        host.called_back(outcome.as_deref().map_err(|code| *code));
    }
    let answer = Host::answer(hash, ty).ok_or_else(|| Error::host(Ended))?;
    for (place, answer) in results.iter_mut().zip(answer) {
        *place = val(answer);
    }
    Ok(())
}

fn val(value: Value) -> Val {
    match value {
        Value::I32(value) => Val::I32(value),
        Value::I64(value) => Val::I64(value),
        Value::F32(bits) => Val::F32(F32::from_bits(bits)),
        Value::F64(bits) => Val::F64(F64::from_bits(bits)),
        other => panic!("not a number: {other:?}"),
    }
}

fn value(value: &Val) -> Value {
    match value {
        Val::I32(value) => Value::I32(*value),
        Val::I64(value) => Value::I64(*value),
        Val::F32(value) => Value::F32(value.to_bits()),
        Val::F64(value) => Value::F64(value.to_bits()),
        other => panic!("not a number: {other:?}"),
    }
}

fn code(error: &Error) -> TrapCode {
    match error.as_trap_code() {
        // It says so of `table.copy` within a table in another way.
        None if matches!(error.kind(), ErrorKind::Table(_)) => TrapCode::TableOutOfBounds,
        None => TrapCode::HostError,
        Some(Code::UnreachableCodeReached) => TrapCode::Unreachable,
        Some(Code::MemoryOutOfBounds) => TrapCode::MemoryOutOfBounds,
        Some(Code::TableOutOfBounds) => TrapCode::TableOutOfBounds,
        Some(Code::IndirectCallToNull) => TrapCode::IndirectCallToNull,
        Some(Code::BadSignature) => TrapCode::BadSignature,
        Some(Code::IntegerDivisionByZero) => TrapCode::IntegerDivisionByZero,
        Some(Code::IntegerOverflow) => TrapCode::IntegerOverflow,
        Some(Code::BadConversionToInteger) => TrapCode::BadConversionToInteger,
        Some(Code::StackOverflow) => TrapCode::StackOverflow,
        Some(_) => TrapCode::Engine,
    }
}
