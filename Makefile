PYTHON ?= python3
VENV := .venv

$(VENV)/installed: requirements/base.txt requirements/embedded.txt requirements/dev.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --require-hashes -r requirements/base.txt -r requirements/embedded.txt -r requirements/dev.txt
	touch $@
