# Starlight. `make repro` sets up and runs the pipeline, `make test` sets up and passes the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check
READY := $(VENV)/.ready
TESTING := $(VENV)/.testing
export PATH := $(abspath $(BIN)):$(PATH)
export PYTHONHASHSEED := 0

.PHONY: help setup repro test lint bench bench-clean bench-detect bench-sizes bench-features bench-forgery bench-mining ablations evidence \
	promote release release-forgery export wheel fuzz \
	pr-report baseline

help:  ## this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*##/\t/' | expand -t 16

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Starlight needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) --requirement requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

setup: $(READY)  ## make the virtual environment from the lock file

repro: $(READY)  ## run the pipeline, then print the main figures
	@python -m scripts.tools.links
	dvc repro
	@python -m scripts.tools.summary

$(TESTING): $(READY) requirements-test.lock requirements-onnx.lock
	$(PIP) --no-deps --requirement requirements-test.lock && touch $@ \
		|| echo "tests of optional parts will be skipped: requirements-test.lock could not be installed"

test: $(TESTING)  ## the whole test suite
	python -m pytest

lint: $(READY)  ## style and spelling, as pre-commit checks them, and types
	$(PIP) --no-deps --requirement requirements-lint.lock
	ruff check .
	ruff format --check .
	codespell
	mypy

baseline: $(READY)  ## keep V3's figures as the experiment `v3-baseline`, for `dvc metrics diff v3-baseline`
	dvc exp run --temp --force --single-item --name v3-baseline -S headline=v3 headline

bench: $(READY)  ## speed of extraction and of detection
	$(PIP) --no-deps --requirement requirements-bench.lock \
		|| echo "without the peer: requirements-bench.lock could not be installed"
	python -m scripts.tools.bench_extract
	python -m scripts.tools.bench_latency

bench-detect: $(READY)  ## detection beside peers; COVERS=folder makes the test set from your photographs
	$(PIP) --no-deps --requirement requirements-bench.lock
	python -m scripts.tools.bench_detect $(if $(COVERS),--covers $(COVERS)) --workers $(or $(WORKERS),1)

bench-sizes: $(READY)  ## detection by the size of the picture, on parts of your photographs: COVERS=folder
	python -m scripts.tools.bench_sizes $(if $(COVERS),--covers $(COVERS)) --workers $(or $(WORKERS),1)

bench-features: $(READY)  ## richer JPEG statistics beside those of today, on your photographs: COVERS=folder LEARN=submissions
	python -m scripts.tools.bench_features --covers $(or $(COVERS),$(error COVERS= names no folder of photographs)) \
		$(if $(LEARN),--learn $(LEARN)) --workers $(or $(WORKERS),1)

bench-clean: $(READY)  ## false hits of the reader on images made from your photographs: PHOTOS=folder
	python -m scripts.tools.bench_clean $(PHOTOS) --seconds $(or $(SECONDS_OF_CPU),300)

bench-forgery: $(READY)  ## tampered images beside peers, on new images, after a run; COVERS=folder makes them from your photographs
	python -m scripts.tools.bench_forgery $(if $(COVERS),--covers $(COVERS))

bench-mining: $(READY)  ## mining on real photographs, a make left out in turn; COVERS="folder folder" of yours, after a run
	python -m scripts.tools.bench_mining --covers $(or $(COVERS),$(error COVERS= names no folder of photographs))

ablations: $(READY)  ## queue and run the ablation experiments, collect reports/ablations.csv and ladder.csv
	python -m scripts.tools.ablations

evidence: $(READY)  ## false alarms of the released detector; COVERS="folder folder" counts real files, each a source
	python -m scripts.tools.evidence $(if $(COVERS),--covers $(COVERS))

release-forgery: $(READY)  ## train the released detector of tampered images; COVERS=folder adds photographs, TERMS="..." whose
	python -m scripts.tools.release_forgery $(if $(COVERS),--covers $(COVERS)) $(if $(TERMS),--terms "$(TERMS)")

promote: $(READY)  ## make the trained detector the default, if it passes the evidence; COVERS="folder" adds real files; UNDO=1
	python -m scripts.tools.promote $(if $(UNDO),--undo) $(if $(COVERS),--covers $(COVERS))

release: $(READY)  ## train the released detector; COVERS=folder adds photographs, TERMS="..." whose, CLEAN=folder sets thresholds
	python -m scripts.tools.release $(if $(COVERS),--covers $(COVERS)) $(if $(CLEAN),--clean $(CLEAN)) \
		$(if $(TERMS),--terms "$(TERMS)") $(SETTINGS)

export: $(READY)  ## models/starlight.onnx, checked against torch
	$(PIP) --requirement requirements-onnx.lock
	python -m scripts.tools.export

wheel:  ## dist/*.whl: detect, extract and explain with the released detector, without torch
	rm -rf dist
	$(PYTHON) -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .
	@ls -l dist

fuzz: $(READY)  ## mutate files of every format; FILES=100000
	python -m scripts.tools.fuzz --files $(or $(FILES),100000)

pr-report: $(READY)  ## what a pull request would show: figures and dashboard against BASE (main)
	python -m scripts.tools.pr_report $(or $(BASE),main)
