//! Hashes, and what is random for want of anything better.

use super::{Answer, words};
use crate::{
    contracts::{BLOCK_NUMBER, frame::Frame},
    wire::{ReturnValue, Value},
};
use blake2::{
    Blake2b,
    digest::consts::{U16, U32},
};
use parity_scale_codec::Encode;
use sha2::{Digest, Sha256};
use sha3::Keccak256;

/// `(subject_ptr, subject_len)`: a hash of the subject and the block's number
pub fn random(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    let [ptr, len] = words(args)?;
    let subject = frame.read(ptr, len)?;
    frame.scratch = seed(&subject);
    Ok(ReturnValue::Unit)
}

/// `()`: the same without a subject
pub fn random_seed(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    let [] = words(args)?;
    frame.scratch = seed(&[]);
    Ok(ReturnValue::Unit)
}

fn seed(subject: &[u8]) -> alloc::vec::Vec<u8> {
    Blake2b::<U32>::digest((BLOCK_NUMBER, subject).encode()).to_vec()
}

pub fn sha2_256(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    hash::<Sha256>(frame, args)
}

pub fn keccak_256(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    hash::<Keccak256>(frame, args)
}

pub fn blake2_256(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    hash::<Blake2b<U32>>(frame, args)
}

pub fn blake2_128(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    hash::<Blake2b<U16>>(frame, args)
}

/// `(input_ptr, input_len, output_ptr)`
fn hash<H: Digest>(frame: &Frame<'_>, args: &[Value]) -> Answer {
    let [ptr, len, to] = words(args)?;
    frame.write(to, &H::digest(frame.read(ptr, len)?))?;
    Ok(ReturnValue::Unit)
}
