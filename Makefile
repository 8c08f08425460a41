# Everything a contributor runs. `make` alone lists it.
# Python and make are all that is needed: .ci/bootstrap sees to the rest.

PORT ?= 8000
ARGS ?=
SHELL := /bin/sh
PY := .venv/bin/python

# Some machines forbid bytecode; then each of the many processes that the tests start would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

# Without a .env file: checks and tools run in development mode, and `make run` shows the site as readers will see it,
# with a secret of its own, on the port that is served.
ifeq ($(wildcard .env),)
export DEBUG ?= True
SITE = DEBUG=False SECRET_KEY="$$(cat var/secret-key)" ALLOWED_HOSTS=127.0.0.1,localhost \
	SITE_URL=http://127.0.0.1:$(PORT) LOG_LEVEL=WARNING
endif

.DEFAULT_GOAL := help
.PHONY: help run test faults check bench screenshots lock clean venv venv-dev

help: ## list these targets
	@echo "Shipworthy"
	@echo
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'
	@echo
	@echo "PORT=8001 moves make run to another port; PYTHON=/path/to/python3.13 names the Python to use;"
	@echo "ARGS='...' is handed on to pytest, the benchmark, the screenshots."

run: venv ## set the site up with sample content and serve it on http://127.0.0.1:8000
	@$(PY) .ci/port.py $(PORT)
	@mkdir -p var && test -s var/secret-key || (umask 077; $(PY) -c 'import secrets; print(secrets.token_urlsafe(48))' >var/secret-key)
	@echo "Bringing the database up to date ..."
	@$(SITE) $(PY) manage.py migrate --verbosity 0
	@$(SITE) $(PY) manage.py sample_site
	@echo "Serving http://127.0.0.1:$(PORT)/ (Ctrl-C stops it)"
	@$(SITE) $(PY) manage.py runserver 127.0.0.1:$(PORT)

test: venv-dev ## run the whole test suite
	@$(PY) -m pytest -n auto $(ARGS)

faults: venv-dev ## kill processes, Redis and PostgreSQL under a site, and see that it keeps its promises (SHORT=1: what CI runs; LONG=1: ten minutes of load)
	@$(PY) -m pytest -n 0 -o addopts="-ra --strict-markers -p tests.environment" tests/faults $(if $(SHORT),-m "not long") $(if $(LONG),--minutes=10) $(ARGS)

check: venv-dev ## lint, types, templates, import rule, migrations, deployment settings, locks
	@sh .ci/check

bench: venv-dev ## one table of ratios: pages, votes and the weekly mail beside their references (ARGS='--help')
	@$(PY) -m tests.bench $(ARGS)

screenshots: venv-dev ## photograph the pages
	@$(PY) -m tests.screenshots $(ARGS)

lock: ## pin the requirements anew after a change to pyproject.toml (UPGRADE=1: newest versions)
	@uv=$$(sh .ci/bootstrap uv) && python=$$(sh .ci/bootstrap python) && \
		"$$python" .ci/locks.py write --uv "$$uv" $(if $(UPGRADE),--upgrade)

clean: ## remove .venv and caches; the database and uploads in var/ stay
	@rm -rf .venv var/tools var/.bootstrap.lock .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis uv.lock
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

venv:
	@sh .ci/bootstrap run

venv-dev:
	@sh .ci/bootstrap dev
