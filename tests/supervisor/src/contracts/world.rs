//! Accounts, codes and events: what outlives a call.

use super::prepare::MemoryLimits;
use alloc::{collections::BTreeMap, sync::Arc, vec::Vec};
use parity_scale_codec::Encode;

pub type AccountId = u64;
pub type Balance = u64;
pub type Key = [u8; 32];

/// The address of the first contract; the others count up.
const FIRST_CONTRACT: AccountId = 1_000;

#[derive(Clone, Default)]
pub struct Account {
    pub balance: Balance,
    pub contract: Option<Contract>,
}

#[derive(Clone)]
pub struct Contract {
    pub code: u64,
    pub storage: BTreeMap<Key, Vec<u8>>,
    pub rent_allowance: Balance,
}

/// A contract's module, checked.
pub struct Code {
    pub wasm: Vec<u8>,
    pub memory: MemoryLimits,
}

#[derive(Clone, Debug, Encode)]
pub enum Event {
    Transferred { from: AccountId, to: AccountId, value: Balance },
    Instantiated { by: AccountId, contract: AccountId },
    Terminated { contract: AccountId, beneficiary: AccountId },
    Deposited { contract: AccountId, topics: Vec<Key>, data: Vec<u8> },
    Dispatched { contract: AccountId, call: Vec<u8> },
    Restored { contract: AccountId, to: AccountId },
}

pub struct World {
    pub accounts: BTreeMap<AccountId, Account>,
    pub events: Vec<Event>,
    codes: Vec<Arc<Code>>,
    /// The contracts whose calls have not ended, outermost first.
    pub running: Vec<AccountId>,
    next_contract: AccountId,
}

/// What a failing call goes back to.
pub struct Checkpoint {
    accounts: BTreeMap<AccountId, Account>,
    events: usize,
    next_contract: AccountId,
}

impl World {
    pub const fn new() -> Self {
        Self {
            accounts: BTreeMap::new(),
            events: Vec::new(),
            codes: Vec::new(),
            running: Vec::new(),
            next_contract: FIRST_CONTRACT,
        }
    }

    pub fn put_code(&mut self, wasm: Vec<u8>, memory: MemoryLimits) -> u32 {
        self.codes.push(Arc::new(Code { wasm, memory }));
        u32::try_from(self.codes.len().saturating_sub(1)).unwrap_or(u32::MAX)
    }

    pub fn code(&self, number: u64) -> Option<Arc<Code>> {
        self.codes.get(usize::try_from(number).ok()?).cloned()
    }

    /// An account, which is made where it is not there.
    pub fn account(&mut self, number: AccountId) -> &mut Account {
        self.accounts.entry(number).or_default()
    }

    pub fn balance(&self, number: AccountId) -> Balance {
        self.accounts.get(&number).map_or(0, |account| account.balance)
    }

    pub fn contract(&mut self, number: AccountId) -> Option<&mut Contract> {
        self.accounts.get_mut(&number)?.contract.as_mut()
    }

    /// The address of a contract to be.
    pub fn next_address(&mut self) -> AccountId {
        let address = self.next_contract;
        self.next_contract = address.saturating_add(1);
        address
    }

    /// Moves a value, where it is there. Nothing is moved where the value is zero.
    pub fn transfer(&mut self, from: AccountId, to: AccountId, value: Balance) -> Option<()> {
        if value == 0 {
            return Some(());
        }
        let left = self.balance(from).checked_sub(value)?;
        if from != to {
            let received = self.balance(to).checked_add(value)?;
            self.account(from).balance = left;
            self.account(to).balance = received;
        }
        self.events.push(Event::Transferred { from, to, value });
        Some(())
    }

    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            accounts: self.accounts.clone(),
            events: self.events.len(),
            next_contract: self.next_contract,
        }
    }

    pub fn roll_back(&mut self, to: Checkpoint) {
        self.accounts = to.accounts;
        self.events.truncate(to.events);
        self.next_contract = to.next_contract;
    }
}
