#!/usr/bin/env bash
# Builds the runtime for wasm32, once with a memory of its own and once with an imported one, and the oracle.
set -euo pipefail
cd "$(dirname "$0")"
wasm=(--quiet --locked --release --target wasm32-unknown-unknown --no-default-features)
export_table=(-C link-arg=--export-table)
# For wasm32 sp-io uses a feature of the compiler that is not stable. Everywhere, as else what both forms
# share is built anew each time.
export RUSTC_BOOTSTRAP=sp_io
cargo rustc "${wasm[@]}" --lib --crate-type cdylib -- "${export_table[@]}"
cargo rustc "${wasm[@]}" --example imports_memory -- "${export_table[@]}" -C link-arg=--import-memory
cargo build --quiet --locked --release --bin oracle
