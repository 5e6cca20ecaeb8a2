#!/usr/bin/env bash
# Installs what a Makefile target needs, if it is not there yet; says what it can't install.
#
#   tests/setup.sh wasm | wasi | js | guests | large | census | runtime | runtimes | bundlers | more-bundlers | terminal | browser | firefox | bare-metal | deny | component NAME | toolchain VERSION
set -euo pipefail
cd "$(dirname "$0")/.."

# The command's version must equal the crate's.
bindgen_version=$(sed -n 's/^wasm-bindgen = "=\(.*\)"/\1/p' Cargo.toml)
pack_version=0.15.1
deny_version=0.20.2

say() { echo "setup: $*"; }
fail() { echo "setup: $*" >&2; exit 1; }

need() { command -v "$1" >/dev/null || fail "$1 is missing; install $2, then try again"; }

rust_target() {
  [ -d "$(rustc --print sysroot)/lib/rustlib/$1/lib" ] && return
  say "adding the Rust target $1"
  rustup target add "$1" || return 1
}

cargo_tool() { # name, version
  [ "$("$1" --version 2>/dev/null | cut -d' ' -f2)" = "$2" ] && return
  say "installing $1 $2 with cargo"
  # Not --locked: its lock file names a version that no longer builds.
  cargo install "$3" --version "$2" --force --quiet || fail "cargo could not install $3 $2"
}

npm_ci() { # folder
  need npm "Node.js 20 or later with npm"
  say "installing npm packages in $1"
  (cd "$1" && npm ci --no-audit --no-fund --loglevel error) || fail "npm could not install the packages of $1"
}

apt_install() { # what to install by hand where that fails, packages
  local by_hand=$1
  shift
  command -v apt-get >/dev/null || fail "$* is missing and there is no apt-get; install $by_hand"
  say "installing $* with apt"
  local sudo
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "$@" >/dev/null ||
    fail "apt could not install $*; install $by_hand"
}

case "${1:-}" in
  wasm)
    need cargo "Rust by rustup"
    rust_target wasm32-unknown-unknown ||
      fail "this Rust has no wasm32-unknown-unknown target and rustup could not add it"
    cargo_tool wasm-bindgen "$bindgen_version" wasm-bindgen-cli
    cargo_tool wasm-pack "$pack_version" wasm-pack
    ;;
  wasi)
    need cargo "Rust by rustup"
    rust_target wasm32-wasip1 || fail "this Rust has no wasm32-wasip1 target and rustup could not add it"
    ;;
  js) npm_ci js ;;
  guests) npm_ci tests/guests ;;
  large) npm_ci tests/large ;;
  census) npm_ci tests/census ;;
  runtime)
    npm_ci tests/runtime
    say "fetching the crates of tests/runtime"
    cargo fetch --quiet --locked --manifest-path tests/runtime/Cargo.toml ||
      fail "cargo could not fetch the crates of tests/runtime"
    ;;
  runtimes) npm_ci tests/turns ;;
  bundlers) npm_ci tests/bundlers ;;
  more-bundlers) npm_ci tests/more-bundlers ;;
  terminal) npm_ci tests/terminal ;;
  browser)
    if ! { [ -x "${CHROMIUM:-/usr/bin/chromium}" ] && [ -x /usr/bin/chromedriver ]; }; then
      apt_install "Chromium and its driver as /usr/bin/chromium and /usr/bin/chromedriver" chromium chromium-driver
    fi
    ;;
  firefox)
    [ -x "${FIREFOX:-/usr/bin/firefox-esr}" ] ||
      apt_install "Firefox as /usr/bin/firefox-esr, or name one in FIREFOX" firefox-esr
    ;;
  bare-metal) rust_target thumbv7em-none-eabihf ;;
  deny)
    [ "$(cargo deny --version 2>/dev/null | cut -d' ' -f2)" = "$deny_version" ] && exit
    say "installing cargo-deny $deny_version with cargo"
    # Without optimisation, which would take many times what it saves.
    CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=256 \
      cargo install cargo-deny --version "$deny_version" --locked --force --quiet
    ;;
  toolchain)
    cargo "+$2" --version >/dev/null 2>&1 && exit
    say "installing Rust $2"
    rustup toolchain install "$2" --profile minimal --no-self-update
    ;;
  component)
    # As cargo calls them: `fmt`, `clippy`.
    command=${2#rust}
    cargo "$command" --version >/dev/null 2>&1 && exit
    say "adding the Rust component $2"
    rustup component add "$2" && cargo "$command" --version >/dev/null
    ;;
  *) fail "usage: tests/setup.sh wasm | wasi | js | guests | large | census | runtime | runtimes | bundlers | more-bundlers | terminal | browser | firefox | bare-metal | deny | component NAME | toolchain VERSION" ;;
esac
