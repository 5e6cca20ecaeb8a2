//! Errors on their way to JavaScript: objects with a class, a code and a message.

use crate::names::{message, refused_feature, trap_message};
use core::fmt::Display;
use guestbox::{
    CompileError, HandleError, LimitError, Proposal, Trap,
    abi::{InstantiateFailure, SupervisorTrap},
    substrate::Failure,
    tables::Coded,
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(inline_js = "export const refusal = (name, code, message, fuelUsed, isOfCount, proposal) =>
    ({ __proto__: null, name, code, message, fuelUsed, isOfCount, proposal });")]
extern "C" {
    /// A fresh object with these properties. `isOfCount` says that a limit refused that counts what lives.
    fn refusal(
        name: &str,
        code: &str,
        message: &str,
        fuel_used: Option<u64>,
        is_of_count: bool,
        proposal: Option<&str>,
    ) -> JsValue;
}

/// An error with the name of its class in JavaScript, its code and its message.
pub(crate) fn error(class: &str, code: &str, message: &dyn Display) -> JsValue {
    refusal(class, code, &message.to_string(), None, false, None)
}

/// The error for something that there is not, and never was.
pub(crate) fn no_such(what: &str) -> JsValue {
    error("DisposedError", HandleError::Unknown.code(), &format_args!("no such {what}"))
}

/// The error of a class for one of the core's.
pub(crate) fn error_of(class: &str, error: &impl Coded) -> JsValue {
    let counts_what_lives = |refused: &LimitError| refused.limit.counts_what_lives();
    let is_of_count = error.refused().is_some_and(|(_, refused)| refused.iter().all(counts_what_lives));
    refusal(class, error.code(), &message(error), None, is_of_count, None)
}

/// What makes a JavaScript error of a core error. Which class each is of stands in `classes`.
pub(crate) trait IntoJs {
    fn into_js(self) -> JsValue;
}

impl IntoJs for CompileError {
    fn into_js(self) -> JsValue {
        let message = match &self {
            Self::Feature(feature) => refused_feature(*feature),
            Self::Unsupported(unsupported) if is_of_other_engine(unsupported.proposal) => {
                format!("{}, or load the sandbox with `simd: true`", message(&self))
            }
            _ => message(&self),
        };
        let proposal = match &self {
            Self::Unsupported(unsupported) => Some(unsupported.proposal.name()),
            _ => None,
        };
        refusal("CompileError", self.code(), &message, None, false, proposal)
    }
}

/// Whether a proposal is one that the engine with vectors has, where this is the one without.
fn is_of_other_engine(proposal: Proposal) -> bool {
    !cfg!(feature = "simd") && matches!(proposal, Proposal::Simd | Proposal::RelaxedSimd)
}

impl IntoJs for Failure {
    fn into_js(self) -> JsValue {
        match self {
            Self::Instantiate(InstantiateFailure::Instantiation(error)) => error.into_js(),
            Self::Instantiate(InstantiateFailure::ModuleDecoding(error)) => error.into_js(),
            Self::Instantiate(InstantiateFailure::StartTrapped(trap)) => trap.into_js(),
            Self::Instantiate(failure) => failure.into_js(),
            Self::Invoke(error) => error.into_js(),
            failure => error("GuestboxError", "failure", &failure),
        }
    }
}

impl IntoJs for Trap {
    fn into_js(self) -> JsValue {
        let message = trap_message(&self).unwrap_or_else(|| self.to_string());
        refusal("Trap", self.code().name(), &message, Some(self.fuel_used()), false, None)
    }
}

/// What a supervisor that is JavaScript did wrong: where the error in it says more, it is that.
pub(crate) fn wrong_use(trap: SupervisorTrap) -> JsValue {
    match trap {
        SupervisorTrap::Instance(error) | SupervisorTrap::Memory(error) => error.into_js(),
        SupervisorTrap::MemoryRefused(error) => error.into_js(),
        trap => trap.into_js(),
    }
}
