"""What does a run leave out that may not take everything?"""

from __future__ import annotations

import json
import time

import pytest
from command import run as run_command
from scripted import STALL, Answer, by_path
from tapping import api, resource, run

from tap_restgeneric.errors import TimeUpError
from tap_restgeneric.tap import TapRestGeneric

CURSOR = {"type": "cursor", "cursor_param": "after", "cursor_path": "next"}
SINCE = {"cursor_path": "at", "start_param": "since", "initial_value": "2024-01-01"}


def pages(asked):
    """Five pages of three records each, whose `at` grows."""
    number = int(dict(asked.query).get("after", 0))
    items = [{"id": each, "at": f"2024-01-{each + 1:02}"} for each in range(3 * number, 3 * number + 3)]
    return {"items": items, "next": number + 1 if number < 4 else None}


def things(**more):
    return resource("things", paginator=CURSOR, **more)


def ids(run, stream="things"):
    return [record["id"] for record in run.records(stream)]


def stops(run, stream="things"):
    return dict(run.tap.report.tallies[stream].stops)


@pytest.mark.parametrize("incremental", [{}, {"incremental": {**SINCE, "row_order": "asc"}}])
def test_a_stream_ends_with_its_last_record_that_may_be_read(serve, incremental):
    server = serve(pages)
    did = run({**api(server.url, things(**incremental)), "max_records": 5, "concurrency": 8, "infer_records": 1})

    assert ids(did) == [0, 1, 2, 3, 4]
    assert stops(did) == {"max_records (5) reached, what is behind was not read": 1}
    # The page that told its schema, and one more.
    assert len(server.asked) == 2


@pytest.mark.parametrize("incremental", [{}, {"incremental": {**SINCE, "row_order": "asc"}}])
def test_a_stream_ends_with_its_last_page_that_may_be_read(serve, incremental):
    server = serve(pages)
    did = run({**api(server.url, things(**incremental)), "max_pages": 2, "concurrency": 8, "infer_records": 1})

    assert ids(did) == [0, 1, 2, 3, 4, 5]
    assert stops(did) == {"max_pages (2) reached, what is behind was not read": 1}
    assert len(server.asked) == 2


def test_a_resource_has_limits_of_its_own(serve):
    server = serve(by_path({"/things": pages, "/others": pages}))
    others = resource("others", paginator=CURSOR, resource_={"max_records": 2})
    did = run({**api(server.url, things(), others), "max_records": 4})

    assert (ids(did), ids(did, "others")) == ([0, 1, 2, 3], [0, 1])


def test_a_stream_that_is_short_enough_is_read_as_ever(serve):
    did = run({**api(serve(pages).url, things()), "max_records": 100, "max_pages": 100})

    assert len(ids(did)) == 15
    assert "reached" not in json.dumps(stops(did))


@pytest.mark.parametrize(
    ("order", "bookmark"), [({"row_order": "asc"}, "2024-01-05"), ({"row_order": "desc"}, None), ({}, None)]
)
def test_the_bookmark_does_not_pass_what_was_read(serve, order, bookmark):
    did = run({**api(serve(pages).url, things(incremental={**SINCE, **order})), "max_records": 5})

    assert did.state.get("bookmarks", {}).get("things", {}).get("replication_key_value") == bookmark


def test_what_a_sample_did_not_bring_is_read_by_the_next_run(serve):
    config = api(serve(pages).url, things(incremental={**SINCE, "row_order": "asc"}))
    first = run({**config, "max_records": 5})
    second = run(config, state=first.state)

    assert set(ids(first)) | set(ids(second)) == set(range(15))


def test_a_full_table_begins_anew_after_a_sample(serve):
    config = api(serve(pages).url, things())
    first = run({**config, "max_pages": 2})

    assert ids(run(config, state=first.state)) == list(range(15))


@pytest.mark.parametrize(("limit", "activated"), [({"max_records": 5}, []), ({}, ["things"])])
def test_a_sample_tells_no_target_to_delete_the_rest(serve, limit, activated):
    did = run({**api(serve(pages).url, things()), "emit_activate_version_messages": True, **limit})

    assert [message["stream"] for message in did.of("ACTIVATE_VERSION")] == activated


def family(server, **parents):
    return api(
        server.url,
        resource("parents", paginator=CURSOR, **parents),
        resource("children", "/parents/{resources.parents.id}/children", resource_={"include_from_parent": ["id"]}),
    )


def below(asked):
    if asked.path == "/parents":
        return pages(asked)
    number = int(asked.path.split("/")[2])
    return {"items": [{"id": 100 * number}, {"id": 100 * number + 1}]}


def test_children_are_read_for_the_parents_that_are_read(serve):
    did = run({**family(serve(below), resource_={"max_records": 4})})

    assert [ids(did, name) for name in ("parents", "children")] == [[0, 1, 2, 3], [0, 1, 100, 101, 200, 201, 300, 301]]


def test_a_sample_of_children_does_not_move_their_parents_past_those_that_were_left_out(serve):
    server = serve(below)
    config = family(server, incremental={**SINCE, "row_order": "asc"})
    config["resources"][1]["max_records"] = 9
    first = run(config)
    del config["resources"][1]["max_records"]
    second = run(config, state=first.state)

    assert ids(first, "children") == [0, 1, 100, 101, 200, 201, 300, 301, 400]
    # Parents 0 to 3 came with all their children; the bookmark stays there.
    assert first.state["bookmarks"]["parents"]["replication_key_value"] == "2024-01-04"
    assert set(ids(second, "children")) >= {
        each for number in range(4, 15) for each in (100 * number, 100 * number + 1)
    }


def test_a_sample_of_children_tells_no_target_to_delete_the_others(serve):
    config = {**family(serve(below)), "emit_activate_version_messages": True}
    config["resources"][1]["max_records"] = 9
    did = run(config)

    assert [message["stream"] for message in did.of("ACTIVATE_VERSION")] == ["parents"]


# The time of a run


def slow(asked):
    """The first page at once, and no other."""
    return STALL if "after" in dict(asked.query) else pages(asked)


def test_a_run_whose_time_is_over_ends_with_its_last_state(serve, tmp_path):
    config = tmp_path / "config.json"
    settings = api(serve(slow).url, things(incremental={**SINCE, "row_order": "asc"}))
    config.write_text(json.dumps({**settings, "max_seconds": 4, "infer_records": 1}))
    begun = time.monotonic()
    did = run_command("--config", config)

    # The server keeps silent for half a minute, and would be asked again.
    assert time.monotonic() - begun < 30
    assert did.code == 1
    assert [record["id"] for record in did.records("things")] == [0, 1, 2]
    last = did.messages[-1]
    assert (last["type"], last["value"]["bookmarks"]["things"]["replication_key_value"]) == ("STATE", "2024-01-03")
    (error,) = did.errors
    assert error.startswith("max_seconds (4) is over, so the run ends here. What is written is whole")


def test_a_run_does_not_wait_out_what_an_api_asks_for_when_its_time_is_over(serve):
    server = serve(lambda _: Answer(429, headers={"Retry-After": "200"}))
    tap = TapRestGeneric(
        config={**api(server.url, things(resource_={"schema": {"properties": {"id": {}}}})), "max_seconds": 0.3}
    )
    begun = time.monotonic()

    with pytest.raises(TimeUpError):
        tap.sync_all()
    assert time.monotonic() - begun < 10


def test_a_run_that_is_done_in_time_is_done(serve):
    assert len(ids(run({**api(serve(pages).url, things()), "max_seconds": 60}))) == 15


# One limit for all streams


def test_a_rate_limit_of_the_tap_is_shared_by_its_streams(serve):
    times = []

    def answer(asked):
        times.append(time.monotonic())
        return pages(asked)

    schema = {"properties": {"id": {"type": "integer"}, "at": {"type": "string"}}}
    several = [resource(f"s{n}", paginator=CURSOR, resource_={"schema": schema}) for n in range(4)]
    did = run({**api(serve(answer).url, *several), "rate_limit": {"requests": 10, "seconds": 1}, "concurrency": 8})

    assert len(did.of("RECORD")) == 4 * 15
    assert len(times) == 20
    assert max(sum(begin <= each < begin + 1 for each in times) for begin in times) <= 10
