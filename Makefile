# tokenmill: `make` lists what there is.

SCENARIO ?= scenarios/gb300-nvl72-llama-2-70b-offline.yaml
PREFIX ?= /usr/local
# One set of flags for run, test and bench, so that they share one build.
FLAGS := -c release -Xswiftc -enable-testing
TOKENMILL := .build/release/tokenmill
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: help run test build deps lint format clean

help:
	@echo "make run      install what is missing, build, run $(SCENARIO)"
	@echo "make test     everything the project promises"
	@echo "make format   format the sources"
	@echo "make clean    remove what was built"

deps:
	@command -v swift >/dev/null || { echo "Swift 6.2 or later is needed: https://www.swift.org/install" >&2; exit 1; }
	@if ! pkg-config --exists gsl sqlite3 2>/dev/null; then \
	  command -v apt-get >/dev/null || { echo "install the GSL and SQLite development files and pkg-config" >&2; exit 1; }; \
	  $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq pkg-config libgsl-dev libsqlite3-dev; \
	fi

build: deps
	@swift build $(FLAGS) --product tokenmill

run: build
	@$(TOKENMILL) run $(SCENARIO)

lint:
	@swift format lint --strict --recursive Package.swift Sources Tests

test: deps lint
	swift build $(FLAGS) --build-tests
	swift test $(FLAGS) --skip-build

format:
	@swift format --in-place --recursive Package.swift Sources Tests

clean:
	@rm -rf .build
