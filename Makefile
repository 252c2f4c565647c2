# Hot Papers: development tasks. `make help` lists them.
# With Python 3.11 or newer (with venv) and make, every target sets itself up on the first run; later runs start at once.

PYTHON  ?=
# More workers than cores, because some tests wait.
WORKERS ?= 3
ARGS    ?=
PORT    ?= 8000

venv   := .venv
python := $(venv)/bin/python
pip    := $(python) -m pip --disable-pip-version-check --quiet
# Three stamps: the environment exists, it can run the program, it also has the developers' tools.
made   := $(venv)/made
core   := $(venv)/core-ready
dev    := $(venv)/dev-ready

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-core test-long test-atproto test-spark test-tables loopback torture years sites drift new-seeds compare mutation mutants lighthouse check format bench serve docs attacks screenshots wheel release lock setup clean distclean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ---- for everyone --------------------------------------------------------------------------------

demo: $(core) ## build five issues of real papers and a made-up recent week, as Markdown and sites in ./hotpapers-demo
	@$(venv)/bin/hotpapers demo

serve: demo $(dev) ## serve the demo as a web app, at http://127.0.0.1:8000/ (PORT=8000)
	@$(venv)/bin/hotpapers serve --store hotpapers-demo/hotpapers.db --port $(PORT)

# ---- for developers ------------------------------------------------------------------------------

# Without tests/test_house.py, which `make check` runs. Bytecode is always cached: each worker imports every test, and
# many tests start the program.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(dev) ## run all but the long tests on 3 workers, with coverage if CI is set (WORKERS=3, ARGS="-k words")
ifdef ARGS
	@$(python) -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)
else ifndef CI
	@$(python) -m pytest -n $(WORKERS) --dist loadgroup -m "not long" --deselect tests/test_house.py
else
	@$(python) -m slipcover --source src/hotpapers --json --out .coverage.json \
	    -m pytest -n $(WORKERS) --dist loadgroup -m "not long" --deselect tests/test_house.py
	@$(python) -m slipcover --merge .coverage.json --out .coverage.json --skip-covered --fail-under 95
endif

# Not base, which imports nothing of the rest, and not what runs the whole program with its wings.
core_tests := base/settings record discussion jobs issues collect keep publish serve
test-core: $(dev) ## test the core in a copy without its wings: all but the command line (WORKERS=3)
	@copy=$$(mktemp -d) && trap 'rm -rf "$$copy"' EXIT && cp -R [!.]* "$$copy" && cd "$$copy" && \
	    rm -rf src/hotpapers/wings tests/wings && PYTHONPATH="$$copy/src" PYTHONDONTWRITEBYTECODE= \
	    "$(CURDIR)/$(python)" -m pytest -n $(WORKERS) --dist loadgroup -m "not long" $(ARGS) $(addprefix tests/,$(core_tests))

test-long: export PYTHONDONTWRITEBYTECODE :=
test-long: $(dev) ## run the tests that take more than a second or two: browsers, whole days, forgeries, repeated kills (WORKERS=3)
	@$(python) -m pytest -n $(WORKERS) --dist loadgroup -m long $(ARGS)

test-atproto: $(dev) ## test Bluesky on its own network, run locally (first run: 2 minutes, 700 MB; needs a C++ compiler)
	@PYTHON="$(PYTHON)" tests/atproto/setup
	@HOTPAPERS_TEST_ATPROTO=.atproto $(python) -m pytest tests/atproto $(ARGS)

test-spark: $(dev) ## test imports and tables with Spark, in local mode and on a local cluster (first run: 450 MB; needs Java 17)
	@tests/spark/setup $(python)
	@PYTHONPATH="$(CURDIR):$(CURDIR)/.spark/site" $(python) -m pytest tests/spark tests/wings/tables/test_engines.py $(ARGS)

test-tables: $(dev) .tables/ready ## test tables for research with Polars, ClickHouse and the standards' own programs (first run: 1.3 GB)
	@PYTHONPATH="$(CURDIR):$(CURDIR)/.tables/site" $(python) -m pytest tests/wings/tables/test_research.py tests/wings/tables/test_engines.py $(ARGS)

.tables/ready: requirements/tables.txt $(made)
	@rm -rf .tables
	@$(pip) install --require-hashes --no-deps --target .tables/site -r requirements/tables.txt
	@touch $@

loopback: $(dev) ## simulate all networks on 127.0.0.1, to watch the program without internet (ARGS="--speed 60")
	@$(python) -m tests.loopback $(ARGS)

torture: $(dev) ## test a thousand kills, every fault of every source, full disks, lost databases (ARGS="-k disk")
	@HOTPAPERS_TORTURE_KILLS="$${HOTPAPERS_TORTURE_KILLS:-1000}" $(python) -m pytest --timeout 7200 tests/torture $(ARGS)

years: $(dev) ## simulate two years of the whole program with faults, and compare with their script (ARGS="--short")
	@$(python) -m tests.years $(ARGS)

sites: $(dev) ## simulate three weeks of sites as people have them, and judge what readers got (ARGS="1 2 --folder DIR")
	@$(python) -m tests.sites $(ARGS)

drift: $(dev) ## play twenty changes of platforms on simulated networks, and say what came of each (ARGS="lobsters")
	@$(python) -m tests.drift $(ARGS)

new-seeds: $(dev) ## run years, drift, torture and sites with new seeds for an hour, keep failing ones in .failed-seeds (ARGS="--minutes 5")
	@$(python) -m tools.new_seeds $(ARGS)

compare: $(dev) ## simulate a week of two sites with 200 faults, and compare every count (ARGS="--seed 6")
	@$(python) -m tests.lab.comparison $(ARGS)

mutation: $(dev) .mutation/ready ## measure how many small changes to a package its tests notice, on one core (ARGS="ranking --sample 150")
	@.mutation/bin/python tools/mutation.py $(or $(ARGS),ranking)

mutants: $(dev) ## make small changes that would hurt, and say which no test notices (ARGS="torn-block --workers 1")
	@$(python) -m tools.mutants $(ARGS)

.mutation/ready: requirements/mutation.txt $(made)
	@$(python) -m venv --clear .mutation
	@.mutation/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/mutation.txt
	@touch $@

test-browser: $(dev) ## test pages in Chromium, with axe-core and an HTML validator (first run: 220 MB; needs npm, Chromium)
	@tests/browser/setup
	@$(python) -m pytest tests/browser $(ARGS)

lighthouse: $(dev) ## score each kind of page with Lighthouse, medians of five runs (ARGS="--runs 1 issue"; needs npm, Chromium)
	@tests/browser/setup
	@$(python) -m tests.browser.lighthouse $(ARGS)

check: $(dev) ## check format, lint, strict types, scripts and pages, the budgets of tokens and words, density, names, imports and mutants; change nothing
	@$(venv)/bin/ruff format --check .
	@$(venv)/bin/ruff check .
	@$(venv)/bin/mypy
	@tools/web/check
	@$(python) -m tools.token_budget
	@$(python) -m tools.density
	@$(python) -m tools.word_budget
	@$(python) -m pytest -q -n 0 -p no:cacheprovider --no-header tests/test_house.py tests/test_rooms.py tests/test_names.py tests/test_mutants.py

format: $(dev) ## fix the format, and lint errors that can be fixed automatically
	@$(venv)/bin/ruff check --fix-only --quiet .
	@$(venv)/bin/ruff format .

bench: $(dev) ## run the benchmarks: ratios against a limit or a peer in the same run (ARGS="find record")
	@$(python) -m bench $(ARGS)

docs: $(dev) ## regenerate the docs that come from the program: pages, and the output of examples
	@$(python) -m tools.make_docs

attacks: $(core) ## measure the cost of a place again: the page in lab/docs and the figures on the site (takes minutes)
	@$(python) -m lab attacks --all --output lab/docs/attacks.md \
	    --output lab/attacks/attack_figures.json && $(python) -m tools.make_docs

screenshots: $(core) ## take the README's picture of an issue (needs Chromium)
	@tools/make_screenshots.sh

wheel: $(core) ## build the package in dist/
	@$(pip) wheel --no-deps --no-index --no-build-isolation --wheel-dir dist .
	@ls dist/*.whl

release: $(dev) ## build wheel, sdist, bill of materials, checksums and notes in dist/ (ARGS=--wheelhouse: dependencies too)
	@$(python) -m tools.release $(ARGS)

# Names no host and lists the hashes of every platform's files, so any index or mirror works.
compile := $(venv)/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
           --generate-hashes --no-emit-index-url --no-header --no-annotate

# Without Spark, which is larger than all the rest together and has its own lock file.
extras  := --extra cards --extra postgres --extra parquet --extra serve --extra announce \
           --extra transparency
hosted  := --extra cards --extra serve --extra postgres --extra announce --extra transparency

lock: $(made) ## update the versions and hashes in requirements/
	@$(pip) install --require-hashes -r requirements/lock.txt
	@$(compile) pyproject.toml --group build -o requirements/core.txt
	@$(compile) pyproject.toml --group build --group dev $(extras) -c requirements/core.txt -o requirements/dev.txt
	@$(compile) pyproject.toml --group build --extra spark -c requirements/dev.txt -o requirements/spark.txt
	@$(compile) pyproject.toml --group build $(hosted) -c requirements/dev.txt -o src/hotpapers/wings/hosting/templates/requirements.txt
	@$(compile) --group tables -c requirements/dev.txt -o requirements/tables.txt
	@$(compile) --group lab -c requirements/dev.txt -o requirements/lab.txt
	@$(compile) --group lock -o requirements/lock.txt
	@$(compile) --group release -c requirements/lock.txt -o requirements/release.txt
	@$(compile) --group atproto -o requirements/atproto.txt
	@$(compile) --group mutation -o requirements/mutation.txt
	@git --no-pager diff --stat -- requirements src/hotpapers/wings/hosting/templates/requirements.txt

setup: $(dev) ## set up .venv with everything developers need

clean: ## remove what the other targets made, except the environment
	@rm -rf build dist hotpapers-demo .coverage.json .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find src lab tests tools bench -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean ## remove the environment and the downloaded test tools too
	@rm -rf $(venv) .atproto .browser .mutation .spark .tables .web

# ---- set-up --------------------------------------------------------------------------------------

# An environment contains its own path: if it was moved, or its Python is gone, it is rebuilt.
ifneq ($(shell test -x $(python) && cat $(made) 2>/dev/null),$(CURDIR))
.PHONY: $(made)
endif

$(made):
	@chosen=$$(tools/find-python $(PYTHON)) || exit 1; \
	 echo "Setting up $(venv) with $$chosen (once; less than a minute) …"; \
	 "$$chosen" -m venv --clear $(venv)
	@echo "$(CURDIR)" > $@

$(core): requirements/core.txt pyproject.toml $(made)
	@$(pip) install --require-hashes -r requirements/core.txt
	@$(pip) install --no-deps --no-index --no-build-isolation --editable .
	@touch $@

$(dev): requirements/dev.txt $(core)
	@echo "Adding the developers' tools …"
	@$(pip) install --require-hashes -r requirements/dev.txt
	@touch $@
