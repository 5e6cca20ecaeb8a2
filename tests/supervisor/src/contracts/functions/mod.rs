//! What a contract can import.
//!
//! Names, parameters and results are those of the first contracts pallet; a result that is no
//! number goes to the scratch buffer. Accounts, balances and times are SCALE-encoded `u64`.

mod calls;
mod facts;
mod hashes;
mod storage;

use super::frame::Frame;
use crate::{
    sandbox::Function,
    wire::{HostError, ReturnValue, Value},
};

/// What a function gives back to its contract.
type Answer = Result<ReturnValue, HostError>;

/// All functions by name, in the order of their indices.
pub fn all<'a>() -> [(&'static str, Function<Frame<'a>>); 39] {
    [
        ("gas", facts::gas),
        ("ext_set_storage", storage::set),
        ("ext_clear_storage", storage::clear),
        ("ext_get_storage", storage::get),
        ("ext_get_runtime_storage", storage::get_of_runtime),
        ("ext_scratch_size", storage::scratch_size),
        ("ext_scratch_read", storage::scratch_read),
        ("ext_scratch_copy", storage::scratch_read),
        ("ext_scratch_write", storage::scratch_write),
        ("ext_input_size", storage::input_size),
        ("ext_input_copy", storage::input_copy),
        ("ext_call", calls::call),
        ("ext_transfer", calls::transfer),
        ("ext_create", calls::instantiate),
        ("ext_instantiate", calls::instantiate),
        ("ext_terminate", calls::terminate),
        ("ext_restore_to", calls::restore_to),
        ("ext_return", calls::return_),
        ("ext_dispatch_call", calls::dispatch_call),
        ("ext_deposit_event", calls::deposit_event),
        ("ext_caller", facts::caller),
        ("ext_address", facts::address),
        ("ext_balance", facts::balance),
        ("ext_value_transferred", facts::value_transferred),
        ("ext_gas_left", facts::gas_left),
        ("ext_gas_price", facts::gas_price),
        ("ext_now", facts::now),
        ("ext_block_number", facts::block_number),
        ("ext_minimum_balance", facts::minimum_balance),
        ("ext_tombstone_deposit", facts::tombstone_deposit),
        ("ext_rent_allowance", facts::rent_allowance),
        ("ext_set_rent_allowance", facts::set_rent_allowance),
        ("ext_println", facts::println),
        ("ext_random", hashes::random),
        ("ext_random_seed", hashes::random_seed),
        ("ext_hash_sha2_256", hashes::sha2_256),
        ("ext_hash_keccak_256", hashes::keccak_256),
        ("ext_hash_blake2_256", hashes::blake2_256),
        ("ext_hash_blake2_128", hashes::blake2_128),
    ]
}

/// The arguments of a function that takes so many `i32`. A contract may declare another signature.
fn words<const N: usize>(args: &[Value]) -> Result<[u32; N], HostError> {
    let args: &[Value; N] = args.try_into().map_err(|_| HostError)?;
    let mut words = [0; N];
    for (word, value) in words.iter_mut().zip(args) {
        let Value::I32(value) = value else { return Err(HostError) };
        *word = value.cast_unsigned();
    }
    Ok(words)
}

/// A length or another number as an `i32`.
fn number(number: usize) -> Answer {
    Ok(i32::try_from(number).map_err(|_| HostError)?.into())
}
