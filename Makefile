# One word per wish; `make help` lists them. Every wish sets up what it needs by itself.
#
#   make report SURVEY=my/survey WAVE=2026Q3 OUT=my/report     another survey, wave or place
#   make test PYTHON=python3.13 VENV=.venv-3.13                another Python, beside the first

.DEFAULT_GOAL := help

VENV ?= .venv
PYTHON ?=
SURVEY ?= data/sample
WAVE ?=
OUT ?=
# Extras that `make test` and `make lint` install; add `browser` to test reports in Chromium.
EXTRAS ?= test
JOBS ?= 2

BIN := $(VENV)/bin
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip --no-input
HERE := $(CURDIR)

# A stamp says what is installed. It is older than pyproject.toml or constraints.txt only when one
# of them has changed; it is written last, so an install cut short is begun again; and its name
# holds the place of the checkout, because a copied environment still points at the original.
comma := ,
PLACE := $(shell pwd | cksum | cut -d ' ' -f 1)
RUN_STAMP := $(VENV)/.installed-$(PLACE)
TEST_STAMP := $(RUN_STAMP)-$(subst $(comma),-,$(EXTRAS))

# The kernels of a run keep their files inside $(VENV): a home folder that is missing or read-only
# does no harm, and somebody's own start-up files cannot change a number.
own_folders = mkdir -p "$(VENV)/jupyter"; export \
	IPYTHONDIR="$(abspath $(VENV))/jupyter/ipython" \
	JUPYTER_CONFIG_DIR="$(abspath $(VENV))/jupyter/config" \
	JUPYTER_DATA_DIR="$(abspath $(VENV))/jupyter/data" \
	JUPYTER_RUNTIME_DIR="$(abspath $(VENV))/jupyter/runtime" \
	MPLCONFIGDIR="$(abspath $(VENV))/jupyter/matplotlib";

# hatchling comes first, pinned like all else, so that building needs no second environment.
install = $(PIP) install --quiet -c constraints.txt $(1)

.PHONY: help report test test-code test-notebooks lint notebooks sample lab setup clean distclean

help: ## list these wishes
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile | expand -t 18

report: $(RUN_STAMP) ## score the survey, run the notebooks, write the report
	@$(own_folders) $(BIN)/cultureplus run "$(SURVEY)" \
		$(if $(WAVE),--wave "$(WAVE)") $(if $(OUT),--out "$(OUT)")

# One pytest for tests, examples in docstrings and notebooks: one closing line counts them all.
# Its workers share the processors: linear algebra on one thread each, or they wait for each other.
# Files are handed out in the order named, not the fewest tests last: else a long file or notebook
# of few tests comes last, and one worker runs it while the others wait. Examples are all short.
PYTEST := OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) --dist loadfile \
	--no-loadscope-reorder -p no:randomly
NBVAL := --nbval --nbval-current-env --nbval-cell-timeout=300 \
	--nbval-sanitize-with "$(HERE)/tests/nbval_sanitize.cfg"

test: $(TEST_STAMP) ## run the tests, the docstring examples and the notebooks (nbval)
	@$(own_folders) $(PYTEST) $(NBVAL) notebooks tests cultureplus

test-code: $(TEST_STAMP) ## run the tests and the docstring examples only
	@$(own_folders) $(PYTEST) tests cultureplus

test-notebooks: $(TEST_STAMP) ## run the notebooks against their saved outputs only
	@$(own_folders) $(PYTEST) $(NBVAL) notebooks

lint: $(TEST_STAMP) ## check style, layout and types
	@failed=0; \
	$(BIN)/python -m ruff check . || failed=1; \
	$(BIN)/python -m ruff format --check . || failed=1; \
	$(BIN)/python -m mypy || failed=1; \
	exit $$failed

notebooks: $(RUN_STAMP) ## run the committed notebooks again and save their outputs
	@$(own_folders) $(BIN)/python tools/execute_notebooks.py

sample: $(RUN_STAMP) ## make data/sample again from its seed
	@$(BIN)/python tools/make_sample.py

lab: $(RUN_STAMP) ## open the notebooks in JupyterLab
	@$(BIN)/cultureplus lab

setup: $(RUN_STAMP) $(TEST_STAMP) ## only make the environment

clean: ## remove caches and builds; reports stay
	@rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find cultureplus tests tools benchmarks notebooks -depth \
		\( -name __pycache__ -o -name .ipynb_checkpoints \) -exec rm -rf {} + 2>/dev/null || true

distclean: clean ## remove the environment as well
	@rm -rf "$(VENV)"

# A candidate is tried by running it: a pyenv shim can be on the path for a Python that is not
# switched on, and Debian's python3 cannot make an environment until python3-venv is there.
$(BIN)/python:
	@chosen=; crippled=; \
	for candidate in $(if $(PYTHON),"$(PYTHON)",python3.13 python3.12 python3.11 python3 python); do \
		"$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
			>/dev/null 2>&1 </dev/null || continue; \
		if "$$candidate" -c 'import ensurepip, venv' >/dev/null 2>&1 </dev/null; \
		then chosen=$$candidate; break; \
		else crippled=$${crippled:-$$candidate}; fi; \
	done; \
	if [ -z "$$chosen" ] && [ -n "$$crippled" ]; then \
		version=$$("$$crippled" -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
		echo "$$crippled is Python $$version but cannot make an environment: its venv module is" >&2; \
		echo "missing. On Debian or Ubuntu: sudo apt install python$$version-venv" >&2; \
		exit 1; \
	elif [ -z "$$chosen" ]; then \
		echo "cultureplus needs Python 3.11 or newer; tried:" \
			"$(or $(PYTHON),python3.13 python3.12 python3.11 python3 python)." >&2; \
		echo "Install one, or name it: make PYTHON=/where/it/is/python3" >&2; \
		exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$chosen" --version 2>&1)."; \
	if [ -e "$(VENV)/pyvenv.cfg" ]; then rm -rf "$(VENV)"; fi; \
	"$$chosen" -m venv "$(VENV)" </dev/null

$(RUN_STAMP): pyproject.toml constraints.txt $(BIN)/python
	@echo "Installing the pinned packages into $(VENV) (a minute or two, once)."
	@$(call install,hatchling editables) </dev/null
	@$(call install,--no-build-isolation -e .) </dev/null
	@touch $@

$(TEST_STAMP): $(RUN_STAMP)
	@echo "Installing what the tests need into $(VENV)."
	@$(call install,--no-build-isolation -e ".[$(EXTRAS)]") </dev/null
	@touch $@
