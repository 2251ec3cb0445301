# Each target does its own set-up: a machine with Python 3.11 or newer, git and make is enough.
#   make demo    issues become merged pull requests on this machine    (ARGS="--graph FILE --json --keep")
#   make test    every test                                            (ARGS="tests/unit -k graph")
#   make lint    style, types, walls between rooms, workflows
#   make bench   the figures of docs: speed and requests
#   make setup   only the set-up; the command is then .venv/bin/beadwright
#   make lock    resolves the dependencies again (for maintainers)
BIN := .venv/bin
ARGS ?=
PYTHON ?=
WORKERS ?= 3
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-annotate --custom-compile-command 'make lock'
SOURCES := $(wildcard bot tests benchmarks)
WORKFLOWS := $(wildcard .github/workflows/*.yml)

.PHONY: demo test lint bench setup lock

setup:
	@PYTHON='$(PYTHON)' requirements/install python

demo: setup
	@$(BIN)/beadwright demo $(ARGS)

# The tests see nothing of this machine but its programs: a home of their own, no tokens, no proxies. Much of them
# waits for programs, so there are more workers than processors; files go in their order, the longest tests first.
test: setup
	@requirements/install schemas
	@requirements/install engines
	@home=$$(mktemp -d) && trap 'rm -rf "$$home"' EXIT && \
	env -i PATH="$$PATH" HOME="$$home" LANG=C.UTF-8 TERM="$${TERM:-dumb}" CI="$${CI:-}" \
		BEADWRIGHT_SCREENSHOTS="$${BEADWRIGHT_SCREENSHOTS:-}" \
		$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

lint: setup
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy $(SOURCES)
	$(BIN)/lint-imports --no-cache
	$(BIN)/zizmor --offline --quiet .github/workflows $(wildcard action.yml)
	$(BIN)/actionlint $(WORKFLOWS)
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows $(WORKFLOWS)
	$(if $(wildcard action.yml),$(BIN)/check-jsonschema --builtin-schema vendor.github-actions action.yml)
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml

bench: setup
	@$(BIN)/python -m benchmarks $(ARGS)

lock: setup
	$(LOCK) pyproject.toml --extra runner -o requirements/runner.txt
	$(LOCK) pyproject.toml --all-extras -o requirements/dev.txt
	@grep '^uv==' requirements/dev.txt | cut -d' ' -f1 | $(LOCK) - -o requirements/bootstrap.txt
	for place in tests $(wildcard requirements/engines/*); do \
		(cd $$place && npm install --package-lock-only --ignore-scripts) || exit 1; \
	done
