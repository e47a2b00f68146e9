# `make` alone prints this help; each target sets up what it needs first and says what it does.
PYTHON ?= python3
VENV := .venv/bin
PYTEST := $(VENV)/python -m pytest

# Tests and stacks start many Pythons; without kept bytecode each would compile the whole program again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-unit check bench deploy clean

help: ## Print this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: ## Make the virtual environment, install the npm packages, find a browser
	@$(PYTHON) -m local.setup

demo: setup ## Run a campaign of 50 leads on this machine and open the console (HEADLESS=1: print a summary)
	@$(VENV)/leadgen demo

test: setup ## Run all tests: unit, pictures, with the Firestore emulator, end to end
	$(PYTEST) tests -q -n 4 --max-worker-restart 0 --dist loadfile --no-loadscope-reorder

test-unit: setup ## Run the tests that need no emulator
	$(PYTEST) tests/unit tests/snapshots -q -n 2

check: setup ## Lint, formatting, types, and which package may import which
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/mypy
	$(VENV)/lint-imports

bench: setup ## Print every figure the documents name
	@for script in benchmarks/*.py; do echo "== $$script"; $(VENV)/python "$$script" || exit 1; done

deploy: setup ## Deploy functions, rules and indexes (PROJECT=your-project)
	@test -n "$(PROJECT)" || { echo "Say which project: make deploy PROJECT=your-project"; exit 2; }
	@ln -sfn ../.venv backend_functions/venv  # firebase looks for the functions' environment there
	node_modules/.bin/firebase deploy --only functions,firestore --project "$(PROJECT)"

clean: ## Remove what setup and the tests have made (not the data of local stacks)
	rm -rf .venv node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist snapshot_report.html
	find . -name __pycache__ -type d -not -path "./.git/*" -prune -exec rm -rf {} +
