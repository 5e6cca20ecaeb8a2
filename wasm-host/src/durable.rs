//! Durable calls, as the npm package has them: guests are recorded, parked and unparked. What was parked is kept in this module's
//! memory and known by its handle.
#![expect(
    clippy::missing_errors_doc,
    reason = "what a function throws is said once, at the top of the crate"
)]

use crate::{
    call::{self, Call, Head},
    convert::{describe_frames, saturate_long},
    error::IntoJs,
    host::{Host, Ways},
    json::List,
    protocol::Protocol,
    unparking::Unparking,
};
use core::mem;
use guestbox::{Limit, Parked, Replayed, UnparkError, Waiting};
use js_sys::Uint8Array;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
impl Host {
    /// Records an instance from now on.
    pub fn record(&mut self, instance: u32) -> Result<(), JsValue> {
        let instance = self.instance(instance)?;
        self.store.record(instance).map_err(IntoJs::into_js)
    }

    /// Parks an instance with its calls that are under way, and returns the handle of what was parked. The instance goes on.
    pub fn park(&mut self, instance: u32) -> Result<u32, JsValue> {
        let parked = self.store.park(self.instance(instance)?).map_err(IntoJs::into_js)?;
        Ok(self.parked.insert(parked))
    }

    /// The same of the instance that a call is of, whose start function may be under way.
    pub fn park_call(&mut self, handle: u32) -> Result<u32, JsValue> {
        let parked = self.calls.get(handle)?.execution.park(&mut self.store).map_err(IntoJs::into_js)?;
        Ok(self.parked.insert(parked))
    }

    /// Refuses a parked guest of more bytes than the limits of the store allow, before they are copied to where [`Host::load_parked`] reads
    /// them.
    pub fn check_parked_bytes(&self, length: f64) -> Result<(), JsValue> {
        let maximum = self.store.limits().parked_bytes.try_into().unwrap_or(u64::MAX);
        let refused = Limit::ParkedBytes.check(saturate_long(length), maximum);
        refused.map_err(|refused| UnparkError::Limit(refused).into_js())
    }

    /// Reads a parked guest and returns its handle.
    pub fn load_parked(&mut self, bytes: Vec<u8>) -> Result<u32, JsValue> {
        let parked = Parked::from_bytes(bytes).map_err(IntoJs::into_js)?;
        Ok(self.parked.insert(parked))
    }

    /// A copy of a parked guest's bytes.
    pub fn parked_bytes(&self, parked: u32) -> Result<Uint8Array, JsValue> {
        Ok(Uint8Array::from(self.parked.get(parked)?.as_bytes()))
    }

    /// The fuel that its calls used, which unparking it uses again.
    pub fn parked_fuel(&self, parked: u32) -> Result<u64, JsValue> {
        Ok(self.parked.get(parked)?.fuel())
    }

    /// What its calls wait for, in the order in which they began: `[module, name, number]` of a host call, `[]` of more fuel.
    pub fn parked_waiting(&self, parked: u32) -> Result<String, JsValue> {
        let waiting = self.parked.get(parked)?.waiting().map(|waiting| match waiting {
            Waiting::Fuel => List::new(),
            Waiting::HostCall { module, name, number } => {
                List::new().with_text(module).with_text(name).with(number)
            }
        });
        Ok(waiting.collect::<List>().to_string())
    }

    /// Forgets a parked guest.
    pub fn drop_parked(&mut self, parked: u32) {
        self.parked.remove(parked);
    }

    /// Begins to make an instance of a parked guest, and returns the handle by which that goes on: [`Host::replay`]. Imports and limits are
    /// given as to [`Host::instantiate`].
    #[expect(
        clippy::too_many_arguments,
        reason = "numbers cross as they are, an object would be read property by property"
    )]
    pub fn unpark(
        &mut self,
        module: u32,
        things: &[u32],
        parked: u32,
        fuel: Option<u64>,
        pages: Option<u32>,
        nesting: Option<u32>,
        ways: u32,
        wasi: &[u32],
    ) -> Result<u32, JsValue> {
        let module = self.modules.get(module)?.clone();
        let environment = self.environment(&module, things, wasi)?;
        let seat = self.systems.seat(wasi)?;
        let limits = Ways(ways).limits(fuel, pages, nesting);
        let replay = self.store.unpark(&module, &environment, self.parked.get(parked)?, limits);
        Ok(self.unparking.insert(Unparking { replay: replay.map_err(IntoJs::into_js)?, seat }))
    }

    /// Lets a guest that is unparked do again what was recorded, until it has used so much fuel: nothing, or once it is where it was, the
    /// number of the instance and one more, or 0 while its start function is under way; and for each call that is under way, in the order in
    /// which they began, its handle and the position of its export, or [`Protocol::NO_CALL`].
    pub fn replay(&mut self, handle: u32, slice: u64) -> Result<Option<Vec<u32>>, JsValue> {
        let Unparking { replay, seat } = self.unparking.get_mut(handle)?;
        let ready = replay.run(&mut self.store, slice).map_err(IntoJs::into_js)?;
        let Replayed::Ready { instance, calls } = ready else { return Ok(None) };
        let seat = mem::take(seat);
        let number = instance.map(|instance| instance.number());
        let mut ready = vec![number.map_or(0, |number| number.saturating_add(1))];
        let mut starting = match number {
            Some(number) => {
                self.systems.note(number, &seat);
                None
            }
            None => Some(seat),
        };
        for execution in calls {
            let position = execution.export_position().and_then(|position| u32::try_from(position).ok());
            let seat = starting.take().or_else(|| number.map(|number| self.systems.seat_of(number)));
            let call = self.calls.insert(Call::new(execution, seat.unwrap_or_default(), None));
            ready.extend([call, position.unwrap_or(Protocol::NO_CALL)]);
        }
        Ok(Some(ready))
    }

    /// Whether a call of a guest that is unparked ended by a trap: of the last the head and what can be taken say the same as of a step
    /// that [trapped](Protocol::TRAPPED).
    pub fn replayed_trap(&mut self, handle: u32) -> Result<bool, JsValue> {
        let Some(trap) = self.unparking.get_mut(handle)?.replay.take_trap() else { return Ok(false) };
        let used = trap.fuel_used();
        let (_, detail, state) = call::trap(&mut self.trapped, trap);
        Head { handle: Protocol::NO_CALL, detail, state, fuel: 0, used }.put(&mut self.exchange);
        Ok(true)
    }

    /// Where the call was that ended last without results, as [`Host::frames`] has it.
    pub fn replayed_frames(&self, handle: u32) -> Result<Option<String>, JsValue> {
        Ok(describe_frames(self.unparking.get(handle)?.replay.ended_at()))
    }

    /// Lets go of a replay: where it has not come to its end, of the guest too.
    pub fn drop_replay(&mut self, handle: u32) {
        if let Some(Unparking { mut replay, .. }) = self.unparking.remove(handle) {
            // It is of this store.
            let _cancelled = replay.cancel(&mut self.store);
        }
    }
}
