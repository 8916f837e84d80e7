# Needs python3 (3.11 or later) with its venv module, and make. Everything else is installed into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install
LOCK := uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header --strip-extras $(UPGRADE)

.PHONY: help run demo test check bench screenshots lock clean
.DELETE_ON_ERROR:

help:
	@echo "make run     serve on 127.0.0.1:8000 over an embedded SQLite"
	@echo "make demo    watch a throw-away service notice a hydra"
	@echo "make test    the whole suite, on SQLite and on PostgreSQL"
	@echo "make check   ruff, mypy, import contracts, migrations"
	@echo "make bench   throughput, latency, start-up and memory, beside a constant answer"
	@echo "make screenshots  the console on demo data, into docs/screenshots (needs chromium)"
	@echo "make lock    pin what pyproject.toml asks for (needs uv; UPGRADE=--upgrade pins the newest of all)"

run: $(VENV)/train.installed
	@exec $(BIN)/gatehouse serve

demo: $(VENV)/train.installed
	@exec $(BIN)/gatehouse demo

# Two processes more than the two cores it must do with: tests wait for servers, browsers and disks. Threads of
# numerical libraries beside them would only wait for each other.
test: $(VENV)/test.installed
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 4 --dist worksteal

check: $(VENV)/test.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict
	PYTHONPATH=. $(BIN)/lint-imports
	@echo "migrations against the tables of the code"
	@export GATEHOUSE_DATA_DIR=$$(mktemp -d); trap 'rm -r "$$GATEHOUSE_DATA_DIR"' EXIT; \
		$(BIN)/gatehouse db upgrade && $(BIN)/gatehouse db check

bench: $(VENV)/test.installed
	@$(BIN)/python tests/bench/run.py

screenshots: $(VENV)/test.installed
	$(BIN)/pytest -q tests/browser/screenshots.py

# The pins of pyproject's dependencies: to serve, to simulate and train as well, to test as well.
lock:
	echo "setuptools>=77" | $(LOCK) --output-file requirements/build.txt -
	$(LOCK) --output-file requirements/serve.txt pyproject.toml
	$(LOCK) --output-file requirements/train.txt --constraint requirements/serve.txt --extra train pyproject.toml
	$(LOCK) --output-file requirements/test.txt --constraint requirements/train.txt --extra train --extra test pyproject.toml

clean:
	rm -rf $(VENV) build dist *.egg-info

# Nothing is installed that a lock does not name: the one source package builds with the pinned setuptools.
$(VENV)/%.installed: requirements/build.txt requirements/%.txt pyproject.toml | $(BIN)/python
	@echo "Installing requirements/$*.txt into $(VENV) (a minute or two, once) ..."
	@$(PIP) --require-hashes --only-binary :all: -r requirements/build.txt
	@$(PIP) --require-hashes --no-build-isolation --use-pep517 -r requirements/$*.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not installed: apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Gatehouse needs Python 3.11 or later and $(PYTHON) is " + sys.version.split()[0] + ": name another one with  make PYTHON=python3.12 ...")'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
