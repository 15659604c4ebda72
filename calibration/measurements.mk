# Included by the Makefile: measured data for calibration. Needs Python 3.11 and a package index.

CALIBRATION_PYTHON := calibration/.venv/bin/python
MEASUREMENTS := calibration/measurements.sqlite
# Measured data beside the package, where there is any: power of kernels, MLPerf and ML.ENERGY points.
MORE_MEASUREMENTS ?= ../shared/data

.PHONY: measurements measurements-report test-calibration

# Not made again when an importer changes: remove $(MEASUREMENTS) for that. What you added yourself is in it.
measurements: $(MEASUREMENTS)

$(CALIBRATION_PYTHON): calibration/requirements.txt
	python3.11 -m venv calibration/.venv
	$@ -m pip install --quiet --requirement $<
	@touch $@

$(MEASUREMENTS): | $(CALIBRATION_PYTHON)
	rm -f $@.part
	$(CALIBRATION_PYTHON) calibration/import --store $@.part packages
	@if [ -d $(MORE_MEASUREMENTS)/kernel-power ]; then \
	  $(CALIBRATION_PYTHON) calibration/import --store $@.part tables $(MORE_MEASUREMENTS)/kernel-power/*.csv.gz && \
	  $(CALIBRATION_PYTHON) calibration/import --store $@.part points \
	    $(MORE_MEASUREMENTS)/points/mlperf-fit.csv $(MORE_MEASUREMENTS)/points/mlenergy-fit.csv; \
	fi
	mv $@.part $@

measurements-report: $(MEASUREMENTS)
	@$(CALIBRATION_PYTHON) calibration/import report

test-calibration: $(CALIBRATION_PYTHON)
	$(CALIBRATION_PYTHON) -m pytest --quiet calibration/tests
