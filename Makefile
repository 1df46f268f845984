# Two commands do all the set-up: `make try` shows the sandbox, `make test` passes the tests.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PACKAGED = pyproject.toml $(shell find addonctl completions man -type f -not -name '*.pyc')

# Which versions the tests run on: those of constraints.txt, unless a variable says otherwise,
# as in `make test VENV=.venv-lowest RESOLVE=--resolution=lowest-direct`.
RESOLVE ?= --constraint constraints.txt --build-constraint constraints.txt
# How many days ahead of the machine the clock of the tests goes.
DAYS ?= 0
PYTEST = DAYS_AHEAD=$(DAYS) PYTHONPATH=$(CURDIR)/tests/clock $(BIN)/pytest -n auto $(PYTEST_FLAGS)

.PHONY: try test lint tests slow clients constraints mutants bench site release

try: $(VENV)/installed
	$(BIN)/addonctl -p sandbox results list --all

# The tests run on the wheel that users get, not on the files beside them.
test: lint tests

lint: $(VENV)/tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

tests: $(VENV)/tested
	$(PYTEST)

slow: $(VENV)/tested
	FUZZ=2000 $(PYTEST) -m 'slow or fuzz'

# The vendor's own clients, what holds the sandbox to its API description, and nushell; tests are
# skipped without them. Needs npm, and a node of version 20 at least.
clients:
	npm install --prefix tests/clients --no-audit --no-fund --no-package-lock --ignore-scripts \
		--loglevel=error
	$(PYTHON) -m venv tests/clients/.venv
	tests/clients/.venv/bin/pip install --quiet --requirement tests/clients/requirements.txt

# The newest versions of everything that pyproject.toml allows, for Python 3.11 and later.
constraints: $(VENV)/tested
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --all-extras \
		--no-annotate --custom-compile-command 'make constraints' -o constraints.txt pyproject.toml

# Breaks the code in every way there is, one at a time, and tells what no test noticed:
# `mutmut results` names them, `mutmut show NAME` one. pyproject.toml says where it looks.
mutants: $(VENV)-mutants/installed
	$(VENV)-mutants/bin/mutmut run || true
	$(VENV)-mutants/bin/mutmut results

# The documentation as pages, in build/site.
site: $(VENV)/tested
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

# The checklist before a release; leaves wheel and source in dist/.
release: $(VENV)/tested
	$(BIN)/python .ci/release.py

# An environment of its own: what the tests need changes what our libraries load.
bench: $(VENV)-bench/measured
	$(VENV)-bench/bin/python -m benchmarks

$(VENV)/installed: $(PACKAGED)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade .
	touch $@

$(VENV)/tested: $(PACKAGED) constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --upgrade --reinstall-package addonctl \
		$(RESOLVE) '.[test]'
	touch $@ $(VENV)/installed

$(VENV)-mutants/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)-mutants
	$(VENV)-mutants/bin/pip install --quiet --constraint constraints.txt --editable '.[test,mutants]'
	touch $@

$(VENV)-bench/measured: $(PACKAGED)
	$(PYTHON) -m venv $(VENV)-bench
	$(VENV)-bench/bin/pip install --quiet --upgrade '.[bench]'
	touch $@
