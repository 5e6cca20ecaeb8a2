//! The format of `scenarios/seed.json`, which its README defines.

use guestbox::{
    Limits, Region, Value,
    wire::{Entry, EnvironmentDefinition, ExternEntity},
};
use guestbox_tests::mock::{
    MockSupervisor, Operation, Reply, add_to_counter, assert_nonzero, host_error, identity, unhex,
};
use parity_scale_codec::Encode;
use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    pub format: u32,
    functions: Vec<Function>,
    environments: BTreeMap<String, Environment>,
    guests: BTreeMap<String, Guest>,
    pub scenarios: Vec<Scenario>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    pub section: String,
    pub name: String,
    #[serde(default)]
    limits: LimitsName,
    #[serde(default)]
    faults: Vec<Fault>,
    #[serde(default)]
    replies: Vec<GivenReply>,
    pub steps: Vec<Step>,
    pub trace: Vec<String>,
    pub balance: i64,
}

#[derive(Deserialize)]
pub struct Step {
    #[serde(flatten)]
    pub action: Action,
    pub expect: Json,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Action {
    CreateMemory { initial: u32, maximum: Option<u32> },
    GetGlobal { instance: u32, name: String },
    Instantiate { guest: String, environment: EnvironmentRef, state: u32 },
    Invoke { instance: u32, export: String, args: Vec<JsonValue>, args_scale: String, state: u32 },
    ReadMemory { memory: u32, offset: u32, len: u32 },
    SetGlobal { instance: u32, name: String, value: JsonValue },
    TeardownInstance { instance: u32 },
    TeardownMemory { memory: u32 },
    WriteMemory { memory: u32, offset: u32, bytes: String },
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum EnvironmentRef {
    Inline(Environment),
    Named(String),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    entries: Option<Vec<JsonEntry>>,
    scale: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonEntry {
    module: String,
    field: String,
    function: Option<u32>,
    memory: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Guest {
    Hex(String),
    Wat(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Function {
    func: u32,
    name: String,
    behaviour: Behaviour,
    value: Option<JsonValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Behaviour {
    AddToCounter,
    AssertNonzero,
    Constant,
    HostError,
    Identity,
}

/// Memories of 65,536 pages were made in the lineage, and are refused by the default limits.
#[derive(Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum LimitsName {
    #[default]
    Default,
    Unlimited,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fault {
    operation: OperationName,
    call: u32,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum OperationName {
    Allocate,
    Deallocate,
    Read,
    Thunk,
    Write,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenReply {
    call: u32,
    bytes: Option<String>,
    region: Option<JsonRegion>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonRegion {
    ptr: u32,
    len: u32,
}

/// 64-bit integers as decimal strings, the bits of floats in hexadecimal.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JsonValue {
    I32(i32),
    I64(String),
    F32(String),
    F64(String),
}

impl JsonValue {
    pub fn value(&self) -> Value {
        let bits = |digits: &str| u64::from_str_radix(digits.strip_prefix("0x").unwrap(), 16).unwrap();
        match self {
            Self::I32(value) => Value::I32(*value),
            Self::I64(value) => Value::I64(value.parse().unwrap()),
            Self::F32(value) => Value::F32(bits(value).try_into().unwrap()),
            Self::F64(value) => Value::F64(bits(value)),
        }
    }
}

/// A value as the file writes it.
pub fn json_value(value: Value) -> Json {
    match value {
        Value::I32(value) => serde_json::json!({ "i32": value }),
        Value::I64(value) => serde_json::json!({ "i64": value.to_string() }),
        Value::F32(bits) => serde_json::json!({ "f32": format!("{bits:#010x}") }),
        Value::F64(bits) => serde_json::json!({ "f64": format!("{bits:#018x}") }),
        other => panic!("not a number: {other:?}"),
    }
}

impl Document {
    pub fn load() -> Self {
        serde_json::from_str(include_str!("../../../scenarios/seed.json")).unwrap()
    }

    pub fn wasm(&self, guest: &str) -> Vec<u8> {
        match &self.guests[guest] {
            Guest::Hex(digits) => unhex(digits),
            Guest::Wat(lines) => wat::parse_str(lines.join("\n")).unwrap(),
        }
    }

    /// The bytes of an environment, which its entries, if it has some, must encode to.
    pub fn environment(&self, environment: &EnvironmentRef) -> Vec<u8> {
        let environment = match environment {
            EnvironmentRef::Inline(environment) => environment,
            EnvironmentRef::Named(name) => &self.environments[name],
        };
        let bytes = unhex(&environment.scale);
        if let Some(entries) = &environment.entries {
            let entries = entries.iter().map(JsonEntry::entry).collect();
            assert_eq!(EnvironmentDefinition { entries }.encode(), bytes, "{environment:?}");
        }
        bytes
    }

    pub fn guests(&self) -> impl Iterator<Item = &str> {
        self.guests.keys().map(String::as_str)
    }

    /// The mock with the functions of the file, and the faults and replies of a scenario.
    pub fn supervisor(&self, scenario: &Scenario) -> MockSupervisor {
        let mut mock = MockSupervisor::new();
        for Function { func, name, behaviour, value } in &self.functions {
            assert!(!name.is_empty(), "function {func} has a name");
            match (behaviour, value.as_ref().map(JsonValue::value)) {
                (Behaviour::AddToCounter, None) => mock.on(*func, add_to_counter),
                (Behaviour::AssertNonzero, None) => mock.on(*func, assert_nonzero),
                (Behaviour::Constant, Some(value)) => mock.on(*func, move |_, _, _| Ok(Reply::value(value))),
                (Behaviour::HostError, None) => mock.on(*func, host_error),
                (Behaviour::Identity, None) => mock.on(*func, identity),
                _ => panic!("function {func} has no value where it needs one, or one it does not need"),
            }
        }
        for fault in &scenario.faults {
            mock.fail(fault.operation.operation(), fault.call);
        }
        for reply in &scenario.replies {
            mock.reply(reply.call, reply.reply());
        }
        mock
    }
}

impl Scenario {
    pub fn limits(&self) -> Limits {
        match self.limits {
            LimitsName::Default => Limits::default(),
            LimitsName::Unlimited => Limits::unlimited(),
        }
    }
}

impl JsonEntry {
    fn entry(&self) -> Entry {
        let entity = match (self.function, self.memory) {
            (Some(function), None) => ExternEntity::Function(function),
            (None, Some(memory)) => ExternEntity::Memory(memory),
            _ => panic!("an entry is a function or a memory: {self:?}"),
        };
        let (module_name, field_name) = (self.module.clone().into(), self.field.clone().into());
        Entry { module_name, field_name, entity }
    }
}

impl OperationName {
    const fn operation(self) -> Operation {
        match self {
            Self::Allocate => Operation::Allocate,
            Self::Deallocate => Operation::Deallocate,
            Self::Read => Operation::Read,
            Self::Thunk => Operation::Thunk,
            Self::Write => Operation::Write,
        }
    }
}

impl GivenReply {
    fn reply(&self) -> Reply {
        match (&self.bytes, &self.region) {
            (Some(digits), None) => Reply::Bytes(unhex(digits)),
            (None, Some(JsonRegion { ptr, len })) => Reply::Region(Region { ptr: *ptr, len: *len }),
            _ => panic!("a reply is bytes or a region"),
        }
    }
}
