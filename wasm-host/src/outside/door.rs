//! What JavaScript does for the engine that is outside. None of it throws, and none of it calls this module.

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// Compiles a module, with its facts: its number, or -1 where the host refuses it.
    #[wasm_bindgen(js_namespace = outside)]
    pub(super) fn compile(bytes: &[u8], facts: &str) -> i32;

    /// Why it was refused that was compiled last.
    #[wasm_bindgen(js_namespace = outside)]
    pub(super) fn refusal() -> String;

    #[wasm_bindgen(js_namespace = outside, js_name = dropCode)]
    pub(super) fn drop_code(code: u32);

    /// The number of a new space.
    #[wasm_bindgen(js_namespace = outside, js_name = addSpace)]
    pub(super) fn add_space() -> u32;

    #[wasm_bindgen(js_namespace = outside, js_name = dropSpace)]
    pub(super) fn drop_space(space: u32);

    /// Makes an instance with these memories and globals: its number, above those before; [`NO_MEMORY`], [`NO_ROOM`], or another
    /// negative number for anything else.
    #[wasm_bindgen(js_namespace = outside)]
    pub(super) fn instantiate(
        space: u32,
        code: u32,
        guest_frames: u32,
        memories: &[u32],
        globals: &[u32],
    ) -> i32;

    /// The number of an exported function, a memory or a global, or -1.
    #[wasm_bindgen(js_namespace = outside)]
    pub(super) fn function(space: u32, instance: u32, name: &str) -> i32;

    #[wasm_bindgen(js_namespace = outside)]
    pub(super) fn memory(space: u32, instance: u32, name: &str) -> i32;

    /// With the name of its type, and whether it is mutable.
    #[wasm_bindgen(js_namespace = outside)]
    pub(super) fn global(space: u32, instance: u32, name: &str, ty: &str, mutable: bool) -> i32;

    /// Makes a memory; a negative maximum is none. Its number, or -1.
    #[wasm_bindgen(js_namespace = outside, js_name = addMemory)]
    pub(super) fn add_memory(space: u32, pages: u32, maximum: f64) -> i32;

    /// Makes a global of these bits: its number, or -1.
    #[wasm_bindgen(js_namespace = outside, js_name = addGlobal)]
    pub(super) fn add_global(space: u32, ty: &str, mutable: bool, low: u64, high: u64) -> i32;

    /// The size of a memory in pages.
    #[wasm_bindgen(js_namespace = outside)]
    pub(super) fn pages(memory: u32) -> u32;

    /// Copies bytes of a memory; whether they are all inside.
    #[wasm_bindgen(js_namespace = outside)]
    pub(super) fn read(memory: u32, offset: u32, into: &mut [u8]) -> bool;

    /// Writes bytes of a memory; whether they are all inside, and none otherwise.
    #[wasm_bindgen(js_namespace = outside)]
    pub(super) fn write(memory: u32, offset: u32, bytes: &[u8]) -> bool;

    /// Grows a memory; whether it did.
    #[wasm_bindgen(js_namespace = outside, js_name = growMemory)]
    pub(super) fn grow(memory: u32, pages: u32) -> bool;

    #[wasm_bindgen(js_namespace = outside, js_name = isSameMemory)]
    pub(super) fn is_same_memory(one: u32, other: u32) -> bool;

    #[wasm_bindgen(js_namespace = outside, js_name = isSameGlobal)]
    pub(super) fn is_same_global(one: u32, other: u32) -> bool;

    /// The bits of a global, or the low half of them.
    #[wasm_bindgen(js_namespace = outside)]
    pub(super) fn low(global: u32) -> u64;

    /// The high half of the bits of one of a vector.
    #[wasm_bindgen(js_namespace = outside)]
    pub(super) fn high(global: u32) -> u64;

    /// Sets the bits of a mutable global.
    #[wasm_bindgen(js_namespace = outside)]
    pub(super) fn set(global: u32, low: u64, high: u64);

    /// The number of a call of a function, which is to be run next.
    #[wasm_bindgen(js_namespace = outside)]
    pub(super) fn begin(space: u32, function: u32) -> u32;

    /// A call that came back is to be run next.
    #[wasm_bindgen(js_namespace = outside, js_name = goOn)]
    pub(super) fn go_on(call: u32);

    /// A call has ended, or is given up.
    #[wasm_bindgen(js_namespace = outside)]
    pub(super) fn end(call: u32);
}

/// There is no memory left for an instance.
pub(super) const NO_MEMORY: i32 = -1;
/// A segment of an instance is outside of its memory or table.
pub(super) const NO_ROOM: i32 = -2;
