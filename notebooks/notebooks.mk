# Included by the Makefile: the notebooks and the page of accuracy. Need Python 3.11 and a package index, and `make measurements`
# for anything but published figures.

NOTEBOOK_PYTHON := notebooks/.venv/bin/python
NOTEBOOKS := $(wildcard notebooks/*.ipynb)
REPORT := notebooks/build/validation.json
# What accuracy calls this version, and what it leaves out to predict it unseen: accelerator, model, both or nothing.
LABEL ?= $(shell git describe --always --tags 2>/dev/null || echo unreleased)
LEAVE_OUT ?= accelerator model
REFIT_EVERY ?= 1
SUITES := --suite inferencex --suite mlperf --suite mlenergy --suite published --suite queueing --suite kernels
LEARNED := --suite inferencex --suite mlperf --suite mlenergy

.PHONY: notebooks accuracy intervals

# Runs every notebook on a fresh report; HTML in notebooks/build, images in docs/images.
notebooks: build $(NOTEBOOK_PYTHON)
	@mkdir -p notebooks/build
	@"$(BUILD)/tokenmill" validate $(LEARNED) --json $(REPORT) --quiet
	@cd notebooks && for notebook in $(NOTEBOOKS:notebooks/%=%); do \
	  TOKENMILL="$(abspath $(BUILD))/tokenmill" .venv/bin/python -m nbconvert --to html --execute --output-dir build "$$notebook" || exit 1; \
	done

$(NOTEBOOK_PYTHON): notebooks/requirements.txt
	python3.11 -m venv notebooks/.venv
	$@ -m pip install --quiet --requirement $<
	@touch $@

# docs/accuracy.md with what changed since the last version; history in docs/accuracy-history.json.
accuracy: build
	@"$(BUILD)/tokenmill" validate $(SUITES) $(LEAVE_OUT:%=--leave-out %) --refit-every $(REFIT_EVERY) --quiet \
	  --accuracy docs/accuracy.md --history docs/accuracy-history.json --label "$(LABEL)"

# The intervals that predictions carry, anew from the fit half.
intervals: build
	@"$(BUILD)/tokenmill" validate $(LEARNED) --split fit --refit-every $(REFIT_EVERY) --worst 0 \
	  --write-intervals Sources/CostModel/Priors/intervals.json
