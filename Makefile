# Two commands matter: `make demo` and `make test`. Both set up what they need.
# Options are passed on:  make demo ARGS="--no-sim"   make test ARGS="-k units"
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BENCH_VENV := .venv-bench
BIN := $(VENV)/bin
ARGS ?=
PACKAGES := nhip domain store ingest processing api device_sim dashboards

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.PHONY: help setup setup-dev demo bench bench-kpi test faults lint format lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | sort

$(BIN)/python:
	@echo "setup: creating $(VENV) with $(PYTHON)" >&2
	@$(PYTHON) -c 'import sys; sys.exit("Nhip needs Python 3.11 or newer, found " + sys.version.split()[0]) if sys.version_info < (3, 11) else 0'
	@# --without-pip: Debian splits ensurepip into a package of its own; the outer pip installs into the venv.
	@$(PYTHON) -m venv --without-pip $(VENV)

$(VENV)/runtime.stamp: requirements.lock pyproject.toml | $(BIN)/python
	@echo "setup: installing the run-time libraries (about a minute the first time)" >&2
	@$(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/runtime.stamp
	@echo "setup: installing the development tools" >&2
	@$(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

setup: $(VENV)/runtime.stamp ## make .venv with all that the platform needs to run
setup-dev: $(VENV)/dev.stamp ## the same with the development tools

demo: setup ## the whole platform on this machine; ends with Ctrl-C
	@exec $(BIN)/nhip demo $(ARGS)

# A venv of its own: nothing that only a chart needs is beside what the platform runs on.
$(BENCH_VENV)/bench.stamp: requirements.lock pyproject.toml 
	@echo "setup: creating $(BENCH_VENV)" >&2
	@$(PYTHON) -m venv --without-pip $(BENCH_VENV)
	@$(PYTHON) -m pip --python $(BENCH_VENV)/bin/python install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(PYTHON) -m pip --python $(BENCH_VENV)/bin/python install --quiet --disable-pip-version-check --no-deps -e .
	@$(PYTHON) -c 'import tomllib; print("\n".join(tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["bench"]))' > $(BENCH_VENV)/bench.txt
	@$(PYTHON) -m pip --python $(BENCH_VENV)/bin/python install --quiet --disable-pip-version-check -r $(BENCH_VENV)/bench.txt
	@touch $@

bench: $(BENCH_VENV)/bench.stamp ## ingest throughput beside the limits and peers; ARGS=--quick for two minutes
	@exec $(BENCH_VENV)/bin/python -m bench.ingest $(ARGS)

bench-kpi: $(BENCH_VENV)/bench.stamp ## indicators beside polars, DuckDB, pandas and SQL; ARGS=--quick for two minutes
	@exec $(BENCH_VENV)/bin/python -m bench.kpi $(ARGS)

lint: setup-dev ## format check, lint, import contracts, types
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy
	$(BIN)/basedpyright --warnings

format: setup-dev ## rewrite to the house format
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

test: lint ## everything that must hold: lint, types, contracts, tests
	$(BIN)/pytest -m "not slow" $(ARGS)

faults: setup-dev ## the fault tests in their full forms; --fault-seed N repeats a schedule
	$(BIN)/pytest tests/faults -m slow -s $(ARGS)

lock: ## refresh the lock files (needs uv)
	uv pip compile pyproject.toml --extra embedded --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -q --python-version 3.11 -o requirements.lock
	uv pip compile pyproject.toml --extra embedded --group dev --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -q --python-version 3.11 -c requirements.lock -o requirements-dev.lock

clean: ## remove what the targets made
	rm -rf $(VENV) $(BENCH_VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
