# Highway's commands. `make run` and `make test` install what they need (Debian's packages when run as root).
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# Sets CARGO_TARGET_DIR (outside the clone) and points at the RocksDB that was built once for this machine.
ENV := source .ci/env
# One feature set and one profile for everything that runs the real binary: tests, benches and `make run` share the build.
# `perf` is release code without the link-time optimisation, which costs three minutes at every link on two cores.
PROFILE ?= perf
DATA ?= ./data
ARGS ?=

.PHONY: help run build release test check fmt fmt-check clippy test-clients test-differential test-crash test-ingest test-power soak fuzz \
        bench bench-full doc deny install install-test install-bench clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: install ## build and start a node on loopback: Kafka on 9092, data under ./data (ARGS=... are passed on)
	@$(ENV); cargo build --quiet --profile $(PROFILE) -p highway
	@$(ENV); exec "$$CARGO_TARGET_DIR/$(PROFILE)/highway" dev --data $(DATA) $(ARGS)

build: install ## the binary as tests and benches use it
	@$(ENV); cargo build --profile $(PROFILE) -p highway

release: install ## the binary for production
	@$(ENV); cargo build --release -p highway; ls -l "$$CARGO_TARGET_DIR/release/highway"

# Always the whole workspace, narrowed by target: naming packages would change the features that are on, and build the
# dependencies a second time.
test: install-test fmt-check clippy build ## format, lints, layers, every Rust test, the real binary beside Kafka
	@$(ENV); .ci/prune; tests/oracle/fetch.sh >/dev/null; cargo test --workspace

check: install fmt-check clippy ## quick: format, lints, unit tests, rules of the tree (under two minutes when warm)
	@$(ENV); cargo test --quiet --workspace --lib --bins --test tidy

fmt: ## format all Rust code
	@cargo fmt --all

fmt-check:
	@cargo fmt --all --check

clippy: install ## lints, warnings denied
	@$(ENV); cargo clippy --quiet --workspace --all-targets -- -D warnings

test-clients: build install-test ## every supported client against the real binary: five languages, Kafka's tools, the flights
	@$(ENV); tests/clients/prepare.sh; tests/oracle/fetch.sh >/dev/null; cargo test --workspace --test clients -- --test-threads=2

test-differential: build install-test ## the same requests to Highway and Apache Kafka; shows every difference
	@$(ENV); tests/oracle/fetch.sh >/dev/null; cargo test --workspace --test protocol differential -- --nocapture

test-crash: build install-test ## 100 times kill -9 under load, failing disks, planted bugs (HIGHWAY_KILLS=N)
	@$(ENV); HIGHWAY_KILLS=$${HIGHWAY_KILLS:-100} HIGHWAY_PAUSE_SECONDS=$${HIGHWAY_PAUSE_SECONDS:-20} cargo test --workspace --test crash -- --nocapture --test-threads=1

test-ingest: build install-test ## long forms: 200,000 events over 40 kills, 5 floods of 1,000,000, 500,000 syslog lines, 70,000 mutated requests
	@$(ENV); export HIGHWAY_EXACT_EVENTS=$${HIGHWAY_EXACT_EVENTS:-200000} HIGHWAY_EXACT_KILLS=$${HIGHWAY_EXACT_KILLS:-40} \
	  HIGHWAY_FLOODS=$${HIGHWAY_FLOODS:-5} HIGHWAY_FLOOD_MESSAGES=$${HIGHWAY_FLOOD_MESSAGES:-1000000} \
	  HIGHWAY_SYSLOG_LINES=$${HIGHWAY_SYSLOG_LINES:-500000} HIGHWAY_SYSLOG_KILLS=$${HIGHWAY_SYSLOG_KILLS:-10} \
	  HIGHWAY_FUZZ_REQUESTS=$${HIGHWAY_FUZZ_REQUESTS:-10000}; \
	  cargo test --workspace --test cli ingest -- --nocapture --test-threads=1

test-power: build install-test ## 30 cuts of power on loop-mounted ext4, 30 on XFS; root (HIGHWAY_POWER_CYCLES=N)
	@$(ENV); HIGHWAY_POWER_CYCLES=$${HIGHWAY_POWER_CYCLES:-30} cargo test --workspace --test crash power -- --nocapture --test-threads=2

soak: build install-test ## one node under mixed load (HIGHWAY_SOAK_MINUTES=N, default 30)
	@$(ENV); HIGHWAY_SOAK_MINUTES=$${HIGHWAY_SOAK_MINUTES:-30} cargo test --workspace --test crash soak -- --nocapture --test-threads=1

fuzz: install ## longer random runs of every property test (PROPTEST_CASES=N)
	@$(ENV); PROPTEST_CASES=$${PROPTEST_CASES:-20000} cargo test --profile $(PROFILE) --workspace --lib

bench: build install-bench ## Highway beside Apache Kafka, the short form (under 10 minutes)
	@$(ENV); cargo build --profile $(PROFILE) -p highway-bench; tests/oracle/fetch.sh >/dev/null; "$$CARGO_TARGET_DIR/$(PROFILE)/highway-bench" compare --short $(ARGS)

bench-full: build install-bench ## the whole matrix behind docs/benchmarks.md
	@$(ENV); cargo build --profile $(PROFILE) -p highway-bench; tests/oracle/fetch.sh >/dev/null; "$$CARGO_TARGET_DIR/$(PROFILE)/highway-bench" compare --full $(ARGS)

doc: install ## the crates' documentation
	@$(ENV); cargo doc --no-deps --workspace --document-private-items

deny: ## licences, advisories and sources of dependencies (needs cargo-deny)
	@command -v cargo-deny >/dev/null || { echo "error: cargo-deny is missing"; echo "hint: cargo install --locked cargo-deny"; exit 1; }
	@cargo deny check

install:
	@.ci/install build

install-test:
	@.ci/install test

install-bench:
	@.ci/install bench

clean: ## remove ./data and all build results in the cache
	@$(ENV); cargo clean; rm -rf ./data "$$HIGHWAY_CACHE/clients"
