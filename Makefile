# Everything runs from .venv, which the first target that needs it makes. Only Python >= 3.11 and make are needed.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# The first Python that runs and is new enough; choose one yourself with `make test PYTHON=python3.13`.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	"$$p" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
# A file of pinned versions, for reproducible runs: `make test CONSTRAINTS=.ci/constraints-ci.txt`.
CONSTRAINTS ?=
PIP_FLAGS := --disable-pip-version-check --quiet $(if $(CONSTRAINTS),-c $(CONSTRAINTS))
PYTEST_FLAGS ?= -n 2
# For test-plugins: which Pythons; without a name, this one and the newest on PATH.
PYTHONS ?=

.PHONY: help demo docs test test-torch test-page test-plugins experiments experiments-full lint bench clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 19

$(BIN)/pip:
	@test -n "$(PYTHON)" || { echo "qtrain needs Python >= 3.11 with venv. Got none on PATH: install one, or name it: make PYTHON=/path/to/python3.11" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

# Installed again when the project file changes; interrupted installs leave no stamp.
$(VENV)/.installed: pyproject.toml | $(BIN)/pip
	@echo "Setting up $(VENV) (a few minutes the first time) ..."
	$(BIN)/python -m pip install $(PIP_FLAGS) -e '.[devices,dev]'
	@touch $@

demo: $(VENV)/.installed  ## search an ansatz for the critical Ising chain on a heavy-hex device, register and show it
	$(BIN)/python experiments/001_tfim_heavy_hex/run.py

test: $(VENV)/.installed  ## the test suite
	$(BIN)/python -m pytest $(PYTEST_FLAGS)

# Beside the environment, not in it: the other tests never see torch. 200 MB where pip finds a CPU build.
$(VENV)/torch/.installed: $(VENV)/.installed
	$(BIN)/python -m pip install $(PIP_FLAGS) --upgrade --target $(VENV)/torch 'torch>=2.4'
	@touch $@

test-torch: $(VENV)/torch/.installed  ## the tests of qtrain below PyTorch
	PYTHONPATH=$(VENV)/torch $(BIN)/python -m pytest tests/with_torch

test-page: $(VENV)/.installed  ## the HTML pages in a real browser; needs Chromium
	$(BIN)/python -m pytest -n 0 tests/with_chromium

test-plugins: $(VENV)/.installed  ## install every winner package in a fresh environment and use it there
	$(BIN)/python plugins/check.py $(PYTHONS)

# Each computed anew, two side by side; recorded with the searches in mlruns/.
experiments: $(VENV)/.installed  ## the studies that founded the field, quick sizes, against their expected numbers
	EXPERIMENTS_STORE=sqlite:///$(CURDIR)/mlruns/mlflow.db $(BIN)/python -m pytest $(PYTEST_FLAGS) -rP tests/with_experiments

experiments-full: $(VENV)/.installed  ## their full sizes (long); what is interrupted goes on with the same command
	@status=0; for script in experiments/1[0-9][0-9]_*/run.py experiments/1[0-9][0-9]_*/*/run.py; do $(BIN)/python $$script full || status=1; done; exit $$status

$(VENV)/.docs-installed: pyproject.toml | $(VENV)/.installed
	$(BIN)/python -m pip install $(PIP_FLAGS) -e '.[devices,dev,docs]'
	@touch $@

docs: $(VENV)/.docs-installed  ## the site, notebooks executed, into docs/_build/html (warnings are errors)
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html

lint: $(VENV)/.installed  ## ruff and mypy
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy

bench: $(VENV)/.installed  ## the benchmark table, against peers in environments of their own (long)
	$(BIN)/python experiments/benchmarks/run.py

clean:  ## remove the environment and everything that was built (never mlruns/)
	rm -rf $(VENV) docs/_build docs/reference/generated .bench build dist .pytest_cache .hypothesis .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
