//! Modules: what they list, how their start section is lifted out, and tail calls.

mod listing;
mod start;
mod tail_calls;
