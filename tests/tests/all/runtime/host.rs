//! What a runtime imports besides the sandbox and the allocator.

use crate::runtime::storage::{Entries, Storage, append};
use blake2::{Blake2b, Digest, digest::consts};
use guestbox::{
    abi::SupervisorTrap,
    substrate::{self, LinearMemory, Sandbox, WasmiSupervisor, wasmi},
};
use parity_scale_codec::Encode;
use std::{
    iter,
    ops::Bound,
    sync::{Arc, Mutex},
};
use twox_hash::XxHash64;

type Runtime<'a> = WasmiSupervisor<wasmi::Caller<'a, Sandbox>>;

#[derive(Clone, Default)]
pub(crate) struct Host(Arc<Mutex<Storage>>);

impl Host {
    /// Empties the storage.
    pub(crate) fn forget(&self) {
        *self.0.lock().unwrap() = Storage::default();
    }

    /// Defines what the module imports and is not defined yet.
    pub(crate) fn link(
        &self,
        linker: &mut wasmi::Linker<Sandbox>,
        module: &wasmi::Module,
        memory: Option<wasmi::Memory>,
    ) -> Result<(), wasmi::Error> {
        for import in module.imports() {
            let name = import.name().to_owned();
            let (wasmi::ExternType::Func(ty), false) =
                (import.ty(), name.starts_with("ext_sandbox_") || name.starts_with("ext_allocator_"))
            else {
                continue;
            };
            let host = self.clone();
            linker.func_new("env", import.name(), ty.clone(), move |caller, args, results| {
                let mut runtime = WasmiSupervisor::with_memory(caller, memory);
                let args: Vec<i64> =
                    args.iter().map(|arg| arg.i64().or(arg.i32().map(i64::from)).unwrap()).collect();
                let result = serve(&name, &args, &mut host.0.lock().unwrap(), &mut runtime)?;
                for to in results {
                    *to = match to.ty() {
                        wasmi::ValType::I32 => wasmi::Val::I32(i32::try_from(result).unwrap()),
                        _ => wasmi::Val::I64(result),
                    };
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}

fn serve(
    name: &str,
    args: &[i64],
    storage: &mut Storage,
    runtime: &mut Runtime<'_>,
) -> Result<i64, SupervisorTrap> {
    // All begin with slices, and a few end with numbers.
    let mut slices = [const { Vec::new() }; 3];
    let has_number = name.contains("_read_") || name.contains("_log_");
    let bytes = if has_number { &args[..args.len() - 1] } else { args };
    if !name.contains("_log_") {
        for (slice, packed) in iter::zip(&mut slices, bytes) {
            *slice = substrate::read(runtime, *packed)?;
        }
    }
    let [first, second, third] = slices;
    let answer = match name.trim_start_matches("ext_").rsplit_once("_version_").unwrap().0 {
        "storage_get" => storage.top().get(&first).encode(),
        "storage_read" => read_into(storage.top().get(&first), &args[1..], runtime)?,
        "storage_next_key" => next(storage.top(), first).encode(),
        "default_child_storage_get" => storage.child(&first).get(&second).encode(),
        "default_child_storage_read" => read_into(storage.child(&first).get(&second), &args[2..], runtime)?,
        "default_child_storage_next_key" => next(storage.child(&first), second).encode(),
        "default_child_storage_root" => storage.root(&first),
        "misc_runtime_version" => None::<Vec<u8>>.encode(),
        "hashing_blake2_128" => return give_array(runtime, &Blake2b::<consts::U16>::digest(first)),
        "hashing_blake2_256" => return give_array(runtime, &blake2_256(&first)),
        "hashing_keccak_256" => return give_array(runtime, &sha3::Keccak256::digest(first)),
        "hashing_sha2_256" => return give_array(runtime, &sha2::Sha256::digest(first)),
        "hashing_twox_64" => return give_array(runtime, &twox(&first, 1)),
        "hashing_twox_128" => return give_array(runtime, &twox(&first, 2)),
        "storage_exists" => return Ok(storage.top().contains_key(&first).into()),
        "default_child_storage_storage_kill" => {
            // The limit is of what was there before the block, which in a scenario is nothing.
            storage.child(&first).clear();
            return Ok(1);
        }
        other => {
            match other {
                "storage_set" => drop(storage.top().insert(first, second)),
                "storage_append" => append(storage.top(), first, &second),
                "storage_clear" => drop(storage.top().remove(&first)),
                "storage_clear_prefix" => storage.top().retain(|key, _| !key.starts_with(&first)),
                "storage_start_transaction" => storage.start(),
                "storage_rollback_transaction" => storage.rollback(),
                "storage_commit_transaction" => storage.commit(),
                "default_child_storage_set" => drop(storage.child(&first).insert(second, third)),
                "default_child_storage_clear" => drop(storage.child(&first).remove(&second)),
                "misc_print_utf8" => {}
                // What the runtime says when it panics.
                "logging_log" => {
                    eprintln!("{}", String::from_utf8_lossy(&substrate::read(runtime, args[2])?))
                }
                _ => panic!("{name} is not served"),
            }
            return Ok(0);
        }
    };
    Ok(substrate::give(runtime, &answer)?.to_slice())
}

fn give_array(runtime: &mut Runtime<'_>, bytes: &[u8]) -> Result<i64, SupervisorTrap> {
    Ok(substrate::give(runtime, bytes)?.ptr.into())
}

fn next(entries: &Entries, key: Vec<u8>) -> Option<&Vec<u8>> {
    entries.range((Bound::Excluded(key), Bound::Unbounded)).next().map(|(key, _)| key)
}

/// Copies as much of a value from an offset on as there is room for; how much there was.
fn read_into(
    value: Option<&Vec<u8>>,
    out: &[i64],
    runtime: &mut Runtime<'_>,
) -> Result<Vec<u8>, SupervisorTrap> {
    let &[out, offset] = out else { panic!("a slice and an offset") };
    let Some(value) = value else { return Ok(None::<u32>.encode()) };
    let rest = value.get(usize::try_from(offset).unwrap()..).unwrap_or_default();
    let out = guestbox::Region::from_slice(out);
    let room = usize::try_from(out.len).unwrap();
    runtime.write(out.ptr, &rest[..rest.len().min(room)]).map_err(|_| SupervisorTrap::Slice)?;
    Ok(Some(u32::try_from(rest.len()).unwrap()).encode())
}

pub(crate) fn blake2_256(bytes: &[u8]) -> Vec<u8> {
    Blake2b::<consts::U32>::digest(bytes).to_vec()
}

/// XXH64 with the seeds from 0 on, one after the other.
fn twox(bytes: &[u8], count: u64) -> Vec<u8> {
    (0..count).flat_map(|seed| XxHash64::oneshot(seed, bytes).to_le_bytes()).collect()
}
