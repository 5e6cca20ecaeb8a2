#!/usr/bin/env bash
# Builds the runtime for wasm32, once with a memory of its own and once with an imported one, and has the
# oracle write down in target/oracle.txt what has to come out.
set -euo pipefail
cd "$(dirname "$0")"
# For wasm32 sp-io uses a feature of the compiler that is not stable. It is set for the oracle too, and the oracle's
# target is named, as else the macros that both forms share would be built twice.
export RUSTC_BOOTSTRAP=sp_io
cargo=(--quiet --locked --release --target)
wasm=("${cargo[@]}" wasm32-unknown-unknown --no-default-features)
link=(-C link-arg=--export-table)
(
  export CARGO_PROFILE_RELEASE_OPT_LEVEL=1
  cargo rustc "${wasm[@]}" --example own_memory -- "${link[@]}"
  cargo rustc "${wasm[@]}" --example imports_memory -- "${link[@]}" -C link-arg=--import-memory
)
cargo run "${cargo[@]}" "$(rustc -vV | sed -n 's/host: //p')" --example oracle >target/oracle.txt
