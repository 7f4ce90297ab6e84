# What can be done here: `make help`. On a fresh machine only Rust, Python 3.11 or newer and pip are needed.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

# The first interpreter here that is new enough; `make PYTHON=… quickstart` takes another.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))

# One profile and the lock file for everything: the extension, `cargo test` and clippy share what they can.
CARGO_FLAGS := --release --locked
# The extension crate is tested from Python. It gives Polars' crates a link to pyo3, which a program without an
# interpreter can't have; so they are built once with it, and once without for the tests of the other crates.
RUST_TESTS := --workspace --exclude industrydb-py
FEATURES := sqlite postgres mssql

# When maturin's settings for pyo3 come and go, pyo3 and all of Polars are built again: cargo gets what maturin wrote down.
PYO3_ENV = PYO3_BUILD_EXTENSION_MODULE=1 PYO3_CONFIG_FILE=$(firstword $(wildcard $(TARGET)/maturin/pyo3-config-*.txt))

# Nothing may panic into Python; clippy.toml allows these in tests.
CLIPPY_FLAGS := -D warnings $(addprefix -D clippy::,unwrap_used expect_used panic todo unimplemented)

##@ The two commands

.PHONY: quickstart
quickstart: build $(VENV)/.quickstart ## Build everything into .venv and run the main job with real data (on SQLite, or URI=…)
	$(BIN)/python examples/quickstart.py $(URI)

.PHONY: test
test: build $(VENV)/.test ## Build everything into .venv and run all tests, Rust and Python
	cargo test $(CARGO_FLAGS) $(RUST_TESTS)
	$(BIN)/python -m pytest $(PYTEST_FLAGS)

##@ Development

.PHONY: dev
dev: build $(VENV)/.test $(VENV)/.lint ## Build the extension into .venv, with everything that tests and linters need

.PHONY: build
build: $(VENV)/.build ## Build the extension into .venv
	VIRTUAL_ENV=$(abspath $(VENV)) PIP_QUIET=1 $(BIN)/maturin develop --release

.PHONY: format
format: $(VENV)/.lint ## Format all code
	cargo fmt --all
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only --quiet .

.PHONY: lint
lint: lint-rust lint-python ## Check formatting, lints and types of everything

.PHONY: lint-rust
lint-rust: build
	cargo fmt --all --check
	$(PYO3_ENV) cargo clippy $(CARGO_FLAGS) --workspace --all-targets -- $(CLIPPY_FLAGS)

.PHONY: lint-python
lint-python: build $(VENV)/.test $(VENV)/.lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python

.PHONY: lint-features
lint-features: build ## Check that the extension builds with each backend alone
	@for feature in $(FEATURES); do \
		echo "backend $$feature alone"; \
		$(PYO3_ENV) cargo clippy $(CARGO_FLAGS) -p industrydb-py --no-default-features --features $$feature -- $(CLIPPY_FLAGS); \
	done

.PHONY: bench
bench: build $(VENV)/.bench ## Measure against the peers and the physical limit (BENCH_FLAGS="postgres --rows 100000")
	$(BIN)/python -m benches $(BENCH_FLAGS)

.PHONY: docs
docs: $(VENV)/.docs ## Build the documentation into site/
	$(BIN)/zensical build --clean

.PHONY: wheel
wheel: $(VENV)/.build ## Build the wheel and the source distribution into dist/
	$(BIN)/maturin build --release --out dist
	$(BIN)/maturin sdist --out dist

.PHONY: clean
clean: ## Remove everything that was built
	cargo clean
	rm -rf $(VENV) dist site .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis python/industrydb/*.so

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^##@/ { printf "\n%s\n", substr($$0, 5) } /^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

BENCH_FLAGS ?= sqlite

$(VENV)/.bench: benches/requirements.txt | $(BIN)/pip
	$(BIN)/pip install --quiet --requirement $<
	@touch $@

# A dependency group of pyproject.toml, once installed, leaves a file of its name behind.
$(VENV)/.%: pyproject.toml | $(BIN)/pip
	$(BIN)/pip install --quiet --group $*
	@touch $@

$(BIN)/pip:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer was not found: make PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
