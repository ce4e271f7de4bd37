# Everything happens in a virtual environment of this folder's own, so that a green run cannot hide a missing step.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SERVER_VENV := .venv-label-studio
SERVER_STAMP := $(SERVER_VENV)/.installed

# The tests start many Pythons; with this set every one of them would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test test-server lint bench models wheel clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --upgrade -c constraints.txt pip
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt torch==2.13.0
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(STAMP)

demo: setup
	$(BIN)/duiding init demo --demo
	$(BIN)/duiding review import demo/participatiewet/review.jsonl demo/participatiewet
	$(BIN)/duiding run demo/participatiewet
	$(BIN)/duiding review import demo/minimabeleid/review.jsonl demo/minimabeleid
	$(BIN)/duiding run demo/minimabeleid
	$(BIN)/python benchmarks/demo_truth.py demo
	@echo "Pages: $(abspath demo/participatiewet/duiding-werk/rapport/rapport.html)"
	@echo "       $(abspath demo/minimabeleid/duiding-werk/rapport/rapport.html)"

# The tests that start a real Label Studio take minutes and an environment of their own: CI runs them too.
test: lint
	$(BIN)/python -m pytest -m "not server" -n auto --maxprocesses 4 --dist worksteal
ifdef CI
	$(MAKE) test-server
endif

test-server: setup $(SERVER_STAMP)
	CI=true DUIDING_LABEL_STUDIO_ENV=$(abspath $(SERVER_VENV)) $(BIN)/python -m pytest -m server

$(SERVER_STAMP): pipeline/review/label-studio-constraints.txt
	$(PYTHON) -m venv $(SERVER_VENV)
	$(SERVER_VENV)/bin/python -m pip install -q --disable-pip-version-check -c $< label-studio==1.23.2
	touch $@

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

models: setup
	$(BIN)/python models/build_classifiers.py

wheel: setup
	$(BIN)/python -m pip wheel -q --no-deps -w dist .

clean:
	rm -rf $(VENV) $(SERVER_VENV) demo dist build
