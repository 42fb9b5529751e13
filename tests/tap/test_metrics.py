"""Does the tap log the metrics of every SDK tap, and not for each record?"""

from __future__ import annotations

import json
import logging
import time

import pytest
from scripted import Answer, by_path
from tapping import api, made, resource

from tap_restgeneric.errors import UnavailableError


def metrics(caplog):
    """The values of what was logged, by metric and stream."""
    lines = [record.getMessage() for record in caplog.records if record.name == "singer_sdk.metrics"]
    points = [json.loads(line.partition("METRIC: ")[2]) for line in lines]
    return {(point["metric"], point["tags"]["stream"]): point for point in points}, len(points)


def pages(asked):
    """Three pages of a hundred records."""
    number = int(dict(asked.query).get("page", 0))
    return {"items": [{"id": 100 * number + each} for each in range(100)], "total_pages": 3}


PAGED = {"type": "page_number", "total_path": "total_pages"}


def test_a_stream_logs_its_metrics_once(serve, caplog):
    begun = time.perf_counter()
    tap = made(api(serve(pages).url, resource("things", paginator=PAGED)))
    with caplog.at_level(logging.INFO):
        tap.sync_all()
    seconds = time.perf_counter() - begun
    found, lines = metrics(caplog)

    assert lines == 4
    assert found["record_count", "things"]["value"] == 300
    assert found["http_request_count", "things"]["value"] == 3
    assert found["http_request_duration", "things"]["tags"]["requests"] == 3
    assert 0 < found["http_request_duration", "things"]["value"] < 3 * seconds
    assert found["sync_duration", "things"]["tags"]["status"] == "succeeded"


def test_requests_of_children_are_counted_together(serve, caplog):
    answers = {"/p": {"items": [{"id": 1}, {"id": 2}]}, "/p/1/c": {"items": [{"id": 7}]}, "/p/2/c": {"items": []}}
    tap = made(api(serve(by_path(answers)).url, resource("p"), resource("c", "/p/{resources.p.id}/c")))
    with caplog.at_level(logging.INFO):
        tap.sync_all()
    found, lines = metrics(caplog)

    assert lines == 8
    assert (found["record_count", "c"]["value"], found["http_request_count", "c"]["value"]) == (1, 2)


def test_a_stream_that_fails_says_so_in_its_metrics(serve, caplog):
    answers = iter([{"items": [{"id": 1}]}, *[Answer(500)] * 9])
    server = serve(lambda _: next(answers))
    steady = resource("things", paginator={"type": "page_number", "total_path": None}, error_handler={"max_retries": 0})
    tap = made({**api(server.url, steady), "concurrency": 1, "infer_records": 1})
    with caplog.at_level(logging.INFO), pytest.raises(UnavailableError):
        tap.sync_all()
    found, _ = metrics(caplog)

    assert found["record_count", "things"]["value"] == 1
    assert found["http_request_count", "things"]["value"] == 2
    assert found["sync_duration", "things"]["tags"]["status"] == "failed"
