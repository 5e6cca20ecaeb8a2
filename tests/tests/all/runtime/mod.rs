//! A runtime of Substrate's pallets of 2021 (`tests/runtime`), as wasm in wasmi and its contracts in
//! guestbox, does what the same pallets do natively, where their contracts run in wasmi 0.6.2.

mod host;
mod storage;

use guestbox::substrate::{self, Outside, Sandbox, WasmiSupervisor, wasmi};
use host::Host;
use std::{fs, path::Path, thread};

/// The pages of the runtime's memory, most of them its heap.
const PAGES: u32 = 512;
/// The stack of its thread, where a hundred contracts call each other.
const STACK: usize = 2 << 20;
/// None is lost: so many calls are in the dump.
const CALLS: usize = 588;

#[test]
fn a_runtime_does_what_its_native_form_does() {
    assert_eq!(difference(&built("oracle.txt"), &run("own_memory", false)), None);
}

#[test]
fn a_runtime_that_imports_its_memory_does_what_its_native_form_does() {
    assert_eq!(difference(&built("oracle.txt"), &run("imports_memory", true)), None);
}

#[test]
fn nothing_is_lost_and_a_difference_is_noticed() {
    let oracle = String::from_utf8(built("oracle.txt")).unwrap();
    let count = |word: &str| oracle.lines().filter(|line| line.starts_with(word)).count();
    assert_eq!(count("  output "), CALLS);
    for word in ["  output ", "  gas ", "  event ", "  set ", "  cleared ", "  error "] {
        let (before, line) = oracle.split_once(word).unwrap();
        let (line, after) = line.split_once('\n').unwrap();
        for changed in [format!("{before}{word}{line}0\n{after}"), format!("{before}{after}")] {
            assert!(difference(oracle.as_bytes(), changed.as_bytes()).is_some(), "{word}");
        }
    }
    let (all_but_the_last, _) = oracle.trim_end().rsplit_once('\n').unwrap();
    assert!(difference(oracle.as_bytes(), all_but_the_last.as_bytes()).is_some());
}

/// The first line in which a dump is not the expected one, in words.
fn difference(expected: &[u8], dump: &[u8]) -> Option<String> {
    let mut lines = dump.split(|byte| *byte == b'\n');
    for (number, expected) in expected.split(|byte| *byte == b'\n').enumerate() {
        let line = lines.next().unwrap_or(b"missing");
        if line != expected {
            let [line, expected] = [line, expected].map(String::from_utf8_lossy);
            return Some(format!("line {}: {line}, expected {expected}", number + 1));
        }
    }
    lines.next().map(|line| format!("too many lines: {}", String::from_utf8_lossy(line)))
}

fn built(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("runtime/target").join(name);
    fs::read(path).unwrap_or_else(|error| panic!("{name} is not built ({error}): run `make runtime`"))
}

/// The dump of all scenarios.
fn run(file: &'static str, imports_memory: bool) -> Vec<u8> {
    let run = move || {
        dump(&built(&format!("wasm32-unknown-unknown/release/examples/{file}.wasm")), imports_memory).unwrap()
    };
    thread::Builder::new().stack_size(STACK).spawn(run).unwrap().join().unwrap()
}

fn dump(wasm: &[u8], imports_memory: bool) -> Result<Vec<u8>, wasmi::Error> {
    let engine = wasmi::Engine::default();
    let module = wasmi::Module::new(&engine, wasm)?;
    let mut store = wasmi::Store::new(&engine, Sandbox::self_metered());
    let mut linker = wasmi::Linker::new(&engine);
    let mut imported = None;
    if imports_memory {
        let memory = wasmi::Memory::new(&mut store, wasmi::MemoryType::new(PAGES, None))?;
        linker.define("env", "memory", memory)?;
        substrate::link_with_memory(&mut linker, memory)?;
        imported = Some(memory);
    } else {
        substrate::link(&mut linker)?;
    }
    let host = Host::default();
    host.link(&mut linker, &module, imported)?;
    let instance = linker.instantiate_and_start(&mut store, &module)?;
    if let Some(memory) = instance.get_memory(&store, "memory") {
        let heap = u64::from(PAGES).saturating_sub(memory.size(&store));
        memory.grow(&mut store, heap)?;
    }
    substrate::attach(&mut store, &instance)?;

    let scenario = instance.get_typed_func::<u32, i64>(&store, "scenario")?;
    let mut dump = Vec::new();
    for index in 0.. {
        host.forget();
        let output = scenario.call(&mut store, index)?;
        if output == 0 {
            break;
        }
        let outside = Outside::new(&mut store, &instance);
        let mut runtime = WasmiSupervisor::with_memory(outside, imported);
        dump.extend(substrate::read(&mut runtime, output)?);
    }
    Ok(dump)
}
