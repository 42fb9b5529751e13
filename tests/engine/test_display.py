"""What does a person see of a run, on a terminal, in a log and in a file?"""

from __future__ import annotations

import io
import json
import logging
import re
import sys
from contextlib import redirect_stderr

import pytest

from tap_restgeneric.engine import display
from tap_restgeneric.engine.redaction import Redactor
from tap_restgeneric.engine.report import Report


class Clock:
    """A time that passes when it is told to."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class Terminal(io.StringIO):
    def isatty(self):
        return True

    @property
    def text(self):
        """What is on it, without what moves and colours."""
        return re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", self.getvalue())


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def report():
    """A run in which orders are under way, and nothing else."""
    report = Report()
    report.tally("untouched")
    report.tally("customers").ended = True
    orders = report.tally("orders")
    for _ in range(3):
        orders.waits()
    orders.asked()
    orders.asked()
    orders.answered(0.1)
    orders.records, orders.pages, orders.share = 900, 3, 0.25
    return report


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    return Terminal()


def test_the_log_has_a_line_a_minute_for_each_stream_under_way(report, clock, caplog):
    caplog.set_level(logging.INFO)
    with display.shown(report, clock) as look:
        for second in range(0, 130, 10):
            clock.now = float(second)
            look()
    line = (
        "900 records, 3 pages, {rate} records/s, 1 requests in flight, 1 waiting for the rate limit, about {left} left"
    )

    assert [record.getMessage() for record in caplog.records] == [
        "stream 'orders': " + line.format(rate=15, left="3 min"),
        "stream 'orders': " + line.format(rate=8, left="6 min"),
    ]


def test_a_terminal_has_a_table_of_what_is_under_way(report, clock, terminal):
    with redirect_stderr(terminal), display.shown(report, clock) as look:
        look()
        clock.now = 3.0
        look()

    assert [line.split() for line in terminal.text.splitlines() if "orders" in line or "records" in line][:2] == [
        ["stream", "records", "pages", "records/s", "in", "flight", "waiting", "left"],
        ["orders", "900", "3", "300", "1", "1", "9", "s"],
    ]
    assert "customers" not in terminal.text


def test_a_short_run_shows_nothing_on_a_terminal(report, clock, terminal):
    with redirect_stderr(terminal), display.shown(report, clock) as look:
        look()
        clock.now = 1.0
        look()

    assert terminal.text == ""


def test_what_is_logged_meanwhile_stands_above_the_table(report, clock, terminal, monkeypatch):
    monkeypatch.setattr(sys, "__stderr__", terminal)
    handler = logging.StreamHandler(terminal)
    logger = logging.getLogger("something")
    logger.addHandler(handler)
    try:
        with redirect_stderr(terminal), display.shown(report, clock) as look:
            look()
            clock.now = 3.0
            look()
            logger.warning("said meanwhile")
            assert handler.stream is not terminal
    finally:
        logger.removeHandler(handler)

    assert "said meanwhile" in terminal.text
    assert handler.stream is terminal


def test_a_terminal_that_cannot_move_gets_lines(report, clock, terminal, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    monkeypatch.setenv("TERM", "dumb")
    with redirect_stderr(terminal), display.shown(report, clock) as look:
        clock.now = 61.0
        look()

    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59.4, "59 s"), (61, "1 min"), (3540, "59 min"), (7500, "2 h 5 min")]
)
def test_a_duration_in_words(seconds, text):
    assert display.duration(seconds) == text


def test_the_end_is_a_table_on_a_terminal(report, terminal):
    report.tally("orders").stops["an error"] = 1
    report.tally("orders").failure = "token-of-mine-1 was refused"
    redactor = Redactor()
    redactor.add(["token-of-mine-1"])
    with redirect_stderr(terminal):
        display.show(report, redactor)
    (line,) = [line for line in terminal.text.splitlines() if "orders" in line]

    assert line.split() == ["orders", "900", "3", "2", "0", "0.0", "0", "***", "was", "refused"]


def test_where_no_terminal_is_the_end_is_not_a_table(report, capsys):
    display.show(report, str)

    assert capsys.readouterr() == ("", "")


def test_the_report_is_kept_as_json_without_secrets(report, tmp_path):
    redactor = Redactor()
    redactor.add(["token-of-mine-1"])
    report.tally("orders").warnings["saw token-of-mine-1"] = 2
    display.keep(report, str(tmp_path / "new" / "report.json"), redactor)
    kept = json.loads((tmp_path / "new" / "report.json").read_text())

    assert kept["totals"] == {"records": 900, "requests": 2, "retries": 0, "warned": 2}
    assert [each["stream"] for each in kept["streams"]] == ["untouched", "customers", "orders"]
    assert kept["streams"][2]["warnings"] == {"saw ***": 2}


def test_a_report_that_cannot_be_kept_is_a_warning(report, tmp_path, caplog):
    display.keep(report, str(tmp_path), str)

    assert [record.getMessage() for record in caplog.records] == [
        f"the report cannot be written to {tmp_path}: Is a directory"
    ]
