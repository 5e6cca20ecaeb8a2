//! Serving calls of WASI.

use super::{
    Systems,
    seat::{Seat, Waiting},
    system::{Shared, System},
};
use crate::{exchange::Exchange, protocol::Protocol};
use alloc::rc::Rc;
use guestbox::{
    HostCall, HostError, Store, Values,
    wasi::{Function, Served, Wait},
};

/// What became of a call of WASI.
pub(crate) enum Attended {
    Answer(Result<Values, HostError>),
    /// The program exits with this code.
    Exit(u32),
    /// It waits, for one of [`Protocol`]'s kinds.
    Wait(u32),
    /// It is answered by this, and lets others have their turn.
    Yield(Values),
}

impl Systems {
    /// Serves a host call of WASI, whose level is open.
    pub(crate) fn attend(
        &self,
        store: &mut Store,
        exchange: &mut Exchange,
        call: &HostCall<'_>,
        seat: &mut Seat,
    ) -> Attended {
        // Of a guest whose start function has not returned nobody else knows the system.
        let Some(system) = self.system(call, seat).map(Rc::clone) else { return refused() };
        let Ok(mut own) = system.try_borrow_mut() else { return refused() };
        if own.is_waited_for && seat.waiting.is_none() {
            return Attended::Wait(Protocol::TURN);
        }
        own.set_time();
        match own.wasi.serve(store, call) {
            Ok(Served::Wait(wait)) => {
                let kind = own.say(exchange, &wait);
                own.is_waited_for = true;
                drop(own);
                seat.waiting.get_or_insert_with(|| Waiting::new(system));
                Attended::Wait(kind)
            }
            served => {
                drop(own);
                seat.waiting = None;
                match served {
                    Ok(Served::Answer(values)) if is_yield(call) => Attended::Yield(values),
                    Ok(Served::Answer(values)) => Attended::Answer(Ok(values)),
                    Ok(Served::Exit(code)) => Attended::Exit(code),
                    Ok(_) => refused(),
                    Err(error) => Attended::Answer(Err(error)),
                }
            }
        }
    }

    fn system<'a>(&'a self, call: &HostCall<'_>, seat: &'a Seat) -> Option<&'a Shared> {
        if call.is_elsewhere() { self.of_instances.get(&call.instance?.number()) } else { seat.system() }
    }
}

impl System {
    /// Says in the exchange what is waited for, and of which kind that is.
    fn say(&mut self, exchange: &mut Exchange, wait: &Wait) -> u32 {
        let mut put = |words: &[u64]| {
            for (at, word) in (Protocol::VALUES..).zip(words) {
                exchange.put_word(at, *word);
            }
        };
        match *wait {
            Wait::File(request) => {
                put(&[request.token, request.size]);
                Protocol::FILE
            }
            Wait::Output => Protocol::OUTPUT,
            Wait::Random(len) => {
                put(&[len.into()]);
                Protocol::RANDOM
            }
            Wait::Stdin => Protocol::INPUT,
            Wait::Until { monotonic_ns, stdin } => {
                self.until_ns = monotonic_ns;
                put(&[monotonic_ns.saturating_sub(self.wasi.monotonic_ns())]);
                if stdin { Protocol::UNTIL_INPUT } else { Protocol::UNTIL }
            }
            _ => Protocol::FOREVER,
        }
    }
}

fn is_yield(call: &HostCall<'_>) -> bool {
    Function::of(call.func) == Some(Function::SchedYield)
}

fn refused() -> Attended {
    Attended::Answer(Err(HostError::new()))
}
