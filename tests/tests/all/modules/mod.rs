//! Modules: what they list, how their start section is lifted out, how
//! their tables grow, tail calls, and proposals that are not supported.

mod engine_defects;
mod growth_together;
mod listing;
mod mutated;
mod start;
mod table_growth;
mod tail_calls;
mod unsupported;
