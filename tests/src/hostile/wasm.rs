//! Modules written byte by byte, as no honest tool would write them.

/// The value types by their bytes: i32, i64, f32, f64.
pub const NUMBERS: [u8; 4] = [0x7F, 0x7E, 0x7D, 0x7C];

/// `() -> ()`.
pub const NOTHING: [u8; 3] = [0x60, 0, 0];

/// A number in LEB128, unsigned.
#[must_use]
pub fn leb(value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    push_leb(&mut bytes, value);
    bytes
}

/// Appends a number in LEB128, unsigned.
pub fn push_leb(bytes: &mut Vec<u8>, mut value: usize) {
    while value > 0x7F {
        bytes.push((value & 0x7F) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// A number in LEB128, signed.
#[must_use]
pub fn signed(mut value: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (value & 0x7F) as u8;
        value >>= 7;
        let is_last = (value == 0 && low & 0x40 == 0) || (value == -1 && low & 0x40 != 0);
        bytes.push(if is_last { low } else { low | 0x80 });
        if is_last {
            return bytes;
        }
    }
}

/// A name with its length.
#[must_use]
pub fn name(text: &str) -> Vec<u8> {
    let mut bytes = leb(text.len());
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

/// A function type.
#[must_use]
pub fn function_type(params: &[u8], results: &[u8]) -> Vec<u8> {
    [&[0x60], &leb(params.len())[..], params, &leb(results.len())[..], results].concat()
}

/// A function body with its length: runs of locals, code, and the end.
#[must_use]
pub fn body(locals: &[(usize, u8)], code: &[u8]) -> Vec<u8> {
    let mut body = leb(locals.len());
    for (count, ty) in locals {
        push_leb(&mut body, *count);
        body.push(*ty);
    }
    body.extend_from_slice(code);
    body.push(0x0B);
    let mut bytes = leb(body.len());
    bytes.append(&mut body);
    bytes
}

/// A module, section by section.
#[derive(Clone, Debug)]
pub struct Wasm(Vec<u8>);

impl Wasm {
    /// The header of a module.
    #[must_use]
    pub fn new() -> Self {
        Self(b"\0asm\x01\0\0\0".to_vec())
    }

    /// With a section of these contents.
    #[must_use]
    pub fn section(mut self, id: u8, contents: &[u8]) -> Self {
        self.0.push(id);
        push_leb(&mut self.0, contents.len());
        self.0.extend_from_slice(contents);
        self
    }

    /// With a section that is a vector.
    #[must_use]
    pub fn vector<T: AsRef<[u8]>>(self, id: u8, items: impl IntoIterator<Item = T>) -> Self {
        let (mut contents, mut count) = (Vec::new(), 0);
        for item in items {
            contents.extend_from_slice(item.as_ref());
            count += 1;
        }
        let mut vector = leb(count);
        vector.append(&mut contents);
        self.section(id, &vector)
    }

    /// With bytes as they are.
    #[must_use]
    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// With an export section of the first function that is no import, as `run`.
    #[must_use]
    pub fn run(self, function: usize) -> Self {
        self.vector(7, [[&name("run")[..], &[0], &leb(function)].concat()])
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(self) -> Vec<u8> {
        self.0
    }
}

impl Default for Wasm {
    fn default() -> Self {
        Self::new()
    }
}

/// A module with a memory, a table, a function type `() -> ()` and one function of it, `run`.
#[must_use]
pub fn running(locals: &[(usize, u8)], code: &[u8]) -> Vec<u8> {
    with_types(&[], locals, code)
}

/// The same, with more types: these are 1 and further.
#[must_use]
pub fn with_types(types: &[Vec<u8>], locals: &[(usize, u8)], code: &[u8]) -> Vec<u8> {
    Wasm::new()
        .vector(1, [&NOTHING[..]].into_iter().chain(types.iter().map(Vec::as_slice)))
        .section(3, &[1, 0])
        .section(4, &[1, 0x70, 0, 10])
        .section(5, &[1, 0, 1])
        .run(0)
        .vector(10, [body(locals, code)])
        .bytes()
}

/// A module of functions of `() -> ()`, the first of which is `run`.
#[must_use]
pub fn functions(bodies: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let bodies: Vec<_> = bodies.into_iter().collect();
    Wasm::new()
        .vector(1, [NOTHING])
        .vector(3, bodies.iter().map(|_| [0]))
        .section(5, &[1, 0, 1])
        .run(0)
        .vector(10, bodies)
        .bytes()
}

/// `unit` again and again, up to about `size` bytes, at least once.
#[must_use]
pub fn fill(size: usize, unit: &[u8]) -> Vec<u8> {
    unit.repeat((size / unit.len().max(1)).max(1))
}
