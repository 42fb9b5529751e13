"""Is anything imported before it is needed? The first request of a run must not wait for it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from scripted import Answer

SLOW = {"jinja2", "yaml", "jwt", "rich", "flask", "waitress", "vcr", "asyncio", "joblib", "upath", "jsonpath_ng"}


def ran(script, *arguments):
    """A script that has run in a process of its own; the last line it writes is JSON."""
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


def started(arguments, shows):
    """What a script shows when the tap has come to its end, the command line being given."""
    script = (
        "import sys, json, atexit\n"
        f"atexit.register(lambda: print('\\n' + json.dumps({shows})))\n"
        "from tap_restgeneric.__main__ import main\n"
        "main()"
    )
    return ran(script, *arguments)


def written(tmp_path, url, **settings):
    """A file of settings."""
    source = {"client": {"base_url": url}, "resources": [{"name": "things", "endpoint": {"data_selector": "items"}}]}
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"source": source, **settings}))
    return str(path)


IMPORTED = f"sorted({SLOW!r} & set(sys.modules))"


@pytest.fixture
def things(serve):
    return serve(lambda _: Answer(200, {"items": [{"id": 1}, {"id": 2}]}))


@pytest.mark.parametrize("option", [[], ["--discover"]], ids=["sync", "discover"])
def test_the_tap_runs_without_what_most_sources_do_without(things, tmp_path, option):
    assert started(["--config", written(tmp_path, things.url), *option], IMPORTED)[0] == []


def test_a_source_imports_what_it_needs(things, tmp_path):
    path = written(
        tmp_path, things.url, resources=[{"name": "things", "processing_steps": [{"filter": "record.id > 1"}]}]
    )

    assert started(["--config", path], IMPORTED)[0] == ["jinja2"]


def test_the_collector_of_garbage_is_awake_when_the_tap_runs(things, tmp_path):
    shows = "[__import__('gc').isenabled(), __import__('gc').get_freeze_count() > 1000]"

    assert started(["--config", written(tmp_path, things.url)], shows)[0] == [True, True]


SDK_IS_THERE = "'singer_sdk.tap_base' in sys.modules"
LOOKING = f"""
import sys
from tap_restgeneric.engine.client import Client
from tap_restgeneric import head_start
there = []
exchange = Client.exchange
Client.exchange = lambda self, *args: (there.append({SDK_IS_THERE}), exchange(self, *args))[1]
begun = head_start.begun(sys.argv[1:])
if begun:
    begun.discovery.shape(begun.access.source.nodes["things"], None, None)
print(__import__("json").dumps(there))
"""
"""Begins with the command line, and shows for each exchange whether the SDK was imported then."""


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--config", "FILE"], [False]),
        (["--config", "FILE", "--discover"], [False]),
        (["--discover", "--config", "FILE"], [False]),
        (["--config", "FILE", "--catalog", "FILE"], []),
        (["--config", "FILE", "--state", "FILE"], []),
        (["--config", "FILE", "--config", "FILE"], []),
        (["--config", "ENV"], []),
        (["--config", "missing.json"], []),
        (["--config", "BROKEN"], []),
        (["--config", "WRONG"], []),
        (["--config"], []),
        (["--about"], []),
        ([], []),
    ],
    ids=lambda value: " ".join(value) if value and isinstance(value[0], str) else "",
)
def test_discovery_begins_before_the_sdk_is_there(things, tmp_path, arguments, found):
    files = {"FILE": written(tmp_path, things.url)}
    for name, text in (("BROKEN", "{"), ("WRONG", '{"source": {"client": {}, "resources": []}}')):
        (tmp_path / name).write_text(text)
        files[name] = str(tmp_path / name)

    shown, told = ran(LOOKING, *(files.get(argument, argument) for argument in arguments))

    assert (shown, told) == (found, "")
    assert len(things.asked) == len(found)


def test_what_a_head_start_read_is_not_asked_for_again(things, tmp_path):
    started(["--config", written(tmp_path, things.url)], "0")

    assert len(things.asked) == 1


def test_what_a_head_start_has_to_say_is_logged_once_and_without_secrets(serve, tmp_path):
    answers = iter([Answer(503, {}, {"retry-after": "0.1"}), Answer(200, {"items": [{"id": 1}]})])
    server = serve(lambda _: next(answers))
    path = written(
        tmp_path, server.url, client={"headers": {"X-Key": "{secrets.key}"}}, secrets={"key": "hush-hush-hush"}
    )

    told = started(["--config", path], "0")[1]

    assert told.count("retry in") == 1
    assert " | INFO     | tap-restgeneric" in next(line for line in told.splitlines() if "retry in" in line)
    assert "hush" not in told


def test_settings_that_are_wrong_are_told_although_something_has_begun(things, tmp_path):
    path = written(tmp_path, things.url, undeclared_fields="drop")
    command = [sys.executable, "-m", "tap_restgeneric", "--config", path]

    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)

    assert (done.returncode, done.stdout) == (2, "")
    assert "$.undeclared_fields" in done.stderr
