# Two commands do all the set-up: `make try` shows the sandbox, `make test` passes the tests.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PACKAGED = pyproject.toml $(shell find addonctl completions man -type f -not -name '*.pyc')

.PHONY: try test bench

try: $(VENV)/installed
	$(BIN)/addonctl -p sandbox results list --all

# The tests run on the wheel that users get, not on the files beside them.
test: $(VENV)/tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest --cov --cov-report=term

# An environment of its own: what the tests need changes what our libraries load.
bench: $(VENV)-bench/measured
	$(VENV)-bench/bin/python -m benchmarks

$(VENV)/installed: $(PACKAGED)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade .
	touch $@

$(VENV)/tested: $(PACKAGED)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade '.[test]'
	touch $@ $(VENV)/installed

$(VENV)-bench/measured: $(PACKAGED)
	$(PYTHON) -m venv $(VENV)-bench
	$(VENV)-bench/bin/pip install --quiet --upgrade '.[bench]'
	touch $@
