.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
# Hundreds of calls on long series: too slow uncompiled, and each kernel is called elsewhere.
NO_BATTERIES := --ignore=tests/indicators/test_table.py --ignore=tests/indicators/test_table_catches.py \
	--ignore=tests/strategies/test_contract.py --ignore=tests/strategies/test_contract_catches.py

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v < (3, 11) and f"Alphamill needs Python 3.11 or newer; this is {v[0]}.{v[1]}. Try: make PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[sample,ml,dev,pg]"
	touch $(STAMP)

install: $(STAMP)  ## create .venv with the alphamill command in it

run: $(STAMP)  ## the main job on real market data: one page with what survived
	$(BIN)/alphamill run --workspace workspace

test: $(STAMP)  ## the test suite
	$(BIN)/python -m pytest -n 2

check: $(STAMP)  ## everything a commit must pass
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 2
	NUMBA_BOUNDSCHECK=1 ALPHAMILL_CACHE=.numba-checked $(BIN)/python -m pytest -n 2 tests/backtest tests/indicators $(NO_BATTERIES)
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest -n 2 tests/backtest/test_timeline.py tests/backtest/test_lanes.py::test_one_market_is_counted_as_its_whole_backtests tests/indicators tests/strategies $(NO_BATTERIES)

slow: $(STAMP)  ## the long proofs: 50 kills, peers
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[sample,ml,dev,pg,peers]"
	$(BIN)/python -m pytest -n 2 -m slow

bench: $(STAMP)  ## the benchmarks, peers in the same run
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[sample,ml,dev,pg,peers]"
	$(BIN)/python -m benchmarks

bench-whole: $(STAMP)  ## the sweep of 480,000 cells alone: minutes, and its memory
	$(BIN)/python -m benchmarks --only whole --repeats 1

calibration: $(STAMP)  ## the self-test at full length, its page and the calibration file: an hour
	$(BIN)/alphamill selftest --full --page docs/calibration.md --calibration alphamill/validation/calibration.json

mutation: $(STAMP)  ## how many small faults in kernel, exits and costs the tests catch
	$(BIN)/python -m tests.mutation

clean:  ## remove what make created, the workspace not
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .numba-checked

.PHONY: help install run test check slow bench bench-whole calibration mutation clean
