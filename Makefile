# Two commands do all the set-up: `make try` shows the sandbox, `make test` passes the tests.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: try test bench

try: $(VENV)/installed
	$(BIN)/addonctl -p sandbox results list --all

test: $(VENV)/tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest --cov --cov-report=term

$(VENV)/installed: pyproject.toml $(shell find addonctl -name '*.py')
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade .
	touch $@

$(VENV)/tested: $(VENV)/installed
	$(BIN)/pip install --quiet '.[test]'
	touch $@

# An environment of its own: what the tests need changes what our libraries load.
bench:
	$(PYTHON) -m venv $(VENV)-bench
	$(VENV)-bench/bin/pip install --quiet --upgrade '.[bench]'
	$(VENV)-bench/bin/python -m benchmarks
