"""Is a run told as it goes, and is the report where it was asked for?"""

from __future__ import annotations

import json
import logging

import pytest
from scripted import Answer, by_path
from tapping import api, resource, run

from tap_restgeneric.engine import display
from tap_restgeneric.errors import ReplyError


def test_the_report_is_in_the_file_that_the_setting_names(serve, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    server = serve(by_path({"/orders": {"items": [{"id": 1}]}}))
    run({**api(server.url, resource("orders")), "report": "report.json"})
    (told,) = json.loads((tmp_path / "report.json").read_text())["streams"]

    assert {key: told[key] for key in ("stream", "records", "pages", "ended", "failure")} == {
        "stream": "orders",
        "records": 1,
        "pages": 1,
        "ended": {"single_page": 1},
        "failure": None,
    }


def test_a_run_that_fails_leaves_its_report(serve, tmp_path):
    server = serve(lambda asked: Answer(400, {"error": "no"}) if "page=1" in asked.target else {"items": [{"id": 1}]})
    orders = resource("orders", paginator={"type": "page_number", "total_path": None})
    with pytest.raises(ReplyError):
        run({**api(server.url, orders), "infer_records": 1, "report": str(tmp_path / "report.json")})
    (told,) = json.loads((tmp_path / "report.json").read_text())["streams"]

    assert told["ended"] == {"an error": 1}
    assert "status 400" in told["failure"]


def test_a_long_run_is_told_by_the_minute_with_how_much_is_left(serve, caplog, monkeypatch):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(display, "_MINUTE", 0.2)

    def page(asked):
        number = int(dict(asked.query)["page"])
        if number == 4:
            server.stopping.wait(0.8)
        return {"items": [{"id": number}], "pages": 4}

    server = serve(page)
    paging = {"type": "page_number", "base_page": 1, "total_path": "pages"}
    run({**api(server.url, resource("orders", paginator=paging)), "concurrency": 1, "infer_records": 1})
    lines = [record.getMessage() for record in caplog.records if "requests in flight" in record.getMessage()]

    waiting = [line for line in lines if line.startswith("stream 'orders': 3 records, 3 pages, ")]
    assert waiting
    assert " 1 requests in flight, about " in waiting[-1]
