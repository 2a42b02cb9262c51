# Everything this checkout makes for you lies in one folder of yours, .quanbu-<uid>: the virtual environment, the
# embedded database (of root: under /var/lib/quanbu), every cache. Tools run as modules, because a script's first line
# cannot hold a path with blanks.
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
STATE := .quanbu-$(shell id -u)
PYTHON ?= python3
PY := $(STATE)/venv/bin/python
MANAGE := $(PY) manage.py

export PYTHONPYCACHEPREFIX := $(CURDIR)/$(STATE)/pycache
export MYPY_CACHE_DIR := $(STATE)/mypy
export RUFF_CACHE_DIR := $(STATE)/ruff
export IMPORT_LINTER_CACHE_DIR := $(STATE)/import-linter
export COVERAGE_FILE := $(STATE)/coverage
export HYPOTHESIS_STORAGE_DIRECTORY := $(STATE)/hypothesis
export PIP_DISABLE_PIP_VERSION_CHECK := 1
PYTEST := $(PY) -m pytest -o cache_dir=$(STATE)/pytest

.DEFAULT_GOAL := help
.PHONY: help demo serve stop test check fix bench lock
.DELETE_ON_ERROR:

help: ## list these words
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' Makefile | expand -t 10

$(PY):
	@command -v $(PYTHON) >/dev/null || { echo "Install Python 3.11 or newer, for example: apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name it with make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing; install it, for example: apt-get install python3-venv"; exit 1; }
	@echo "Setting up a virtual environment in $(STATE) (once) ..."
	@$(PYTHON) -m venv $(STATE)/venv

$(STATE)/runtime: requirements/runtime.lock | $(PY)
	@echo "Installing what the application needs (once) ..."
	@$(PY) -m pip install --quiet --no-deps --require-hashes -r requirements/runtime.lock
	@touch $@

$(STATE)/development: requirements/development.lock | $(PY)
	@echo "Installing what the application and its tests need (once) ..."
	@$(PY) -m pip install --quiet --no-deps --require-hashes -r requirements/development.lock
	@touch $@ $(STATE)/runtime

demo: $(STATE)/runtime ## run the main job on a small world and say what happened
	@$(MANAGE) setup_database --verbosity 0
	@$(MANAGE) demo

serve: $(STATE)/runtime ## browse it on http://127.0.0.1:8000/
	@$(MANAGE) setup_database --verbosity 0
	@$(MANAGE) collectstatic --no-input --verbosity 0
	@echo "Quanbu is on http://127.0.0.1:8000/ - stop it with Ctrl-C"
	@$(MANAGE) worker & worker=$$!; trap 'kill $$worker 2>/dev/null' EXIT; trap 'exit 0' INT TERM; \
	$(PY) -m gunicorn --bind 127.0.0.1:8000 --workers 1 --threads 8 --log-level warning config.wsgi

stop: ## end the embedded database
	@if [ -x $(PY) ]; then $(PY) -m config.database stop; else echo "Nothing runs: nothing was set up."; fi

test: $(STATE)/development ## run every test, on every PostgreSQL at hand
	@$(PYTEST) -n 2 --cov --cov-report=term -q
	@for bin in $$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null); do \
		test -x $$bin/postgres || continue; \
		echo "Once more on $$($$bin/postgres --version): what depends on the server"; \
		QUANBU_POSTGRES_BIN=$$bin $(PYTEST) -n 2 -q -m database || exit 1; \
		QUANBU_POSTGRES_BIN=$$bin $(PY) -m config.database stop >/dev/null; \
	done

check: $(STATE)/development ## everything static: format, lint, types, imports, SQL, migrations, generated docs
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy
	@$(PY) -c 'from importlinter.cli import lint_imports; raise SystemExit(lint_imports(verbose=False))'
	@$(PY) -m sqlfluff lint --disable-progress-bar ledger vouchers billing config
	@$(MANAGE) makemigrations --check --dry-run --verbosity 0 || { echo "Models and migrations differ: run manage.py makemigrations"; exit 1; }
	@$(MANAGE) generate_docs --check

fix: $(STATE)/development ## mend by machine what can be: format, imports, generated docs
	@$(PY) -m ruff check --fix --quiet . ; $(PY) -m ruff format --quiet .
	@$(MANAGE) generate_docs

bench: $(STATE)/development ## every benchmark, each against its yardstick in the same run
	@$(MANAGE) setup_database --verbosity 0
	@$(MANAGE) bench

lock: $(STATE)/development ## resolve dependencies anew into the two hashed locks
	@$(PY) -m uv pip compile --quiet --upgrade --universal --generate-hashes --no-header --python-version 3.11 pyproject.toml -o requirements/runtime.lock
	@$(PY) -m uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 -c requirements/runtime.lock --group development pyproject.toml -o requirements/development.lock
