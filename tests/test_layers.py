"""Do imports point down, and does every room keep to its doors?"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = "tap_restgeneric"
ROOT = Path(__file__).parent.parent / PACKAGE
MODULES = sorted(ROOT.rglob("*.py"))

LAYERS = (
    {"cli", "__main__", "reference"},
    {"workbench"},
    {"tap"},
    {"run", "command", "head_start"},
    {"streams"},
    {"access"},
    {"discovery", "given_schemas", "kept_schemas", "output"},
    {"engine"},
    {"readers", "inference", "settings", "apis", "stand_ins"},
    {"dialect"},
    {"errors"},
)
"""From the top down. A room imports from those below it, and from no other beside it."""

DOORS = {
    "singer_sdk": {
        "tap",
        "command",
        "streams.stream",
        "streams.typed",
        "streams.children",
        "streams.meters",
        "given_schemas",
    },
    "requests": {"engine", "sandbox"},
    "urllib3": {"engine", "sandbox"},
    "http": {"engine", "sandbox"},
    "socket": {"engine", "sandbox"},
    "time": {"engine", "sandbox"},
    "threading": {"engine", "sandbox"},
    "concurrent": {"engine", "sandbox"},
    "asyncio": set(),
    "flask": {"sandbox"},
    "waitress": {"sandbox"},
}
"""Who may import what: a room, or one module of it. `requests.utils` reads headers and is no network."""

AT_THE_EDGE = {
    "run": {"threading"},
    "output": {"threading"},
    "streams.stream": {"time"},
    "streams.progress": {"time"},
    "streams.pace": {"time"},
}
"""The tap hands clock and sleep to the engine, and holds the lock of the one output."""

UPWARDS = {room: {"tap_restgeneric.tap.TapRestGeneric"} for room in ("streams", "run")}
"""A stream knows the tap it belongs to: the SDK gives it. So does a run. Nothing else looks up."""

LEFT_OUT = {"sandbox"}
"""A server for trying things out: nothing of the tap imports it but the command that starts it."""


def room(module: str) -> str:
    """`tap_restgeneric.engine.client` is in `engine`."""
    return module.split(".")[1] if "." in module else ""


def imported(source: str) -> set[str]:
    """Every module that a text imports, wherever in it; `from a import b` is `a.b`, which may be a name in `a`."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def layer(name: str) -> int | None:
    return next((depth for depth, rooms in enumerate(LAYERS) if name in rooms), None)


def violations(module: str, source: str) -> list[str]:
    """What a module imports although it may not."""
    here = room(module)
    return sorted(name for name in imported(source) if not (_points_down(here, name) and _has_door(module, name)))


def _points_down(here: str, name: str) -> bool:
    there = room(name)
    if name.split(".", maxsplit=1)[0] != PACKAGE or there in ("", here) or name in UPWARDS.get(here, ()):
        return True
    if there in LEFT_OUT or here in LEFT_OUT:
        return here == "workbench" or there == "errors"
    depth, below = layer(here), layer(there)
    return here == "" or (depth is not None and below is not None and depth < below)


def _has_door(module: str, name: str) -> bool:
    top = name.split(".", maxsplit=1)[0]
    if top not in DOORS or name.startswith("requests.utils."):
        return True
    here = {room(module), module.removeprefix(f"{PACKAGE}.")}
    return bool(here & DOORS[top]) or any(top in AT_THE_EDGE.get(place, ()) for place in here)


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("path", MODULES, ids=module_of)
def test_imports_keep_to_the_layers(path):
    assert violations(module_of(path), path.read_text()) == []


def test_every_room_has_its_layer():
    rooms = {room(module_of(path)) for path in MODULES} - {""}
    assert {name for name in rooms if layer(name) is None} == LEFT_OUT


VIOLATIONS = {
    "upwards": (
        "dialect.x",
        "from tap_restgeneric.engine.client import Client",
        "tap_restgeneric.engine.client.Client",
    ),
    "upwards, as a module": ("engine.x", "import tap_restgeneric.tap", "tap_restgeneric.tap"),
    "sideways": ("readers.x", "from tap_restgeneric import inference", "tap_restgeneric.inference"),
    "inside a function": ("dialect.x", "def f():\n    import time", "time"),
    "for types alone": (
        "engine.x",
        "if TYPE_CHECKING:\n    from tap_restgeneric.streams.stream import S",
        "tap_restgeneric.streams.stream.S",
    ),
    "the SDK in the engine": ("engine.x", "from singer_sdk.helpers import y", "singer_sdk.helpers.y"),
    "the SDK in the discovery": ("discovery", "import singer_sdk", "singer_sdk"),
    "the SDK before it is there": ("access", "import singer_sdk", "singer_sdk"),
    "the SDK where a stream counts how far it is": ("streams.bookmarks", "import singer_sdk", "singer_sdk"),
    "network in the dialect": ("dialect.x", "import requests", "requests"),
    "a session in the dialect": ("dialect.x", "from requests import Session", "requests.Session"),
    "a socket in a reader": ("readers.x", "import socket", "socket"),
    "a clock in the inference": ("inference", "from time import time", "time.time"),
    "the SDK in the workbench": ("workbench.x", "from singer_sdk import Tap", "singer_sdk.Tap"),
    "the sandbox in the tap": ("tap", "from tap_restgeneric.sandbox import serve", "tap_restgeneric.sandbox.serve"),
    "the tap in the sandbox": ("sandbox.x", "from tap_restgeneric.dialect import auth", "tap_restgeneric.dialect.auth"),
}


@pytest.mark.parametrize(("module", "source", "found"), VIOLATIONS.values(), ids=VIOLATIONS)
def test_a_violation_is_found(module, source, found):
    assert violations(f"{PACKAGE}.{module}", source) == [found]


ALLOWED = {
    "downwards": ("engine.x", "from tap_restgeneric.dialect.auth.schemes import Auth"),
    "in its own room": ("dialect.x", "from tap_restgeneric.dialect import auth"),
    "headers are no network": ("dialect.x", "from requests.utils import parse_header_links"),
    "the network in the engine": ("engine.x", "import requests, socket, threading, time"),
    "the sandbox in the workbench": ("workbench.x", "from tap_restgeneric.sandbox import serve"),
    "anything else": ("dialect.x", "import json, pydantic"),
}


@pytest.mark.parametrize(("module", "source"), ALLOWED.values(), ids=ALLOWED)
def test_what_is_allowed(module, source):
    assert violations(f"{PACKAGE}.{module}", source) == []
