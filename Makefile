.DEFAULT_GOAL := help
SHELL := /bin/sh

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-24s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/.runtime: requirements-demo.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-demo.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.develop: requirements-develop.txt $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-develop.txt
	@touch $@

install: $(VENV)/.runtime ## Make the virtual environment and install Lasegue into it

demo: $(VENV)/.runtime ## Show the main job: a real FHIR server, three patients, three write-backs
	$(BIN)/lasegue demo

test: $(VENV)/.develop ## Pass the tests (those on PostgreSQL need POSTGRES_URL and say so)
	$(BIN)/python -m pytest

check: lint types arrows knowledge ## Everything that is checked without running the tests

lint: $(VENV)/.develop ## Style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.develop ## Types, strictly
	$(BIN)/mypy

arrows: $(VENV)/.develop ## The import contracts
	$(BIN)/lint-imports

knowledge: $(VENV)/.develop ## The rules that mappings/ must follow
	$(BIN)/lasegue check-mappings

fix: $(VENV)/.develop ## Repair style and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.develop ## Write the generated pages again, and fail if anything moved
	$(BIN)/python -m tests.generate_docs
	git diff --exit-code docs

benchmark: $(VENV)/.develop ## Measure, each figure beside its floor
	$(BIN)/python -m benchmarks

benchmark-localisation: $(VENV)/.develop ## Measure the localisation; writes docs/localisation.md
	$(BIN)/python -m benchmarks.localisation

LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml

lock: ## Pin and hash the requirements again (needs uv)
	$(LOCK) --extra postgres -o requirements.txt
	$(LOCK) --extra postgres --extra demo --group build -c requirements.txt -o requirements-demo.txt
	$(LOCK) --extra postgres --extra demo --group build --group test --group lint --group benchmark -c requirements-demo.txt -o requirements-develop.txt

clean: ## Remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache dist

.PHONY: help install demo test check lint types arrows knowledge fix docs benchmark benchmark-localisation lock clean
