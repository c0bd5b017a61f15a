# The commands to remember. All of them set up what they need, and may be repeated.

PYTHON ?= python3
PORT ?= 8000

BIN = .venv/bin
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help run test soak bench check fix migration messages lock wheel

help:
	@echo "make run                   the demo, on http://127.0.0.1:$(PORT) (PORT=9000 for another)"
	@echo "make test                  every test"
	@echo "make soak                  the same tests, longer and larger"
	@echo "make bench                 what reading and posting cost, beside others, in Markdown"
	@echo "make check                 style, types, and whether models and migrations agree"
	@echo "make fix                   mend the style"
	@echo "make migration m=\"...\"     a new migration, from what changed in the models"
	@echo "make messages              collect what is to be translated, and compile what is"
	@echo "make lock                  pin the dependencies of pyproject.toml again"
	@echo "make wheel                 build what is released, into dist/"

run: .venv/.runtime
	@PORT=$(PORT) $(BIN)/comments demo --serve

test: .venv/.dev .venv/.chromium
	$(BIN)/python -m pytest $(IN_PARALLEL)

# Each process brings a PostgreSQL and a Chromium of its own; four are as many as most machines bear.
IN_PARALLEL = --numprocesses auto --maxprocesses 4 --dist worksteal

# A test of that size may well take its hour.
soak: .venv/.dev .venv/.chromium
	$(BIN)/python -m pytest --soak -o faulthandler_timeout=0

bench: .venv/.dev .venv-isso/.made
	@$(BIN)/python -m benchmarks

check: .venv/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	@folder=$$(mktemp -d) && export COMMENTS_INSTANCE="$$folder" && \
		$(BIN)/comments migrate && $(BIN)/flask --app wsgi db check; \
		code=$$?; rm -r "$$folder"; exit $$code

fix: .venv/.dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

migration: .venv/.dev
	@test -n "$(m)" || { echo 'say what changes: make migration m="Count reports"'; exit 2; }
	@folder=$$(mktemp -d) && export COMMENTS_INSTANCE="$$folder" && \
		$(BIN)/comments migrate && $(BIN)/flask --app wsgi db migrate -m "$(m)"; \
		code=$$?; rm -r "$$folder"; exit $$code

messages: .venv/.dev
	@folder=$$(mktemp -d) && \
		$(BIN)/pybabel -q extract $(EXTRACT) -o "$$folder/messages.pot" . && \
		$(BIN)/pybabel -q update $(UPDATE) -i "$$folder/messages.pot" -d $(TRANSLATIONS) && \
		$(BIN)/pybabel -q compile -d $(TRANSLATIONS); \
		code=$$?; rm -r "$$folder"; exit $$code

TRANSLATIONS = comments/translations
EXTRACT = -F babel.cfg -k lazy_gettext --no-location --sort-output --no-wrap --project comments
UPDATE = --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --no-wrap

lock: .venv/.dev
	$(PIP) uv
	$(BIN)/uv pip compile $(COMPILE) pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile $(COMPILE) pyproject.toml --group dev -o requirements-dev.txt

COMPILE = --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

wheel: .venv/.dev
	$(BIN)/python -m build

# What follows is made once, and again when the file that it depends on changed.

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.runtime: .venv/.made requirements.txt pyproject.toml
	$(PIP) --require-hashes -r requirements.txt
	$(PIP) --no-deps -e .
	@touch $@

.venv/.dev: .venv/.made requirements-dev.txt pyproject.toml
	$(PIP) --require-hashes -r requirements-dev.txt
	$(PIP) --no-deps -e .
	@touch $@

.venv/.chromium: .venv/.dev
	@.ci/chromium $(BIN)/python
	@touch $@

# What the benchmarks compare with; it has nothing to do with ours, and so an environment of its own.
.venv-isso/.made: benchmarks/isso.txt
	$(PYTHON) -m venv .venv-isso
	.venv-isso/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/isso.txt
	@touch $@
