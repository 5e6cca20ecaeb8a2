//! The guest that calls: its arguments, its memory as the functions use it, and what it is charged.

use super::{
    errno::Errno,
    inode::Inode,
    limits::{OutputLimit, WasiLimits},
    memory::GuestMemory,
    wait::Wait,
};
use crate::{
    error::MemoryError,
    limits::{count, to_usize},
    types::{
        costs::{WASI_BYTES_PER_UNIT, WASI_COMPONENT, WASI_ENTRY, WASI_PIECE},
        fuel::OutOfFuel,
        value::Value,
    },
};
use alloc::vec::Vec;

/// What a function comes to, but for success.
#[derive(Debug)]
pub(super) enum Stop {
    Errno(Errno),
    Exit(u32),
    OutOfFuel(OutOfFuel),
    OutputLimit(OutputLimit),
    Wait(Wait),
}

pub(super) type Done = Result<(), Stop>;

impl From<Errno> for Stop {
    fn from(errno: Errno) -> Self {
        Self::Errno(errno)
    }
}

impl From<OutOfFuel> for Stop {
    fn from(error: OutOfFuel) -> Self {
        Self::OutOfFuel(error)
    }
}

impl From<MemoryError> for Stop {
    fn from(error: MemoryError) -> Self {
        Self::Errno(match error {
            MemoryError::OutOfSystemMemory => Errno::NOMEM,
            _ => Errno::FAULT,
        })
    }
}

impl From<Wait> for Stop {
    fn from(wait: Wait) -> Self {
        Self::Wait(wait)
    }
}

/// Part of the guest's memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) offset: u32,
    pub(super) len: u32,
}

/// Pieces of memory that are inside of it, none of no bytes, and how many bytes they are together.
#[derive(Debug)]
pub(super) struct Pieces {
    pub(super) pieces: Vec<Piece>,
    pub(super) len: usize,
}

/// How far a call has come that waited, which is served again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    /// What it was charged.
    pub(super) charged: u64,
    /// The time of the monotonic clock when it was served first.
    pub(super) since: u64,
    /// The time of the real clock then.
    pub(super) since_realtime: u64,
    /// Bytes that it has written.
    pub(super) progress: u32,
    /// The file that it wants the bytes of.
    pub(super) loading: Option<Inode>,
    /// Why it cannot have them.
    pub(super) failed: Option<Errno>,
}

/// The guest that calls.
pub(super) struct Caller<'a> {
    memory: &'a mut dyn GuestMemory,
    args: &'a [Value],
    /// What was charged when the call was served before, and is not charged again.
    credit: u64,
    pub(super) turn: Turn,
}

impl<'a> Caller<'a> {
    pub(super) const fn new(memory: &'a mut dyn GuestMemory, args: &'a [Value], turn: Turn) -> Self {
        Self { memory, args, credit: turn.charged, turn: Turn { charged: 0, ..turn } }
    }

    /// An argument; they were compared with the signature.
    pub(super) fn word(&self, at: usize) -> u32 {
        self.args.get(at).and_then(|value| value.as_i32()).unwrap_or(0).cast_unsigned()
    }

    /// An argument of 64 bits.
    pub(super) fn long(&self, at: usize) -> u64 {
        self.args.get(at).and_then(|value| value.as_i64()).unwrap_or(0).cast_unsigned()
    }

    /// Charges for work that is about to be done.
    pub(super) fn charge(&mut self, fuel: u64) -> Result<(), OutOfFuel> {
        self.turn.charged = self.turn.charged.saturating_add(fuel);
        let due = fuel.saturating_sub(self.credit);
        self.credit = self.credit.saturating_sub(fuel);
        if due == 0 { Ok(()) } else { self.memory.charge(due) }
    }

    /// Charges for bytes that are copied or cleared.
    pub(super) fn charge_bytes(&mut self, bytes: u64) -> Result<(), OutOfFuel> {
        self.charge(bytes / WASI_BYTES_PER_UNIT)
    }

    /// Charges for a component of a path.
    pub(super) fn charge_component(&mut self) -> Result<(), OutOfFuel> {
        self.charge(WASI_COMPONENT)
    }

    /// Charges for entries of a directory, or subscriptions.
    pub(super) fn charge_entries(&mut self, entries: u64) -> Result<(), OutOfFuel> {
        self.charge(entries.saturating_mul(WASI_ENTRY))
    }

    /// Refuses bytes that are not all inside the memory.
    pub(super) fn check(&self, offset: u32, len: u64) -> Result<(), Errno> {
        let end = u64::from(offset).saturating_add(len);
        if end <= self.memory.size() { Ok(()) } else { Err(Errno::FAULT) }
    }

    pub(super) fn read_into(&self, offset: u32, buffer: &mut [u8]) -> Done {
        Ok(self.memory.read(offset, buffer)?)
    }

    /// Reads bytes. Nothing is allocated for those that are not inside.
    pub(super) fn read(&self, offset: u32, len: u32) -> Result<Vec<u8>, Stop> {
        self.check(offset, len.into())?;
        let mut bytes = zeros(to_usize(len))?;
        self.read_into(offset, &mut bytes)?;
        Ok(bytes)
    }

    pub(super) fn write(&mut self, offset: u32, bytes: &[u8]) -> Done {
        Ok(self.memory.write(offset, bytes)?)
    }

    pub(super) fn write_word(&mut self, offset: u32, word: u32) -> Done {
        self.write(offset, &word.to_le_bytes())
    }

    pub(super) fn write_long(&mut self, offset: u32, long: u64) -> Done {
        self.write(offset, &long.to_le_bytes())
    }

    /// Writes how many bytes there were, of which there are no more than a call transfers.
    pub(super) fn write_len(&mut self, offset: u32, len: usize) -> Done {
        self.write_word(offset, u32::try_from(len).unwrap_or(u32::MAX))
    }

    /// Reads the vector of pieces at `offset`. Those behind what a call may transfer are cut off.
    pub(super) fn pieces(&mut self, offset: u32, pieces: u32, limits: &WasiLimits) -> Result<Pieces, Stop> {
        if u64::from(pieces) > limits.iovecs {
            return Err(Errno::INVAL.into());
        }
        self.charge(u64::from(pieces).saturating_mul(WASI_PIECE))?;
        let vector = self.read(offset, pieces.saturating_mul(PIECE_BYTES))?;
        let mut room = usize::try_from(limits.transfer_bytes).unwrap_or(usize::MAX);
        let mut found = Pieces { pieces: Vec::new(), len: 0 };
        for piece in vector.chunks_exact(to_usize(PIECE_BYTES)) {
            let (offset, len) = (word_at(piece, 0), word_at(piece, 4));
            self.check(offset, len.into())?;
            let taken = to_usize(len).min(room);
            room = room.saturating_sub(taken);
            found.len = found.len.saturating_add(taken);
            if taken > 0 {
                let len = u32::try_from(taken).unwrap_or(len);
                found.pieces.push(Piece { offset, len });
            }
        }
        Ok(found)
    }
}

/// Bytes of a piece in a vector: its offset and its length.
const PIECE_BYTES: u32 = 8;

impl Pieces {
    /// Keeps the first bytes.
    pub(super) fn truncate(&mut self, len: usize) {
        let mut room = len;
        self.pieces.retain_mut(|piece| {
            let taken = to_usize(piece.len).min(room);
            room = room.saturating_sub(taken);
            piece.len = u32::try_from(taken).unwrap_or(piece.len);
            taken > 0
        });
        self.len = self.len.min(len);
    }

    /// Writes bytes, of which there are as many as the pieces have or fewer, to the memory.
    pub(super) fn scatter(&self, caller: &mut Caller<'_>, mut bytes: &[u8]) -> Done {
        caller.charge_bytes(count(bytes.len()))?;
        for piece in &self.pieces {
            let (now, rest) = bytes.split_at(bytes.len().min(to_usize(piece.len)));
            if now.is_empty() {
                break;
            }
            caller.write(piece.offset, now)?;
            bytes = rest;
        }
        Ok(())
    }

    /// Reads the memory into a buffer that has the length of the pieces. It was paid for.
    pub(super) fn gather(&self, caller: &Caller<'_>, mut buffer: &mut [u8]) -> Done {
        for piece in &self.pieces {
            let (now, rest) = buffer.split_at_mut(buffer.len().min(to_usize(piece.len)));
            caller.read_into(piece.offset, now)?;
            buffer = rest;
        }
        Ok(())
    }
}

/// So many zeros, if the host has memory for them.
pub(super) fn zeros(len: usize) -> Result<Vec<u8>, Errno> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len).map_err(|_| Errno::NOMEM)?;
    bytes.resize(len, 0);
    Ok(bytes)
}

/// The number of 32 bits at a place in bytes; zero where there is none.
pub(super) fn word_at(bytes: &[u8], at: usize) -> u32 {
    let word = bytes.get(at..).and_then(<[u8]>::first_chunk);
    word.map_or(0, |word| u32::from_le_bytes(*word))
}

/// The number of 64 bits at a place in bytes; zero where there is none.
pub(super) fn long_at(bytes: &[u8], at: usize) -> u64 {
    let long = bytes.get(at..).and_then(<[u8]>::first_chunk);
    long.map_or(0, |long| u64::from_le_bytes(*long))
}
