# Everything a developer does with the bank. `make help` lists the targets.
PYTHON ?= python3
STAGE ?= dev
PHONE ?=
ACCOUNT ?=
DATE ?=
FILE ?=
ROOT ?=
SECRETS ?=
NAME ?=
FROM ?=
TELLER ?=
STAFF ?=
BIN := .venv/bin
PY := $(BIN)/python
PYTEST = $(PY) -m pytest
# Prose and progress must appear at once, also in a pipe.
export PYTHONUNBUFFERED := 1
# Only what the bank itself is told; the developer's own AWS settings are read by `make package` alone.
unexport PYTHONPATH PYTHONHOME

.DEFAULT_GOAL := help
FIRST_SEED ?= 1
SEEDS ?= 20
STEPS ?= 600
FUZZ_SEED ?= 1
FUZZ_EXAMPLES ?= 10

.PHONY: help bootstrap run messages verify rebuild evidence trial-balance staff-code test prove compliance simulate bench mutate docs check release-contract package lock clean policies clients fuzz

help: ## list every target
	@echo 'Rural Bank - make targets / 命令一览'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)$$/\1\t\2/p' $(firstword $(MAKEFILE_LIST)) | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-17s %s\n' "$$name" "$$text"; done

bootstrap: ## prepare the Python environment .venv (every other target does it first)
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo '错误: 找不到 $(PYTHON)，请安装 Python 3.11 或更新版本: sudo apt install python3 python3-venv' >&2; echo 'error: $(PYTHON) is not installed; run: sudo apt install python3 python3-venv' >&2; exit 1; }
	@$(PYTHON) infra/local/bootstrap.py

run: bootstrap ## start the local bank, walk through it, stay up until Ctrl-C (BANK_PORT=4566)
	@exec $(PY) -m infra.local.run

messages: bootstrap ## print what the local bank sent to a phone: make messages PHONE=13800000001
	@$(PY) -m infra.local.messages '$(PHONE)'

verify: bootstrap ## recompute an account's hash chain on the running local bank: make verify ACCOUNT=9000010000000000017
	@./bank account verify '$(ACCOUNT)'

rebuild: bootstrap ## rebuild an account's lost statement lines there: make rebuild ACCOUNT=9000010000000000017
	@./bank account rebuild '$(ACCOUNT)'

evidence: bootstrap ## verify offline who confirmed a transfer: make evidence FILE=evidence.json ROOT=sha256-of-the-authority SECRETS=file-of-code-secrets
	@./bank evidence verify '$(FILE)' --root '$(ROOT)' $(if $(SECRETS),--code-secret '$(SECRETS)')

trial-balance: bootstrap ## the local bank's trial balance: make trial-balance DATE=20261121
	@./bank day trial-balance '$(DATE)'

staff-code: bootstrap ## the code of a demo member's token there: make staff-code STAFF=T0001
	@./bank staff code '$(STAFF)'

test: bootstrap ## unit, chain and architecture tests
	$(PYTEST) tests/unit tests/chain tests/architecture -n auto --dist loadfile --calls-record build/calls.json --requirements-record build/compliance-test.json

policies: bootstrap ## what policies allow and no function asked for while `make test` ran
	@$(PY) -m tests.grants

prove: bootstrap ## engine, deploy, simulation and fuzz tests (slower)
	$(PYTEST) tests/engine tests/deploy tests/simulation tests/fuzz/test_answers_conform.py --requirements-record build/compliance-prove.json

compliance: bootstrap ## judge the standards' requirements by their tests; writes docs/compliance.md
	@$(PY) -m compliance $(if $(FROM),--from $(FROM))

bench: bootstrap ## what a transfer costs, against its budgets; writes build/bench.json
	$(PY) -m bench

simulate: bootstrap ## the whole bank under races and faults: make simulate FIRST_SEED=1 SEEDS=20 STEPS=600
	@$(PY) -m simulation --first-seed $(FIRST_SEED) --seeds $(SEEDS) --steps $(STEPS)

fuzz: bootstrap ## the API asked by Schemathesis as each role: make fuzz FUZZ_SEED=1 FUZZ_EXAMPLES=10
	@echo 'FUZZ_SEED=$(FUZZ_SEED) FUZZ_EXAMPLES=$(FUZZ_EXAMPLES)'
	$(PYTEST) tests/fuzz -n auto --fuzz-seed $(FUZZ_SEED) --fuzz-examples $(FUZZ_EXAMPLES)

mutate: bootstrap ## mutation tests of ledger, limits and money: score and survivors, at least 90 %
	@$(PY) -m infra.local.mutate

docs: bootstrap ## build the documentation site into build/site; open its index.html
	@$(PY) -m docs.build

check: bootstrap ## lint, format, types, import rules, the contracts, their clients, the documentation site, template lint
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m infra.clients --check
	$(PY) -m mypy
	$(BIN)/lint-imports
	$(PY) -m docs.generate --check
	$(PY) -m infra.contract
	$(PY) -m docs.build
	$(PY) -m infra.build --stage local --lint
	$(PY) -m infra.build --stage prod --lint

clients: bootstrap ## make the clients of apps from the contract: a wheel and an npm package in build/clients/packages/
	@$(PY) -m infra.clients

release-contract: bootstrap ## what docs/openapi.json and events/ say is promised from now on
	$(PY) -m docs.generate
	$(PY) -m infra.contract --release
	$(PY) -m docs.events

package: bootstrap ## package a stage for the cloud: make package STAGE=dev
	$(PY) -m infra.build --stage $(STAGE)

lock: bootstrap ## pin requirements*.in again, on the oldest Python the bank supports
	$(PY) -m infra.local.lock

clean: ## remove what can be made again, the local bank's data included
	rm -rf build mutants .local .chalice/deployments .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
