"""Does a long first run that is cut into steps go on where it was interrupted?"""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from datetime import datetime, timedelta, timezone
from io import StringIO

import pytest
from scripted import Answer, by_path
from tapping import api, made, resource, run

from tap_restgeneric.errors import ReplyError
from tap_restgeneric.tap import TapRestGeneric

NOON = datetime(2024, 1, 5, 12, tzinfo=timezone.utc)
SCHEMA = {"schema": {"properties": {"id": {"type": "integer"}, "at": {"type": "string", "format": "date-time"}}}}
DAILY = {
    "cursor_path": "at",
    "initial_value": "2024-01-01T00:00:00Z",
    "step": "P1D",
    "start_param": "from",
    "end_param": "to",
}
PAGED = {"type": "cursor", "cursor_param": "after", "cursor_path": "next"}


@pytest.fixture(autouse=True)
def _noon(monkeypatch):
    monkeypatch.setattr(TapRestGeneric, "now", staticmethod(lambda: NOON))


def day(number):
    return f"2024-01-0{number}T00:00:00Z"


def event(number):
    """Four a day, numbered from 0."""
    moment = datetime(2024, 1, 1, tzinfo=timezone.utc) + timedelta(hours=6 * number)
    return {"id": number, "at": moment.isoformat().replace("+00:00", "Z")}


class Log:
    """Events by time, two a page; it breaks where it is told to."""

    def __init__(self, count=18):
        self.events = [event(number) for number in range(count)]
        self.breaks_at = None

    def __call__(self, asked):
        query = dict(asked.query)
        after = int(query.get("after", 0))
        if (query["from"], after) == self.breaks_at:
            return Answer(404, {"error": "broken"})
        found = [each for each in self.events if query["from"] <= each["at"] < query["to"]]
        more = {"next": after + 2} if after + 2 < len(found) else {}
        return {"items": found[after : after + 2], **more}


def log_stream(path=None, **incremental):
    return resource("log", path, incremental={**DAILY, **incremental}, paginator=PAGED, resource_=SCHEMA)


def interrupted(config, **kwargs):
    """The ids of the records and the last state of a run that ends with an error."""
    out = StringIO()
    with redirect_stdout(out), pytest.raises(ReplyError, match="broken"):
        made(config, **kwargs).sync_all()
    messages = [json.loads(line) for line in out.getvalue().splitlines()]
    states = [message["value"] for message in messages if message["type"] == "STATE"]
    records = [message for message in messages if message["type"] == "RECORD" and message["stream"] == "log"]
    return [message["record"]["id"] for message in records], states[-1]


def ids(found):
    return [record["id"] for record in found.records("log")]


def windows(server, path="/log", begin=0):
    queries = [dict(asked.query) for asked in server.asked[begin:] if asked.path == path]
    return [(query["from"], query["to"]) for query in queries if "after" not in query]


def kept(value, **context):
    return {**context, "replication_key": "at", "replication_key_value": value}


def state_of(value):
    return {"bookmarks": {"log": kept(value)}}


ALL_DAYS = [(day(1), day(2)), (day(2), day(3)), (day(3), day(4)), (day(4), day(5)), (day(5), "2024-01-05T12:00:00Z")]


def test_a_backfill_asks_for_one_step_after_the_other_up_to_now(serve):
    server = serve(Log())
    found = run(api(server.url, log_stream()))

    assert windows(server) == ALL_DAYS
    assert ids(found) == list(range(18))
    assert found.state == state_of(event(17)["at"])


def test_an_interrupted_backfill_goes_on_with_the_step_it_had_reached(serve):
    log = Log()
    server = serve(log)
    config = api(server.url, log_stream())
    log.breaks_at = (day(3), 0)
    first, state = interrupted(config)
    asked, log.breaks_at = len(server.asked), None
    second = run(config, state=json.loads(json.dumps(state)))

    assert state == state_of(day(3))
    assert windows(server, begin=asked) == ALL_DAYS[2:]
    assert [*first, *ids(second)] == list(range(18))
    assert second.state == state_of(event(17)["at"])


def test_a_step_that_was_interrupted_is_read_anew(serve):
    log = Log()
    server = serve(log)
    config = api(server.url, log_stream())
    log.breaks_at = (day(3), 2)
    first, state = interrupted(config)
    asked, log.breaks_at = len(server.asked), None
    second = run(config, state=state)

    assert state == state_of(day(3))
    assert windows(server, begin=asked) == ALL_DAYS[2:]
    assert (first[-2:], ids(second)[:4]) == ([8, 9], [8, 9, 10, 11])


def test_sorted_records_let_it_go_on_inside_of_a_step(serve):
    log = Log()
    server = serve(log)
    config = api(server.url, log_stream(row_order="asc"))
    log.breaks_at = (day(3), 2)
    _, state = interrupted(config)
    asked, log.breaks_at = len(server.asked), None
    second = run(config, state=state)

    assert state == state_of(event(9)["at"])
    assert windows(server, begin=asked)[0] == (event(9)["at"], "2024-01-04T06:00:00Z")
    assert ids(second) == list(range(9, 18))


def test_steps_without_records_are_progress_too(serve):
    log = Log(count=2)
    log.breaks_at = (day(4), 0)
    records, state = interrupted(api(serve(log).url, log_stream()))

    assert records == [0, 1]
    assert state == state_of(day(4))


def test_now_is_never_taken_for_a_bookmark(serve):
    found = run(api(serve(Log(count=2)).url, log_stream()))

    assert found.state == state_of(day(5))


def test_a_second_interruption_loses_nothing_of_the_first(serve):
    log = Log()
    config = api(serve(log).url, log_stream())
    records, state = [], None
    for stop in (day(2), day(4)):
        log.breaks_at = (stop, 0)
        found, state = interrupted(config, state=state)
        records += found
        assert state == state_of(stop)
    log.breaks_at = None

    assert [*records, *ids(run(config, state=state))] == list(range(18))


def test_dates_are_cut_into_days_and_kept_as_dates(serve):
    def answer(asked):
        begin = dict(asked.query)["from"]
        return Answer(404, "broken") if begin == "2024-01-03" else {"items": [{"id": 1, "at": begin}]}

    server = serve(answer)
    _, state = interrupted(api(server.url, log_stream(initial_value="2024-01-01")))

    assert windows(server) == [("2024-01-01", "2024-01-02"), ("2024-01-02", "2024-01-03"), ("2024-01-03", "2024-01-04")]
    assert state == state_of("2024-01-03")


def test_a_form_is_for_the_requests_and_the_bookmark_stays_as_it_is_written(serve):
    server = serve(lambda asked: {"items": []} if dict(asked.query)["from"] != "1704240000" else Answer(404, "broken"))
    _, state = interrupted(api(server.url, log_stream(convert="epoch")))

    assert windows(server) == [
        ("1704067200", "1704153600"),
        ("1704153600", "1704240000"),
        ("1704240000", "1704326400"),
    ]
    assert state == state_of(day(3))


# Per parent


@pytest.mark.parametrize("concurrency", [1, 4])
def test_every_parent_goes_on_with_the_step_it_had_reached(serve, concurrency):
    logs = {1: Log(), 2: Log(), 3: Log()}
    answers = {f"/logs/{number}/events": log for number, log in logs.items()}
    server = serve(by_path({"/logs": {"items": [{"id": number} for number in logs]}, **answers}))
    parent = resource("logs", resource_=SCHEMA)
    config = {**api(server.url, parent, log_stream("/logs/{resources.logs.id}/events")), "concurrency": concurrency}
    logs[2].breaks_at = (day(3), 0)
    first, state = interrupted(config)
    asked, logs[2].breaks_at = len(server.asked), None
    second = run(config, state=json.loads(json.dumps(state)))
    last = event(17)["at"]
    of_last_day = [(last, "2024-01-05T12:00:00Z")]

    assert first == [*range(18), *range(8)]
    assert state["bookmarks"]["log"]["partitions"] == [
        kept(last, context={"_logs_id": 1}),
        kept(day(3), context={"_logs_id": 2}),
    ]
    assert [windows(server, f"/logs/{number}/events", asked) for number in logs] == [
        of_last_day,
        ALL_DAYS[2:],
        ALL_DAYS,
    ]
    assert ids(second) == [17, *range(8, 18), *range(18)]
    assert second.state["bookmarks"]["log"]["partitions"] == [
        kept(last, context={"_logs_id": number}) for number in logs
    ]
