"""How does a run end that does not come to its end?"""

from __future__ import annotations

import contextlib
import json
import signal
import threading
import time
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from command import Ended, ended, start
from scripted import STALL, Answer, Server, by_path, serving
from tapping import Run, api, made, outcome, resource, run

from tap_restgeneric.errors import RestGenericError, UnavailableError

if TYPE_CHECKING:
    import subprocess

SCHEMA = {"schema": {"properties": {"id": {"type": "integer"}, "at": {"type": "string", "format": "date-time"}}}}
PAGED = {"type": "cursor", "cursor_param": "after", "cursor_path": "next"}
SOON = 4.0
"""Seconds within which a tap ends that has no reason to go on, on a busy machine."""


def items(*ids: int, **more: Any) -> dict[str, Any]:
    return {"items": [{"id": each, "at": f"2024-01-01T00:00:{each % 60:02}Z"} for each in ids], **more}


def started(server: Server, folder: Path, *resources: Any, **settings: Any) -> subprocess.Popen[str]:
    file = folder / "config.json"
    file.write_text(json.dumps({**api(server.url, *resources), **settings}))
    return start("--config", file)


def until(happened: Any) -> None:
    end = time.monotonic() + 30
    while not happened() and time.monotonic() < end:
        time.sleep(0.02)


# Signals

CHILDREN = 40


def with_children(asked: Any) -> Any:
    if asked.path == "/parents":
        return items(*range(CHILDREN + 1))
    number = int(asked.path.split("/")[2])
    return items(number) if number < CHILDREN else STALL


@pytest.fixture(scope="module", params=[signal.SIGTERM, signal.SIGINT])
def stopped(request, tmp_path_factory) -> tuple[int, Ended]:
    """A tap that waits for the last child gets a signal."""
    parents = resource("parents", resource_=SCHEMA)
    child = resource(
        "children", "/parents/{resources.parents.id}/children", resource_=SCHEMA, incremental={"cursor_path": "at"}
    )
    with serving(with_children) as server:
        process = started(server, tmp_path_factory.mktemp("stopped"), parents, child, concurrency=1)
        until(lambda: len(server.asked) == CHILDREN + 2)
        time.sleep(0.2)
        process.send_signal(request.param)
        return request.param, ended(process)


def test_a_signal_is_the_exit_code(stopped):
    number, process = stopped

    assert process.code == 128 + number
    assert "Traceback" not in process.err


def test_a_signal_writes_the_last_state(stopped):
    _, process = stopped
    last = process.messages[-1]

    assert len(process.records("children")) == CHILDREN
    assert last["type"] == "STATE"
    assert len(last["value"]["bookmarks"]["children"]["partitions"]) == CHILDREN


def test_a_signal_ends_a_tap_whose_target_takes_no_more_lines(serve, tmp_path):
    server = serve(by_path({"/things": items(*range(100_000))}))
    process = started(server, tmp_path, resource("things", resource_=SCHEMA))
    assert process.stdout
    process.stdout.readline()
    time.sleep(1)
    process.send_signal(signal.SIGTERM)
    # Nobody reads: the block of lines that is being written never ends.
    assert process.wait(30) == 128 + signal.SIGTERM
    process.communicate()


# The target is gone


def after_the_target(process: subprocess.Popen[str]) -> tuple[int, float, str]:
    """Exit code, seconds and messages of a tap whose target ends now."""
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    begun = time.monotonic()
    code = process.wait(60)
    took = time.monotonic() - begun
    return code, took, process.stderr.read()


def ends_because_the_target_is_gone(process: subprocess.Popen[str]) -> None:
    code, took, said = after_the_target(process)
    process.stderr.close()  # type: ignore[union-attr]

    assert code == 1
    assert took < SOON
    assert "Traceback" not in said
    assert "Exception ignored" not in said
    assert [line.rpartition(" | ")[2].strip() for line in said.splitlines() if "| ERROR " in line][-1] == (
        "nobody reads what the tap writes any more: the target has ended. Its own messages say why"
    )


@pytest.mark.parametrize("concurrency", [1, 16])
def test_a_tap_that_waits_for_a_slow_api_sees_that_the_target_is_gone(tmp_path, concurrency):
    pages = by_path({"/things": lambda asked: STALL if asked.query else items(1, next="A")})
    with serving(pages) as server:
        process = started(
            server, tmp_path, resource("things", resource_=SCHEMA, paginator=PAGED), concurrency=concurrency
        )
        until(lambda: len(server.asked) == 2)
        time.sleep(0.2)
        ends_because_the_target_is_gone(process)


@pytest.mark.parametrize("concurrency", [1, 16])
def test_a_tap_in_the_middle_of_a_block_sees_that_the_target_is_gone(tmp_path, concurrency):
    many = [resource(f"things{number}", "/things", resource_=SCHEMA, paginator=PAGED) for number in range(4)]
    endless = by_path({"/things": lambda asked: items(*range(20_000), next=int(dict(asked.query).get("after", 0)) + 1)})
    with serving(endless) as server:
        process = started(server, tmp_path, *many, concurrency=concurrency)
        assert process.stdout
        process.stdout.read(1000)
        ends_because_the_target_is_gone(process)


# What is left behind


@pytest.mark.parametrize("concurrency", [1, 16])
@pytest.mark.parametrize("fails", [False, True])
def test_no_thread_and_no_connection_outlives_a_run(serve, concurrency, fails):
    children = resource("children", "/parents/{resources.parents.id}/children", resource_=SCHEMA)
    answers = {f"/parents/{each}/children": items(each) for each in range(20 - fails)}
    server = serve(by_path({"/parents": items(*range(20)), **answers}))
    tap = made({**api(server.url, resource("parents", resource_=SCHEMA), children), "concurrency": concurrency})
    before = ours(), client_sockets(server)
    with contextlib.redirect_stdout(StringIO()), contextlib.suppress(RestGenericError):
        tap.sync_all()

    assert (ours(), client_sockets(server)) == before


def ours() -> set[str]:
    """Threads that are none of the server's."""
    return {thread.name for thread in threading.enumerate() if thread.name.startswith(("exchange-", "stream-"))}


def client_sockets(server: Server) -> int:
    """Connections to a server that this process has opened."""
    port = f"{server.server_port:04X}"
    table = [line.split() for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]]
    established = "01"
    return sum(row[2].endswith(f":{port}") and row[3] == established for row in table)


# One stream fails


def tree(serve, **settings: Any) -> tuple[Run, BaseException | None]:
    """Three streams, one of which has a child; `bad` and one child of three fail."""
    answers = {
        "/good": items(1, 2),
        "/bad": Answer(400, {"error": "no"}),
        "/parents": items(1, 2, 3),
        **{f"/parents/{each}/broken": items(each * 10) if each == 1 else Answer(400, {}) for each in (1, 2, 3)},
        **{f"/parents/{each}/sound": items(each * 100) for each in (1, 2, 3)},
    }
    incremental = {"cursor_path": "at"}
    below = [
        resource(name, f"/parents/{{resources.parents.id}}/{name}", resource_=SCHEMA, incremental=incremental)
        for name in ("broken", "sound")
    ]
    resources = [
        resource("bad", resource_=SCHEMA),
        resource("parents", resource_=SCHEMA, incremental=incremental),
        *below,
        resource("good", resource_=SCHEMA, incremental=incremental),
    ]
    tap = made({**api(serve(by_path(answers)).url, *resources), "concurrency": 1, **settings})
    return outcome(tap)


def test_an_error_stops_what_has_not_begun(serve):
    found, error = tree(serve)

    assert error
    assert found.of("RECORD") == []


def test_the_others_may_come_to_their_end(serve):
    found, error = tree(serve, on_stream_error="continue")

    assert error
    assert error.exit_code == 1
    assert {
        name: [record["id"] for record in found.records(name)] for name in ("good", "parents", "broken", "sound")
    } == {
        "good": [1, 2],
        "parents": [1, 2, 3],
        "broken": [10],
        "sound": [100, 200, 300],
    }
    summary = found.tap.report.summary()
    assert "; failed: 'bad': " in summary
    assert ", 'broken': " in summary


def test_the_state_of_a_parent_does_not_move_over_a_child_that_failed(serve):
    found, _ = tree(serve, on_stream_error="continue")
    bookmarks = found.state["bookmarks"]

    assert bookmarks["good"]["replication_key_value"] == "2024-01-01T00:00:02Z"
    assert "replication_key_value" not in bookmarks["parents"]
    assert [part["context"] for part in bookmarks["broken"]["partitions"]] == [{"_parents_id": 1}]
    assert len(bookmarks["sound"]["partitions"]) == 3


def test_a_table_whose_reading_failed_is_not_replaced(serve):
    answers = {"/parents": items(1), "/parents/1/children": Answer(503, {})}
    child = resource(
        "children", "/parents/{resources.parents.id}/children", resource_=SCHEMA, error_handler={"max_retries": 0}
    )
    config = api(serve(by_path(answers)).url, resource("parents", resource_=SCHEMA), child)
    out = StringIO()
    tap = made({**config, "emit_activate_version_messages": True, "on_stream_error": "continue"})
    with contextlib.redirect_stdout(out), pytest.raises(UnavailableError):
        tap.sync_all()
    announced = [line for line in map(json.loads, out.getvalue().splitlines()) if line["type"] == "ACTIVATE_VERSION"]

    assert [message["stream"] for message in announced] == ["parents"]


def test_a_run_after_a_run_of_the_same_tap(serve):
    """Pools and connections that were closed are opened again."""
    server = serve(by_path({"/things": items(1)}))
    found = run(api(server.url, resource("things", resource_=SCHEMA)))
    with contextlib.redirect_stdout(StringIO()):
        found.tap.sync_all()

    assert found.tap.report.tallies["things"].records == 2
