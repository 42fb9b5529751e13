"""Is everything in the wheel that the installed tap needs?"""

from __future__ import annotations

import json

import pytest
from shell import BIN, output

from demo.project import CHECKOUT
from tap_restgeneric.sandbox import APIS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def empty(wheel, tmp_path_factory):
    """An environment with nothing in it but the wheel and what it depends on."""
    folder = tmp_path_factory.mktemp("empty")
    output(BIN / "uv", "venv", "--quiet", "--python", BIN / "python", "venv", cwd=folder)
    output(BIN / "uv", "pip", "install", "--quiet", "--python", "venv/bin/python", wheel, cwd=folder)
    return folder


@pytest.mark.parametrize("api", APIS)
def test_an_installed_wheel_discovers_the_built_in_apis_with_their_schemas(empty, config, api):
    lines = output("venv/bin/tap-restgeneric", "--config", config(api), "--discover", cwd=empty)
    found = {stream["tap_stream_id"]: stream["schema"]["properties"] for stream in json.loads(lines)["streams"]}
    shipped = {
        file.stem: json.loads(file.read_text())["properties"] for file in (CHECKOUT / "schemas" / api).glob("*.json")
    }
    assert {name: set(found[name]) for name in shipped} == {name: set(each) for name, each in shipped.items()}


def test_the_second_command_is_installed_too(empty):
    assert "sandbox" in output("venv/bin/restgeneric", "--help", cwd=empty)
