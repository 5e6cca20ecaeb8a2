//! Errors on their way to JavaScript: objects with a class, a code and a message.

use crate::limits::{message, refused_feature};
use core::fmt::Display;
use guestbox::{
    CompileError, EnvironmentError, ExecutionError, ForkError, FormatError, GlobalError, HandleError,
    InstantiateError, InvokeError, LimitError, MemoryError, RestoreError, SnapshotError, ThunkError, Trap,
    abi::{InstantiateFailure, SupervisorTrap},
    substrate::Failure,
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

/// An error in which a limit refused.
fn limit_error(class: &str, code: &str, error: &dyn Display, refused: &LimitError) -> JsValue {
    refusal(class, code, &message(error, Some(refused)), None, refused.limit.counts_what_lives(), None)
}

/// What makes a JavaScript error of a core error.
pub(crate) trait IntoJs {
    fn into_js(self) -> JsValue;
}

impl IntoJs for CompileError {
    fn into_js(self) -> JsValue {
        let message = match &self {
            Self::Feature(feature) => refused_feature(*feature),
            Self::Limit(refused) => message(&self, Some(refused)),
            _ => message(&self, None),
        };
        let proposal = match &self {
            Self::Unsupported(unsupported) => Some(unsupported.proposal.name()),
            _ => None,
        };
        refusal("CompileError", self.code(), &message, None, false, proposal)
    }
}

impl IntoJs for HandleError {
    fn into_js(self) -> JsValue {
        error("HandleError", self.code(), &self)
    }
}

impl IntoJs for MemoryError {
    fn into_js(self) -> JsValue {
        match self {
            Self::Handle(handle) => handle.into_js(),
            Self::Limit(refused) => limit_error("MemoryError", self.code(), &self, &refused),
            _ => error("MemoryError", self.code(), &self),
        }
    }
}

impl IntoJs for GlobalError {
    fn into_js(self) -> JsValue {
        match self {
            Self::Instance(handle) => handle.into_js(),
            _ => error("GlobalError", self.code(), &self),
        }
    }
}

impl IntoJs for ExecutionError {
    fn into_js(self) -> JsValue {
        error("ExecutionError", self.code(), &self)
    }
}

impl IntoJs for InvokeError {
    fn into_js(self) -> JsValue {
        match self {
            Self::Instance(handle) => handle.into_js(),
            Self::Trap(trap) => trap.into_js(),
            _ => error("InvokeError", self.code(), &self),
        }
    }
}

impl IntoJs for InstantiateError {
    fn into_js(self) -> JsValue {
        match self {
            Self::Snapshot(refused) => refused.into_js(),
            Self::Start(trap) => trap.into_js(),
            Self::Limit(refused) => limit_error("InstantiateError", self.code(), &self, &refused),
            _ => error("InstantiateError", self.code(), &self),
        }
    }
}

impl IntoJs for InstantiateFailure {
    fn into_js(self) -> JsValue {
        let refused = match &self {
            Self::EnvironmentCorrupted(EnvironmentError::Limit(refused))
            | Self::Instantiation(InstantiateError::Limit(refused))
            | Self::ModuleDecoding(CompileError::Limit(refused)) => Some(refused),
            _ => None,
        };
        error("InstantiateError", self.name(), &message(&self, refused))
    }
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

/// What ends a supervisor that is wasm, by the name that it has natively.
pub(crate) fn supervisor_trap(trap: &SupervisorTrap) -> JsValue {
    let refused = match trap {
        SupervisorTrap::Limit(refused) | SupervisorTrap::MemoryRefused(MemoryError::Limit(refused)) => {
            Some(refused)
        }
        _ => None,
    };
    error("SupervisorTrap", trap.name(), &message(trap, refused))
}

impl IntoJs for SnapshotError {
    fn into_js(self) -> JsValue {
        match self {
            Self::Instance(handle) => handle.into_js(),
            _ => error("SnapshotError", self.code(), &self),
        }
    }
}

impl IntoJs for FormatError {
    fn into_js(self) -> JsValue {
        error("SnapshotError", self.code(), &self)
    }
}

impl IntoJs for RestoreError {
    fn into_js(self) -> JsValue {
        match self {
            Self::Instance(handle) => handle.into_js(),
            Self::Limit(refused) => limit_error("RestoreError", self.code(), &self, &refused),
            _ => error("RestoreError", self.code(), &self),
        }
    }
}

impl IntoJs for ForkError {
    fn into_js(self) -> JsValue {
        match self {
            Self::Instantiate(refused) => refused.into_js(),
            Self::Snapshot(refused) => refused.into_js(),
            _ => error("SnapshotError", self.code(), &self),
        }
    }
}

impl IntoJs for Trap {
    fn into_js(self) -> JsValue {
        let refused = self.reason().and_then(|reason| match reason.downcast_ref() {
            Some(ThunkError::Limit(refused)) => Some(refused),
            _ => reason.downcast_ref(),
        });
        refusal("Trap", self.code().name(), &message(&self, refused), Some(self.fuel_used()), false, None)
    }
}

impl IntoJs for SupervisorTrap {
    fn into_js(self) -> JsValue {
        match self {
            Self::Instance(handle) | Self::Memory(handle) => handle.into_js(),
            Self::MemoryRefused(refused) => refused.into_js(),
            Self::Limit(refused) => limit_error("SupervisorTrap", self.name(), &self, &refused),
            _ => error("SupervisorTrap", self.name(), &self),
        }
    }
}
