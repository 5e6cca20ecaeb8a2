//! A chain extension: what contracts may call of the runtime itself.

use pallet_contracts::chain_extension::{
    ChainExtension, Environment, Ext, InitState, Result, RetVal, ReturnFlags, SysConfig, UncheckedFrom,
};
use sp_runtime::DispatchError;
use sp_std::vec;

use crate::runtime::Runtime;

pub struct Extension;

impl ChainExtension<Runtime> for Extension {
    fn call<E: Ext>(function: u32, env: Environment<E, InitState>) -> Result<RetVal>
    where
        <E::T as SysConfig>::AccountId: UncheckedFrom<<E::T as SysConfig>::Hash> + AsRef<[u8]>,
    {
        let mut env = env.buf_in_buf_out();
        match function {
            0 => {
                let input = env.read(64)?;
                env.write(&input, false, None)?;
            }
            1 => {
                let weight = env.read(64)?.iter().copied().map(u64::from).sum();
                env.charge_weight(weight)?;
            }
            2 => return Ok(RetVal::Diverging { flags: ReturnFlags::REVERT, data: vec![7, 8, 9] }),
            _ => return Err(DispatchError::Other("no such function of the extension")),
        }
        Ok(RetVal::Converging(function))
    }
}
