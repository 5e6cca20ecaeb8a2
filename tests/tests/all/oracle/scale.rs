//! SCALE by hand, from the ABI's description: what the script sends and what the model reads.
//! Nothing here knows of guestbox's own encoders.

use crate::oracle::script::{Type, Value, expected_type};

/// One entry of an environment definition.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    pub module: Vec<u8>,
    pub field: Vec<u8>,
    pub entity: Entity,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Entity {
    Function(u32),
    Memory(u32),
}

/// A length or count: two bits that tell its size, and the number in little endian.
pub fn compact(bytes: &mut Vec<u8>, number: u32) {
    match number {
        0..=0x3F => bytes.push(number.to_le_bytes()[0] << 2),
        0x40..=0x3FFF => bytes.extend(&((number << 2) | 1).to_le_bytes()[..2]),
        0x4000..=0x3FFF_FFFF => bytes.extend(((number << 2) | 2).to_le_bytes()),
        _ => {
            bytes.push(3);
            bytes.extend(number.to_le_bytes());
        }
    }
}

fn length(bytes: &mut Vec<u8>, len: usize) {
    compact(bytes, u32::try_from(len).unwrap());
}

pub fn value(bytes: &mut Vec<u8>, value: Value) {
    match value.ty {
        Type::I32 => bytes.push(0),
        Type::I64 => bytes.push(1),
        Type::F32 => bytes.push(2),
        Type::F64 => bytes.push(3),
    }
    bytes.extend(&value.bits.to_le_bytes()[..value.ty.size()]);
}

/// A `Vec<Value>`.
pub fn values(values: &[Value]) -> Vec<u8> {
    let mut bytes = Vec::new();
    length(&mut bytes, values.len());
    values.iter().for_each(|one| value(&mut bytes, *one));
    bytes
}

/// A `ReturnValue` with a value.
pub fn return_value(one: Value) -> Vec<u8> {
    some(Some(one))
}

/// An `Option<Value>`.
pub fn some(one: Option<Value>) -> Vec<u8> {
    let Some(one) = one else { return vec![0] };
    let mut bytes = vec![1];
    value(&mut bytes, one);
    bytes
}

/// The first of some encoded arguments, as a result.
pub fn echo(args: &[u8]) -> Vec<u8> {
    let size = match args.get(1) {
        Some(0 | 2) => 4,
        Some(_) => 8,
        None => return vec![0, 0],
    };
    [&[0, 1], &args[1..2 + size]].concat()
}

/// The value with some bits of the type that the function of a number is expected to return, as a
/// result.
pub fn expected(func: u32, bits: u64) -> Vec<u8> {
    match expected_type(func) {
        Some(ty) => [vec![0], return_value(Value::new(ty, bits))].concat(),
        None => vec![0, 0],
    }
}

/// An `EnvironmentDefinition`.
pub fn environment(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    length(&mut bytes, entries.len());
    for Entry { module, field, entity } in entries {
        for name in [module, field] {
            length(&mut bytes, name.len());
            bytes.extend(name);
        }
        let (index, number) = match entity {
            Entity::Function(number) => (1, number),
            Entity::Memory(number) => (2, number),
        };
        bytes.push(index);
        bytes.extend(number.to_le_bytes());
    }
    bytes
}

/// Reads from the front of some bytes; `None` for everything malformed. What is left over is
/// nobody's concern.
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self, len: usize) -> Option<u64> {
        let mut bytes = [0; 8];
        bytes[..len].copy_from_slice(self.take(len)?);
        Some(u64::from_le_bytes(bytes))
    }

    fn byte(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    fn u32(&mut self) -> Option<u32> {
        u32::try_from(self.number(4)?).ok()
    }

    /// Only the shortest form of a number is one.
    fn compact(&mut self) -> Option<u32> {
        let first = *self.0.first()?;
        let (number, above) = match first & 3 {
            0 => (u64::from(self.byte()? >> 2), None),
            1 => (self.number(2)? >> 2, Some(0x3F)),
            2 => (self.number(4)? >> 2, Some(0x3FFF)),
            _ if self.byte()? == 3 => (self.number(4)?, Some(0x3FFF_FFFF)),
            _ => return None,
        };
        let is_shortest = above.is_none_or(|above| number > above);
        u32::try_from(number).ok().filter(|_| is_shortest)
    }

    fn value(&mut self) -> Option<Value> {
        let ty = match self.byte()? {
            0 => Type::I32,
            1 => Type::I64,
            2 => Type::F32,
            3 => Type::F64,
            _ => return None,
        };
        Some(Value { ty, bits: self.number(ty.size())? })
    }

    /// A `Vec<Value>`.
    pub fn values(&mut self) -> Option<Vec<Value>> {
        (0..self.compact()?).map(|_| self.value()).collect()
    }

    /// A `Result<ReturnValue, HostError>`; the inner `None` is the error.
    pub fn result(&mut self) -> Option<Option<Option<Value>>> {
        match self.byte()? {
            0 => Some(Some(match self.byte()? {
                0 => None,
                1 => Some(self.value()?),
                _ => return None,
            })),
            1 => Some(None),
            _ => None,
        }
    }

    /// An `EnvironmentDefinition`.
    pub fn environment(&mut self) -> Option<Vec<Entry>> {
        (0..self.compact()?)
            .map(|_| {
                let [module, field] = [self.name()?, self.name()?];
                let entity = match self.byte()? {
                    1 => Entity::Function(self.u32()?),
                    2 => Entity::Memory(self.u32()?),
                    _ => return None,
                };
                Some(Entry { module, field, entity })
            })
            .collect()
    }

    fn name(&mut self) -> Option<Vec<u8>> {
        let len = self.compact()?;
        Some(self.take(len as usize)?.to_vec())
    }
}
