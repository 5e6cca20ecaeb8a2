//! Modules that are rewritten for a host which compiles them: valid, with nothing that a guest can name, and the
//! same in Node's WebAssembly as in the interpreter.

mod equality;
mod escapes;
mod rewriting;
mod traces;
