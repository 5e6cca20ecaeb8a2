//! Steps performed on `Store`, with the thunk adapter as supervisor. The outcome has our words
//! for every failure.

use crate::seed_behaviour::{
    World,
    scenario::{Action, json_value},
};
use guestbox::{
    CompileError, EnvironmentError, GlobalError, HandleError, ImportProblem, InstanceId, InstantiateError,
    InvokeError, MemoryError, MemoryId, Number, ResultsError, ReturnValue, Thunk, ThunkError, Trap, Value,
    abi::{self, InstantiateFailure},
};
use guestbox_tests::{
    mock::{MockError, MockSupervisor, hex},
    text,
};
use parity_scale_codec::Encode;
use serde_json::{Value as Json, json};

/// The outcome as the file writes it.
pub fn perform(world: &mut World<'_>, action: &Action) -> Json {
    outcome(world, action).unwrap_or_else(|failure| failure)
}

/// What the file has are numbers.
fn number(value: Value) -> Number {
    Number::try_from(value).unwrap()
}

fn outcome(world: &mut World<'_>, action: &Action) -> Result<Json, Json> {
    let World { document, store, mock } = world;
    let memory_id = |memory: u32| -> Result<MemoryId, Json> { store.memory_id(memory).map_err(handle) };
    let instance_id =
        |instance: u32| -> Result<InstanceId, Json> { store.instance_id(instance).map_err(handle) };
    Ok(match action {
        Action::CreateMemory { initial, maximum } => {
            let memory = store.create_memory(*initial, *maximum);
            let memory = memory.map_err(|error| memory_failure("createMemory", error))?;
            json!({ "memory": memory.number() })
        }
        Action::GetGlobal { instance, name } => {
            let value = store.global(instance_id(*instance)?, name).map_err(handle)?;
            json!({ "global": value.map(json_value), "globalScale": hex(&value.map(number).encode()) })
        }
        Action::Instantiate { guest, environment, state } => {
            let (wasm, environment) = (document.wasm(guest), document.environment(environment));
            let mut thunk = Thunk::new(mock, MockSupervisor::THUNK);
            let instance = abi::try_instantiate(store, &mut thunk, &wasm, &environment, *state);
            json!({ "instance": instance.map_err(instantiate_failure)?.number() })
        }
        Action::Invoke { instance, export, args, args_scale, state } => {
            let args: Vec<Value> = args.iter().map(|value| value.value()).collect();
            assert_eq!(hex(&args.iter().copied().map(number).collect::<Vec<_>>().encode()), *args_scale);
            let instance = instance_id(*instance)?;
            let mut thunk = Thunk::new(mock, MockSupervisor::THUNK);
            let results =
                store.invoke(&mut thunk, instance, export, &args, *state).map_err(invoke_failure)?;
            match results[..] {
                [] => json!({ "ok": null }),
                [value] => {
                    json!({ "ok": json_value(value), "okScale": hex(&ReturnValue::Value(number(value)).encode()) })
                }
                _ => panic!("no guest of the file has several results"),
            }
        }
        Action::ReadMemory { memory, offset, len } => {
            let mut bytes = vec![0; *len as usize];
            let read = store.memory_read(memory_id(*memory)?, *offset, &mut bytes);
            read.map_err(|error| memory_failure("accessMemory", error))?;
            json!({ "bytes": hex(&bytes) })
        }
        Action::SetGlobal { instance, name, value } => {
            let set = store.set_global(instance_id(*instance)?, name, value.value());
            set.map_err(|error| match error {
                GlobalError::Instance(error) => handle(error),
                error => json!({ "setGlobal": format!("{error:?}") }),
            })?;
            json!({ "done": true })
        }
        Action::TeardownInstance { instance } => {
            store.teardown_instance(instance_id(*instance)?).map_err(handle)?;
            json!({ "done": true })
        }
        Action::TeardownMemory { memory } => {
            store.teardown_memory(memory_id(*memory)?).map_err(handle)?;
            json!({ "done": true })
        }
        Action::WriteMemory { memory, offset, bytes } => {
            let written =
                store.memory_write(memory_id(*memory)?, *offset, &guestbox_tests::mock::unhex(bytes));
            written.map_err(|error| memory_failure("accessMemory", error))?;
            json!({ "done": true })
        }
    })
}

fn handle(error: HandleError) -> Json {
    json!({ "handle": format!("{error:?}") })
}

fn memory_failure(operation: &str, error: MemoryError) -> Json {
    match error {
        MemoryError::Handle(error) => handle(error),
        error => json!({ operation: format!("{error:?}") }),
    }
}

fn instantiate_failure(failure: InstantiateFailure) -> Json {
    match failure {
        InstantiateFailure::EnvironmentCorrupted(error) => {
            let cause = match error {
                EnvironmentError::Memory(error) => format!("{error:?}"),
                error => format!("{error:?}"),
            };
            json!({ "instantiate": "EnvironmentCorrupted", "cause": cause })
        }
        InstantiateFailure::Instantiation(error @ InstantiateError::Imports(_)) => {
            let (module, name, problem) = text::refused_import(&error);
            let problem = match problem {
                ImportProblem::MemoryLimits(_) => "MemoryLimits".into(),
                problem => format!("{problem:?}"),
            };
            let import = json!({ "module": module, "field": name, "problem": problem });
            json!({ "instantiate": "Instantiation", "import": import })
        }
        InstantiateFailure::ModuleDecoding(CompileError::Invalid(_)) => {
            json!({ "instantiate": "ModuleDecoding" })
        }
        InstantiateFailure::StartTrapped(trap) => {
            let mut failure = trapped(&trap);
            failure["instantiate"] = "StartTrapped".into();
            failure
        }
        failure => panic!("no scenario of the file fails so: {failure:?}"),
    }
}

fn invoke_failure(error: InvokeError) -> Json {
    match error {
        InvokeError::Instance(error) => handle(error),
        InvokeError::Trap(trap) => trapped(&trap),
        InvokeError::Arguments(_) => json!({ "invoke": "Arguments" }),
        error => json!({ "invoke": format!("{error:?}") }),
    }
}

fn trapped(trap: &Trap) -> Json {
    let code = trap.code().name();
    let told = trap.reason().filter(|reason| !reason.is::<ResultsError>());
    let Some(reason) = told else { return json!({ "trap": code }) };
    let reason = if reason.is::<MockError>() {
        "supervisor".to_owned()
    } else {
        format!("{:?}", reason.downcast_ref::<ThunkError>().unwrap())
    };
    json!({ "trap": code, "reason": reason })
}
