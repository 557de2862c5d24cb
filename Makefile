# Everything is made from a clean clone with Python >= 3.11 and Node >= 20; nothing is installed by hand.
UV := .venv/bin/uv
CDK := node_modules/.bin/cdk
LOCK := $(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 $(UPGRADE)
# Byte code beside the sources would be one more thing to keep out of the Lambdas.
export PYTHONPYCACHEPREFIX ?= $(CURDIR)/.everyday/pycache
# CDK's bridge prints twelve lines about Node 20, which still works, before every answer.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION ?= 20

.PHONY: run test check bench deploy layers lock clean
.DELETE_ON_ERROR:

run: layers node_modules/.done  ## the whole system on this machine
	.venv/bin/everyday local up

test: check layers node_modules/.done  ## everything that needs no AWS account
	tools/find-chromium
	tools/find-containers
	tools/find-machines
	.venv/bin/python -m everyday_local.ghost install .everyday/ghost
	.venv/bin/pytest -n 2 --dist loadgroup --durations=10

check: .venv/.done  ## format, lint, types, import rules
	.venv/bin/ruff format --check --quiet . && .venv/bin/ruff check --quiet .
	.venv/bin/mypy
	.venv/bin/lint-imports

bench: layers node_modules/.done  ## measure against the goals: bench/out/*.json
	for each in bench/[a-z]*.py; do .venv/bin/python $$each || exit 1; done

deploy: layers node_modules/.done  ## to your AWS account; warnings stop it
	$(CDK) deploy --all --strict -c stage=aws

layers: .venv/.done .everyday/ministack/.done  ## the Lambdas' dependencies, without Docker
	.venv/bin/python -m tools.build_layers

lock: .venv/.done  ## pin what is new; UPGRADE=--upgrade takes the newest of everything
	$(LOCK) layers/deps/requirements.in -o layers/deps/requirements.txt
	$(LOCK) local/ministack.in -o local/ministack.txt
	$(LOCK) pyproject.toml --group cdk --group dev -c layers/deps/requirements.txt -o requirements.txt
	$(LOCK) layers/site/requirements.in -c requirements.txt -o layers/site/requirements.txt

clean:  ## everything that was made here
	test ! -x .venv/bin/everyday || .venv/bin/everyday local down
	rm -rf .venv node_modules .everyday cdk.out layers/*/build bench/out .*_cache .hypothesis

.venv/bin/uv:
	tools/make-venv .venv 11 99
	sed -n '/^uv==/,/[^\\]$$/p' requirements.txt > .venv/uv.txt
	.venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r .venv/uv.txt

.venv/.done: requirements.txt pyproject.toml | $(UV)
	$(UV) pip sync -q --python .venv --require-hashes requirements.txt
	$(UV) pip install -q --python .venv --no-deps --no-build-isolation --editable .
	touch $@

.everyday/ministack/.done: local/ministack.txt | $(UV)
	tools/make-venv .everyday/ministack 11 13
	$(UV) pip sync -q --python .everyday/ministack --require-hashes local/ministack.txt
	touch $@

node_modules/.done: package-lock.json
	command -v npm >/dev/null || { echo "everyday needs Node 20 or newer, with npm." >&2; exit 1; }
	npm ci --silent --no-audit --no-fund
	touch $@
