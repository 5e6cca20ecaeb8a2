//! WASI preview 1: each function with each error that it has, what is hostile, programs of toolchains, and that all of it is
//! the same in each run.

mod clocks;
mod command;
mod descriptors;
mod directories;
mod escapes;
mod fuel;
mod fuzz;
mod host;
mod hostile;
mod imports;
mod mounts;
mod nested;
mod opening;
mod options;
mod paths;
mod poll;
mod programs;
mod snapshots;
mod streams;
mod traces;
mod transfers;
