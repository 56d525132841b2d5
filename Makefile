# Everything a person does with Causeway, by name. `make` alone lists it.

CARGO ?= cargo

.DEFAULT_GOAL := help
.PHONY: help run watch test test-erp test-cloud test-faults fuzz check bench bench-connectors bench-lambda

help: ## List what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build and start everything on 127.0.0.1:9000
	@$(CARGO) run --locked

watch: ## Run the Lambda functions themselves, compiled anew as they are edited
	@scripts/venv cloud infra/cloud-requirements.txt
	$(CARGO) build --locked --workspace --bin watch
	@PATH="$$PWD/target/cloud-venv/bin:$$PATH" exec target/debug/watch

test: ## Run every test, installing what they need
	scripts/install-test-tools
	$(CARGO) test --locked --workspace

test-erp: ## Run connectors against real ERP software, installed from PyPI and npm
	@scripts/test-erp

test-cloud: ## Deploy the template to an AWS emulator and run the end-to-end tests there; TESTS="runs::" says which
	@scripts/test-cloud $(TESTS)

test-faults: ## Run a thousand seeds of the fault suite; FAULT_SEED=7 replays one, FAULT_RUNS says how many
	FAULT_RUNS=$${FAULT_RUNS:-1000} $(CARGO) test --locked -p faults -- --nocapture

fuzz: ## Feed the readers and the mapping with random bytes, each for a minute; FUZZ_SECONDS=600 for longer
	@scripts/fuzz

check: ## Format, lints, licences and sources of dependencies, invariants, the template
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	scripts/check-dependencies
	scripts/check-invariants
	scripts/check-template

bench: ## Measure speed, memory, latency and cost beside other tools; PARTS="speed memory api cost" says what
	$(CARGO) build --locked --release -p local -p bench
	@scripts/bench-peers
	@target/release/bench $(PARTS)
	@[ -n "$(PARTS)" ] || scripts/bench-connectors

bench-connectors: ## Measure how fast each connector reads and maps
	@scripts/bench-connectors

bench-lambda: ## Measure each Lambda function as it is deployed: zip, init, invocations, memory
	@scripts/venv cloud infra/cloud-requirements.txt
	@scripts/bench-lambda-peers
	@scripts/build-functions --release
	$(CARGO) build --locked --release -p bench
	@target/release/bench lambda
