# Two commands matter: `make demo` (a call rings, a crew comes) and `make test`.
# Everything is made here, in .venv; nothing is installed outside it but Debian's test tools.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:

PYTHON ?= $(shell tools/find-python.sh)
VENV := .venv
BIN := $(VENV)/bin
# What the environments were made from; a changed file makes them again, an unchanged one costs nothing.
RUN_STAMP := $(VENV)/.made-for-running
DEV_STAMP := $(VENV)/.made-for-testing
TOOLS_STAMP := $(VENV)/.test-tools-found
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: help setup demo check test bench lock

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  make demo DEMO='--repair'    another caller: --repair --silent --keys --wav FILE --text TEXT"
	@echo "  make test PYTEST='-k edge'   some of the tests"
	@echo "  make demo PYTHON=python3.11  with a certain Python (3.11 or 3.12)"

setup: $(RUN_STAMP) ## the environment .venv with the hotline command in it

demo: $(RUN_STAMP) ## a caller smells gas, a crew is paged, comes and reports: a real call, measured
	@$(BIN)/hotline demo $(DEMO)

check: $(DEV_STAMP) ## lint and types
	@echo "== ruff"; $(BIN)/ruff check .
	@echo "== mypy"; $(BIN)/mypy

test: check $(TOOLS_STAMP) ## lint, types and all tests, with all the set-up they need
ifeq ($(strip $(PYTEST)),)
	@echo "== pytest: what needs no clock of the machine, on all cores"; status=0; \
	$(BIN)/pytest -n auto --dist loadfile --ignore=tests/contract --ignore=tests/live || status=1; \
	echo "== pytest: real parts and real time, one after the other"; \
	$(BIN)/pytest tests/contract tests/live || status=1; exit $$status
else
	@echo "== pytest"; $(BIN)/pytest $(PYTEST)
endif

bench: $(DEV_STAMP) $(TOOLS_STAMP) ## pick-up time, CPU and memory per call, phrase to page: tables
	@$(BIN)/python -m bench $(BENCH)

lock: $(BIN)/python ## pin the newest allowed versions of everything, with hashes
	@tools/lock.sh $(BIN)/python

$(BIN)/python:
	@tools/make-venv.sh "$(PYTHON)" $(VENV)

$(RUN_STAMP): requirements.lock requirements.in pyproject.toml $(BIN)/python
	@echo "== installing what the hotline needs (pinned, hashes checked)"
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(DEV_STAMP): requirements-dev.lock $(RUN_STAMP)
	@echo "== installing what the tests need (pinned, hashes checked)"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

$(TOOLS_STAMP): tools/install-test-tools.sh $(BIN)/python
	@tools/install-test-tools.sh
	@touch $@
