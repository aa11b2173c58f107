# What each target does stands behind its name; `make` alone prints it.
.DEFAULT_GOAL := help
# Setting up comes before everything that needs it, also under -j.
.NOTPARALLEL:
.PHONY: help setup demo quick test coverage check format lock bench mutants clean \
	_setup_demo _setup_test

BIN := .venv/bin
PYTEST_ARGS ?=

# Where it is set, each of the many processes of the tests would compile every module anew.
export PYTHONDONTWRITEBYTECODE :=

help:
	@echo "make setup   everything this project needs: .venv, Java, Kafka's jars (a second run does nothing)"
	@echo "make demo    Kafka, worker, simulated centre and wallboard on this machine; Ctrl-C ends all of it"
	@echo "make quick   the tests that need no Kafka, Prometheus or browser, on all cores: a minute"
	@echo "make test    setup, check, and every test, on a real Kafka, Prometheus and browser"
	@echo "make coverage   which lines of the core the quick tests never run"
	@echo "make format  mends what mends itself: the order of imports, the format"
	@echo "make check   lint, types, import rules, and that generated schemas and docs are up to date"
	@echo "make bench   the benchmarks, as ratios measured side by side"
	@echo "make mutants small changes to the core, one by one, and which of them no test notices: an hour"
	@echo "make lock    the lock files anew, after a change of dependencies in pyproject.toml"
	@echo "make clean   removes .venv, caches and local data; Kafka's jars stay in the user's cache"

setup:
	@deploy/setup.sh

# Prometheus and a browser make the demo richer; it goes on without them.
_setup_demo:
	@deploy/setup.sh demo

_setup_test:
	@deploy/setup.sh test

demo: _setup_demo
	@$(BIN)/streams demo

# Tests are handed out one by one, and what is left over goes to whoever is done. All of tests/broker
# is slow: it is not even loaded.
QUICK := -q -m "not slow" --ignore tests/broker -n auto --dist worksteal

# A tenth of the random examples; `make test` takes all.
quick: setup
	STREAMS_QUICK=1 $(BIN)/pytest $(QUICK) $(PYTEST_ARGS)

# Two at a time, most of what needs a server waits for it; the third worker takes what needs none
# (tests/scheduling.py). File by file, for files share their servers, in the order of
# tests/conftest.py: xdist's own would begin with the files of many tests.
test: _setup_test check
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder --durations=25 $(PYTEST_ARGS)

# Layers 1-4 and the contract: where every line decides a figure.
coverage: setup
	$(BIN)/pytest $(QUICK) $(PYTEST_ARGS) --cov --cov-report=term-missing:skip-covered

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/mypy
	$(BIN)/pytest -q tests/test_import_contract.py
	$(BIN)/python deploy/generate.py --check

# Only what is new or re-pinned in pyproject.toml changes.
lock:
	@deploy/lock.sh

bench: setup
	@for file in tests/bench/bench_*.py; do \
		name=$${file##*/}; echo "== $${name%.py}"; \
		$(BIN)/python -m tests.bench.$${name%.py} || exit 1; \
	done

# Options: `make mutants MUTANTS="--seed 2 --count 40 --only windows/"`.
mutants: setup
	nice -n 10 $(BIN)/python -m tests.mutants $(MUTANTS)

clean:
	rm -rf .venv .streams .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
