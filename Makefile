# What a person types. Every target sets up what it needs first: python 3.11+, make and the package registries suffice.
.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV ?= .venv
PYTHON ?=
BIN = $(VENV)/bin

EVENTS ?= 300
SEED ?= 1
BROKER ?= embedded
MINUTES ?= 10
BROKERS ?= 1
OUTAGES ?=
SCENARIOS ?=
CORPUS ?=
PYTEST ?=
BENCH ?=
JOBS ?= auto

# Where nothing may be written down, each of the hundreds of processes that tests start compiles all that it imports.
unexport PYTHONDONTWRITEBYTECODE

# A file of tests goes to one process. In their own order: by the number of its tests, files of few long ones came last.
SIDE_BY_SIDE = --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder --durations 20 --durations-min 1

.PHONY: help setup demo check test lint accuracy fuzz chaos soak bench clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.ready ## Install everything into .venv, exactly as uv.lock says, and libmagic where that is allowed

$(VENV)/.ready: pyproject.toml uv.lock deploy/setup.sh
	@VENV=$(VENV) PYTHON=$(PYTHON) sh deploy/setup.sh
	@touch $@

demo: setup ## See it work: make demo [EVENTS=300] [SEED=1] [BROKER=kafka] [KEEP=1]
	$(BIN)/attachment-consumer demo --events $(EVENTS) --seed $(SEED) --broker $(BROKER) $(if $(KEEP),--keep)

check: setup ## After each edit: what needs Python alone, and a sample of what has many cases [PYTEST="-k words"]
	$(BIN)/python -m pytest -m "not kafka" --quick -rfE $(SIDE_BY_SIDE) $(PYTEST)

test: setup ## Prove it: the whole suite, on a real Apache Kafka that it starts itself [PYTEST="-k words"] [JOBS=auto]
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) $(PYTEST)

lint: setup ## ruff and mypy --strict, on source and tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

accuracy: setup ## False rejects and accepted hostile files: make accuracy CORPUS=DIR, a folder with a labels.jsonl
	@test -n "$(CORPUS)" || { echo "make accuracy needs CORPUS=DIR, a folder with a labels.jsonl" >&2; exit 2; }
	$(BIN)/python -m tests.accuracy "$(CORPUS)"

fuzz: MINUTES = 5
fuzz: setup ## Search what an examination costs at most, then 200,000 hostile inputs: make fuzz [MINUTES=5] [TYPES="pdf csv"]
	$(BIN)/python -m tests.fuzz.dear --minutes $(MINUTES) $(if $(TYPES),--types $(TYPES))
	$(BIN)/python -m tests.fuzz

chaos: setup ## Kill, freeze and restart everything at random: make chaos [SEED=1] [MINUTES=10] [BROKERS=3 [SCENARIOS=1]] [OUTAGES=all]
	$(BIN)/python -m tests.chaos --seed $(SEED) --minutes $(MINUTES) --brokers $(BROKERS) $(if $(SCENARIOS),--scenarios)
	@test -z "$(OUTAGES)" || $(BIN)/python -m tests.outages $(filter-out all,$(OUTAGES))

soak: setup ## Mixed traffic and faults, and nothing may grow: make soak [MINUTES=10] [SEED=1]
	$(BIN)/python -m tests.soak --seed $(SEED) --minutes $(MINUTES)

bench: setup ## Throughput, and CPU beside a floor, on a real broker on this machine: make bench [BENCH="beside --json"]
	$(BIN)/python -m tests.bench $(BENCH)

clean: ## Remove what was built here; the downloads in the cache folder stay
	rm -rf .venv .venv-* .mypy_cache .pytest_cache .ruff_cache .hypothesis .demo dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
