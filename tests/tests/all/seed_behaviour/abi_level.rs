//! Steps performed by the lineage's host functions, on numbers, bytes and codes.

use crate::seed_behaviour::{World, scenario::Action};
use guestbox::{
    Region,
    abi::{self, ERR_EXECUTION, ERR_MODULE, ERR_OK, ERR_OUT_OF_BOUNDS, MEM_UNLIMITED, SupervisorTrap},
};
use guestbox_tests::mock::{MockSupervisor, hex};
use serde_json::{Value as Json, json};

/// Room for a `ReturnValue` in the supervisor's memory, 10 bytes at most.
const RESULT: Region = Region { ptr: 16, len: 10 };
/// What is in that room before a call.
const UNTOUCHED: [u8; 10] = [0xEE; 10];

/// The code, the bytes that went to the supervisor, or its trap.
pub fn perform(world: &mut World<'_>, action: &Action) -> Json {
    outcome(world, action).unwrap_or_else(|trap| json!({ "supervisorTrap": format!("{trap:?}") }))
}

fn outcome(world: &mut World<'_>, action: &Action) -> Result<Json, SupervisorTrap> {
    let World { document, store, mock } = world;
    Ok(match action {
        Action::CreateMemory { initial, maximum } => {
            json!({ "code": abi::memory_new(store, *initial, maximum.unwrap_or(MEM_UNLIMITED))? })
        }
        Action::GetGlobal { instance, name } => {
            json!({ "bytes": hex(&abi::get_global_val(store, *instance, name.as_bytes())?) })
        }
        Action::Instantiate { guest, environment, state } => {
            let (wasm, environment) = (document.wasm(guest), document.environment(environment));
            let code = abi::instantiate(store, mock, MockSupervisor::THUNK, &wasm, &environment, *state);
            json!({ "code": code })
        }
        Action::Invoke { instance, export, args_scale, state, .. } => {
            mock.heap_mut().write(RESULT.ptr, &UNTOUCHED).unwrap();
            let args = guestbox_tests::mock::unhex(args_scale);
            let (thunk, export) = (MockSupervisor::THUNK, export.as_bytes());
            let code = abi::invoke(store, mock, thunk, *instance, export, &args, RESULT, *state)?;
            json!({ "code": code, "buffer": hex(mock.heap().bytes(RESULT).unwrap()) })
        }
        Action::ReadMemory { memory, offset, len } => {
            let to = Region { ptr: RESULT.ptr, len: *len };
            match abi::memory_get(store, mock, *memory, *offset, to)? {
                ERR_OK => json!({ "code": ERR_OK, "bytes": hex(mock.heap().bytes(to).unwrap()) }),
                code => json!({ "code": code }),
            }
        }
        Action::TeardownInstance { instance } => {
            abi::instance_teardown(store, *instance)?;
            json!({ "done": true })
        }
        Action::TeardownMemory { memory } => {
            abi::memory_teardown(store, *memory)?;
            json!({ "done": true })
        }
        Action::WriteMemory { memory, offset, bytes } => {
            let bytes = guestbox_tests::mock::unhex(bytes);
            mock.heap_mut().write(RESULT.ptr, &bytes).unwrap();
            let from = Region { ptr: RESULT.ptr, len: bytes.len().try_into().unwrap() };
            json!({ "code": abi::memory_set(store, mock, *memory, *offset, from)? })
        }
        // The lineage had no host function for it.
        Action::SetGlobal { .. } => crate::seed_behaviour::store_level::perform(world, action),
    })
}

/// What the host functions must answer where the file expects `expect`.
pub fn expected(action: &Action, expect: &Json) -> Json {
    let is = |key: &str| expect.get(key).is_some();
    let about =
        |noun: &str| json!({ "supervisorTrap": format!("{noun}({})", expect["handle"].as_str().unwrap()) });
    match action {
        Action::CreateMemory { .. } if is("createMemory") => {
            let error = expect["createMemory"].as_str().unwrap();
            json!({ "supervisorTrap": format!("MemoryRefused({error})") })
        }
        Action::CreateMemory { .. } => json!({ "code": expect["memory"] }),
        Action::Instantiate { .. } if is("instance") => json!({ "code": expect["instance"] }),
        Action::Instantiate { .. } => match expect["instantiate"].as_str().unwrap() {
            "StartTrapped" => json!({ "code": ERR_EXECUTION }),
            _ => json!({ "code": ERR_MODULE }),
        },
        Action::ReadMemory { .. } | Action::WriteMemory { .. } | Action::TeardownMemory { .. }
            if is("handle") =>
        {
            about("Memory")
        }
        Action::GetGlobal { .. } | Action::Invoke { .. } | Action::TeardownInstance { .. }
            if is("handle") =>
        {
            about("Instance")
        }
        Action::GetGlobal { .. } => json!({ "bytes": expect["globalScale"] }),
        Action::Invoke { .. } => {
            let untouched = hex(&UNTOUCHED);
            let written = expect["okScale"].as_str().unwrap_or("");
            let code = if is("ok") { ERR_OK } else { ERR_EXECUTION };
            json!({ "code": code, "buffer": format!("{written}{}", &untouched[written.len()..]) })
        }
        Action::ReadMemory { .. } | Action::WriteMemory { .. } if is("accessMemory") => {
            json!({ "code": ERR_OUT_OF_BOUNDS })
        }
        Action::ReadMemory { .. } => json!({ "code": ERR_OK, "bytes": expect["bytes"] }),
        Action::WriteMemory { .. } => json!({ "code": ERR_OK }),
        Action::SetGlobal { .. } | Action::TeardownInstance { .. } | Action::TeardownMemory { .. } => {
            expect.clone()
        }
    }
}
