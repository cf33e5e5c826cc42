# `make help` lists what there is. Everything needs only python3 and make; the rest is set up on the way.

PYTHON ?= python3
VENV := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup run test lint format prove bench lock clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | sort | while IFS="$$(printf '\t')" read -r name what; do \
		printf '  make %-8s %s\n' "$$name" "$$what"; done

setup: ## the virtual environment with the locked dependencies
	@$(PYTHON) devserver/bootstrap.py

run: setup ## everything with demo data, until Ctrl-C; HOST=, PORT=, DATABASE_URL= and REDIS_URL= are respected
	@exec $(VENV)/python -m devserver run

test: setup ## all tests; ARGS="-k score -x" goes to pytest
	@exec $(VENV)/python -m devserver test -- $(ARGS)

# The type checker loads the settings but never connects.
SOME_SETTINGS = SECRET_KEY=unused DATABASE_URL=postgresql://unused@127.0.0.1/unused

lint: setup ## style, types, layers, migrations
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(SOME_SETTINGS) $(VENV)/mypy .
	$(VENV)/lint-imports
	@$(VENV)/python -m devserver exec -- python manage.py makemigrations --check --dry-run

format: setup ## put the code into shape
	$(VENV)/ruff check --fix .
	$(VENV)/ruff format .

prove: setup ## all proofs, hours long; ARGS names one, ARGS=--short takes minutes
	@exec $(VENV)/python -m proofs $(ARGS)

bench: setup ## measure; ARGS goes to the benchmarks
	@exec $(VENV)/python -m devserver exec --durable -- python -m benchmarks $(ARGS)

COMPILE = uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	--no-header --annotation-style line --quiet $(ARGS)

lock: ## compile the lock files anew; ARGS=--upgrade takes newer versions
	@command -v uv >/dev/null || { echo "make lock needs the program uv: pip install uv"; exit 1; }
	$(COMPILE) requirements/base.in --output-file requirements/base.txt
	$(COMPILE) requirements/dev.in --constraint requirements/base.txt --output-file requirements/dev.txt

clean: ## delete the virtual environment and all data, keys and logs of this clone
	@$$(test -x $(VENV)/python && echo $(VENV)/python || echo $(PYTHON)) -m devserver clean
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache staticfiles
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
