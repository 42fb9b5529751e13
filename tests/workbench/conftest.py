from __future__ import annotations

import json

import pytest
import yaml
from click.testing import CliRunner

from tap_restgeneric.cli import main


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


@pytest.fixture
def command(here):
    """Runs `restgeneric`, as a program would: no terminal."""

    def call(*args):
        return CliRunner().invoke(main, list(map(str, args)))

    return call


@pytest.fixture
def written(here):
    """Writes a file: text as it is, YAML or JSON by the suffix."""

    def write(name, value):
        if not isinstance(value, str):
            value = json.dumps(value) if name.endswith("json") else yaml.safe_dump(value, sort_keys=False)
        (here / name).write_text(value)
        return name

    return write
