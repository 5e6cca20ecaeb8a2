//! The runtime as wasm in wasmi, its contracts in guestbox, and every other host function sp-io's own.

use std::{cell::RefCell, error::Error, fs, iter, path::Path, thread};

use guestbox::substrate::{
    self, wasmi, Exports, LinearMemory, Outside, OutOfBounds, Sandbox, WasmiSupervisor,
};
use sp_wasm_interface::{
    Function, FunctionContext, HostFunctions, Pointer, Signature, Value, ValueType, WordSize,
};

/// The pages of the runtime's memory, most of them its heap.
const PAGES: u32 = 512;
/// The stack of its thread.
const STACK: usize = 4 << 20;

#[test]
fn the_runtime_does_what_the_oracle_does() {
    compare("guestbox_test_runtime.wasm", false);
}

#[test]
fn the_runtime_that_imports_its_memory_does_what_the_oracle_does() {
    compare("examples/imports_memory.wasm", true);
}

fn compare(file: &'static str, imports_memory: bool) {
    let oracle = on_a_thread(256 << 20, guestbox_test_runtime::oracle);
    let dump = on_a_thread(STACK, move || dump(file, imports_memory).unwrap());
    for (number, (expected, line)) in oracle.lines().zip(dump.lines()).enumerate() {
        assert_eq!(line, expected, "line {} of the dump", number + 1);
    }
    assert_eq!(dump.len(), oracle.len());
    println!("{file}: {} calls", dump.lines().filter(|line| line.starts_with("  output")).count());
}

fn on_a_thread<T: Send + 'static>(stack: usize, run: impl FnOnce() -> T + Send + 'static) -> T {
    thread::Builder::new().stack_size(stack).spawn(run).unwrap().join().unwrap()
}

fn dump(file: &str, imports_memory: bool) -> Result<String, Box<dyn Error>> {
    let engine = wasmi::Engine::default();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/wasm32-unknown-unknown/release").join(file);
    let wasm = fs::read(&path).map_err(|error| format!("{}: {error}: run `make runtime`", path.display()))?;
    let module = wasmi::Module::new(&engine, wasm)?;
    let mut store = wasmi::Store::new(&engine, Sandbox::self_metered());
    let mut linker = wasmi::Linker::new(&engine);
    let imported = if imports_memory {
        let memory = wasmi::Memory::new(&mut store, wasmi::MemoryType::new(PAGES, None))?;
        linker.define("env", "memory", memory)?;
        substrate::link_with_memory(&mut linker, memory)?;
        Some(memory)
    } else {
        substrate::link(&mut linker)?;
        None
    };
    for function in sp_io::SubstrateHostFunctions::host_functions() {
        let name = function.name();
        if !name.starts_with("ext_sandbox_") && !name.starts_with("ext_allocator_") {
            serve(&mut linker, function, imported)?;
        }
    }
    let instance = linker.instantiate_and_start(&mut store, &module)?;
    if let Some(memory) = instance.get_memory(&store, "memory") {
        let heap = u64::from(PAGES) - memory.size(&store);
        memory.grow(&mut store, heap)?;
    }
    substrate::attach(&mut store, &instance)?;

    let scenario = instance.get_typed_func::<u32, i64>(&store, "scenario")?;
    let mut dump = String::new();
    for index in 0.. {
        let mut storage = sp_io::TestExternalities::new(Default::default());
        let output = storage.execute_with(|| scenario.call(&mut store, index))?;
        if output == 0 {
            break;
        }
        let mut runtime = supervisor(Outside::new(&mut store, &instance), imported);
        dump.push_str(std::str::from_utf8(&substrate::read(&mut runtime, output)?)?);
    }
    Ok(dump)
}

fn supervisor<C: Exports>(context: C, imported: Option<wasmi::Memory>) -> WasmiSupervisor<C> {
    match imported {
        Some(memory) => WasmiSupervisor::with_memory(context, memory),
        None => WasmiSupervisor::new(context),
    }
}

fn serve(
    linker: &mut wasmi::Linker<Sandbox>,
    function: &'static dyn Function,
    imported: Option<wasmi::Memory>,
) -> Result<(), wasmi::errors::LinkerError> {
    let Signature { args, return_value } = function.signature();
    let ty = wasmi::FuncType::new(args.iter().map(val_type), return_value.iter().map(val_type));
    linker.func_new("env", function.name(), ty, move |caller, args, results| {
        let mut context = Context(RefCell::new(supervisor(caller, imported)));
        let mut args = args.iter().map(value);
        let result = function.execute(&mut context, &mut args).map_err(wasmi::Error::new)?;
        iter::zip(results, result).for_each(|(to, result)| *to = val(result));
        Ok(())
    })?;
    Ok(())
}

/// What sp-io's host functions need of whoever embeds a runtime.
struct Context<'a>(RefCell<WasmiSupervisor<wasmi::Caller<'a, Sandbox>>>);

impl FunctionContext for Context<'_> {
    fn read_memory_into(&self, address: Pointer<u8>, dest: &mut [u8]) -> Result<(), String> {
        self.0.borrow_mut().read(address.into(), dest).map_err(|error: OutOfBounds| error.to_string())
    }

    fn write_memory(&mut self, address: Pointer<u8>, data: &[u8]) -> Result<(), String> {
        self.0.get_mut().write(address.into(), data).map_err(|error| error.to_string())
    }

    fn allocate_memory(&mut self, size: WordSize) -> Result<Pointer<u8>, String> {
        substrate::malloc(self.0.get_mut(), size).map(Pointer::new).map_err(|error| error.to_string())
    }

    fn deallocate_memory(&mut self, ptr: Pointer<u8>) -> Result<(), String> {
        substrate::free(self.0.get_mut(), ptr.into()).map_err(|error| error.to_string())
    }

    fn sandbox(&mut self) -> &mut dyn sp_wasm_interface::Sandbox {
        unreachable!("guestbox serves the sandbox")
    }
}

fn val_type(ty: &ValueType) -> wasmi::ValType {
    match ty {
        ValueType::I32 => wasmi::ValType::I32,
        ValueType::I64 => wasmi::ValType::I64,
        ValueType::F32 | ValueType::F64 => unreachable!("no host function has floats"),
    }
}

fn value(val: &wasmi::Val) -> Value {
    match val {
        wasmi::Val::I32(value) => Value::I32(*value),
        wasmi::Val::I64(value) => Value::I64(*value),
        _ => unreachable!("no host function has others"),
    }
}

fn val(value: Value) -> wasmi::Val {
    match value {
        Value::I32(value) => wasmi::Val::I32(value),
        Value::I64(value) => wasmi::Val::I64(value),
        Value::F32(_) | Value::F64(_) => unreachable!("no host function has floats"),
    }
}
