//! What a scenario does goes through a session, which writes down all that comes of it.

use alloc::string::String;

use frame_support::{
    dispatch::{DispatchResultWithPostInfo, Dispatchable},
    weights::Pays,
};
use pallet_contracts::{ContractInfo, ContractInfoOf};
use pallet_contracts_primitives::ContractExecResult;
use parity_scale_codec::Encode;
use sp_core::{storage::well_known_keys, H256};
use sp_io::{default_child_storage as child, hashing, storage};
use sp_runtime::{AccountId32, DispatchError};
use sp_std::{
    collections::{btree_map::BTreeMap, btree_set::BTreeSet},
    fmt::Write,
    prelude::*,
};

use crate::{
    contracts,
    runtime::{Call, Contracts, Origin, Runtime, System},
};

pub const ALICE: AccountId32 = AccountId32::new([1; 32]);
pub const BOB: AccountId32 = AccountId32::new([2; 32]);
/// The gas of a call, if a scenario gives no other.
pub const GAS: u64 = 100_000_000_000;

/// By a contract's trie, or none for the storage itself, and the key.
type Entries = BTreeMap<(Vec<u8>, Vec<u8>), Vec<u8>>;

pub struct Session {
    dump: String,
    entries: Entries,
    /// Of all contracts there ever were: the storage of one that ended goes later.
    tries: BTreeSet<Vec<u8>>,
}

impl Session {
    pub fn new(name: &str) -> Self {
        let mut session = Self { dump: String::new(), entries: Entries::new(), tries: BTreeSet::new() };
        writeln!(session.dump, "# {name}").unwrap();
        // What sp-io has in the storage of tests from the beginning.
        for key in [well_known_keys::CODE, well_known_keys::HEAP_PAGES] {
            storage::clear(key);
        }
        session.block(1);
        for account in [ALICE, BOB] {
            let call = pallet_balances::Call::set_balance(account, 1_000_000_000_000, 0);
            session.dispatch("endow", Origin::root(), call).unwrap();
        }
        session
    }

    pub fn dump(self) -> String {
        self.dump
    }

    /// Calls a contract as Alice does.
    pub fn call(&mut self, contract: &AccountId32, input: impl Encode) -> ContractExecResult {
        self.call_with(contract, 0, GAS, input.encode())
    }

    pub fn call_with(
        &mut self,
        contract: &AccountId32,
        value: u64,
        gas: u64,
        input: Vec<u8>,
    ) -> ContractExecResult {
        self.step("call", (contract, value, gas, &input).encode());
        let result = Contracts::bare_call(ALICE, contract.clone(), value, gas, input);
        let error = result.exec_result.as_ref().err().map(|failed| failed.error);
        self.outcome(&result.exec_result, error, Some(result.gas_consumed));
        result
    }

    /// Makes a contract of the code of this name.
    pub fn deploy(&mut self, name: &str, endowment: u64, input: impl Encode, salt: &[u8]) -> AccountId32 {
        let wasm = contracts::wasm(name);
        self.deploy_code(name, wasm, endowment, input.encode(), salt).unwrap();
        Contracts::contract_address(&ALICE, &code_hash(name), salt)
    }

    pub fn deploy_code(
        &mut self,
        name: &str,
        wasm: &[u8],
        endowment: u64,
        input: Vec<u8>,
        salt: &[u8],
    ) -> DispatchResultWithPostInfo {
        let call = pallet_contracts::Call::instantiate_with_code(
            endowment,
            GAS,
            wasm.to_vec(),
            input,
            salt.to_vec(),
        );
        self.dispatch(name, Origin::signed(ALICE), call)
    }

    pub fn dispatch(
        &mut self,
        name: &str,
        origin: Origin,
        call: impl Into<Call>,
    ) -> DispatchResultWithPostInfo {
        let call = call.into();
        self.step(name, call.encode());
        let result = call.dispatch(origin);
        let (info, error) = match &result {
            Ok(info) => (info, None),
            Err(failed) => (&failed.post_info, Some(failed.error)),
        };
        self.outcome(&(info.pays_fee == Pays::Yes), error, info.actual_weight);
        result
    }

    /// Begins another block, as `pallet` does before anything is dispatched in it.
    pub fn block(&mut self, number: u64) {
        use frame_support::traits::OnInitialize;
        self.step("block", number.encode());
        System::initialize(&number, &H256::zero(), &Default::default(), Default::default());
        let weight = Contracts::on_initialize(number);
        self.outcome(&(), None, Some(weight));
    }

    fn step(&mut self, name: &str, input: Vec<u8>) {
        writeln!(self.dump, "{name}: {}", Bytes(&input)).unwrap();
    }

    fn outcome(&mut self, output: &impl Encode, error: Option<DispatchError>, gas: Option<u64>) {
        writeln!(self.dump, "  output {}", Bytes(&output.encode())).unwrap();
        match error {
            // What it says is not in its encoding.
            Some(DispatchError::Other(text)) => writeln!(self.dump, "  error {text}").unwrap(),
            Some(error) => writeln!(self.dump, "  error {}", Bytes(&error.encode())).unwrap(),
            None => {}
        }
        match gas {
            Some(gas) => writeln!(self.dump, "  gas {gas}").unwrap(),
            None => writeln!(self.dump, "  gas as declared").unwrap(),
        }
        for event in System::events() {
            writeln!(self.dump, "  event {}", Bytes(&event.encode())).unwrap();
        }
        for item in ["Events", "EventCount"] {
            storage::clear(&[hashing::twox_128(b"System"), hashing::twox_128(item.as_bytes())].concat());
        }
        self.changes();
    }

    fn changes(&mut self) {
        for info in ContractInfoOf::<Runtime>::iter_values() {
            if let ContractInfo::Alive(contract) = info {
                self.tries.insert(contract.trie_id);
            }
        }
        let entries = entries(&self.tries);
        for ((trie, key), value) in &entries {
            if self.entries.get(&(trie.clone(), key.clone())) != Some(value) {
                writeln!(self.dump, "  set {}/{} {}", Bytes(trie), Bytes(key), Bytes(value)).unwrap();
            }
        }
        for place @ (trie, key) in self.entries.keys() {
            if !entries.contains_key(place) {
                writeln!(self.dump, "  cleared {}/{}", Bytes(trie), Bytes(key)).unwrap();
            }
        }
        self.entries = entries;
    }
}

pub fn code_hash(name: &str) -> H256 {
    hashing::blake2_256(contracts::wasm(name)).into()
}

fn entries(tries: &BTreeSet<Vec<u8>>) -> Entries {
    let mut entries = Entries::new();
    let mut next = storage::next_key(&[]);
    while let Some(key) = next {
        next = storage::next_key(&key);
        let value = storage::get(&key).unwrap();
        entries.insert((Vec::new(), key), value);
    }
    for trie in tries {
        let mut next = child::next_key(trie, &[]);
        while let Some(key) = next {
            next = child::next_key(trie, &key);
            let value = child::get(trie, &key).unwrap();
            entries.insert((trie.clone(), key), value);
        }
    }
    entries
}

/// Bytes in hexadecimal; of many their number and hash.
struct Bytes<'a>(&'a [u8]);

impl sp_std::fmt::Display for Bytes<'_> {
    fn fmt(&self, f: &mut sp_std::fmt::Formatter<'_>) -> sp_std::fmt::Result {
        if self.0.len() > 256 {
            return write!(f, "{} bytes, {:x}", self.0.len(), H256(hashing::blake2_256(self.0)));
        }
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
