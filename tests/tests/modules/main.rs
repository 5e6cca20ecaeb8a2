//! Modules: what they list, how their start section is lifted out, and tail calls.

mod engine_defects;
mod listing;
mod start;
mod tail_calls;
