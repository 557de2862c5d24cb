# Everything is made from a clean clone with Python >= 3.11 and Node >= 20; nothing is installed by hand.
PYTHON ?= python3
UV := .venv/bin/uv
export PYTHONDONTWRITEBYTECODE ?= 1

.PHONY: run test check bench deploy layers lock clean
.DELETE_ON_ERROR:

run: .venv/.done .everyday/ministack/.done node_modules/.done layers  ## the whole system on this machine
	.venv/bin/everyday local up

.venv/.done: requirements.txt pyproject.toml
	test -x $(UV) || { $(PYTHON) -m venv .venv && .venv/bin/pip install -q uv==0.13.8; }
	$(UV) pip sync -q --python .venv/bin/python --require-hashes requirements.txt
	touch $@
