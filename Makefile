# Everything a person does with Causeway, by name. `make` alone lists it.

CARGO ?= cargo

.DEFAULT_GOAL := help
.PHONY: help run test check bench

help: ## List what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build and start everything on 127.0.0.1:9000
	@$(CARGO) run --locked

test: ## Run every test, installing what they need
	scripts/install-test-tools
	$(CARGO) test --locked --workspace

check: ## Format, lints, licences and sources of dependencies, invariants
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	scripts/check-dependencies
	scripts/check-invariants

bench: ## Measure speed and memory, and print a table
	$(CARGO) build --locked --release -p local -p bench
	@target/release/bench
