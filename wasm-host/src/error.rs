//! Errors on their way to JavaScript: an `Error` with a `code`.

use crate::limits::{message, refused_feature};
use core::fmt::Display;
use guestbox::{
    CompileError, EnvironmentError, ExecutionError, ForkError, FormatError, GlobalError, HandleError,
    InstantiateError, InvokeError, MemoryError, RestoreError, SnapshotError, ThunkError, Trap,
    abi::{InstantiateFailure, SupervisorTrap},
};
use js_sys::{Error, Reflect};
use wasm_bindgen::JsValue;

/// An error with the name of its class in JavaScript, its code and its message.
pub(crate) fn error(class: &str, code: &str, message: &dyn Display) -> JsValue {
    let error = Error::new(&message.to_string());
    error.set_name(class);
    // Setting a property of a fresh object cannot fail.
    let _set = Reflect::set(&error, &"code".into(), &code.into());
    error.into()
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
        error("CompileError", self.code(), &message)
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
            Self::Limit(refused) => error("MemoryError", self.code(), &message(&self, Some(&refused))),
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
            Self::Limit(refused) => error("InstantiateError", self.code(), &message(&self, Some(&refused))),
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
            Self::Limit(refused) => error("RestoreError", self.code(), &message(&self, Some(&refused))),
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
        let trap = error("Trap", self.code().name(), &message(&self, refused));
        let _set = Reflect::set(&trap, &"fuelUsed".into(), &self.fuel_used().into());
        trap
    }
}

impl IntoJs for SupervisorTrap {
    fn into_js(self) -> JsValue {
        match self {
            Self::Instance(handle) | Self::Memory(handle) => handle.into_js(),
            Self::MemoryRefused(refused) => refused.into_js(),
            Self::Limit(refused) => error("SupervisorTrap", self.name(), &message(&self, Some(&refused))),
            _ => error("SupervisorTrap", self.name(), &self),
        }
    }
}
