# The only list of commands. `make` alone prints it.
PYTHON ?= python3
BIN := .venv/bin
export PYTHONHASHSEED := 0

.PHONY: help demo serve test test-all lint bench lock clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# The installer is tried first because it is several times quicker; plain pip does the same from the same hashes.
define install
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing what $(1) pins (about a minute the first time) …"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-install.lock \
	  && $(BIN)/uv pip install -q --system-certs --python $(BIN)/python --require-hashes -r $(1) \
	  || $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r $(1)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
endef

.venv/run: requirements.lock requirements-install.lock pyproject.toml
	$(call install,requirements.lock)

.venv/dev: requirements-dev.lock requirements-install.lock pyproject.toml
	$(call install,requirements-dev.lock)
	@touch .venv/run

SERVE ?= 1
demo: .venv/run ## build the invented world, publish its editions, serve the site (SERVE=0: stop before serving)
	@$(BIN)/plenary demo load --folder var/demo
	@if [ "$(SERVE)" != "0" ]; then $(BIN)/plenary demo serve --folder var/demo; fi

serve: .venv/run ## serve the site from the database named in the environment
	@$(BIN)/plenary migrate
	@$(BIN)/plenary serve

test: .venv/dev ## the tests that every change passes (under 15 minutes)
	@$(BIN)/python -m pytest -n 2 --dist worksteal

test-all: lint test ## and the slow ones: PostgreSQL, browser journeys, killed processes
	@PLENARY_TEST_DATABASE=postgres $(BIN)/python -m pytest -n 2 --dist worksteal
	@$(BIN)/python -m pytest -m slow
	@$(BIN)/python -m pytest -m e2e

lint: .venv/dev ## style, types, contracts between the rooms
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy src
	@$(BIN)/lint-imports
	@$(BIN)/python manage.py makemigrations --check --dry-run

bench: .venv/dev ## every promise of speed, beside its peer; writes benchmarks/RESULTS.md (ONLY="check linkage": these alone)
	@$(BIN)/python benchmarks/run.py $(ONLY)

lock: ## renew the lock files from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --upgrade --generate-hashes --no-emit-index-url --no-header -q -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --upgrade --extra dev --generate-hashes --no-emit-index-url --no-header -q -c requirements.lock -o requirements-dev.lock

clean: ## remove everything that the commands above made
	rm -rf .venv var build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
