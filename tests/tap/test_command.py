"""Does the console script do what a user of Singer taps expects?"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from click.testing import CliRunner
from command import Launcher, ended, run, start
from scripted import STALL, by_path, serving
from tapping import api, made, resource

from tap_restgeneric.tap import TapRestGeneric

HELPDESK = ["account", "custom_fields", "customers"]


def settings(sandbox, name, **more):
    secrets = sandbox.credentials(name)
    return {"source": name, "client": {"base_url": sandbox.url(name)}, "secrets": secrets, **more}


def selected(*names, without=()):
    """A catalog of helpdesk with these streams, and without a field."""
    streams = []
    for name in HELPDESK:
        fields = {
            "id": {"type": "integer"},
            "name": {"type": ["string", "null"]},
            "email": {"type": ["string", "null"]},
        }
        metadata = [{"breadcrumb": [], "metadata": {"selected": name in names, "inclusion": "available"}}]
        metadata += [
            {"breadcrumb": ["properties", field], "metadata": {"selected": field not in without}} for field in fields
        ]
        keys = ["id"] if name != "account" else []
        streams.append(
            {
                "tap_stream_id": name,
                "stream": name,
                "schema": {"type": "object", "properties": fields},
                "key_properties": keys,
                "metadata": metadata,
            }
        )
    return {"streams": streams}


@pytest.fixture(scope="module")
def did(sandbox, tmp_path_factory):
    """What each of these command lines did; they run side by side."""
    with socket.socket() as taken, ThreadPoolExecutor(3) as pool:
        taken.bind(("127.0.0.1", 0))
        down = f"http://127.0.0.1:{taken.getsockname()[1]}"
        launcher = Launcher(tmp_path_factory.mktemp("settings"), pool)
        launch = launcher.launch
        helpdesk = settings(sandbox, "helpdesk")
        at_once = {"endpoint": {"error_handler": {"max_retries": 0}}}

        launch("sync", "--config", helpdesk)
        launch("discover", "--config", helpdesk, "--discover")
        launch("test", "--config", helpdesk, "--test")
        first, second = {"source": "telephony", "timeout": 5}, settings(sandbox, "recruiting")
        launch("several", "--config", first, "--config", second, "--test=schema")
        launch(
            "catalog and state",
            *("--config", helpdesk),
            *("--catalog", selected("customers", without=["email"])),
            *("--state", {"bookmarks": {"customers": {}, "custom_fields": {"x": 1}}}),
        )
        launch("bad config", "--config", {**api("ftp://x", resource("a", paginatr={}))})
        launch("wrong secret", "--config", {**helpdesk, "secrets": {"username": "me", "password": "wrong-password"}})
        launch("down", "--config", {**helpdesk, "client": {"base_url": down}, "resource_defaults": at_once})
        yield launcher


# What it does


def test_a_sync_writes_messages_and_nothing_else(did, sandbox):
    sync = did["sync"]

    assert sync.code == 0
    assert {message["type"] for message in sync.messages} == {"SCHEMA", "RECORD", "STATE"}
    for stream in HELPDESK:
        assert len(sync.records(stream)) == len(sandbox.truth("helpdesk", stream))


def test_discover_writes_a_catalog(did):
    discover = did["discover"]
    streams = {stream["tap_stream_id"]: stream for stream in json.loads(discover.out)["streams"]}

    assert discover.code == 0
    assert sorted(streams) == HELPDESK
    customers = streams["customers"]
    assert (customers["key_properties"], customers["replication_key"]) == (["id"], "updated_datetime")
    inclusion = {tuple(entry["breadcrumb"]): entry["metadata"] for entry in customers["metadata"]}
    assert inclusion[()]["table-key-properties"] == ["id"]
    assert inclusion[("properties", "id")]["inclusion"] == "automatic"
    assert inclusion[("properties", "updated_datetime")]["inclusion"] == "automatic"
    assert inclusion[("properties", "email")]["inclusion"] == "available"


def test_test_reads_a_record_of_each_stream(did):
    test = did["test"]

    assert test.code == 0
    assert {stream: len(test.records(stream)) for stream in HELPDESK} == dict.fromkeys(HELPDESK, 1)


def test_test_of_the_schemas_needs_no_request_where_they_are_shipped(did, sandbox):
    # Of two settings files the later one counts.
    test = did["several"]

    assert test.code == 0
    assert {message["type"] for message in test.messages} == {"SCHEMA"}
    assert len({message["stream"] for message in test.messages}) == 14
    assert [asked for asked in sandbox.requests if asked.api == "recruiting"] == []


# What needs no process of its own


@pytest.fixture
def cli():
    """The command line in this process, which it leaves as it was."""
    root, hook = logging.getLogger(), sys.excepthook
    handlers, level = list(root.handlers), root.level
    yield lambda *args: CliRunner().invoke(TapRestGeneric.cli, [str(arg) for arg in args])
    logging.captureWarnings(capture=False)
    root.handlers[:], root.level, sys.excepthook = handlers, level, hook


def test_version_names_the_tap(cli):
    shown = cli("--version")

    assert shown.exit_code == 0
    assert shown.stdout.startswith("tap-restgeneric v")


SETTINGS = {
    "source": False,
    "client": False,
    "resource_defaults": False,
    "resources": False,
    "secrets": True,
    "parameters": False,
    "start_date": False,
    "full_refresh": False,
    "concurrency": False,
    "rate_limit": False,
    "timeout": False,
    "undeclared_fields": False,
    "infer_records": False,
    "user_agent": False,
    "emit_activate_version_messages": False,
    "stream_maps": False,
    "flattening_enabled": False,
    "batch_config": False,
}


def test_about_describes_every_setting(cli):
    about = json.loads(cli("--about", "--format=json").stdout)
    properties = about["settings"]["properties"]

    assert about["name"] == "tap-restgeneric"
    assert about["description"] == "Reads any REST API that is described in the dlt rest_api dialect."
    assert set(SETTINGS) <= set(properties)
    assert [name for name in SETTINGS if not properties[name].get("description")] == []
    assert {name: bool(properties[name].get("secret")) for name in SETTINGS} == SETTINGS
    assert {"catalog", "discover", "state", "about", "stream-maps", "batch", "schema-flattening"} <= set(
        about["capabilities"]
    )


def test_about_gives_the_kinds_of_settings(cli):
    properties = json.loads(cli("--about", "--format=json").stdout)["settings"]["properties"]
    kinds = {name: properties[name]["type"] for name in ("source", "secrets", "resources", "infer_records", "timeout")}

    assert kinds == {
        "source": ["string", "object", "null"],
        "secrets": ["object", "null"],
        "resources": ["array", "null"],
        "infer_records": ["integer", "null"],
        "timeout": ["number", "null"],
    }
    assert properties["start_date"]["format"] == "date-time"


@pytest.mark.parametrize("form", [[], ["--format=markdown"]], ids=["text", "markdown"])
def test_about_can_be_read(cli, form):
    shown = cli("--about", *form)

    assert shown.exit_code == 0
    assert [name for name in SETTINGS if name not in shown.stdout] == []


def from_environment(monkeypatch, sandbox, source):
    monkeypatch.setenv("TAP_RESTGENERIC_SOURCE", source)
    monkeypatch.setenv("TAP_RESTGENERIC_CLIENT", json.dumps({"base_url": sandbox.url("helpdesk")}))
    monkeypatch.setenv("TAP_RESTGENERIC_SECRETS", json.dumps(sandbox.credentials("helpdesk")))
    monkeypatch.setenv("TAP_RESTGENERIC_INFER_RECORDS", "7")


@pytest.mark.parametrize(
    "source",
    [
        "helpdesk",
        '"helpdesk"',
    ],
)
def test_settings_can_come_from_the_environment(monkeypatch, sandbox, cli, source):
    from_environment(monkeypatch, sandbox, source)
    shown = cli("--config=ENV", "--discover")

    assert shown.exit_code == 0
    assert sorted(stream["tap_stream_id"] for stream in json.loads(shown.stdout)["streams"]) == HELPDESK


def test_an_object_from_the_environment_can_be_a_source(monkeypatch, cli, serve):
    source = api(serve(by_path({"/things": {"items": [{"id": 1}]}})).url, resource("things"))
    monkeypatch.setenv("TAP_RESTGENERIC_SOURCE", json.dumps(source))

    assert json.loads(cli("--config=ENV", "--discover").stdout)["streams"][0]["tap_stream_id"] == "things"


def test_a_secret_can_come_from_the_environment(monkeypatch, serve):
    monkeypatch.setenv("TAP_RESTGENERIC_SECRETS_MY_KEY", "from-the-environment")
    server = serve(by_path({"/things": {"items": [{"id": 1}]}}))
    made(api(server.url, resource("things"), auth={"type": "bearer", "token": "{secrets.my_key}"}))

    assert server.asked[0].headers["authorization"] == "Bearer from-the-environment"


def test_a_secret_that_is_nowhere_is_a_mistake_in_the_settings(cli, tmp_path, caplog):
    config = tmp_path / "config.json"
    config.write_text(
        json.dumps(api("http://127.0.0.1:1", resource("a"), auth={"type": "bearer", "token": "{secrets.my_key}"}))
    )

    assert cli("--config", config).exit_code == 2
    assert [each.getMessage() for each in caplog.records if each.levelname == "ERROR"] == [
        "$.client.auth.token: secret 'my_key' is not set: "  # noqa: ISC004
        "give it in the setting `secrets`, or as TAP_RESTGENERIC_SECRETS_MY_KEY"
    ]


@pytest.fixture
def bad_kinds(cli, tmp_path, caplog):
    """The exit code for settings of a wrong kind, and the errors."""
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"source": "helpdesk", "timeout": "soon", "secrets": "planted-in-secrets"}))
    shown = cli("--config", config)
    return shown.exit_code, [each.getMessage() for each in caplog.records if each.levelname == "ERROR"]


def test_settings_of_a_wrong_kind_are_a_mistake_in_the_settings(bad_kinds):
    assert bad_kinds[0] == 2


def test_settings_of_a_wrong_kind_are_all_named(bad_kinds):
    assert any("timeout" in line for line in bad_kinds[1])
    assert any("secrets" in line for line in bad_kinds[1])


def test_settings_of_a_wrong_kind_are_not_shown_where_they_are_secret(bad_kinds):
    assert "planted-in-secrets" not in str(bad_kinds[1])


@pytest.mark.parametrize(
    ("option", "content"),
    [
        ("--config", None),
        *[(option, text) for option in ("--config", "--catalog", "--state") for text in ("{ this is no JSON", "[1]")],
    ],
)
def test_a_file_that_cannot_be_read_is_a_mistake_in_the_settings(cli, tmp_path, option, content, sandbox):
    good, file = tmp_path / "good.json", tmp_path / "broken.json"
    good.write_text(json.dumps(settings(sandbox, "helpdesk")))
    if content:
        file.write_text(content)
    shown = cli("--config", good, option, file)

    assert (shown.exit_code, type(shown.exception)) == (2, SystemExit)


@pytest.mark.parametrize("option", ["--catalog", "--state"])
def test_a_file_that_is_not_there_is_a_mistake_in_the_command(cli, tmp_path, option):
    shown = cli(option, tmp_path / "nowhere.json")

    assert shown.exit_code == 2
    assert "nowhere.json" in shown.stderr


# What the process does


def test_a_catalog_selects_streams_and_fields(did, sandbox):
    ran = did["catalog and state"]

    assert ran.code == 0
    assert {message.get("stream") for message in ran.messages if message["type"] != "STATE"} == {"customers"}
    assert len(ran.records("customers")) == len(sandbox.truth("helpdesk", "customers"))
    assert {name for record in ran.records("customers") for name in record} == {"id", "name"}


def test_the_state_of_other_streams_is_kept(did):
    states = [message["value"] for message in did["catalog and state"].messages if message["type"] == "STATE"]

    assert states[-1]["bookmarks"]["custom_fields"] == {"x": 1}


def test_a_state_file_is_resumed(did, sandbox, tmp_path):
    sync = did["sync"]
    state = tmp_path / "state.json"
    state.write_text(json.dumps([message["value"] for message in sync.messages if message["type"] == "STATE"][-1]))
    config = tmp_path / "config.json"
    config.write_text(json.dumps(settings(sandbox, "helpdesk")))
    again = run("--config", config, "--state", state)

    assert again.code == 0
    assert 0 < len(again.records("customers")) < 10
    assert len(again.records("custom_fields")) == len(sandbox.truth("helpdesk", "custom_fields"))


# How it fails


@pytest.mark.parametrize("name", ["bad config", "wrong secret", "down"])
def test_failures_have_no_traceback_and_write_no_records(did, name):
    assert "Traceback" not in did[name].err
    assert [message for message in did[name].messages if message["type"] == "RECORD"] == []


def test_mistakes_in_the_settings_are_reported_all_at_once(did):
    bad = did["bad config"]

    assert bad.code == 2
    assert bad.out == ""
    assert [line.partition(":")[0] for line in bad.errors] == ["$.client.base_url", "$.resources[0].endpoint.paginatr"]
    assert "did you mean 'paginator'?" in bad.errors[1]


def test_wrong_credentials_fail(did):
    assert did["wrong secret"].code == 1
    assert any("the API refused the credentials" in line for line in did["wrong secret"].errors)
    assert "wrong-password" not in did["wrong secret"].err


def test_an_api_that_is_down_fails(did):
    assert did["down"].code == 1
    assert any("gave up after 1 requests" in line and "Connection refused" in line for line in did["down"].errors)


# How it is stopped


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A tap that waits for its second page gets a signal; both kinds at once."""
    schema = {"schema": {"properties": {"id": {"type": "integer"}, "at": {"type": "string", "format": "date-time"}}}}
    first = {"items": [{"id": 1, "at": "2024-01-01T00:00:00Z"}], "next": "A"}
    things = resource(
        "things",
        resource_=schema,
        paginator={"type": "cursor", "cursor_param": "after", "cursor_path": "next"},
        incremental={"cursor_path": "at", "row_order": "asc"},
    )
    with serving(by_path({"/things": lambda asked: STALL if asked.query else first})) as server:
        file = tmp_path_factory.mktemp("stopped") / "config.json"
        file.write_text(json.dumps(api(server.url, things)))
        processes = {number: start("--config", file) for number in (signal.SIGTERM, signal.SIGINT)}
        until = time.monotonic() + 30
        while len([each for each in server.asked if each.query]) < len(processes) and time.monotonic() < until:
            time.sleep(0.02)
        # The page before is written while the next one is waited for.
        time.sleep(0.3)
        for number, process in processes.items():
            os.kill(process.pid, number)
        yield {number: ended(process) for number, process in processes.items()}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_stops_the_tap_with_its_exit_code(stopped, number, code):
    assert stopped[number].code == code
    assert "Traceback" not in stopped[number].err
    assert number.name in stopped[number].err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_was_read_before_a_signal_is_written_in_whole_lines(stopped, number):
    assert [record["id"] for record in stopped[number].records("things")] == [1]
    assert stopped[number].messages[-1]["type"] == "STATE"
