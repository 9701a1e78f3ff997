# `make serve` runs a server, `make test` proves the project; both need Python 3.11+, make and nothing else.
# Settings that you have for pip in the environment (index, certificates, proxies) hold for every step.

# The first of these that is new enough; say `make PYTHON=… setup` for another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv pip
INSTALL := $(UV) install --python $(BIN)/python
LOCK := $(UV) compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --custom-compile-command 'make lock'

export UV_PYTHON_DOWNLOADS := never
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# uv reads names of its own for what pip's variables say.
ifdef PIP_INDEX_URL
export UV_DEFAULT_INDEX ?= $(PIP_INDEX_URL)
endif
ifdef PIP_EXTRA_INDEX_URL
export UV_INDEX ?= $(PIP_EXTRA_INDEX_URL)
endif
ifdef PIP_CERT
export SSL_CERT_FILE ?= $(PIP_CERT)
endif
ifdef PIP_DEFAULT_TIMEOUT
export UV_HTTP_TIMEOUT ?= $(PIP_DEFAULT_TIMEOUT)
endif

.DEFAULT_GOAL := help
.PHONY: help setup serve test test-stalls test-prometheus3 lint types layers bench fuzz docs validate-telemetry check lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/dev.installed ## .venv with everything that developing needs

serve: $(VENV)/serve.installed ## run a server on http://127.0.0.1:8080
	$(BIN)/surewire serve

test: setup lint types layers ## prove everything
	tests/install
	$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile

test-stalls: setup ## prove everything on a machine that stalls now and then
	tests/install
	$(BIN)/python -m tests.stalls $(BIN)/pytest

test-prometheus3: setup ## prove the generated rules with the newest Prometheus, which is built first
	services/prometheus3 install
	PATH="$$(services/prometheus3 bin):$$PATH" CI=true $(BIN)/pytest tests/acceptance/test_export_*.py

lint: setup ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## pyright strict and mypy strict
	$(BIN)/pyright
	$(BIN)/mypy

layers: setup ## imports point down only
	$(BIN)/lint-imports

validate-telemetry: setup ## what must hold of service levels, labels and series, on a server of its own
	$(BIN)/surewire invariants --spawn

bench: setup ## measure what is promised
	$(BIN)/python -m benchmarks

fuzz: setup ## feed the parsers what nobody should send
	$(BIN)/python -m fuzz

docs: setup ## write the reference pages that are made from code
	$(BIN)/surewire config --reference >$(VENV)/configuration.md
	mv $(VENV)/configuration.md docs/configuration.md
	$(BIN)/python -m surewire.telemetry.reference >$(VENV)/metrics.md
	mv $(VENV)/metrics.md docs/metrics.md
	$(BIN)/python -m surewire.slo.alerts_page >$(VENV)/alerts.md
	mv $(VENV)/alerts.md docs/alerts.md
	$(BIN)/surewire export grafana --out $(VENV)/grafana >/dev/null
	cp $(VENV)/grafana/dashboards/phase-0.json docs/dashboards/phase-0.json
	$(BIN)/surewire export prometheus --out $(VENV)/prometheus >/dev/null
	cp $(VENV)/prometheus/config/alerting/phase-0-alerts.yml config/alerting/phase-0-alerts.yml

check: lint types layers ## all that needs no running server

lock: setup ## take the newest allowed versions into requirements/
	$(LOCK) pyproject.toml --all-extras --group dev --output-file requirements/dev.txt
	$(LOCK) pyproject.toml --all-extras --constraint requirements/dev.txt --output-file requirements/serve.txt
	$(LOCK) --group pyproject.toml:bootstrap --constraint requirements/dev.txt --output-file requirements/bootstrap.txt

clean: ## remove what was built, measured and installed here
	rm -rf $(VENV) build dist .pytest_cache .hypothesis .mypy_cache .ruff_cache .import_linter_cache .coverage htmlcov autobahn-report autobahn-report.log
	find src tests -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/bootstrap.installed: requirements/bootstrap.txt
	@test -n "$(PYTHON)" || { echo 'surewire needs Python 3.11 or newer. On Debian or Ubuntu, as root: apt-get install python3-venv'; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo 'Python here cannot make environments. On Debian or Ubuntu, as root: apt-get install' \
		"$$($(PYTHON) -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement $<
	@touch $@

# The project itself is installed as links to src/, so that an edit needs no new install.
$(VENV)/%.installed: requirements/%.txt pyproject.toml $(VENV)/bootstrap.installed
	$(INSTALL) --require-hashes --requirement $<
	$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@
