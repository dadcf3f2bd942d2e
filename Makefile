# make setup | demo | run | test | bench        settings go in ARGS="--port 9000 ..."
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# ruff reads no setup.cfg, so its settings are here
RUFF := $(BIN)/ruff check --isolated --line-length 88 --select B,C4,E,F,I,PT,RUF,SIM,UP,W \
	--per-file-ignores "tests/*:E501,tests/*:PT012" --ignore RUF001,RUF002,RUF003,RUF012,UP046,UP047 --config "target-version='py311'" \
	--config "lint.isort.known-first-party=['pyimagesearch','benchmarks','conftest','harness','network','prefork','product','chromium','sample_archive']"

# else each of the programs that a test starts compiles all of it again
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo run test lint bench

setup: $(VENV)/ready

demo: setup
	$(BIN)/python webstreaming.py --source demo $(ARGS)

run: setup
	$(BIN)/python webstreaming.py $(ARGS)

test: lint
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile $(ARGS)

lint: $(VENV)/ready-to-test
	$(RUFF) .
	$(BIN)/mypy

bench: $(VENV)/ready-to-test
	for name in fanout slow_link latency whole_job memory capture events_pages "recording writing"; do \
		echo; echo "== $$name"; $(BIN)/python -m benchmarks.$$name || exit 1; done

$(VENV)/ready: requirements.txt
	$(PYTHON) -m venv $(VENV_FLAGS) $(VENV) || \
		{ echo "if venv is missing: sudo apt install python3-venv" >&2; exit 1; }
	$(PIP) $(PIP_FLAGS) -r requirements.txt
	touch $@

$(VENV)/ready-to-test: $(VENV)/ready tests/requirements.txt
	$(PIP) --no-compile -r tests/requirements.txt
	touch $@
