//! The engine that is outside: the host's own WebAssembly, which has compiled guests' code and runs it.
//!
//! JavaScript has the instances, memories and globals, and is asked for them by the functions of [`door`], by numbers
//! and nothing else. A call of such a guest ends its step with [`Protocol::OUTSIDE`](crate::Protocol::OUTSIDE).
//! JavaScript then runs the code, and says by [`Host::come_back`](crate::Host::come_back) what that came to.

mod calls;
mod door;
mod space;

use crate::{convert, json::List};
use alloc::sync::Arc;
use core::any::Any;
use guestbox::engine::{Code, Engine, Home, HostModule, Limiter, Prepared, Space};
use space::OutsideSpace;

/// The engine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outside;

/// A module that the host has compiled.
#[derive(Debug)]
struct OutsideCode {
    number: u32,
    module: Arc<Prepared>,
}

impl Engine for Outside {
    fn compile(&self, module: &Arc<Prepared>) -> Result<Box<dyn Code>, Box<str>> {
        let host = module.host.as_ref().ok_or("the module is not written for a host")?;
        let number = door::compile(&module.bytes, &facts(host));
        let number = u32::try_from(number).map_err(|_| door::refusal().into_boxed_str())?;
        Ok(Box::new(OutsideCode { number, module: Arc::clone(module) }))
    }

    fn is_host(&self) -> bool {
        true
    }
}

impl OutsideCode {
    /// What is known of the module; there always is.
    fn host(&self) -> Option<&HostModule> {
        self.module.host.as_ref()
    }
}

impl Drop for OutsideCode {
    fn drop(&mut self) {
        door::drop_code(self.number);
    }
}

impl Code for OutsideCode {
    fn space(&self, limiter: Limiter, _: Home) -> Box<dyn Space> {
        Box::new(OutsideSpace::new(limiter))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// What JavaScript has to know of a module: `[start, memories, tables, accounts, imports, exports]`, where the accounts
/// are the names of the globals of fuel, stack, end and note and of the table of what is asked.
fn facts(host: &HostModule) -> String {
    let names = &host.names;
    let all = |names: &[Box<str>]| names.iter().map(|name| &**name).collect::<List>();
    let accounts = [&names.fuel, &names.stack, &names.ended, &names.note, &names.asked];
    List::new()
        .with_text(names.start.as_deref())
        .with(all(&names.memories))
        .with(all(&names.tables))
        .with(accounts.iter().map(|name| &***name).collect::<List>())
        .with(convert::imports(&host.imports))
        .with(convert::exports(&host.exports))
        .to_string()
}
