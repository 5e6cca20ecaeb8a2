//! What a contract's module has to be: it has no memory of its own, and imports at most one, with
//! limits. They are read here, as the pallet has to make the memory before it instantiates.

use parity_scale_codec::Encode;

/// The most that a contract's memory may grow to, in pages.
pub const MAX_PAGES: u32 = 16;

const IMPORT_SECTION: u8 = 2;
const MEMORY_SECTION: u8 = 5;

/// Pages.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MemoryLimits {
    pub initial: u32,
    pub maximum: u32,
}

/// Why a code is refused.
#[derive(Clone, Copy, Debug, Encode)]
pub enum Refusal {
    /// It ends where it must not, or a number is too long.
    Malformed,
    /// It declares a memory of its own.
    OwnMemory,
    /// A memory that is not `env` `memory`, or a second one.
    ForeignMemory,
    /// It imports a memory without a maximum.
    Unlimited,
    /// It imports a memory with a maximum that is too high, or below the initial size.
    Limits,
}

/// Reads a module's limits; no import of a memory is a memory of no page.
pub fn prepare(wasm: &[u8]) -> Result<MemoryLimits, Refusal> {
    let mut reader = Reader(wasm);
    if reader.bytes(8)? != b"\0asm\x01\0\0\0" {
        return Err(Refusal::Malformed);
    }
    let mut limits = None;
    while !reader.0.is_empty() {
        let section = reader.byte()?;
        let len = reader.number()?;
        let content = Reader(reader.bytes(len)?);
        match section {
            IMPORT_SECTION => limits = imports(content)?,
            MEMORY_SECTION => return Err(Refusal::OwnMemory),
            _ => {}
        }
    }
    let limits = limits.unwrap_or(MemoryLimits { initial: 0, maximum: 0 });
    if limits.initial > limits.maximum || limits.maximum > MAX_PAGES {
        return Err(Refusal::Limits);
    }
    Ok(limits)
}

fn imports(mut reader: Reader<'_>) -> Result<Option<MemoryLimits>, Refusal> {
    let mut limits = None;
    for _ in 0..reader.number()? {
        let (module, field) = (reader.name()?, reader.name()?);
        match reader.byte()? {
            0 => _ = reader.number()?,
            1 => {
                reader.byte()?;
                let _ = reader.limits()?;
            }
            2 => {
                let (initial, maximum) = reader.limits()?;
                let maximum = maximum.ok_or(Refusal::Unlimited)?;
                let first = limits.replace(MemoryLimits { initial, maximum }).is_none();
                if !first || (module, field) != (b"env", b"memory") {
                    return Err(Refusal::ForeignMemory);
                }
            }
            3 => _ = reader.bytes(2)?,
            _ => return Err(Refusal::Malformed),
        }
    }
    Ok(limits)
}

/// What is left of the bytes of a module.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, len: u32) -> Result<&'a [u8], Refusal> {
        let len = usize::try_from(len).map_err(|_| Refusal::Malformed)?;
        let (bytes, rest) = self.0.split_at_checked(len).ok_or(Refusal::Malformed)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn byte(&mut self) -> Result<u8, Refusal> {
        let (byte, rest) = self.0.split_first().ok_or(Refusal::Malformed)?;
        self.0 = rest;
        Ok(*byte)
    }

    /// A LEB128 number of 32 bits.
    fn number(&mut self) -> Result<u32, Refusal> {
        let mut value = 0;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            value |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Refusal::Malformed)
    }

    fn name(&mut self) -> Result<&'a [u8], Refusal> {
        let len = self.number()?;
        self.bytes(len)
    }

    fn limits(&mut self) -> Result<(u32, Option<u32>), Refusal> {
        let has_maximum = match self.byte()? {
            0 => false,
            1 => true,
            _ => return Err(Refusal::Malformed),
        };
        let initial = self.number()?;
        Ok((initial, if has_maximum { Some(self.number()?) } else { None }))
    }
}
