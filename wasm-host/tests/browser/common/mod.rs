//! What the tests share: guests from their text, and a supervisor for each of the two doors.
//!
//! [`Page`] does to a [`Host`] what the npm package does: it writes and reads words through a
//! view of the module's memory that is made anew each time, because guests make that memory
//! grow. The helpers for the other door are in [`scale`].
//! [`keeping`] is about a guest that keeps a stack.

pub(crate) mod keeping;
pub(crate) mod scale;

use guestbox_wasm_host::{Host, Protocol, Settings};
use js_sys::{Array, BigUint64Array, JSON, Reflect, Uint8Array, WebAssembly};
use wasm_bindgen::{JsCast, JsValue};

/// The bytes of a guest, from its text.
#[track_caller]
pub(crate) fn wasm(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

/// A limit as JavaScript is told of it.
#[track_caller]
pub(crate) fn limit(host: &Host, name: &str) -> f64 {
    let told: Array = JSON::parse(&host.limits()).unwrap().into();
    let limit = told.iter().map(|limit| Array::from(&limit)).find(|limit| limit.get(0) == name).unwrap();
    limit.get(1).as_f64().unwrap()
}

/// An instance, and the module it was made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guest {
    pub(crate) module: u32,
    pub(crate) instance: u32,
}

/// What a step did, with what the head of the exchange says about it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Step {
    Finished,
    HostCall {
        call: u32,
        function: u32,
        state: u32,
    },
    OutOfFuel {
        call: u32,
        required: u64,
    },
    SliceOver {
        call: u32,
    },
    /// The name of the trap's code.
    Trapped(String),
    TornDown,
    Refused,
    /// Another call of the guest is under way that it is not nested in.
    Busy,
}

impl Step {
    /// The trap of this code.
    pub(crate) fn trap(code: &str) -> Self {
        Self::Trapped(code.to_owned())
    }

    /// The handle of the call, where it waits for an answer, for fuel or for its turn.
    #[track_caller]
    pub(crate) fn waiting(&self) -> u32 {
        match self {
            Self::HostCall { call, .. } | Self::OutOfFuel { call, .. } | Self::SliceOver { call } => *call,
            other => panic!("does not wait: {other:?}"),
        }
    }
}

/// A page that supervises guests through the door of the npm package.
pub(crate) struct Page {
    pub(crate) host: Host,
    exchange: usize,
}

impl Page {
    pub(crate) fn new() -> Self {
        Self::with_limits(&[])
    }

    #[track_caller]
    pub(crate) fn with_limits(limits: &[(&str, f64)]) -> Self {
        let host = host(limits).unwrap_or_else(|error| panic!("{}", message(&error)));
        let exchange = host.exchange();
        Self { host, exchange }
    }

    #[track_caller]
    pub(crate) fn compile(&mut self, text: &str) -> u32 {
        self.host.compile(&wasm(text)).unwrap_or_else(|error| panic!("{}", message(&error)))
    }

    /// Instantiates a module whose start function, if any, calls no import.
    #[track_caller]
    pub(crate) fn guest(&mut self, text: &str) -> Guest {
        self.guest_with(text, &[])
    }

    /// A guest as of [`Page::guest`] whose calls need not nest: it has no chain of them.
    #[track_caller]
    pub(crate) fn overlapping_guest(&mut self, text: &str) -> Guest {
        self.made(text, &[], Protocol::OVERLAPS)
    }

    #[track_caller]
    pub(crate) fn guest_with(&mut self, text: &str, things: &[u32]) -> Guest {
        self.made(text, things, 0)
    }

    /// A guest that is recorded from its birth.
    #[track_caller]
    pub(crate) fn recorded_guest(&mut self, text: &str) -> Guest {
        self.made(text, &[], Protocol::RECORDED)
    }

    #[track_caller]
    fn made(&mut self, text: &str, things: &[u32], ways: u32) -> Guest {
        let module = self.compile(text);
        let call = self.host.instantiate(module, things, 0, None, None, None, ways, &[]);
        let call = call.unwrap_or_else(|error| panic!("{}", message(&error)));
        assert_eq!(self.step(call), Step::Finished);
        Guest { module, instance: self.instance() }
    }

    /// The instance of the instantiation that finished last.
    pub(crate) fn instance(&self) -> u32 {
        u32::try_from(self.head(1)).unwrap()
    }

    /// Calls an export of the guest.
    #[track_caller]
    pub(crate) fn call(&mut self, guest: Guest, export: &str, args: &[u64]) -> Step {
        self.call_with_state(guest, export, args, 0)
    }

    #[track_caller]
    pub(crate) fn call_with_state(&mut self, guest: Guest, export: &str, args: &[u64], state: u32) -> Step {
        let position = self.position(guest, export);
        self.put(args);
        let step = self.host.call(guest.instance, position, state, Protocol::NO_CALL);
        self.said(step)
    }

    /// Begins a call with fuel of its own and returns its handle; nothing has run then.
    #[track_caller]
    pub(crate) fn begin(&mut self, guest: Guest, export: &str, args: &[u64], fuel: u64) -> u32 {
        let position = self.position(guest, export);
        self.put(args);
        let call = self.host.begin(
            guest.instance,
            position,
            0,
            Some(fuel),
            Protocol::NO_CALL,
            Protocol::NO_CALL,
            false,
        );
        call.unwrap_or_else(|error| panic!("{}", message(&error)))
    }

    /// Calls an export that needs no answer, and returns its results.
    #[track_caller]
    pub(crate) fn results<const N: usize>(&mut self, guest: Guest, export: &str, args: &[u64]) -> [u64; N] {
        assert_eq!(self.call(guest, export, args), Step::Finished);
        self.take()
    }

    pub(crate) fn step(&mut self, call: u32) -> Step {
        let step = self.host.step(call);
        self.said(step)
    }

    pub(crate) fn answer(&mut self, call: u32, results: &[u64]) -> Step {
        self.put(results);
        let step = self.host.answer(call);
        self.said(step)
    }

    /// Writes values to the exchange.
    pub(crate) fn put(&self, values: &[u64]) {
        let words = self.words();
        for (at, value) in (0..).zip(values) {
            words.set_index(first_value() + at, *value);
        }
    }

    /// Reads values from the exchange.
    pub(crate) fn take<const N: usize>(&self) -> [u64; N] {
        let words = self.words();
        core::array::from_fn(|at| words.get_index(first_value() + u32::try_from(at).unwrap()))
    }

    /// A word of the head of the exchange.
    pub(crate) fn head(&self, word: u32) -> u64 {
        self.words().get_index(word)
    }

    /// The fuel that the call of the last step has left.
    pub(crate) fn fuel_left(&self) -> u64 {
        self.head(3)
    }

    /// The fuel that the call of the last step has used.
    pub(crate) fn fuel_used(&self) -> u64 {
        self.head(4)
    }

    /// The value of a global that a guest exports.
    #[track_caller]
    pub(crate) fn global(&mut self, guest: Guest, name: &str) -> u64 {
        let global = self.host.exported_global(guest.instance, name).unwrap();
        let value = self.value(global).unwrap();
        self.host.drop_global(global).unwrap();
        value
    }

    /// Makes a global of a type with these bits.
    pub(crate) fn new_global(&mut self, ty: &str, mutable: bool, bits: u64) -> Result<u32, JsValue> {
        self.put(&[bits]);
        self.host.new_global(ty, mutable)
    }

    /// The bits of a global.
    pub(crate) fn value(&mut self, global: u32) -> Result<u64, JsValue> {
        self.host.global(global)?;
        let [bits] = self.take();
        Ok(bits)
    }

    /// Sets a global to bits.
    pub(crate) fn set_value(&mut self, global: u32, bits: u64) -> Result<(), JsValue> {
        self.put(&[bits]);
        self.host.set_global(global)
    }

    /// The word of an element of a table.
    pub(crate) fn table_get(&mut self, table: u32, at: u32) -> Result<u64, JsValue> {
        self.host.table_get(table, at)?;
        let [word] = self.take();
        Ok(word)
    }

    /// Sets an element of a table to what has this word.
    pub(crate) fn table_set(&mut self, table: u32, at: u32, word: u64) -> Result<(), JsValue> {
        self.put(&[word]);
        self.host.table_set(table, at)
    }

    /// Grows a table by elements of this word.
    pub(crate) fn table_grow(&mut self, table: u32, elements: u32, word: u64) -> Result<u32, JsValue> {
        self.put(&[word]);
        self.host.table_grow(table, elements)
    }

    /// All bytes of a guest's memory, in place, through its address as it is now.
    #[track_caller]
    pub(crate) fn bytes(&mut self, memory: u32) -> Uint8Array {
        let len = self.host.memory_size(memory).unwrap() * 65_536;
        let address = self.host.memory_address(memory).unwrap();
        Uint8Array::new_with_byte_offset_and_length(&buffer(), u32::try_from(address).unwrap(), len)
    }

    /// The position of an export, by name.
    #[track_caller]
    pub(crate) fn position(&self, guest: Guest, export: &str) -> u32 {
        let exports = parsed(&self.host.exports(guest.module).unwrap());
        let named =
            |entry: &JsValue| entry.unchecked_ref::<Array>().get(0).as_string().as_deref() == Some(export);
        let found = exports.iter().position(|entry| named(&entry));
        u32::try_from(found.unwrap_or_else(|| panic!("no export `{export}`"))).unwrap()
    }

    fn words(&self) -> BigUint64Array {
        let exchange = u32::try_from(self.exchange).unwrap();
        BigUint64Array::new_with_byte_offset_and_length(&buffer(), exchange, 2_048)
    }

    /// A step with what the head of the exchange says.
    #[track_caller]
    pub(crate) fn said(&self, step: u32) -> Step {
        let half = |word| u32::try_from(self.head(word)).unwrap();
        match step {
            Protocol::FINISHED => Step::Finished,
            Protocol::HOST_CALL => Step::HostCall { call: half(0), function: half(1), state: half(2) },
            Protocol::OUT_OF_FUEL => Step::OutOfFuel { call: half(0), required: self.head(1) },
            Protocol::SLICE_OVER => Step::SliceOver { call: half(0) },
            Protocol::TRAPPED => {
                let code: Array = parsed(&Host::trap_codes()).get(half(1)).unchecked_into();
                Step::Trapped(code.get(0).as_string().unwrap())
            }
            Protocol::TORN_DOWN => Step::TornDown,
            Protocol::REFUSED => Step::Refused,
            Protocol::BUSY => Step::Busy,
            other => panic!("unknown step {other}"),
        }
    }
}

/// A host with some limits, given as JavaScript gives them.
pub(crate) fn host(limits: &[(&str, f64)]) -> Result<Host, JsValue> {
    settings(limits).map(Host::new)
}

/// Settings with some limits, given as JavaScript gives them.
pub(crate) fn settings(limits: &[(&str, f64)]) -> Result<Settings, JsValue> {
    let (names, numbers) = limits.iter().map(|(name, number)| ((*name).to_owned(), *number)).unzip();
    Settings::new("default", names, numbers, Vec::new(), Vec::new())
}

fn first_value() -> u32 {
    u32::try_from(Protocol::VALUES).unwrap()
}

/// The bytes of the module's own memory, as they are now.
fn buffer() -> JsValue {
    wasm_bindgen::memory().unchecked_into::<WebAssembly::Memory>().buffer()
}

/// The size of the module's own memory in bytes. It only ever grows.
pub(crate) fn own_memory_bytes() -> u32 {
    buffer().unchecked_into::<js_sys::ArrayBuffer>().byte_length()
}

/// `wee_alloc` never joins freed pieces to larger ones (RUSTSEC-2022-0054), so with it the memory
/// grows where other allocators find room: 2 GB were seen for 10,000 instances, one at a time.
pub(crate) const KEEPS_MEMORY: bool = cfg!(feature = "wee_alloc");

/// Asserts that the module's own memory is no larger than it was, where the allocator can help it.
#[track_caller]
pub(crate) fn assert_not_grown(since: u32) {
    assert!(KEEPS_MEMORY || own_memory_bytes() == since, "from {since} to {} bytes", own_memory_bytes());
}

/// Where the stack of the module is just now. An exception that crosses Rust frames leaks them,
/// and then the next call of this, from the same place, gives another address.
#[inline(never)]
pub(crate) fn stack_address() -> usize {
    let mark = 0_u8;
    core::hint::black_box(core::ptr::from_ref(&mark)).addr()
}

/// An error as JavaScript sees it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) class: String,
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn of(error: &JsValue) -> Self {
        Self { class: property(error, "name"), code: property(error, "code"), message: message(error) }
    }

    /// Class and code in one.
    pub(crate) fn kind(&self) -> (&str, &str) {
        (&self.class, &self.code)
    }
}

/// The error of something that must not succeed.
#[track_caller]
pub(crate) fn refusal<T>(result: Result<T, JsValue>) -> Refusal {
    match result {
        Ok(_) => panic!("was not refused"),
        Err(error) => Refusal::of(&error),
    }
}

pub(crate) fn message(error: &JsValue) -> String {
    property(error, "message")
}

/// A property that is a string; empty where it is none.
fn property(object: &JsValue, name: &str) -> String {
    Reflect::get(object, &name.into()).ok().and_then(|value| value.as_string()).unwrap_or_default()
}

/// The elements of an array in JSON.
fn parsed(json: &str) -> Array {
    JSON::parse(json).unwrap().unchecked_into()
}

/// The place of a thing, which the things after it use again under other handles.
pub(crate) fn place(handle: u32) -> u32 {
    handle & 0xFF_FFFF
}
