# Everything a developer runs; each target is safe to run twice.
PYTHON ?= python3
BIN := .venv/bin
DEMO := posthog-js@1.372.1
# Bytecode is kept, whatever the environment says: the tests start hundreds of processes of ours, and
# each would compile all that it imports.
export PYTHONDONTWRITEBYTECODE =

# Seconds for each main target of the fuzzer; the many small formats get a quarter of that.
FUZZ_SECONDS := 60
# Where the fuzzer's chance begins; 0 for another place each time.
FUZZ_SEED := 0

.PHONY: demo self test test-all chance test-pythons check docs bench guard fuzz fuzz-gate setup clean

# Sets everything up and audits a real package; it has findings, so exit code 1 is what is expected.
demo: .venv/run
	@mkdir -p .cache && cd .cache && { test -f posthog-js-1.372.1.tgz || npm pack --silent $(DEMO) >/dev/null; }
	@$(BIN)/audit pack .cache/posthog-js-1.372.1.tgz; code=$$?; \
	  test $$code -eq 1 && echo "(exit code 1: findings at or above medium)" || exit $$code

# Our own sdist and wheel, as a release would upload them.
self: .venv/run
	$(BIN)/audit pack .

# The tests that need no network, in four to five minutes on two cores. Each worker has its part of
# the files, so that what a file makes once is made once, and takes from the others when it is done.
test: .venv/dev
	$(BIN)/python -m pytest -n auto --dist worksteal

# Also those that install packers, fetch real packages by name, open pages in Chromium, and sweep;
# and each law is tried on all of its examples.
test-all: .venv/dev
	$(BIN)/python -m pytest -n auto --dist worksteal -m "" --hypothesis-profile=whole

# The laws alone, on four times as many examples, other ones in each run: what is found is a fault, and
# what is not found says little. No gate, as a gate says the same twice.
chance: .venv/dev
	$(BIN)/python -m pytest -n auto --dist worksteal -m hypothesis --hypothesis-profile=chance

# The readers of archives, and all hostile ones, on every other Python from 3.11 on that is here.
test-pythons: .venv/dev
	$(BIN)/python -m tests.pythons

check: .venv/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

docs: .venv/dev
	$(BIN)/python -m auditor.docs

# Every reader under coverage-guided fuzzing, as many at once as there are cores; `make fuzz
# TARGETS="tar zip" FUZZ_SECONDS=600` for some of them, longer.
fuzz: .venv/fuzz
	$(BIN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS) --seed $(FUZZ_SEED) $(TARGETS)

# From the same seeds and corpus each time, as many inputs as tests/fuzz/gate.toml says: what CI runs.
fuzz-gate: .venv/fuzz
	$(BIN)/python -m tests.fuzz --gate $(TARGETS)

bench: .venv/dev
	$(BIN)/python -m bench.speed
	$(BIN)/python -m bench.growth
	$(BIN)/python -m bench.large_map
	$(BIN)/python -m bench.real_packages
	$(BIN)/python -m bench.names
	$(BIN)/python -m bench.robustness

# Whether something has become slower: ratios to floors of the same run, without peers.
guard: .venv/dev
	$(BIN)/python -m bench.guard

# What the GitHub Action installs, each file by its digest; also what builds us, as it builds without
# an isolated environment, which would be filled with whatever is newest.
requirements-action.txt: pyproject.toml
	sed -n 's/^requires = \["\(.*\)"\]$$/\1/p' pyproject.toml | \
	  UV_CUSTOM_COMPILE_COMMAND="make $@" uv pip compile --quiet --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-annotate --output-file $@ pyproject.toml -

setup: .venv/dev

.venv/run: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/dev: .venv/run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	@touch $@

.venv/fuzz: .venv/dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[fuzz]"
	@touch $@

clean:
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis
