"""Does every example bring all that an API of its kind holds?"""

from __future__ import annotations

import contextlib
import io
import json
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

import pytest
from playing import DAY_ONE, moment
from servers import APIS

from tap_restgeneric.errors import ReplyError
from tap_restgeneric.tap import TapRestGeneric

EXAMPLES = Path(__file__).parents[2] / "examples"
INCREMENTAL = [name for name, api in APIS.items() if hasattr(api, "more")]


@pytest.fixture(autouse=True)
def _day_twelve(monkeypatch):
    """What reads up to now reads up to the twelfth day of the APIs."""
    monkeypatch.setattr(TapRestGeneric, "now", staticmethod(lambda: DAY_ONE + timedelta(days=11)))


def read(name, server, *, state=None, catalog=None, fails=None):
    """What one run of an example brings: records by stream, the last state, and the catalog it used."""
    config = {
        "source": str(EXAMPLES / f"{name}.yaml"),
        "client": {"base_url": server.url + APIS[name].base},
        "secrets": APIS[name].secrets,
    }
    written = io.StringIO()
    with contextlib.redirect_stdout(written):
        tap = TapRestGeneric(config=config, state=state, catalog=catalog)
        catalog = tap.catalog_dict
        server.asked.clear()
        tap.client.replies.clear()  # what discovery has read is asked for again, and counted
        with pytest.raises(fails) if fails else contextlib.nullcontext():
            tap.sync_all()
    records, states = defaultdict(list), [None]
    for message in map(json.loads, written.getvalue().split("\n")[:-1]):
        if message["type"] == "RECORD":
            records[message["stream"]].append(message["record"])
        if message["type"] == "STATE":
            states.append(message["value"])
    return dict(records), states[-1], catalog


def test_every_example_has_an_api_that_it_is_tried_on():
    assert sorted(path.stem for path in EXAMPLES.iterdir()) == sorted(APIS)


@pytest.mark.parametrize("name", APIS)
def test_an_example_brings_every_record_once_and_in_order(name, serve):
    api = APIS[name]()
    records, _, _ = read(name, serve(api))
    assert records == api.records


@pytest.mark.parametrize("name", INCREMENTAL)
def test_a_second_run_asks_for_less_and_brings_what_is_new(name, serve):
    api = APIS[name]()
    server = serve(api)
    _, state, catalog = read(name, server)
    first = len(server.asked)
    expected = api.more()
    records, _, _ = read(name, server, state=state, catalog=catalog)
    assert records == expected
    assert len(server.asked) < first


def test_a_token_that_was_forgotten_costs_a_full_read_and_no_record(serve, caplog):
    api = APIS["token_sync"]()
    server = serve(api)
    _, state, catalog = read("token_sync", server)
    api.more()
    api.forgotten = 1
    records, state, _ = read("token_sync", server, state=state, catalog=catalog)
    assert records == api.records
    assert "the sync token of the last run was rejected, so everything is read" in caplog.text
    records, _, _ = read("token_sync", server, state=state, catalog=catalog)
    assert (records, len(server.asked)) == ({}, 1)


def test_a_backfill_goes_on_with_the_day_it_had_reached(serve):
    api = APIS["backfill_in_steps"]()
    server = serve(api)
    api.breaks_at = moment(6 * 24 * 60)
    _, _, catalog = read("backfill_in_steps", serve(APIS["backfill_in_steps"]()))
    first, state, _ = read("backfill_in_steps", server, catalog=catalog, fails=ReplyError)
    api.breaks_at = None
    second, _, _ = read("backfill_in_steps", server, state=state, catalog=catalog)
    assert len(first["readings"]) == 6 * 24
    assert dict(server.asked[0].query)["from"] == moment(6 * 24 * 60)
    assert first["readings"] + second["readings"] == api.records["readings"]


def test_the_rate_limit_is_kept_before_the_api_complains(serve):
    api = APIS["api_key_in_query"]()
    read("api_key_in_query", serve(api))
    assert api.refusals == 0


def test_rows_in_records_cost_no_request_of_their_own(serve):
    server = serve(APIS["rows_in_records"]())
    read("rows_in_records", server)
    assert [asked.path for asked in server.asked] == ["/v1/invoices"] * 4


def test_one_token_serves_all_streams_until_it_is_refused(serve):
    api = APIS["oauth2"]()
    read("oauth2", serve(api))
    assert api.tokens == -(-api.answered // api.uses_of_a_token)
