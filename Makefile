# make setup     install the program into .venv
# make demo      run it on a camera that it draws itself
# make run       run it on the first camera that works
# make test      check the code and run all tests
# make lint      check the code only
# make opencv    run some tests with the oldest and the newest OpenCV
# make bench     run the benchmarks (fifteen minutes)
# make docs      build the documentation into build/docs
# make words     add new words of the pages to the catalogues
# make pictures  take the screenshots of the documentation again
#
# Settings go into ARGS, as in: make demo ARGS="--port 9000"
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
PIP := $(BIN)/python -m pip install --disable-pip-version-check
# the model that recognises objects, in a data folder
MODEL := models/yolox_nano/yolox_nano.onnx
TEST_MODEL := $(VENV)/test-data/$(MODEL)
# of what differs between the versions of OpenCV
OPENCV_TESTS := tests/test_object_model.py tests/test_demo.py tests/test_detection.py
# for tests: from npm, as PyPI has none
NPM_TOOLS := web-push-testing@1.2.2 axe-core@4.11.4
# ruff reads no setup.cfg, so its settings are here
RUFF := $(BIN)/ruff check --isolated --line-length 88 --select B,C4,E,F,I,PT,RUF,SIM,UP,W \
	--per-file-ignores "tests/*:E501,tests/*:PT012" --ignore RUF001,RUF002,RUF003,RUF012,UP046,UP047 --config "target-version='py311'" \
	--config "src=['.','tests']"

# else each of the programs that a test starts compiles all of it again
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo run test lint opencv bench docs words pictures

# goes on without a network
setup: $(VENV)/ready
	@test -e "$${XDG_DATA_HOME:-$$HOME/.local/share}/webstreaming/$(MODEL)" || \
		$(BIN)/python webstreaming.py objects --get || true

demo: setup
	@$(if $(findstring --data,$(ARGS)),$(BIN)/python webstreaming.py objects --get $(ARGS) || true)
	$(BIN)/python webstreaming.py --source demo $(ARGS)

run: setup
	$(BIN)/python webstreaming.py $(ARGS)

test: lint $(TEST_MODEL)
	$(BIN)/python -m pytest --numprocesses 3 --dist loadfile $(ARGS)

lint: $(VENV)/ready-to-test
	$(RUFF) .
	$(BIN)/mypy

opencv: $(VENV)/opencv-oldest $(VENV)/opencv-newest
	for folder in $(abspath $^); do \
		PYTHONPATH=$$folder $(BIN)/python -m pytest --quiet $(OPENCV_TESTS) || exit 1; done

bench: $(VENV)/ready-to-test
	for name in start fanout slow_link latency whole_job memory capture events_pages "recording writing"; do \
		echo; echo "== $$name"; $(BIN)/python -m benchmarks.$$name || exit 1; done

docs: $(VENV)/ready-for-docs
	$(BIN)/python -m docs.site.settings_table
	$(BIN)/python -m mkdocs build --quiet --strict --config-file docs/site/mkdocs.yml
	@echo "open build/docs/index.html"

words: $(VENV)/ready
	$(BIN)/python -m docs.site.words

pictures: $(VENV)/ready-to-test
	PICTURES=docs/pictures $(BIN)/python -m pytest --quiet tests/test_live_page.py tests/test_grid_page.py tests/test_events_page.py tests/test_why_page.py tests/test_login_page.py tests/test_zones_page.py tests/test_tune_page.py tests/test_alerts_page.py

$(VENV)/ready: requirements.txt
	@echo "installing into $(VENV): this takes some minutes on a Raspberry Pi"
	@$(PYTHON) -m venv $(VENV_FLAGS) $(VENV) || \
		{ echo "if venv is missing: sudo apt install python3-venv" >&2; exit 1; }
	$(PIP) $(PIP_FLAGS) -r requirements.txt
	@touch $@

$(TEST_MODEL): | $(VENV)/ready
	@$(BIN)/python webstreaming.py objects --get --data $(VENV)/test-data || true

$(VENV)/ready-to-test: $(VENV)/ready tests/requirements.txt docs/site/requirements.txt
	$(PIP) --no-compile -r tests/requirements.txt
	@if command -v npm >/dev/null; then \
		npm install --silent --prefix $(VENV) --no-save --ignore-scripts --no-audit --no-fund $(NPM_TOOLS); \
	else echo "npm is not installed: some tests of web push and of accessibility are skipped"; fi
	@touch $@

$(VENV)/opencv-oldest: | $(VENV)/ready-to-test
	$(PIP) --no-compile --no-deps --target $@ "opencv-contrib-python == 4.10.*"

$(VENV)/opencv-newest: | $(VENV)/ready-to-test
	$(PIP) --no-compile --no-deps --target $@ "opencv-contrib-python < 6"

$(VENV)/ready-for-docs: $(VENV)/ready docs/site/requirements.txt
	$(PIP) -r docs/site/requirements.txt
	@touch $@
