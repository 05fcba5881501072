# A thin layer over SwiftPM and the scripts; `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

SWIFT ?= swift
CONFIG ?= debug
PREFIX ?= /usr/local
DESTDIR ?=
STRIP ?= strip

# The Swift runtime goes into the programs, so that they run where no Swift is; macOS has it in the system. Libraries are
# the system's, not whatever lies beside the programs.
STATIC := $(if $(filter Darwin,$(shell uname -s)),,--static-swift-stdlib --disable-local-rpath)
# Another folder for what is built for use, so that it can be built while the tests' own build is in use.
RELEASE_SCRATCH ?=
RELEASE := -c release $(STATIC) $(if $(RELEASE_SCRATCH),--scratch-path $(RELEASE_SCRATCH))
PYTHON_SCRIPTS := scripts/arrows scripts/check-docs scripts/command-reference scripts/picture scripts/run-page scripts/%.py
SCRIPTS := $(filter-out $(PYTHON_SCRIPTS) scripts/benchmark scripts/chaos-% scripts/__pycache__,$(wildcard scripts/*)) .ci/run docker/build docker/base/* docker/*/docker-entrypoint.sh docker/lib/*.sh

bin := $(DESTDIR)$(PREFIX)/bin
libexec := $(DESTDIR)$(PREFIX)/libexec/drydock
share := $(DESTDIR)$(PREFIX)/share
completions := $(share)/bash-completion/completions/drydock $(share)/zsh/site-functions/_drydock \
  $(share)/fish/vendor_completions.d/drydock.fish

.PHONY: help
help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## Bring up the sample app's resources and run the app against them
	@scripts/require demo
	@if [[ ! -e .build/$(CONFIG)/drydock ]]; then \
	  echo "drydock is built first: about 5 minutes on two cores, 1 GB in .build. VERBOSE=1 shows all output." >&2; fi
	@scripts/quietly "Building drydock" $(MAKE) programs
	@drydock="$$($(SWIFT) build -c $(CONFIG) --show-bin-path)/drydock"; \
	cd samples/quickstart; \
	echo '$$ drydock up' >&2; "$$drydock" up; \
	run() { echo "\$$ drydock run $$*" >&2; PYTHONDONTWRITEBYTECODE=1 "$$drydock" run "$$@"; }; \
	status=0; run web -- /usr/bin/python3 app.py || status=$$?; \
	if ((status == 125)); then \
	  echo "Private mounts are not permitted here, as in most containers; without them:" >&2; status=0; \
	  run --no-mounts web -- /usr/bin/python3 app.py || status=$$?; fi; \
	if ((status != 0)); then exit "$$status"; fi; \
	printf '%s\n' "" "The resources of samples/quickstart/convox.yml are up, and the app has used each of them." \
	  "They stay up until you stop them. To go on:" \
	  "  export PATH=$$(dirname "$$drydock"):\$$PATH; cd samples/quickstart" \
	  "  drydock start      run the app's services too" \
	  "  drydock --help     see what else there is" \
	  "  drydock down       stop the resources; their data stays"

.PHONY: test
# One after the other: the engines, not the tests, are what takes the time, and side by side they starve each other.
test: test-build ## Run every test; those with Docker where an engine answers
	@SWIFT="$(SWIFT)" scripts/test --halves --skip-build --no-parallel

.PHONY: test-release
# Optimised code has failed where the tests' own build had not.
test-release: release test-build ## Run the tests of whole commands against the release build
	@DRYDOCK_TEST_PRODUCTS="$$($(SWIFT) build $(RELEASE) --show-bin-path)" \
	  SWIFT="$(SWIFT)" scripts/test --skip-build --no-parallel --filter 'IntegrationTests\.(Sample|Command|Data|ResourceCommand|CreatedResource|Hardening|Limit)Tests'

.PHONY: test-build
test-build:
	@scripts/require test
	@$(SWIFT) build --build-tests

.PHONY: programs
programs:
	@$(SWIFT) build -c $(CONFIG) --product drydock
	@$(SWIFT) build -c $(CONFIG) --product drydock-keeper
	@$(SWIFT) build -c $(CONFIG) --product drydock-mount

.PHONY: build
build: ## Build the programs for development
	@scripts/require build
	@$(SWIFT) build -c $(CONFIG)

.PHONY: release
release: ## Build the programs for use, the Swift runtime inside
	@scripts/require build
	@$(SWIFT) build $(RELEASE) --product drydock
	@$(SWIFT) build $(RELEASE) --product drydock-keeper
	@$(SWIFT) build $(RELEASE) --product drydock-mount

.PHONY: install
install: ## Install under PREFIX (default /usr/local), with completions for bash, zsh and fish
	@scripts/require build
	@built="$$($(SWIFT) build $(RELEASE) --show-bin-path)"; if [[ ! -e $$built/drydock ]]; then \
	  echo "A release build comes first: about 7 minutes on two cores, 0.6 GB in .build. VERBOSE=1 shows all output." >&2; fi
	@scripts/quietly "Building drydock for use" $(MAKE) release
	@built="$$($(SWIFT) build $(RELEASE) --show-bin-path)"; \
	install -d "$(bin)" "$(libexec)" $(foreach file,$(completions),"$(dir $(file))"); \
	install -m 755 "$$built/drydock" "$(bin)/drydock"; \
	install -m 755 "$$built/drydock-keeper" "$$built/drydock-mount" "$(libexec)"; \
	$(STRIP) "$(bin)/drydock" "$(libexec)/drydock-keeper" "$(libexec)/drydock-mount"; \
	for shell in bash zsh fish; do \
	  "$$built/drydock" --generate-completion-script $$shell >"$$built/drydock.$$shell"; \
	done; \
	install -m 644 "$$built/drydock.bash" "$(word 1,$(completions))"; \
	install -m 644 "$$built/drydock.zsh" "$(word 2,$(completions))"; \
	install -m 644 "$$built/drydock.fish" "$(word 3,$(completions))"; \
	if [[ -n "$(DESTDIR)" ]]; then echo "Installed: $(bin)/drydock"; else scripts/after-install "$(PREFIX)"; fi

.PHONY: uninstall
uninstall: ## Remove what install put there; apps' data stays
	@rm -f "$(bin)/drydock" "$(libexec)/drydock-keeper" "$(libexec)/drydock-mount" $(foreach file,$(completions),"$(file)")
	@rmdir "$(libexec)" 2>/dev/null || true

.PHONY: bench
bench: release ## Measure a release build and write docs/benchmarks.md
	@scripts/require demo
	@scripts/bench "$$($(SWIFT) build $(RELEASE) --show-bin-path)"

.PHONY: fuzz
fuzz: test-build ## Feed the parsers random input for DRYDOCK_FUZZ_SECONDS (default 300)
	@DRYDOCK_FUZZ_SECONDS="$${DRYDOCK_FUZZ_SECONDS:-300}" SWIFT="$(SWIFT)" scripts/test --skip-build --filter '[Ff]uzz'

.PHONY: chaos
chaos: test-build ## Kill commands and steal ports at random moments, DRYDOCK_CHAOS_ROUNDS times (default 100), and see
	@scripts/chaos "$$($(SWIFT) build -c $(CONFIG) --show-bin-path)/drydock" "$${DRYDOCK_CHAOS_ROUNDS:-100}"
	@scripts/chaos-races "$$($(SWIFT) build -c $(CONFIG) --show-bin-path)/drydock" "$${DRYDOCK_CHAOS_ROUNDS:-100}"
	@DRYDOCK_CHAOS_ROUNDS="$${DRYDOCK_CHAOS_ROUNDS:-100}" DRYDOCK_BULK_MEGABYTES="$${DRYDOCK_BULK_MEGABYTES:-1024}" \
	  DRYDOCK_FUZZ_SECONDS="$${DRYDOCK_FUZZ_SECONDS:-60}" SWIFT="$(SWIFT)" scripts/test --skip-build --no-parallel \
	  --filter 'StartTests/succession|IntegrationTests.SpareTests/killed|RackBulkTests|UploadFuzzTests'

.PHONY: lint
lint: ## Check format and style of the Swift sources, which target imports which, and the scripts by shellcheck
	@status=0; \
	$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests || \
	  { status=1; echo "ERROR: the format is not the project's: make format" >&2; }; \
	SWIFT="$(SWIFT)" python3 -B scripts/arrows || status=1; \
	python3 -B scripts/check-docs || status=1; \
	if command -v shellcheck >/dev/null; then shellcheck $(wildcard $(SCRIPTS)) || status=1; fi; \
	exit "$$status"

.PHONY: format
format: ## Bring the Swift sources into the project's format
	@$(SWIFT) format --in-place --parallel --recursive Package.swift Sources Tests

.PHONY: documents
documents: programs ## Write anew what is generated in docs: the reference of commands, the README's picture
	@python3 -B scripts/command-reference "$$($(SWIFT) build -c $(CONFIG) --show-bin-path)/drydock"
	@python3 -B scripts/picture "$$($(SWIFT) build -c $(CONFIG) --show-bin-path)/drydock"

.PHONY: images
images: ## Build engine images from Debian packages, for Docker without a registry
	@scripts/require images
	@docker/build

.PHONY: clean
clean: ## Remove what was built; apps' data and images stay
	@$(SWIFT) package clean
