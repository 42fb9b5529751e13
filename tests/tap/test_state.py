"""Where does the next run begin?"""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from datetime import datetime, timezone
from io import StringIO

import pytest
from scripted import Answer, by_path
from tapping import api, made, resource, run

from tap_restgeneric.errors import ApiError, RecordError
from tap_restgeneric.streams import bookmarks
from tap_restgeneric.streams.pace import Pace

SINCE = {"cursor_path": "updated_at", "start_param": "since"}


def event(number, updated_at):
    return {"id": number, "updated_at": updated_at}


EVENTS = {
    "items": [event(1, "2024-01-02T00:00:00Z"), event(2, "2024-01-05T00:00:00Z"), event(3, "2024-01-03T00:00:00Z")]
}
LATEST = {"replication_key": "updated_at", "replication_key_value": "2024-01-05T00:00:00Z"}


def events(**incremental):
    return resource("events", incremental={**SINCE, **incremental})


def since(server, path="/events"):
    return [dict(asked.query).get("since") for asked in server.asked if asked.path == path]


def state_of(**bookmarks):
    return {"bookmarks": bookmarks}


def test_the_bookmark_is_the_latest_value_as_the_api_wrote_it(serve):
    found = run(api(serve(by_path({"/events": EVENTS})).url, events()))

    assert found.state == state_of(events=LATEST)


def test_the_next_run_asks_from_the_bookmark_on(serve):
    server = serve(by_path({"/events": EVENTS}))
    config = api(server.url, events())
    first = run(config)
    second = run(config, state=first.state)

    assert since(server)[0] is None
    assert since(server)[-1] == "2024-01-05T00:00:00Z"
    # At least once: a record with the value of the bookmark may not be the only one.
    assert [record["id"] for record in second.records("events")] == [2]
    assert second.state == first.state


def test_the_replication_key_is_announced(serve):
    found = run(api(serve(by_path({"/events": EVENTS})).url, events()))
    stream = found.tap.catalog_dict["streams"][0]

    assert stream["replication_key"] == "updated_at"
    assert stream["replication_method"] == "INCREMENTAL"
    assert found.schema("events")["bookmark_properties"] == ["updated_at"]


def test_a_nested_cursor_is_kept_but_not_announced(serve):
    records = {"items": [{"id": 1, "meta": {"at": "2024-01-02"}}, {"id": 2, "meta": {"at": "2024-01-03"}}]}
    server = serve(by_path({"/events": records}))
    config = api(server.url, events(cursor_path="meta.at"))
    first = run(config)
    second = run(config, state=first.state)

    assert first.state == state_of(events={"replication_key": "meta.at", "replication_key_value": "2024-01-03"})
    assert first.schema("events").get("bookmark_properties", []) == []
    assert [record["id"] for record in second.records("events")] == [2]


def test_numbers_are_kept_as_numbers(serve):
    server = serve(by_path({"/events": {"items": [event(1, 100), event(2, 90)]}}))
    found = run(api(server.url, events()))

    assert found.state == state_of(events={"replication_key": "updated_at", "replication_key_value": 100})


def test_a_run_without_news_keeps_the_bookmark(serve):
    server = serve(by_path({"/events": {"items": []}}))
    schema = {
        "schema": {"properties": {"id": {"type": "integer"}, "updated_at": {"type": "string", "format": "date-time"}}}
    }
    found = run(
        api(server.url, resource("events", incremental=SINCE, resource_=schema)), state=state_of(events=dict(LATEST))
    )

    assert found.state == state_of(events=LATEST)


def test_another_cursor_path_begins_anew(serve):
    server = serve(by_path({"/events": EVENTS}))
    found = run(
        api(server.url, events()),
        state=state_of(events={"replication_key": "created_at", "replication_key_value": "2024-01-05T00:00:00Z"}),
    )

    assert len(found.records("events")) == 3
    assert found.state == state_of(events=LATEST)


def test_full_table_streams_keep_nothing(serve):
    found = run(api(serve(by_path({"/things": {"items": [{"id": 1}]}})).url, resource("things")))

    assert found.state == state_of(things={})


POSTS = {"items": [{"id": 1}, {"id": 2}]}
TREE = {
    "/posts": POSTS,
    "/posts/1/events": {"items": [event(10, "2024-01-01T00:00:00Z"), event(11, "2024-03-01T00:00:00Z")]},
    "/posts/2/events": {"items": [event(20, "2024-02-01T00:00:00Z")]},
}


def per_post(**incremental):
    return resource("events", "/posts/{resources.posts.id}/events", incremental={**SINCE, **incremental})


def partition(context, value):
    return {"context": context, "replication_key": "updated_at", "replication_key_value": value}


PARTITIONS = [
    partition({"_posts_id": 1}, "2024-03-01T00:00:00Z"),
    partition({"_posts_id": 2}, "2024-02-01T00:00:00Z"),
]


def test_incremental_children_keep_one_bookmark_per_parent(serve):
    found = run(api(serve(by_path(TREE)).url, resource("posts"), per_post()))

    assert found.state == state_of(posts={}, events={"partitions": PARTITIONS})


def test_every_parent_goes_on_from_its_own_bookmark(serve):
    server = serve(by_path(TREE))
    config = api(server.url, resource("posts"), per_post())
    first = run(config)
    second = run(config, state=json.loads(json.dumps(first.state)))

    assert since(server, "/posts/1/events")[-1] == "2024-03-01T00:00:00Z"
    assert since(server, "/posts/2/events")[-1] == "2024-02-01T00:00:00Z"
    assert [record["id"] for record in second.records("events")] == [11, 20]
    assert second.state == first.state


@pytest.mark.parametrize("concurrency", [1, 8])
def test_parents_that_share_a_bookmark_are_all_read_from_where_the_run_found_it(serve, concurrency):
    teams = {"items": [{"id": 1, "team": "a"}, {"id": 2, "team": "a"}], "next": None}
    found = {"items": [event(10, "2024-01-01T00:00:00Z"), event(11, "2024-03-01T00:00:00Z")]}
    server = serve(by_path({"/members": teams, "/teams/a": found}))
    below = resource(
        "events",
        "/teams/{resources.members.team}",
        resource_={"include_from_parent": ["id"], "primary_key": ["id", "_members_id"]},
        incremental=SINCE,
    )
    config = {**api(server.url, resource("members"), below), "concurrency": concurrency}
    first = run(config)
    run(config, state=first.state)

    read = [(record["_members_id"], record["id"]) for record in first.records("events")]
    assert read == [(1, 10), (1, 11), (2, 10), (2, 11)]
    assert first.state["bookmarks"]["events"] == {
        "partitions": [partition({"_members_team": "a"}, "2024-03-01T00:00:00Z")]
    }
    assert since(server, "/teams/a")[-2:] == ["2024-03-01T00:00:00Z"] * 2


def test_full_table_children_keep_nothing(serve):
    server = serve(by_path(TREE))
    found = run(api(server.url, resource("posts"), resource("events", "/posts/{resources.posts.id}/events")))

    assert found.state == state_of(posts={}, events={})


def test_values_of_a_list_of_parameters_have_bookmarks_of_their_own(serve):
    server = serve(by_path({"/o/a": EVENTS, "/o/b": {"items": [event(9, "2024-09-01T00:00:00Z")]}}))
    config = {
        **api(server.url, resource("events", "/o/{org}", incremental=SINCE)),
        "parameters": {"org": ["a", "b"]},
    }

    assert run(config).state == state_of(
        events={
            "partitions": [
                partition({"org": "a"}, "2024-01-05T00:00:00Z"),
                partition({"org": "b"}, "2024-09-01T00:00:00Z"),
            ]
        }
    )


def test_one_value_of_a_parameter_needs_no_partition(serve):
    server = serve(by_path({"/o/a": EVENTS}))
    config = {**api(server.url, resource("events", "/o/{org}", incremental=SINCE)), "parameters": {"org": "a"}}

    assert run(config).state == state_of(events=LATEST)


# How far state may run


PAGES = [
    {"items": [event(1, "2024-01-01T00:00:00Z")], "next": "A"},
    {"items": [event(2, "2024-01-02T00:00:00Z")], "next": "B"},
]
PAGED = {"type": "cursor", "cursor_param": "after", "cursor_path": "next"}
SCHEMA = {
    "schema": {"properties": {"id": {"type": "integer"}, "updated_at": {"type": "string", "format": "date-time"}}}
}


def in_two_pages(asked):
    turn = {None: 0, "A": 1}.get(dict(asked.query).get("after"))
    return Answer(404) if turn is None else PAGES[turn]


def failing_run(serve, **incremental):
    server = serve(by_path({"/events": in_two_pages}))
    stream = resource("events", paginator=PAGED, incremental={**SINCE, **incremental}, resource_=SCHEMA)
    out = StringIO()
    with redirect_stdout(out), pytest.raises(ApiError):
        made(api(server.url, stream)).sync_all()
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    return [line for line in lines if line["type"] in {"RECORD", "STATE"}]


def test_a_sorted_stream_that_fails_has_saved_its_last_page(serve):
    lines = failing_run(serve, row_order="asc")

    assert lines[-1] == {
        "type": "STATE",
        "value": state_of(events={"replication_key": "updated_at", "replication_key_value": "2024-01-02T00:00:00Z"}),
    }


def test_an_unsorted_stream_that_fails_has_saved_nothing(serve):
    lines = failing_run(serve)

    assert [line["record"]["id"] for line in lines if line["type"] == "RECORD"] == [1, 2]
    assert {json.dumps(line["value"]) for line in lines if line["type"] == "STATE"} <= {
        json.dumps(state_of(events={})),
        json.dumps({}),
    }


def test_state_never_runs_ahead_of_the_records(serve):
    seen = set()
    for line in failing_run(serve, row_order="asc"):
        if line["type"] == "RECORD":
            seen.add(line["record"]["updated_at"])
        else:
            bookmark = line["value"].get("bookmarks", {}).get("events", {})
            assert bookmark.get("replication_key_value") in {None, *seen}


def test_a_stream_that_is_not_in_order_takes_its_bookmark_back(serve):
    pages = [
        {"items": [event(1, "2024-01-05T00:00:00Z")], "next": "A"},
        {"items": [event(2, "2024-01-02T00:00:00Z")], "next": "B"},
    ]
    server = serve(
        by_path(
            {"/events": lambda asked: {None: pages[0], "A": pages[1]}.get(dict(asked.query).get("after"), Answer(404))}
        )
    )
    stream = resource("events", paginator=PAGED, incremental={**SINCE, "row_order": "asc"}, resource_=SCHEMA)
    begun = {"replication_key": "updated_at", "replication_key_value": "2024-01-01T00:00:00Z"}
    out = StringIO()
    with redirect_stdout(out), pytest.raises(ApiError):
        made({**api(server.url, stream), "concurrency": 1}, state=state_of(events=begun)).sync_all()
    states = [each["value"] for each in map(json.loads, out.getvalue().splitlines()) if each["type"] == "STATE"]

    assert [state["bookmarks"]["events"]["replication_key_value"][:10] for state in states] == [
        "2024-01-01",
        "2024-01-05",
        "2024-01-01",
    ]


@pytest.mark.parametrize("path", ["typed", "of the SDK"])
def test_state_moves_inside_a_long_page_of_a_sorted_stream(serve, path):
    count = 12_000
    items = [
        event(number, f"2024-01-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z")
        for number in range(count)
    ]
    stream = resource("events", incremental={**SINCE, "row_order": "asc"}, resource_=SCHEMA)
    slow = {} if path == "typed" else {"undeclared_fields": "collect"}
    found = run({**api(serve(by_path({"/events": {"items": items}})).url, stream), **slow})
    seen, last = [], None
    for message in found.messages:
        if message["type"] == "RECORD":
            last = message["record"]["updated_at"]
        elif message["type"] == "STATE":
            seen.append(message["value"]["bookmarks"]["events"].get("replication_key_value") == last)

    assert len(found.records("events")) == count
    assert seen == [True, True, True]


def test_the_state_of_a_sorted_parent_moves_behind_the_children_of_each_record(serve):
    days = [f"2024-01-0{day}T00:00:00Z" for day in (1, 2, 3)]
    answers = {"/posts": {"items": [event(number, day) for number, day in enumerate(days)]}}
    answers |= {f"/posts/{number}/notes": {"items": [{"id": number}] * 9} for number in range(3)}
    posts = resource("posts", incremental={**SINCE, "row_order": "asc"}, resource_=SCHEMA)
    notes = resource("notes", "/posts/{resources.posts.id}/notes", resource_=SCHEMA)
    found = run(api(serve(by_path(answers)).url, posts, notes))
    out, moved = 0, {}
    for message in found.messages:
        out += message["type"] == "RECORD" and message["stream"] == "notes"
        if message["type"] == "STATE":
            moved.setdefault(message["value"]["bookmarks"]["posts"].get("replication_key_value"), out)

    assert {day: moved[day] for day in days} == dict(zip(days, (9, 18, 27), strict=True))


def test_state_is_not_ahead_of_a_batch(serve, tmp_path):
    batches = {"encoding": {"format": "jsonl", "compression": "gzip"}, "storage": {"root": f"file://{tmp_path}"}}
    stream = resource("events", paginator=PAGED, incremental={**SINCE, "row_order": "asc"}, resource_=SCHEMA)
    pages = {None: PAGES[0], "A": PAGES[1], "B": {"items": []}}
    server = serve(by_path({"/events": lambda asked: pages[dict(asked.query).get("after")]}))
    found = run({**api(server.url, stream), "batch_config": {**batches, "batch_size": 1}})
    last = {"replication_key": "updated_at", "replication_key_value": "2024-01-02T00:00:00Z"}

    assert [message["type"] for message in found.messages] == ["SCHEMA", "BATCH", "STATE", "BATCH", "STATE"]
    assert found.states == [state_of(events={}), state_of(events=last)]


# Very many parents


def of_many(count, day=1):
    answers = {"/posts": {"items": [{"id": each} for each in range(count)]}}
    return answers | {
        f"/posts/{each}/events": {"items": [event(each, f"2024-01-{day:02}T00:00:{each % 60:02}Z")]}
        for each in range(count)
    }


def many(monkeypatch, most):
    monkeypatch.setattr(bookmarks, "MOST", most)


def test_state_grows_linearly_with_the_parents(serve):
    count = 400
    found = run(api(serve(by_path(of_many(count))).url, resource("posts"), per_post()))
    records = sum(len(json.dumps(message)) for message in found.of("RECORD"))
    written = sum(len(json.dumps(state)) for state in found.states)

    assert len(found.state["bookmarks"]["events"]["partitions"]) == count
    assert written < records + 2 * len(json.dumps(found.state))


def test_beyond_a_number_of_parents_there_is_one_bookmark(serve, monkeypatch):
    many(monkeypatch, 3)
    server = serve(by_path(of_many(5)))
    config = api(server.url, resource("posts"), per_post())
    first = run(config)
    kept = first.state["bookmarks"]["events"]

    counts = [len(state["bookmarks"]["events"].get("partitions", ())) for state in first.states]
    assert max(counts) <= 3
    assert counts[-1] == 0
    assert {name: value for name, value in kept.items() if name != "partitions_read"} == {
        "replication_key": "updated_at",
        "replication_key_value": "2024-01-01T00:00:04Z",
        "look_back_seconds": 61,
    }
    second = run(config, state=json.loads(json.dumps(first.state)))
    assert since(server, "/posts/4/events")[-1] == "2023-12-31T23:59:03Z"
    assert second.state["bookmarks"]["events"]["replication_key_value"] == "2024-01-01T00:00:04Z"


def test_a_new_parent_is_read_from_its_beginning(serve, monkeypatch):
    many(monkeypatch, 3)
    server = serve(by_path(of_many(6)))
    posts = {"items": [{"id": each} for each in range(5)]}
    first = run(api(serve(by_path({**of_many(5), "/posts": posts})).url, resource("posts"), per_post()))
    run(api(server.url, resource("posts"), per_post()), state=first.state)

    assert since(server, "/posts/5/events")[-1] is None
    assert since(server, "/posts/4/events")[-1] == "2023-12-31T23:59:03Z"


def test_a_parent_that_was_away_is_read_from_its_beginning(serve, monkeypatch):
    many(monkeypatch, 3)
    all_, fewer = serve(by_path(of_many(5))), serve(by_path(of_many(4)))
    first = run(api(all_.url, resource("posts"), per_post()))
    second = run(api(fewer.url, resource("posts"), per_post()), state=first.state)
    run(api(all_.url, resource("posts"), per_post()), state=second.state)

    assert since(all_, "/posts/4/events")[-1] is None
    assert since(all_, "/posts/3/events")[-1] == "2023-12-31T23:59:03Z"


def test_a_parent_whose_children_were_refused_is_read_from_its_beginning(serve, monkeypatch):
    many(monkeypatch, 3)
    child = {
        **per_post(),
        "endpoint": {**per_post()["endpoint"], "response_actions": [{"status_code": 403, "action": "ignore"}]},
    }
    refusing = serve(by_path({**of_many(5), "/posts/4/events": Answer(403, {})}))
    open_ = serve(by_path(of_many(5)))
    first = run(api(refusing.url, resource("posts"), child))
    run(api(open_.url, resource("posts"), child), state=first.state)

    assert "partitions_read" in first.state["bookmarks"]["events"]
    assert since(open_, "/posts/4/events")[-1] is None
    assert since(open_, "/posts/3/events")[-1] == "2023-12-31T23:59:02Z"


def test_a_value_from_the_future_hides_nothing(serve, monkeypatch):
    many(monkeypatch, 1)
    answers = of_many(3) | {"/posts/0/events": {"items": [event(0, "2999-01-01T00:00:00Z")]}}
    found = run(api(serve(by_path(answers)).url, resource("posts"), per_post()))

    assert found.state["bookmarks"]["events"]["replication_key_value"] <= datetime.now(timezone.utc).isoformat()


@pytest.mark.parametrize(
    ("parents", "incremental", "value"),
    [
        ({}, {}, 7),  # a number that may count for each parent on its own
        ({"incremental": {"cursor_path": "at"}}, {}, "2024-01-01T00:00:00Z"),  # not all parents are read in each run
    ],
)
def test_where_one_bookmark_would_lose_something_each_parent_keeps_its_own(
    serve, monkeypatch, parents, incremental, value
):
    many(monkeypatch, 2)
    answers = {"/posts": {"items": [{"id": each, "at": "2024-01-01"} for each in range(4)]}}
    answers |= {f"/posts/{each}/events": {"items": [event(each, value)]} for each in range(4)}
    found = run(api(serve(by_path(answers)).url, resource("posts", **parents), per_post(**incremental)))

    assert len(found.state["bookmarks"]["events"]["partitions"]) == 4


# The lower bound of a first run


def first_since(serve, config, records=EVENTS):
    server = serve(by_path({"/events": records}))
    found = run({**api(server.url, config), "start_date": "2024-01-03T00:00:00Z"})
    return since(server)[-1], found


def test_a_start_date_bounds_the_first_run(serve):
    sent, found = first_since(serve, events())

    assert sent == "2024-01-03T00:00:00Z"
    assert [record["id"] for record in found.records("events")] == [2, 3]


def test_an_initial_value_wins_over_the_start_date(serve):
    sent, _ = first_since(serve, events(initial_value="2024-01-05T00:00:00Z"))

    assert sent == "2024-01-05T00:00:00Z"


def test_a_bookmark_wins_over_the_start_date(serve):
    server = serve(by_path({"/events": EVENTS}))
    run({**api(server.url, events()), "start_date": "2024-01-03T00:00:00Z"}, state=state_of(events=dict(LATEST)))

    assert since(server)[-1] == "2024-01-05T00:00:00Z"


def test_a_start_date_is_converted_for_an_epoch_cursor(serve):
    records = {"items": [event(1, 1704200000), event(2, 1704300000)]}
    sent, found = first_since(serve, events(convert="epoch"), records)

    assert sent == "1704240000"
    assert [record["id"] for record in found.records("events")] == [2]


@pytest.mark.parametrize("values", [(5, 7), ("v5", "v7")])
def test_a_start_date_is_ignored_with_a_warning_where_it_means_nothing(serve, values):
    sent, found = first_since(serve, events(), {"items": [event(n, value) for n, value in enumerate(values)]})

    assert sent is None
    assert len(found.records("events")) == 2
    assert found.warnings("events") == [
        "start_date is ignored: updated_at is no date (give initial_value, or convert: epoch)"
    ]


def test_a_record_without_its_cursor_is_an_error_that_names_the_page(serve):
    server = serve(by_path({"/events": {"items": [{"id": 1}]}}))

    with pytest.raises(RecordError, match=r"stream 'events', the first page: .*updated_at"):
        run(api(server.url, resource("events", incremental=SINCE, resource_=SCHEMA)))


def test_a_window_with_an_end_keeps_no_state(serve):
    config = events(initial_value="2024-01-01T00:00:00Z", end_value="2024-01-04T00:00:00Z", end_param="until")
    server = serve(by_path({"/events": EVENTS}))
    found = run(api(server.url, config))

    assert dict(server.asked[-1].query) == {"since": "2024-01-01T00:00:00Z", "until": "2024-01-04T00:00:00Z"}
    assert [record["id"] for record in found.records("events")] == [1, 3]
    assert found.state == state_of(events={})


def test_newest_first_ends_where_the_last_run_began(serve):
    pages = {
        None: {"items": [event(5, "2024-01-05T00:00:00Z"), event(4, "2024-01-04T00:00:00Z")], "next": "A"},
        "A": {"items": [event(3, "2024-01-03T00:00:00Z"), event(2, "2024-01-02T00:00:00Z")], "next": "B"},
        "B": {"items": [event(1, "2024-01-01T00:00:00Z")]},
    }
    server = serve(by_path({"/events": lambda asked: pages[dict(asked.query).get("after")]}))
    stream = resource(
        "events", paginator=PAGED, incremental={"cursor_path": "updated_at", "row_order": "desc"}, resource_=SCHEMA
    )
    config = {**api(server.url, stream), "concurrency": 1}
    first = run(config)
    begun = len(server.asked)
    second = run(config, state=state_of(events={**LATEST, "replication_key_value": "2024-01-03T12:00:00Z"}))

    assert [record["id"] for record in first.records("events")] == [5, 4, 3, 2, 1]
    assert [record["id"] for record in second.records("events")] == [5, 4]
    assert [asked.query for asked in server.asked[begun:]] == [[], [("after", "A")]]


# How often


class Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def test_a_state_waits_for_as_much_as_it_weighs():
    pace = Pace(Clock())
    pace.wrote(4_020)
    pace.changed()
    seen = []
    for records in (20, 20, 20):
        pace.passed(records)
        seen.append(pace.due)

    assert seen == [False, False, True]


def test_a_state_waits_no_longer_than_a_few_seconds():
    clock = Clock()
    pace = Pace(clock)
    pace.wrote(4_020)
    pace.changed()
    clock.time = 4.9
    before = pace.due
    clock.time = 5.0

    assert (before, pace.due) == (False, True)


def test_no_state_is_due_where_nothing_has_moved():
    pace = Pace(Clock())
    pace.passed(1_000_000)

    assert not pace.due
