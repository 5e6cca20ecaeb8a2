//! The table of the classes of errors in JavaScript, each with the codes that it can have.
//!
//! A class has the codes of the core's errors that become one, but for variants that become what is in them, and codes of
//! JavaScript's own. The npm package's types and its documentation are made from this.

use crate::error::{IntoJs, error_of};
use guestbox::{
    CompileError, ExecutionError, ForkError, FormatError, GlobalError, HandleError, InstantiateError,
    InvokeError, MemoryError, ParkError, ReferenceError, RestoreError, SnapshotError, TableError,
    UnparkError,
    abi::{InstantiateFailure, SupervisorTrap},
    tables::{Code, Coded, Variant},
};
use wasm_bindgen::JsValue;

/// A class of errors in JavaScript.
pub struct Class {
    /// Its name.
    pub name: &'static str,
    /// The core's errors that are of it, by their variants, and those variants that are not.
    errors: &'static [(&'static [Variant], &'static [&'static str])],
    /// The codes of those that JavaScript makes itself.
    own: &'static [&'static str],
}

impl Class {
    /// The codes that an error of it can have.
    #[must_use]
    pub fn codes(&self) -> Vec<&'static str> {
        let errors = self.errors.iter();
        let kept = errors.flat_map(|(variants, but)| variants.iter().filter(|one| !but.contains(&one.name)));
        let mut codes: Vec<_> = kept.flat_map(codes_of).chain(self.own.iter().copied()).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }
}

fn codes_of(variant: &Variant) -> Vec<&'static str> {
    match variant.code {
        Code::Own(code) => vec![code],
        Code::Of(variants) => variants.iter().flat_map(codes_of).collect(),
        _ => Vec::new(),
    }
}

macro_rules! classes {
    ($(
        $class:ident {
            $(by hand $by_hand:ident;)*
            $(of $error:ident $(but $($other:ident)+)?;)*
            $(own $($own:literal)+;)?
        }
    )+) => {
        $($(impl IntoJs for $error {
            fn into_js(self) -> JsValue {
                match self {
                    $($(Self::$other(error) => error.into_js(),)+)?
                    error => error_of(stringify!($class), &error),
                }
            }
        })*)+

        /// All classes but that of traps.
        pub const CLASSES: &[Class] = &[$(Class {
            name: stringify!($class),
            errors: &[
                $((<$by_hand as Coded>::VARIANTS, &[]),)*
                $((<$error as Coded>::VARIANTS, &[$($(stringify!($other)),+)?]),)*
            ],
            own: &[$($($own),+)?],
        }),+];
    };
}

classes! {
    AsyncImportError {
        own "async-import";
    }
    CompileError {
        by hand CompileError;
        own "engine";
    }
    DisposedError {
        of HandleError;
        own "host" "sandbox" "store";
    }
    GlobalError {
        of GlobalError but Function Handle Instance;
        own "other-store";
    }
    GuestboxError {
        of ExecutionError;
        own "attached" "failure" "heap-base" "memory";
    }
    InstantiateError {
        of InstantiateError but Snapshot Start;
        of InstantiateFailure;
    }
    InvokeError {
        of InvokeError but Instance Reference Trap;
        of ReferenceError but Function;
        own "call-over" "no-jspi" "no-memory" "not-started" "queue-full" "refused";
    }
    LoadError {
        own "csp" "html" "no-compiling" "no-host-engine" "no-simd" "not-wasm" "other-module" "status" "unreachable";
    }
    MemoryError {
        of MemoryError but Handle;
        own "ill-formed-text" "other-store";
    }
    ParkError {
        of ParkError but Instance Snapshot;
    }
    PoisonedError {
        own "poisoned";
    }
    RestoreError {
        of RestoreError but Instance;
        own "mounts";
    }
    SnapshotError {
        of SnapshotError but Instance;
        of FormatError;
        of ForkError but Instantiate Snapshot;
        own "limit" "other-sandbox";
    }
    SupervisorTrap {
        of SupervisorTrap;
    }
    TableError {
        of TableError but Handle;
        own "engine" "other-store";
    }
    UnparkError {
        of UnparkError but Instantiate;
        own "other-sandbox";
    }
    WasiError {
        own "exit" "limit" "mount-name" "mount-twice" "path" "stuck" "variable-name" "zero";
    }
}
