"""What does the tap ask to know what its streams look like?"""

from __future__ import annotations

import json
import threading
import time
from contextlib import redirect_stdout

import pytest
from latency import SlowServer, serving_slowly
from scripted import Answer, by_path, serving
from tapping import api, made, resource, run

from tap_restgeneric.engine import reading
from tap_restgeneric.engine.clock import hurried
from tap_restgeneric.errors import RecordError, ReplyError
from tap_restgeneric.tap import TapRestGeneric

GIVEN = {"schema": {"properties": {"id": {"type": "integer"}}}}
TWO = {"/a": {"items": [{"id": 1, "x": "y"}]}, "/b": {"items": [{"id": 2}]}}


def select(catalog, *, streams=None, without=()):
    """A catalog with only some streams selected, and some fields not.

    Args:
        catalog: As discovered.
        streams: Names of selected streams; None: all.
        without: `stream.field` that are not selected.
    """
    catalog = json.loads(json.dumps(catalog))
    for stream in catalog["streams"]:
        name = stream["tap_stream_id"]
        for entry in stream["metadata"]:
            breadcrumb = entry["breadcrumb"]
            if not breadcrumb:
                entry["metadata"]["selected"] = streams is None or name in streams
            elif f"{name}.{breadcrumb[-1]}" in without:
                entry["metadata"]["selected"] = False
    return catalog


def test_an_error_in_a_sample_names_the_stream(serve):
    server = serve(by_path({"/a": {"items": ["x"]}}))
    with pytest.raises(RecordError, match=r"^stream 'a': record 1 of a page is a text, not an object"):
        made(api(server.url, resource("a")))


def test_a_schema_is_inferred_from_records(serve):
    records = {
        "items": [
            {"id": 1, "at": "2024-01-01T00:00:00Z", "n": 1, "o": {"a": [1]}, "t": None},
            {"id": 2, "at": None, "n": 1.5, "extra": True},
        ]
    }
    server = serve(by_path({"/things": records}))
    stream = made(api(server.url, resource("things"))).catalog_dict["streams"][0]

    assert {name: field["type"] for name, field in stream["schema"]["properties"].items()} == {
        "id": ["integer", "null"],
        "at": ["string", "null"],
        "n": ["number", "null"],
        "o": ["object", "null"],
        "t": ["string", "null"],
        "extra": ["boolean", "null"],
    }
    assert stream["schema"]["properties"]["at"]["format"] == "date-time"
    assert list(stream["key_properties"]) == ["id"]
    assert len(server.asked) == 1


def test_a_sample_is_as_large_as_it_is_said_to_be(serve):
    pages = {None: 1, "1": 2, "2": 3, "3": 4, "4": None}
    paginator = {"type": "cursor", "cursor_param": "after", "cursor_path": "next"}

    def page(asked):
        after = dict(asked.query).get("after")
        return {"items": [{"id": pages[after], f"f{after}": 1}], "next": pages[after]}

    server = serve(by_path({"/things": page}))
    tap = made({**api(server.url, resource("things", paginator=paginator)), "infer_records": 2})

    assert len(server.asked) in (2, 3)  # the next one may be under way, for the sync
    assert set(tap.streams["things"].schema["properties"]) == {"id", "fNone", "f1"}


def test_samples_are_asked_for_by_the_normal_way(serve):
    token = {"type": "bearer", "token": "a-token-of-mine"}
    server = serve([Answer(500), {"items": [{"id": 1}]}])
    config = api(
        server.url, resource("things", method="POST", json={"q": 1}, error_handler={"backoff_factor": 0}), auth=token
    )
    made(config)

    assert [(asked.method, asked.json, asked.headers["authorization"]) for asked in server.asked] == [
        ("POST", {"q": 1}, "Bearer a-token-of-mine")
    ] * 2


def test_children_are_sampled_over_several_parents(serve):
    answers = {
        "/p": {"items": [{"id": 1}, {"id": 2}]},
        "/p/1/c": {"items": []},
        "/p/2/c": {"items": [{"id": 9, "deep": 1}]},
    }
    server = serve(by_path(answers))
    tap = made(api(server.url, resource("p"), resource("c", "/p/{resources.p.id}/c")))

    assert set(tap.streams["c"].schema["properties"]) == {"id", "deep"}
    assert [asked.path for asked in server.asked].count("/p") == 1


FAMILY = {
    "/p": {"items": [{"id": number} for number in range(1, 13)]},
    **{f"/p/{number}/c": {"items": [{"id": number}]} for number in range(1, 13)},
    **{f"/r{number}": {"items": [{"id": number}]} for number in range(6)},
}


def schemas_read(concurrency):
    """What the tap discovers from a slow server, and the server."""
    roots = [resource(f"r{number}") for number in range(6)]
    with serving_slowly(by_path(FAMILY)) as server:
        config = api(server.url, resource("p"), resource("c", "/p/{resources.p.id}/c"), *roots)
        tap = made({**config, "concurrency": concurrency})
        return [(name, stream.schema) for name, stream in tap.streams.items()], server


def test_samples_are_read_side_by_side_and_say_the_same():
    one_by_one, alone = schemas_read(1)
    at_once, crowded = schemas_read(8)

    assert at_once == one_by_one
    assert (alone.most, len(alone.asked)) == (1, 19)
    assert crowded.most > 4
    assert len(crowded.asked) == 19


@pytest.mark.parametrize("concurrency", [1, 8])
def test_what_discovery_has_read_is_not_asked_for_again(concurrency):
    with serving_slowly(by_path(FAMILY)) as server:
        config = api(server.url, resource("p"), resource("c", "/p/{resources.p.id}/c"))
        found = run({**config, "concurrency": concurrency})

    assert [asked.target for asked in server.asked].count("/p") == 1
    assert len(server.asked) == 13
    assert [record["id"] for record in found.records("c")] == list(range(1, 13))
    assert found.tap.report.tallies["c"].requests == 12


def test_what_was_read_long_ago_is_asked_for_again(serve, monkeypatch):
    clock = hurried(time.time())
    monkeypatch.setattr(TapRestGeneric, "clock", clock)
    server = serve(by_path(TWO))
    tap = made(api(server.url, resource("a")))
    assert tap.streams
    clock.sleep(11)
    tap.sync_all()

    assert len(server.asked) == 2


def test_the_sync_asks_with_its_own_bounds_and_takes_nothing_else(serve):
    server = serve(lambda asked: {"items": [{"id": 1, "at": dict(asked.query).get("since", "2024-01-01")}]})
    since = {"cursor_path": "at", "start_param": "since", "initial_value": "2024-01-02"}
    state = {"bookmarks": {"things": {"replication_key": "at", "replication_key_value": "2024-02-03"}}}
    found = run(api(server.url, resource("things", incremental=since)), state=state)

    assert [dict(asked.query)["since"] for asked in server.asked] == ["2024-01-02", "2024-02-03"]
    assert [record["at"] for record in found.records("things")] == ["2024-02-03"]


def test_a_sample_that_is_large_enough_drops_what_was_asked_ahead(serve):
    server = serve(by_path(FAMILY))
    made({**api(server.url, resource("p"), resource("c", "/p/{resources.p.id}/c")), "infer_records": 2})

    assert len(server.asked) <= 1 + 2 + 8


TEN_PAGES = {"type": "page_number", "base_page": 1, "total_path": "pages"}


def counted(asked):
    """One of ten pages of one record."""
    number = int(dict(asked.query)["page"])
    return {"items": [{"id": number}], "pages": 10}


def discovered(tmp_path, **kwargs):
    """How many of ten pages a discovery asks for that needs two, and how many it and the sync do, and what comes."""
    settings = {"infer_records": 2, "concurrency": 8, **kwargs.pop("settings", {})}
    with serving_slowly(counted) as server:
        tap = made({**api(server.url, resource("things", paginator=TEN_PAGES)), **settings}, **kwargs)
        assert tap.streams
        early = server.settled(2)
        with (tmp_path / "out").open("w") as out, redirect_stdout(out):
            tap.sync_all()
    lines = [json.loads(line) for line in (tmp_path / "out").read_text().splitlines()]
    ids = [line["record"]["id"] for line in lines if line["type"] == "RECORD"]
    return early, len(server.asked), ids


def test_discovery_asks_for_what_the_sync_needs_next_and_nobody_asks_again(tmp_path):
    assert discovered(tmp_path) == (10, 10, list(range(1, 11)))


@pytest.mark.parametrize(
    ("kwargs", "early"),
    [
        ({"setup_mapper": False}, 3),
        ({"state": {"bookmarks": {"other": {"x": 1}}}}, 3),
        ({"settings": {"max_pages": 9}}, 3),
        ({"settings": {"max_records": 9}}, 3),
        ({"settings": {"resource_defaults": {"max_pages": 9}}}, 3),
        ({"settings": {"concurrency": 1}}, 2),
    ],
    ids=["a catalog alone", "a state", "max_pages", "max_records", "max_pages of the resource", "one by one"],
)
def test_discovery_asks_for_no_more_than_it_needs_where_no_sync_needs_it(tmp_path, kwargs, early):
    if "setup_mapper" in kwargs:
        with serving_slowly(counted) as server:
            made(
                {**api(server.url, resource("things", paginator=TEN_PAGES)), "infer_records": 2}, **kwargs
            ).run_discovery()
            assert server.settled(2) <= early
        return

    assert discovered(tmp_path, **kwargs)[0] <= early


def test_what_went_wrong_ahead_of_a_sample_is_asked_for_again_by_the_sync(tmp_path):
    refused = []

    def page(asked):
        number = int(dict(asked.query)["page"])
        if number == 7 and not refused:
            refused.append(number)
            return Answer(404, {"error": "not yet"})
        return counted(asked)

    with serving_slowly(page) as server:
        tap = made({**api(server.url, resource("things", paginator=TEN_PAGES)), "infer_records": 2})
        assert server.settled(10) == 10
        with (tmp_path / "out").open("w") as out, redirect_stdout(out):
            tap.sync_all()

    assert [asked.target for asked in server.asked].count("/things?page=7") == 2
    assert (tmp_path / "out").read_text().count('"RECORD"') == 10


def test_pages_that_are_large_are_not_held_by_the_dozen(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "_HELD", 3 * len('{"items": [{"id": 10}], "pages": 10}'))

    assert discovered(tmp_path)[0] <= 2 + 3


def test_children_are_sampled_while_the_rest_of_the_parents_is_still_to_come():
    asked_for_child = threading.Event()

    class Server(SlowServer):
        def answer_to(self, asked):
            if asked.path == "/p" and "after" in asked.target:
                asked_for_child.wait(5)
            asked_for_child.set() if asked.path.endswith("/c") else None
            return super().answer_to(asked)

    def parents(asked):
        return {"items": [{"id": 2}]} if "after" in asked.target else {"items": [{"id": 1}], "next": "2"}

    script = by_path({"/p": parents, "/p/1/c": {"items": [{"id": 8}]}, "/p/2/c": {"items": [{"id": 9, "x": 1}]}})
    paginator = {"type": "cursor", "cursor_param": "after", "cursor_path": "next"}
    with serving(Server(script, 0.01)) as server:
        config = api(server.url, resource("p", paginator=paginator), resource("c", "/p/{resources.p.id}/c"))
        begun = time.monotonic()
        tap = made(config)
        seconds = time.monotonic() - begun

    assert asked_for_child.is_set()
    assert seconds < 4
    assert set(tap.streams["c"].schema["properties"]) == {"id", "x"}


def test_a_given_schema_asks_for_nothing(serve):
    server = serve([])
    tap = made(api(server.url, resource("things", resource_=GIVEN)))

    assert tap.streams["things"].schema["properties"] == {"id": {"type": "integer"}}
    assert server.asked == []


def test_a_catalog_asks_for_nothing(serve):
    server = serve(by_path(TWO))
    config = api(server.url, resource("a"), resource("b"))
    catalog = made(config).catalog_dict
    asked = len(server.asked)
    tap = made(config, catalog=catalog)

    assert tap.catalog_dict == catalog
    assert len(server.asked) == asked


def test_a_run_with_a_catalog_asks_once_per_stream(serve):
    server = serve(by_path(TWO))
    config = api(server.url, resource("a"), resource("b"))
    catalog = made(config).catalog_dict
    asked = len(server.asked)
    run(config, catalog=catalog)

    assert sorted(server.targets[asked:]) == ["/a", "/b"]


def test_a_stream_that_is_not_in_the_catalog_is_not_asked_for(serve):
    server = serve(by_path(TWO))
    config = api(server.url, resource("a"), resource("b"))
    catalog = made(config).catalog_dict
    asked = len(server.asked)
    only_a = {"streams": [stream for stream in catalog["streams"] if stream["tap_stream_id"] == "a"]}
    run(config, catalog=only_a)

    assert server.targets[asked:] == ["/a"]


def test_a_resource_that_is_not_selected_is_neither_sampled_nor_read(serve):
    server = serve(by_path(TWO))
    config = api(server.url, resource("a"), resource("b", resource_={"selected": False}))
    found = run(config)

    assert set(server.targets) == {"/a"}
    assert found.records("b") == []
    assert {stream["tap_stream_id"] for stream in found.tap.catalog_dict["streams"]} == {"a", "b"}


def test_a_parent_that_is_not_selected_is_read_for_its_children_and_not_written(serve):
    server = serve(by_path({"/p": {"items": [{"id": 1}]}, "/p/1/c": {"items": [{"id": 9}]}}))
    config = api(server.url, resource("p", resource_={"selected": False}), resource("c", "/p/{resources.p.id}/c"))
    found = run(config)

    assert found.records("c") == [{"id": 9}]
    assert {message.get("stream") for message in found.messages if message["type"] != "STATE"} == {"c"}


def test_streams_that_the_catalog_deselects_are_not_asked_for(serve):
    server = serve(by_path(TWO))
    config = api(server.url, resource("a"), resource("b"))
    catalog = select(made(config).catalog_dict, streams=["b"])
    asked = len(server.asked)
    found = run(config, catalog=catalog)

    assert server.targets[asked:] == ["/b"]
    assert {message["stream"] for message in found.of("SCHEMA")} == {"b"}


def test_children_that_the_catalog_deselects_are_not_asked_for(serve):
    server = serve(by_path({"/p": {"items": [{"id": 1}]}, "/p/1/c": {"items": [{"id": 9}]}}))
    config = api(server.url, resource("p"), resource("c", "/p/{resources.p.id}/c"))
    catalog = select(made(config).catalog_dict, streams=["p"])
    asked = len(server.asked)
    run(config, catalog=catalog)

    assert server.targets[asked:] == ["/p"]


def test_a_parent_that_the_catalog_deselects_is_read_for_its_children(serve):
    server = serve(by_path({"/p": {"items": [{"id": 1}]}, "/p/1/c": {"items": [{"id": 9}]}}))
    config = api(server.url, resource("p"), resource("c", "/p/{resources.p.id}/c"))
    found = run(config, catalog=select(made(config).catalog_dict, streams=["c"]))

    assert found.order == ["c 9"]


def test_fields_that_the_catalog_deselects_are_not_written(serve):
    server = serve(by_path(TWO))
    config = api(server.url, resource("a"), resource("b"))
    found = run(config, catalog=select(made(config).catalog_dict, without=["a.x"]))

    assert found.records("a") == [{"id": 1}]
    assert list(found.schema("a")["schema"]["properties"]) == ["id"]
    assert found.warnings("a") == []


def test_keys_are_written_even_if_they_are_deselected(serve):
    server = serve(by_path(TWO))
    config = api(server.url, resource("a"), resource("b"))
    found = run(config, catalog=select(made(config).catalog_dict, without=["a.id"]))

    assert found.records("a") == [{"id": 1, "x": "y"}]


def test_a_sample_that_cannot_be_read_is_an_error_that_names_the_stream(serve):
    server = serve(by_path({"/a": TWO["/a"]}))

    with pytest.raises(ReplyError, match=r"stream 'b': GET .*/b: status 404"):
        made(api(server.url, resource("a"), resource("b")))


def test_columns_say_types_that_records_do_not(serve):
    columns = {"price": {"data_type": "decimal"}, "at": {"data_type": "timestamp"}}
    server = serve(by_path({"/a": {"items": [{"id": 1, "price": "1.5"}]}}))
    fields = made(api(server.url, resource("a", resource_={"columns": columns}))).streams["a"].schema["properties"]

    assert "number" in fields["price"]["type"]
    assert fields["at"]["format"] == "date-time"
