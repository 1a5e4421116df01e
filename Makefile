# Everything is done by scripts/setup, in Python's standard library; this file only finds a Python to run it.
# To name one yourself: make run PYTHON=/path/to/python3.11

.DEFAULT_GOAL := help
.PHONY: help run setup test lint fmt bench kills lock clean

# "exec", so that signals from the terminal and from make reach the program itself.
station_setup = python=$$(sh scripts/setup/find-python.sh) && exec "$$python" -m scripts.setup
uv_options = --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header

help: ## this list
	@sed -n 's/^\([a-z]*\):[^#]*## /  make \1	/p' Makefile

run: ## set everything up and serve on STATION_HOST:STATION_PORT (127.0.0.1:8080) until Ctrl-C
	@$(station_setup) run

setup: ## set up all that serving and the tests need
	@$(station_setup) setup

test: ## set up, then run the linters, the type checkers, all tests and the journeys in a browser
	@$(station_setup) test

lint: ## set up, then run the linters and type checkers alone
	@$(station_setup) lint

fmt: setup ## put the Python code into its one format and mend what ruff can mend
	@.venv/bin/ruff check --fix
	@.venv/bin/ruff format

bench: setup ## the benchmarks, each a ratio against a peer measured in the same run
	@.venv/bin/python scripts/bench/bench.py

kills: setup ## kill the server 20 times amid fifty people's messages, and count what was lost, doubled or reordered
	@.venv/bin/python -m tests.journeys.kills --times 20

lock: ## resolve requirements/*.txt again (needs uv)
	@command -v uv >/dev/null || { echo 'Locks are made with uv: please install it (pip install uv).' >&2; exit 1; }
	uv pip compile $(uv_options) --python-version 3.11 pyproject.toml -o requirements/station.txt
	uv pip compile $(uv_options) --python-version 3.11 --extra dev -c requirements/station.txt pyproject.toml -o requirements/dev.txt
	uv pip compile $(uv_options) --python-version 3.10 requirements/bot.in -o requirements/bot.txt

clean: ## remove what was built and cached; never var/, and not the environments (.venv, .venv-bot, web/node_modules)
	rm -rf build web/dist web/build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './.venv*' -not -path './web/node_modules/*' -prune -exec rm -rf {} +
