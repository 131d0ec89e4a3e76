# Two commands do all the set-up: `make demo` and `make test`.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

BIN := .venv/bin
PYTHON := $(BIN)/python
N ?= 3
DEMO := .fleet/demo
TESTS ?=

SEEDS ?= 100
START ?= 0

PROTO := -I . --python_out=$(or $(OUT),.) --pyi_out=$(or $(OUT),.) warren/wire/v1/*.proto

.PHONY: help proto setup setup-python demo demo-down test test-unit test-fleet simulate mutants check lock fleet-up fleet-down

help:  ## show this list
	@grep -hE '^[a-z%-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup-python:
	@.ci/setup python

setup: setup-python
	@.ci/setup packages

demo: setup  ## real hosts, playbooks/site.yml on them, the result
	@playbooks/demo.sh $(DEMO)

demo-down: setup-python  ## take the demo's fleet down
	@$(PYTHON) -m tests.fleet.hosts down --state $(DEMO)
	@rm -rf inventory/demo/.warren

test: setup check test-unit test-fleet  ## run everything that CI runs

test-unit: setup-python
	$(PYTHON) -m pytest -q -n 2 --dist worksteal tests/unit tests/simulation $(TESTS)

test-fleet: setup
	$(PYTHON) -m pytest -q -n 2 --dist loadfile tests/fleet $(TESTS)

simulate: setup-python  ## simulate SEEDS=100 START=0: clusters under faults, each decided by its seed
	@$(PYTHON) -m tests.simulation.raft --seeds $(SEEDS) --start $(START)

mutants: setup-python  ## put known faults back, one at a time: some test must notice each
	@$(PYTHON) -m tests.simulation.raft.mutants

check: setup-python  ## lint, types, contracts; writes nothing
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

fleet-up: setup  ## fleet-up N=5: a fleet of N real hosts to play with
	@$(PYTHON) -m tests.fleet.hosts up $(N) --state .fleet/play

fleet-down: setup-python  ## take that fleet down
	@$(PYTHON) -m tests.fleet.hosts down --state .fleet/play

bench-%: setup  ## bench-NAME: run benchmarks/NAME.py
	@$(PYTHON) benchmarks/$*.py

proto: setup-python  ## generate warren/wire/v1/*_pb2 from the .proto files beside them
	@$(PYTHON) -m grpc_tools.protoc $(PROTO)

lock: setup-python  ## compile the requirement files anew
	@$(BIN)/pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --upgrade $(LOCK) -o requirements/runtime.txt pyproject.toml
	$(BIN)/pip-compile --quiet --upgrade $(LOCK) --extra dev -c requirements/runtime.txt -o requirements/dev.txt pyproject.toml
LOCK := --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header \
	--generate-hashes --strip-extras --allow-unsafe
