#!/usr/bin/env bash
# Shows that the fuzz finds what it is for: plants defects in a copy of the engine, one at a time,
# and demands that the fuzz fails.
#
#   tests/plant.sh [MODULES]
set -euo pipefail
cd "$(dirname "$0")/.."

modules=${1:-2000}
executor=src/engine/executor/handler
scratch=$(mktemp -d)
cp Cargo.lock "$scratch/Cargo.lock"
# The lock file names the copy while that is used.
trap 'cp "$scratch/Cargo.lock" Cargo.lock; rm -rf "$scratch"' EXIT

manifest=$(cargo metadata --format-version 1 --locked | node -e '
  const { packages } = JSON.parse(require("fs").readFileSync(0, "utf8"));
  console.log(packages.find(({ name, version }) => name === "wasmi" && version === "2.0.0").manifest_path);')
engine=$(dirname "$manifest")

export CARGO_TARGET_DIR=$PWD/target/planted
export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16

plant() { # what, file, sed script
  local copy=$scratch/wasmi status=0 began
  rm -rf "$copy"
  cp -r "$engine" "$copy"
  chmod -R u+w "$copy"
  sed -i "$3" "$copy/$2"
  if cmp -s "$engine/$2" "$copy/$2"; then
    echo "plant: $1: nothing to change in $2" >&2
    exit 1
  fi
  cargo build --quiet --release --package guestbox-tests --bin fuzz \
    --config "patch.crates-io.wasmi.path='$copy'" --config 'profile.release.package."wasmi@2.0.0".opt-level=1' 2>"$scratch/built" || { cat "$scratch/built" >&2; exit 1; }
  began=$SECONDS
  SEED=1 MODULES=$modules RUST_BACKTRACE=0 "$CARGO_TARGET_DIR/release/fuzz" >"$scratch/out" 2>&1 || status=$?
  if [ "$status" != 1 ] || ! grep -q '^FAILED' "$scratch/out"; then
    tail -n 40 "$scratch/out" >&2
    echo "plant: $1: not found in $modules modules (status $status)" >&2
    exit 1
  fi
  echo "plant: $1: found in $((SECONDS - began)) s, by $(grep -m 1 '^FAILED' "$scratch/out" | cut -d' ' -f2-)"
}

plant "no registers are kept where fuel ends" $executor/utils.rs \
  '/^macro_rules! out_of_fuel/,/^}/s/\.sync_regs(.*);/;/'
plant "memory.grow keeps nothing where its fuel ends" $executor/exec.rs \
  '/fn memory_grow(/,/out_of_fuel!/s/out_of_fuel!(store, args, required_fuel)/done!(store, DoneReason::out_of_fuel(required_fuel));/'
plant "a bulk operation is skipped where its fuel ends" $executor/utils.rs \
  '/^macro_rules! consume_fuel/,/^}/s/\$args\.set_ip(\$ip);/let _ = $ip;/'
