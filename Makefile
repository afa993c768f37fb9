# The Python that builds .venv; everything after that runs inside it.
PYTHON ?= python3
BIN := .venv/bin
# Test processes beside each other when all tests run: one more than there are cores, because many stories wait.
TESTERS ?= 3
CHECKS := types style layers dependencies compose translations migrations
# A tracker is many processes, a test run starts a hundred: each would compile all of its code where this is set.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test drill-jobs drill-upgrade check $(CHECKS) bench backup restore messages format snapshot
.PHONY: requirements clean

help: ## Print what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

run: ## Start the tracker in the foreground: PORT=8000 PACTWATCH_DATA=./var; Ctrl-C stops it
	@$(PYTHON) requirements/install.py run && exec $(BIN)/python -m config.supervisor

test: ## Run the tests on embedded servers; T="tests/api -x" takes a part of them, in one process
	@$(PYTHON) requirements/install.py test
	@$(BIN)/python -m pytest -q $(or $(T),--numprocesses=$(TESTERS) --dist=loadscope --no-loadscope-reorder)
	@$(if $(T),,DRILL=small $(BIN)/python -m pytest -q tests/drills)

drill-jobs: ## Kill jobs at every step, workers, broker and database, and see that nothing is lost or done twice
	@$(PYTHON) requirements/install.py test
	@DRILL=whole $(BIN)/python -m pytest -q tests/drills

drill-upgrade: ## Upgrade a release to this one, and back, while readers ask: FROM=v1.2 [FILES=folder of import files]
	@test -n "$(FROM)" || { echo "Say which release was before: make drill-upgrade FROM=v1.2" >&2; exit 1; }
	@$(PYTHON) requirements/install.py test
	@$(BIN)/python -m tests.drills.upgrade "$(FROM)" $(FILES)

check: ## Look for faults without running: style, types, layers, dependencies, migrations, translations
	@$(PYTHON) requirements/install.py test
	@$(MAKE) --no-print-directory --jobs=2 --keep-going --output-sync $(CHECKS)

style:
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .

types:
	$(BIN)/mypy --no-error-summary .

layers:
	$(BIN)/lint-imports

dependencies:
	$(BIN)/deptry .

compose:
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

translations:
	$(BIN)/python -m config.messages check

migrations:
	@data=$$(mktemp -d) && trap 'rm -rf "$$data"' EXIT && export PACTWATCH_DATA="$$data" \
	  && $(BIN)/python manage.py makemigrations --check --dry-run \
	  && if release=$$(git describe --tags --abbrev=0 --match 'v*' 2>/dev/null); then \
	    DJANGO_SETTINGS_MODULE=tests.linting $(BIN)/python manage.py lintmigrations --quiet ok --git-commit-id "$$release"; fi

bench: ## Time the API with the load bench: SIZE=100k BENCH_DIR=../shared/bench PEERS="drf=http://…" ARGUMENTS=--check
	@$(PYTHON) requirements/install.py run
	@bench/run

backup: ## Write the whole tracker into one file, while it runs, and print its path last; INTO=/mnt/elsewhere
	@$(PYTHON) requirements/install.py run >&2
	@$(BIN)/python manage.py backup $(if $(INTO),--into "$(INTO)")

restore: ## Take a backup into an empty tracker: FILE=…tar
	@test -n "$(FILE)" || { echo "Say which file: make restore FILE=…tar" >&2; exit 1; }
	@$(PYTHON) requirements/install.py run >&2
	@$(BIN)/python manage.py restore "$(FILE)"

messages: ## Put the code's sentences into the catalogues under locale/
	@$(PYTHON) requirements/install.py test
	@$(BIN)/python -m config.messages update && $(BIN)/python -m config.messages compile

format: ## Arrange the code as `make check` wants it
	@$(PYTHON) requirements/install.py test
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format .

snapshot: ## Write what follows from declarations (API description, docs/); read the difference
	@$(PYTHON) requirements/install.py test
	@$(BIN)/python manage.py spectacular --validate --fail-on-warn --file tests/contracts/openapi.yaml
	@$(BIN)/python manage.py status_tables --into docs/method.md
	@$(BIN)/python manage.py data_dictionary --into docs/data-dictionary.md

requirements: ## Pin the newest packages that fit (needs uv)
	@cd requirements && for list in base embedded dev; do \
	  uv pip compile --quiet --upgrade --universal --no-header --generate-hashes --python-version 3.11 \
	    $$list.in --output-file $$list.txt || exit 1; done

clean: ## Remove .venv and what the tools left; the data in var/ stay
	@rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
