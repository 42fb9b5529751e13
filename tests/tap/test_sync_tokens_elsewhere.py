"""Does a token reach the next run that is a URL, that comes in a header, or that the catalog wants to be forgotten?"""

from __future__ import annotations

import pytest
from scripted import Answer
from tapping import api, resource, run

from tap_restgeneric.errors import ReplyError

SCHEMA = {"schema": {"properties": {"id": {"type": "integer"}}}}
DELTA = {"type": "token", "token_path": "['@delta']", "send_in": "url"}
KEY = {"type": "api_key", "name": "key", "api_key": "secret-key", "location": "query"}


def page(*ids, **more):
    return {"items": [{"id": each} for each in ids], **more}


def config(server, sync=DELTA, *, auth=None, **endpoint):
    usual = {"paginator": {"type": "json_link"}, "params": {"size": 2}, "incremental": sync}
    stream = resource("things", resource_=SCHEMA, **{**usual, **endpoint})
    return {**api(server.url, stream, **({"auth": auth} if auth else {})), "concurrency": 1}


def state_of(token, name="['@delta']"):
    return {"bookmarks": {"things": {"replication_key": name, "replication_key_value": token}}}


def ids(found):
    return [record["id"] for record in found.records("things")]


# The token is a URL


def delta(asked):
    """An API that ends a read with a link to what changes from then on."""
    base = f"http://{asked.headers['host']}/things"
    query = {name: value for name, value in asked.query if name != "key"}
    pages = {
        "size=2": page(1, 2, next=f"{base}?skip=x"),
        "skip=x": page(3, **{"@delta": f"{base}/delta?token=one"}),
        "token=one": page(2, next="?skip=y"),
        "skip=y": page(4, **{"@delta": "/things/delta?token=two"}),
    }
    return pages["&".join(f"{name}={value}" for name, value in query.items())]


def test_a_first_run_keeps_the_url_of_the_last_page(serve):
    server = serve(delta)
    found = run(config(server))

    assert ids(found) == [1, 2, 3]
    assert found.state == state_of(f"{server.url}/things/delta?token=one")


def test_the_next_run_begins_with_that_url_and_nothing_else_in_its_query(serve):
    server = serve(delta)
    found = run(config(server), state=state_of(f"{server.url}/things/delta?token=one"))

    assert server.targets == ["/things/delta?token=one", "/things/delta?skip=y"]
    assert ids(found) == [2, 4]
    assert found.state == state_of(f"{server.url}/things/delta?token=two")


def test_headers_and_body_go_with_the_url(serve):
    server = serve(lambda _: page(1, **{"@delta": "/things?token=two"}))
    state = state_of(f"{server.url}/things?token=one")
    run(config(server, method="POST", json={"a": 1}, headers={"X-A": "b"}), state=state)

    assert [(asked.method, asked.target, asked.json, asked.headers["x-a"]) for asked in server.asked] == [
        ("POST", "/things?token=one", {"a": 1}, "b")
    ]


def test_a_key_in_the_url_is_not_kept_and_sent_once(serve):
    server = serve(lambda _: page(1, **{"@delta": "/things?token=one&key=secret-key"}))
    found = run(config(server, auth=KEY))
    run(config(server, auth=KEY), state=found.state)

    assert found.state == state_of(f"{server.url}/things?token=one")
    assert server.targets == ["/things?size=2&key=secret-key", "/things?token=one&key=secret-key"]


def test_a_url_on_another_host_gets_no_credentials(serve):
    with pytest.raises(ReplyError, match=r"will not ask 'other\.test'"):
        run(config(serve([]), auth=KEY), state=state_of("https://other.test/things?token=one"))


@pytest.mark.parametrize("token", ["abc", "delta?token=one", 17, "ftp://one.test/"])
def test_what_is_no_url_is_an_error_that_says_what_to_write(serve, token):
    with pytest.raises(ReplyError, match=r"gives '.*', not a URL \(send_in: url\): give token_param"):
        run(config(serve(lambda _: page(1, **{"@delta": token}))))


def test_a_rejected_url_means_that_everything_is_read(serve):
    server = serve(lambda asked: Answer(410) if "token=old" in asked.target else delta(asked))
    sync = {**DELTA, "rejected": {"status_code": 410}}
    found = run(config(server, sync), state=state_of(f"{server.url}/things/delta?token=old"))

    assert ids(found) == [1, 2, 3]
    assert found.state == state_of(f"{server.url}/things/delta?token=one")


# The token comes in a header


def test_a_token_in_a_header_is_kept_and_sent(serve):
    server = serve([Answer(200, page(1), {"X-Sync": "one"}), Answer(200, page(2), {"x-sync": "two"})])
    sync = {"type": "token", "token_header": "X-Sync", "token_param": "since"}
    first = run(config(server, sync))
    second = run(config(server, sync), state=first.state)

    assert server.targets == ["/things?size=2", "/things?size=2&since=one"]
    assert (first.state, second.state) == (state_of("one", "X-Sync"), state_of("two", "X-Sync"))


def test_a_header_that_never_comes_is_worth_a_warning(serve):
    found = run(config(serve(lambda _: page(1)), {"type": "token", "token_header": "X-Sync", "token_param": "since"}))

    assert found.warnings("things") == ["token_header X-Sync is on no page: the next run begins where this one began"]


# Where the token goes is said among the parameters


def test_the_block_may_stand_where_the_token_goes(serve):
    server = serve(lambda _: page(1, sync="two"))
    stream = {"params": {"size": 2, "since": {"type": "token", "token_path": "sync"}}}
    first = run(config(server, None, **stream))
    run(config(server, None, **stream), state=first.state)

    assert server.targets == ["/things?size=2", "/things?size=2&since=two"]


# The catalog wants everything


def full(catalog, method):
    (entry,) = catalog["streams"]
    return {"streams": [{**entry, "replication_method": method}]}


@pytest.mark.parametrize(
    ("method", "since"), [("FULL_TABLE", "/things?size=2"), ("INCREMENTAL", "/things/delta?token=one")]
)
def test_the_catalog_says_whether_the_token_of_the_last_run_counts(serve, method, since):
    server = serve(delta)
    state = state_of(f"{server.url}/things/delta?token=one")
    catalog = full(run(config(server)).tap.catalog_dict, method)
    server.asked.clear()
    run(config(server), state=state, catalog=catalog)

    assert server.targets[0] == since


def test_a_stream_that_reads_changes_is_announced_as_incremental(serve):
    (entry,) = run(config(serve(delta))).tap.catalog_dict["streams"]

    assert (entry["replication_method"], entry.get("replication_key")) == ("INCREMENTAL", None)


def test_a_full_read_may_replace_the_table(serve):
    settings = {**config(serve(delta)), "emit_activate_version_messages": True}
    catalog = full(run(settings).tap.catalog_dict, "FULL_TABLE")
    found = run(settings, catalog=catalog)

    assert [message["stream"] for message in found.of("ACTIVATE_VERSION")] == ["things"]
