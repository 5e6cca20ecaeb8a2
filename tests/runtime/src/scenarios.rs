//! What is done with the runtime. A scenario says also what it expects, so that two that fail alike
//! are no success.

use frame_support::dispatch::{DispatchError, DispatchResultWithPostInfo};
use pallet_contracts::{Error, Limits, Schedule};
use pallet_contracts_primitives::{ContractExecResult, ReturnFlags};
use parity_scale_codec::Encode;
use sp_core::H256;
use sp_runtime::AccountId32;
use sp_std::prelude::*;

use crate::{
    contracts,
    runtime::{Origin, Runtime},
    session::{code_hash, Session, ALICE, BOB, GAS},
};

pub const ALL: &[(&str, fn(&mut Session))] = &[
    ("what the pallet offers", api),
    ("arguments beyond the memory", beyond),
    ("edges of the machine", edges),
    ("a hundred nested calls", nested),
    ("contracts that call others", others),
    ("out of gas", out_of_gas),
    ("code that is refused", refused),
    ("code that cannot be instantiated", not_instantiated),
    ("the pallet's return codes", return_codes),
    ("the pallet's sizes and hashes", sizes_and_hashes),
    ("contracts that end", endings),
    ("rent, eviction and restoration", rent),
    ("restoration that fails", no_restoration),
    ("another schedule", schedule),
];

const ENDOWMENT: u64 = 100_000_000;

fn api(s: &mut Session) {
    let api = s.deploy("api", ENDOWMENT, (), b"");
    let key = [5_u8; 32];
    for getter in 0..10_u8 {
        returned(s.call_with(&api, 1_000 + u64::from(getter), GAS, vec![getter]));
    }
    returned(s.call(&api, (11_u8, key)));
    for value in [&b"a value"[..], b"", &[9; 300], b"shorter"] {
        returned(s.call_with(&api, 0, GAS, [&(10_u8, key).encode(), value].concat()));
        assert!(returned(s.call(&api, (11_u8, key))).ends_with(value));
    }
    fails(s.call(&api, (27_u8, key)), Error::OutputBufferTooSmall);
    for _ in 0..2 {
        returned(s.call(&api, (12_u8, key)));
        returned(s.call(&api, (11_u8, key)));
    }
    returned(s.call(&api, (13_u8, 77_u64)));
    returned(s.call(&api, 8_u8));
    returned(s.call(&api, (14_u8, 123_456_u64)));
    for number in 2..4 {
        returned(s.call(&api, (15_u8, [3_u8; 32])));
        returned(s.call(&api, (15_u8, 3_u8)));
        s.block(number);
    }
    fails(s.call(&api, (15_u8, [3_u8; 32], 3_u8)), Error::RandomSubjectTooLong);
    let event = |topics: &[u8]| {
        let topics: Vec<H256> = topics.iter().copied().map(H256::repeat_byte).collect();
        (16_u8, topics.encoded_size() as u8, topics, *b"data")
    };
    returned(s.call(&api, (16_u8, 0_u8, *b"data")));
    returned(s.call(&api, event(&[1, 2])));
    fails(s.call(&api, event(&[1, 2, 1])), Error::DuplicateTopics);
    fails(s.call(&api, event(&[1, 2, 3, 4, 5])), Error::TooManyTopics);
    returned(s.call(&api, (17_u8, BOB, 1_000_u64)));
    returned(s.call(&api, (17_u8, BOB, u64::MAX)));
    assert_eq!(returned(s.call(&api, (21_u8, 0_u8, *b"through")))[4..], *b"through");
    returned(s.call(&api, (21_u8, 1_u8, 200_u8, 200_u8)));
    let diverged = s.call(&api, (21_u8, 2_u8)).exec_result.unwrap();
    assert_eq!((diverged.flags, &diverged.data[..]), (ReturnFlags::REVERT, &[7, 8, 9][..]));
    assert!(s.call(&api, (21_u8, 3_u8)).exec_result.is_err());
    fails(s.call(&api, 22_u8), Error::InputAlreadyRead);
    assert!(!s.call(&api, (23_u8, *b"reverted")).exec_result.unwrap().is_success());
    traps(s.call(&api, 200_u8));
    let transfer = pallet_balances::Call::transfer(api, 1);
    s.dispatch("a transfer", Origin::signed(BOB), transfer).unwrap();
}

fn beyond(s: &mut Session) {
    let api = s.deploy("api", ENDOWMENT, (), b"");
    let end = 2 * 65_536_u32;
    for (address, length) in [(0, end), (end, 0), (end - 1, 1)] {
        returned(s.call(&api, (24_u8, address, length)));
    }
    for (address, length) in [(end - 1, 2), (end + 1, 0), (u32::MAX, 1)] {
        fails(s.call(&api, (24_u8, address, length)), Error::OutOfBounds);
    }
    // The gas for so many bytes is charged first.
    for (address, length) in [(1, u32::MAX), (u32::MAX, u32::MAX)] {
        fails(s.call(&api, (24_u8, address, length)), Error::OutOfGas);
    }
    for (key, value, length) in [(end - 31, 0, 1), (0, end - 3, 4), (u32::MAX, 0, 0)] {
        fails(s.call(&api, (25_u8, key, value, length)), Error::OutOfBounds);
    }
    returned(s.call(&api, (25_u8, end - 32, end - 4, 4)));
    returned(s.call(&api, (25_u8, 0, 0, 16_384)));
    fails(s.call(&api, (25_u8, 0, 0, 16_385)), Error::ValueTooLarge);
    let key = [0_u8; 32];
    returned(s.call(&api, (10_u8, key, 1_u8)));
    fails(s.call(&api, (26_u8, key, end)), Error::OutOfBounds);
    returned(s.call(&api, (26_u8, key, end - 1)));
    fails(s.call(&api, (28_u8, 16_385)), Error::ValueTooLarge);
    returned(s.call(&api, (28_u8, 16_384)));
}

fn edges(s: &mut Session) {
    const NUMBERS: u64 = 26;
    let edges = s.deploy("edges", ENDOWMENT, (), b"");
    let big = 0x8000_0000_0000_0000_u64;
    let operands =
        [(7, 0), (big, u64::MAX), (0x8000_0000, 0xffff_ffff), (u64::MAX - 6, 3), (0x0123_4567_89ab_cdef, 67)];
    for operation in 0..NUMBERS as u8 {
        for (left, right) in operands {
            let divides = matches!(operation, 0..=3 | 14..=17);
            let overflows = matches!((operation, left), (0, 0x8000_0000_0000_0000) | (14, 0x8000_0000));
            let result = s.call(&edges, (operation, left, right));
            if divides && right == 0 || overflows {
                traps(result)
            } else {
                drop(returned(result))
            }
        }
    }
    let page = 65_536_u64;
    for (operation, size) in [(26_u8, 1), (27, 2), (28, 4), (29, 8), (30, 1), (31, 4), (32, 8)] {
        returned(s.call(&edges, (operation, page - size, u64::MAX)));
        for address in [page - size + 1, page, 0x7fff_ffff, 0xffff_ffff] {
            traps(s.call(&edges, (operation, address, u64::MAX)));
        }
    }
    for address in [0, 1, 0xffff_ffff_u64] {
        traps(s.call(&edges, (33_u8, address, 0_u64)));
    }
    for pages in [0, 1, 2, 3, 0xffff_ffff_u64] {
        returned(s.call(&edges, (34_u8, pages, 0_u64)));
    }
    traps(s.call(&edges, (35_u8, 0_u64, 0_u64)));
    // By way of itself too: another type, nothing there, and beyond the table.
    for index in [42, 43, 47, 48, 0xffff_ffff_u64] {
        traps(s.call(&edges, (36_u8, index, 0_u64)));
        traps(s.call(&edges, (index as u8, 0_u64, 0_u64)));
    }
    for label in [0, 1, 2, 3, 0xffff_ffff_u64] {
        returned(s.call(&edges, (37_u8, label, 0_u64)));
    }
    // As deep as the pallet's own limit of the stack allows, and deeper.
    for depth in [1, 10, 40_u64] {
        returned(s.call(&edges, (38_u8, depth, 5_u64)));
    }
    for depth in [400, 100_000_u64] {
        traps(s.call(&edges, (38_u8, depth, 5_u64)));
    }
    for rounds in [1, 1_000_u64] {
        returned(s.call(&edges, (39_u8, rounds, 0_u64)));
    }
    returned(s.call(&edges, (40_u8, u64::MAX, 1_u64)));
    returned(s.call(&edges, (41_u8, 3_u64, 4_u64)));
    let pages = s.deploy("pages", ENDOWMENT, (), b"");
    traps(s.call(&pages, ()));
}

fn nested(s: &mut Session) {
    let nest = s.deploy("nest", ENDOWMENT, (), b"");
    for depth in [0, 1, 7, 100_u32] {
        assert_eq!(returned(s.call_with(&nest, 0, 10 * GAS, depth.encode())), (depth, 0_u32).encode());
    }
    // The pallet's own limit: the innermost traps, which the one above it is told.
    let beyond = returned(s.call_with(&nest, 0, 10 * GAS, 103_u32.encode()));
    assert_eq!(beyond[..4], 100_u32.encode()[..]);
    assert_ne!(beyond[4..], [0; 4]);
}

fn others(s: &mut Session) {
    let api = s.deploy("api", ENDOWMENT, (), b"");
    let other = s.deploy("api", ENDOWMENT, (), b"other");
    let call = |callee: &AccountId32, gas: u64, value: u64, input: Vec<u8>| {
        [(18_u8, callee, gas, value).encode(), input].concat()
    };
    let key = [7_u8; 32];
    let set = [&(10_u8, key).encode()[..], b"by another"].concat();
    assert_eq!(returned(s.call_with(&api, 0, GAS, call(&other, 0, 5, set.clone())))[..4], [0; 4]);
    returned(s.call(&other, (11_u8, key)));
    returned(s.call(&api, (11_u8, key)));
    // With too little gas for it, to itself, and to nobody.
    returned(s.call_with(&api, 0, GAS, call(&other, 1_000, 0, set.clone())));
    returned(s.call_with(&api, 0, GAS, call(&api, 0, 0, set.clone())));
    returned(s.call_with(&api, 0, GAS, call(&ALICE, 0, 0, set.clone())));
    returned(s.call_with(&api, 0, GAS, call(&other, 0, u64::MAX, set)));
    // What is below a call that fails is undone.
    let reverts = call(&other, 0, 0, call(&api, 0, 0, [&(10_u8, key).encode()[..], b"kept"].concat()));
    returned(s.call_with(&api, 0, GAS, reverts));
    for input in
        [(200_u8).encode(), (23_u8, *b"reverted").encode(), (17_u8, BOB, 10_u64).encode(), (0_u8).encode()]
    {
        returned(s.call_with(&api, 0, GAS, call(&other, 0, 9, input)));
    }
    // Code that is not there, that is there, and a second contract at one address.
    let make = |salt: u32| (19_u8, code_hash("nest"), 0_u64, 1_000_000_u64, salt, 0_u32);
    returned(s.call(&api, make(1)));
    s.deploy("nest", ENDOWMENT, (), b"");
    for salt in 1..3 {
        returned(s.call(&api, make(salt)));
    }
    fails(s.call(&api, make(1)), Error::DuplicateContract);
    let instantiate =
        || pallet_contracts::Call::instantiate(ENDOWMENT, GAS, code_hash("nest"), vec![], vec![1]);
    s.dispatch("instantiate", Origin::signed(ALICE), instantiate()).unwrap();
    refuses(s.dispatch("instantiate", Origin::signed(ALICE), instantiate()), Error::DuplicateContract);
    let prints = Schedule::<Runtime> { version: 1, enable_println: true, ..Default::default() };
    let update = pallet_contracts::Call::update_schedule(prints);
    let wasm = contracts::wasm("caller_contract");
    assert!(s.deploy_code("may not print", wasm, ENDOWMENT, vec![], b"").is_err());
    s.dispatch("update", Origin::root(), update).unwrap();
    let caller = s.deploy("caller_contract", ENDOWMENT, (), b"");
    s.deploy("return_with_data", ENDOWMENT, 0_u32, b"");
    returned(s.call(&caller, code_hash("return_with_data")));
}

fn out_of_gas(s: &mut Session) {
    let endless = s.deploy("run_out_of_gas", ENDOWMENT, (), b"");
    for gas in [0, 1, 1_000_000, 67_500_000, 1_000_000_000] {
        fails(s.call_with(&endless, 0, gas, vec![]), Error::OutOfGas);
    }
    let call = pallet_contracts::Call::call(endless.clone(), 3, 500_000_000, vec![]);
    refuses(s.dispatch("call", Origin::signed(ALICE), call), Error::OutOfGas);
    // One that another calls with less than it has itself, and with all that it has: both are told of it.
    let api = s.deploy("api", ENDOWMENT, (), b"");
    returned(s.call(&api, (18_u8, &endless, 500_000_000_u64, 0_u64)));
    returned(s.call_with(&api, 0, 2_000_000_000, (18_u8, &endless, 0_u64, 0_u64).encode()));
    // One at each of many places.
    let nest = s.deploy("nest", ENDOWMENT, (), b"");
    let needed = s.call(&nest, 3_u32).gas_consumed;
    let edges = s.deploy("edges", ENDOWMENT, (), b"");
    for part in 0..20 {
        s.call_with(&nest, 0, needed / 20 * part, 3_u32.encode());
        s.call_with(&edges, 0, GAS / 2_000 * part, (39_u8, 1_000_u64, 1_u64).encode());
    }
    s.call_with(&nest, 0, needed - 1, 3_u32.encode());
    returned(s.call_with(&nest, 0, needed, 3_u32.encode()));
}

fn refused(s: &mut Session) {
    for wasm in contracts::REFUSED {
        assert!(s.deploy_code("refused", wasm, ENDOWMENT, vec![], b"").is_err());
    }
    for length in [0, 4, 8, 100] {
        let cut = &contracts::wasm("api")[..length];
        assert!(s.deploy_code("cut short", cut, ENDOWMENT, vec![], b"").is_err());
    }
    let large = vec![0; 8 * 1_024 + 1];
    refuses(s.deploy_code("too large", &large, ENDOWMENT, vec![], b""), Error::CodeTooLarge);
    let call = pallet_contracts::Call::instantiate(ENDOWMENT, GAS, H256::repeat_byte(7), vec![], vec![]);
    refuses(s.dispatch("no such code", Origin::signed(ALICE), call), Error::CodeNotFound);
    fails(s.call(&BOB, ()), Error::NotCallable);
}

fn not_instantiated(s: &mut Session) {
    for name in ["starts", "data_beyond", "elements_beyond"] {
        let result = s.deploy_code(name, contracts::wasm(name), ENDOWMENT, vec![], b"");
        assert!(result.is_err());
    }
    let nothing = s.deploy("imports_nothing", ENDOWMENT, (), b"");
    returned(s.call(&nothing, ()));
    s.deploy("return_from_start_fn", ENDOWMENT, (), b"");
}

fn return_codes(s: &mut Session) {
    let poor = s.deploy("transfer_return_code", 200_000, (), b"poor");
    let rich = s.deploy("transfer_return_code", ENDOWMENT, (), b"rich");
    returned(s.call(&poor, ()));
    returned(s.call(&rich, ()));
    let caller = s.deploy("call_return_code", ENDOWMENT, [0_u8; 32], b"");
    let callee = s.deploy("ok_trap_revert", ENDOWMENT, 0_u32, b"");
    for whom in [&BOB, &callee] {
        for choice in 0..4_u32 {
            returned(s.call(&caller, (whom, choice)));
        }
    }
    let maker = s.deploy("instantiate_return_code", ENDOWMENT, (), b"");
    for choice in [2, 1, 0_u32] {
        returned(s.call(&maker, (code_hash("ok_trap_revert"), choice)));
    }
    fails(s.call(&maker, (code_hash("ok_trap_revert"), 0_u32)), Error::DuplicateContract);
    returned(s.call(&maker, ([0_u8; 32], 0_u32)));
    for choice in [2, 1_u32] {
        let wasm = contracts::wasm("ok_trap_revert");
        let _ = s.deploy_code("ok_trap_revert", wasm, ENDOWMENT, choice.encode(), &choice.encode());
        s.call(&callee, choice);
    }
    let returning = s.deploy("return_with_data", ENDOWMENT, 0_u32, b"");
    for length in [0, 1, 60_usize] {
        returned(s.call_with(&returning, 0, GAS, vec![0; 4 + length]));
    }
    assert!(!s.call(&returning, (1_u32, *b"reverted")).exec_result.unwrap().is_success());
}

fn sizes_and_hashes(s: &mut Session) {
    let sizes = s.deploy("storage_size", 1_000 * ENDOWMENT, (), b"");
    let events = s.deploy("event_size", ENDOWMENT, (), b"");
    for size in [1, 1_000, 16_384_u32] {
        returned(s.call(&sizes, size));
        returned(s.call(&events, size));
    }
    fails(s.call(&sizes, 16_385_u32), Error::ValueTooLarge);
    fails(s.call(&events, 16_385_u32), Error::ValueTooLarge);
    s.deploy("set_empty_storage", ENDOWMENT, (), b"");
    s.deploy("check_default_rent_allowance", ENDOWMENT, (), b"");
    let hashes = s.deploy("crypto_hashes", ENDOWMENT, (), b"");
    for function in 0..6_u8 {
        for length in [0, 1, 31, 127, 128, 200] {
            let input: Vec<u8> = (0..length).map(|byte| byte ^ 0x55).collect();
            s.call_with(&hashes, 0, GAS, [vec![function], input].concat());
        }
    }
    let extension = s.deploy("chain_extension", ENDOWMENT, (), b"");
    returned(s.call(&extension, [0_u8, 99]));
    s.call(&extension, [1_u8, 42]);
    s.call(&extension, 2_u8);
    let drain = s.deploy("drain", ENDOWMENT, (), b"");
    returned(s.call(&drain, ()));
}

fn endings(s: &mut Session) {
    let wasm = contracts::wasm("self_destructing_constructor");
    refuses(s.deploy_code("self_destructing_constructor", wasm, ENDOWMENT, vec![], b""), Error::NotCallable);
    for salt in 0..3_u8 {
        let ends = s.deploy("self_destruct", ENDOWMENT, (), &[salt]);
        // One that is being called cannot end.
        assert!(s.call(&ends, 1_u8).exec_result.is_err());
        returned(s.call(&ends, ()));
        fails(s.call(&ends, ()), Error::NotCallable);
    }
    let api = s.deploy("api", ENDOWMENT, (), b"");
    for key in 0..5_u8 {
        returned(s.call(&api, (10_u8, [key; 32], key)));
    }
    returned(s.call(&api, (20_u8, BOB)));
    // What it had stored goes with the next block.
    s.block(2);
    fails(s.call(&api, ()), Error::NotCallable);
    s.deploy("self_destruct", ENDOWMENT, (), b"child");
    let parent = s.deploy("destroy_and_transfer", ENDOWMENT, code_hash("self_destruct"), b"");
    returned(s.call(&parent, ()));
    s.block(3);
}

fn set_rent(input: u32) -> Vec<u8> {
    input.to_le_bytes().to_vec()
}

fn rent(s: &mut Session) {
    for (salt, allowance) in [(0_u8, 70_000_u64), (1, 10_000), (2, 0)] {
        let wasm = contracts::wasm("set_rent");
        let made = s.deploy_code("set_rent", wasm, 100_000, allowance.encode(), &[salt]);
        assert_eq!(made.is_ok(), allowance > 0);
    }
    let [rich, poor] = [0_u8, 1].map(|salt| {
        pallet_contracts::Module::<Runtime>::contract_address(&ALICE, &code_hash("set_rent"), &[salt])
    });
    for input in [0, 1, 3, 0] {
        returned(s.call_with(&rich, 0, GAS, set_rent(input)));
    }
    returned(s.call_with(&rich, 0, GAS, [set_rent(2), BOB.encode()].concat()));
    let claim = |of: &AccountId32| pallet_contracts::Call::claim_surcharge(of.clone(), Some(ALICE));
    refuses(s.dispatch("claim", Origin::none(), claim(&rich)), Error::ContractNotEvictable);
    for block in [5, 7, 60] {
        s.block(block);
        s.call_with(&rich, 0, GAS, set_rent(3));
        s.call_with(&poor, 0, GAS, set_rent(3));
    }
    let signed = pallet_contracts::Call::claim_surcharge(poor.clone(), Some(ALICE));
    refuses(s.dispatch("claim", Origin::signed(BOB), signed), Error::InvalidSurchargeClaim);
    s.dispatch("claim", Origin::none(), claim(&poor)).unwrap();
    fails(s.call(&poor, ()), Error::NotCallable);
    let restoring = s.deploy("restoration", 30_000_000, (), b"");
    s.block(61);
    returned(s.call(&restoring, (code_hash("set_rent"), &poor)));
    fails(s.call(&restoring, ()), Error::NotCallable);
    s.call_with(&poor, 0, GAS, set_rent(3));
    s.block(62);
}

fn no_restoration(s: &mut Session) {
    let poor = s.deploy("set_rent", 30_000, 10_000_u64, b"");
    s.deploy("set_rent", 100_000, 50_000_u64, b"another");
    returned(s.call_with(&poor, 0, GAS, set_rent(0)));
    let restoring = s.deploy("restoration", 30_000_000, (), b"");
    let restore = (code_hash("set_rent"), &poor).encode();
    // It lives, then its storage was another, and then the one that restores has written in this block.
    assert!(s.call_with(&restoring, 0, GAS, restore.clone()).exec_result.is_err());
    s.block(50);
    let claim = pallet_contracts::Call::claim_surcharge(poor.clone(), None);
    s.dispatch("claim", Origin::signed(BOB), claim).unwrap();
    assert!(s.call_with(&restoring, 0, GAS, restore).exec_result.is_err());
    let fresh = s.deploy("restoration", 30_000_000, (), b"fresh");
    assert!(s.call(&fresh, (code_hash("set_rent"), &poor)).exec_result.is_err());
    assert!(s.call(&fresh, (H256::zero(), &poor)).exec_result.is_err());
}

fn schedule(s: &mut Session) {
    let api = s.deploy("api", ENDOWMENT, (), b"");
    let edges = s.deploy("edges", ENDOWMENT, (), b"");
    let before = s.call(&edges, (38_u8, 40_u64, 0_u64));
    let limits = Limits { stack_height: 64, memory_pages: 3, ..Default::default() };
    let schedule = Schedule::<Runtime> { version: 1, limits, ..Default::default() };
    let update = |version| pallet_contracts::Call::update_schedule(Schedule { version, ..schedule.clone() });
    assert!(s.dispatch("update", Origin::signed(ALICE), update(1)).is_err());
    s.dispatch("update", Origin::root(), update(1)).unwrap();
    refuses(s.dispatch("update", Origin::root(), update(1)), Error::InvalidScheduleVersion);
    // Its code is instrumented anew, for the stack that there is now; the other's has too many pages.
    traps(s.call(&edges, (38_u8, 40_u64, 0_u64)));
    assert!(before.exec_result.is_ok());
    assert!(s.call(&api, 0_u8).exec_result.is_err());
}

fn error(error: Error<Runtime>) -> DispatchError {
    error.into()
}

/// What a call returned that succeeded.
#[track_caller]
fn returned(result: ContractExecResult) -> Vec<u8> {
    let value = result.exec_result.unwrap();
    assert!(value.is_success());
    value.data
}

#[track_caller]
fn fails(result: ContractExecResult, expected: Error<Runtime>) {
    assert_eq!(result.exec_result.unwrap_err().error, error(expected));
}

#[track_caller]
fn traps(result: ContractExecResult) {
    fails(result, Error::ContractTrapped);
}

#[track_caller]
fn refuses(result: DispatchResultWithPostInfo, expected: Error<Runtime>) {
    assert_eq!(result.unwrap_err().error, error(expected));
}
