# tokenmill: `make` lists what there is. Every target works from a fresh clone, and from elsewhere with `make -C`.

SCENARIO ?= scenarios/gb300-nvl72-llama-2-70b-offline.yaml
PREFIX ?= /usr/local
DESTDIR ?=

# One set of flags for run, test and install, so that they share one build. Tests reach internals of the release build;
# the measured price of -enable-testing is nothing (docs/performance.md).
FLAGS := -c release -Xswiftc -enable-testing
BUILD := .build/release
FORMATTED := Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources

# What `make install` writes: a folder with the program beside its catalogues, and a link to it.
INSTALLED := $(DESTDIR)$(patsubst ~/%,$(HOME)/%,$(PREFIX))
HOME_FOLDER := $(INSTALLED)/libexec/tokenmill
LINK := $(INSTALLED)/bin/tokenmill
# The manual page, and completions where each shell looks for them by itself; below INSTALLED.
MANUAL := share/man/man1/tokenmill.1
BASH_COMPLETION := share/bash-completion/completions/tokenmill
ZSH_COMPLETION := share/zsh/site-functions/_tokenmill
FISH_COMPLETION := share/fish/vendor_completions.d/tokenmill.fish
PAGES := $(MANUAL) $(BASH_COMPLETION) $(ZSH_COMPLETION) $(FISH_COMPLETION)
# The page bears the date of what it documents, so that one source makes one page.
MANUAL_DATE = $(shell git log -1 --format=%cs 2>/dev/null || date +%F)

# Swift's build folder admits one build at a time, so goals run one after the other, whatever -j says.
.NOTPARALLEL:
.PHONY: help run test build deps lint smoke bench format install uninstall clean

help:
	@echo "make run              install what is missing, build, run SCENARIO=$(SCENARIO)"
	@echo "make test             everything the project promises: format, tests, benchmarks at their smallest"
	@echo "make bench            measure speed and memory, hold instruction counts to their thresholds"
	@echo "make accuracy         predict everything that was measured, write docs/accuracy.md"
	@echo "make notebooks        run the notebooks, write notebooks/build and docs/images"
	@echo "make format           format the sources"
	@echo "make install          install to PREFIX=$(PREFIX), with manual page and completions; make uninstall removes it"
	@echo "make clean            remove what was built"

deps:
	@Scripts/dependencies

build: deps
	@swift build $(FLAGS) --product tokenmill

run: build
	@"$(BUILD)/tokenmill" run "$(SCENARIO)"

lint:
	@swift format lint --strict --recursive $(FORMATTED)

format:
	@swift format --in-place --recursive $(FORMATTED)

test: deps lint smoke
	@swift build $(FLAGS) --build-tests
	@swift test $(FLAGS) --skip-build --disable-xctest
	@Scripts/slurm-test

# The benchmarks are a package of their own: they build, and compute the same twice.
smoke: deps
	@swift build $(FLAGS) --package-path Benchmarks
	@Benchmarks/$(BUILD)/tokenmill-bench --passes 2

bench: deps
	@swift build $(FLAGS) --package-path Benchmarks
	@Benchmarks/$(BUILD)/tokenmill-bench --tier frequent --tier targeted --tier simulation --tier feature --tier growth --passes 5 \
	  --json Benchmarks/.build/measurements.json
	@Benchmarks/check.py

install: build
	@mkdir -p "$(HOME_FOLDER)" "$(INSTALLED)/bin"
	@rm -rf "$(HOME_FOLDER)"/tokenmill_*.resources
	@cp -R "$(BUILD)"/tokenmill_*.resources "$(HOME_FOLDER)/"
	@install -m 755 "$(BUILD)/tokenmill" "$(HOME_FOLDER)/tokenmill"
	@ln -sf ../libexec/tokenmill/tokenmill "$(LINK)"
	@mkdir -p $(foreach page,$(PAGES),"$(INSTALLED)/$(dir $(page))")
	@"$(BUILD)/tokenmill" manual --date "$(MANUAL_DATE)" > "$(INSTALLED)/$(MANUAL)"
	@"$(BUILD)/tokenmill" --generate-completion-script bash > "$(INSTALLED)/$(BASH_COMPLETION)"
	@"$(BUILD)/tokenmill" --generate-completion-script zsh > "$(INSTALLED)/$(ZSH_COMPLETION)"
	@"$(BUILD)/tokenmill" --generate-completion-script fish > "$(INSTALLED)/$(FISH_COMPLETION)"
	@chmod 644 $(foreach page,$(PAGES),"$(INSTALLED)/$(page)")
	@echo "installed $(LINK), its manual page and completions for bash, zsh and fish"

uninstall:
	@rm -rf "$(HOME_FOLDER)" "$(LINK)" $(foreach page,$(PAGES),"$(INSTALLED)/$(page)")
	@echo "removed $(LINK)"

clean:
	@rm -rf .build Benchmarks/.build

include calibration/measurements.mk
include notebooks/notebooks.mk
