# Everything here needs Python 3.10 or newer with venv and pip, make and git; the rest comes from PyPI.
PYTHON ?= python3
TARGET ?= postgres
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help setup docs demo test crash soak lint types format reference chaos leaks fuzz bench clean

help: ## list the verbs
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile

setup: $(VENV)/ready ## make .venv with all that the others need

$(VENV)/ready: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --editable . --group dev --group e2e --group differential --group docs
	@touch $@

demo: setup ## five APIs into PostgreSQL, twice, through Meltano (TARGET=duckdb: into a DuckDB file)
	$(BIN)/python -m demo $(TARGET)

test: lint types ## lint, types and all tests
	$(BIN)/python -m pytest -n 2 --ignore tests/e2e
	$(BIN)/python -m pytest tests/e2e

crash: setup ## break off runs at every line and exchange, in every way, and run them again (RUNS=200: through Meltano, too)
	PYTHONPATH=tests $(BIN)/python tests/crash/crash_volume.py 10000
	PYTHONPATH=tests $(BIN)/python tests/crash/crash_driver.py $(EVERY)
	$(if $(RUNS),PYTHONPATH=.:tests $(BIN)/python tests/crash/crash_meltano.py $(RUNS))

soak: setup ## 2,000 small runs in one process, and whether it grows
	PYTHONPATH=tests:tests/crash $(BIN)/python tests/crash/soak.py 2000

lint: setup ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## mypy, strict
	$(BIN)/mypy -p tap_restgeneric -p demo -p benchmarks

format: setup ## let ruff put things in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup ## build the documentation as a site in site/; a link that leads nowhere is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

reference: setup ## write anew what is made from the code: schemas/config.schema.json, pages of docs/, plugins/, meltano.yml
	$(BIN)/python -m tap_restgeneric.reference

chaos: setup ## every bad reply there is, and whether the tap keeps its promises
	PYTHONPATH=tests $(BIN)/python -m hostile.chaos

bench: setup ## the tap beside others over the same work (ARGS="--scenario S1,S2 --peer tap,sdk,limit")
	$(BIN)/python -m benchmarks $(ARGS)

fuzz: setup ## texts that nobody would write, for everything that reads one (SECONDS=10 for each)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --group fuzz
	PYTHONPATH=tests $(BIN)/python -m hostile.fuzz $(or $(SECONDS),10)

leaks: setup ## secrets in every place, every error, and whether one shows
	PYTHONPATH=tests $(BIN)/python -m hostile.leaks

clean: ## remove all that the verbs above made
	rm -rf $(VENV) site .benchmarks .demo .meltano .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
