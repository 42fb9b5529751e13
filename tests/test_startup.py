"""Is anything imported before it is needed? The first request of a run must not wait for it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from scripted import Answer

SLOW = {"jinja2", "yaml", "jwt", "rich", "flask", "waitress", "vcr"}


def imported(script):
    """The modules of `SLOW` that are there after a script."""
    shown = f"{script}\nimport sys, json; print(json.dumps(sorted({SLOW!r} & set(sys.modules))))"
    done = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_the_tap_starts_without_what_most_sources_do_without():
    assert imported("import tap_restgeneric.__main__") == []


@pytest.mark.parametrize(
    ("resource", "needed"),
    [
        ({"name": "things", "endpoint": {"data_selector": "items"}}, []),
        ({"name": "things", "processing_steps": [{"filter": "record.id > 1"}]}, ["jinja2"]),
    ],
    ids=["a plain source", "an expression"],
)
def test_a_source_imports_what_it_needs(serve, resource, needed):
    server = serve(lambda _: Answer(200, {"items": [{"id": 1}, {"id": 2}]}))
    config = {"client": {"base_url": server.url}, "resources": [resource]}
    script = (
        "from tap_restgeneric.__main__ import TapRestGeneric\n"
        f"tap = TapRestGeneric(config={config!r})\n"
        "assert list(tap.streams) == ['things']"
    )

    assert imported(script) == needed


def test_the_collector_of_garbage_is_awake_when_the_tap_runs():
    script = "import tap_restgeneric.__main__, gc; assert gc.isenabled() and gc.get_freeze_count() > 1000"

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
