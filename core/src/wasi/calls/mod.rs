//! The functions, which [`Wasi`](super::Wasi) has as methods. Each takes its arguments and pays in the [`Caller`](super::caller::Caller).
//!
//! Pointers for results are checked before anything is changed, so that a call that fails has changed nothing.

mod clocks;
mod directories;
mod files;
mod open;
mod paths;
mod poll;
mod rename;
mod stat;
mod strings;
mod transfer;
