"""Does the next run ask for what has changed since the token that the API gave?"""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from io import StringIO

import pytest
from scripted import Answer, by_path
from tapping import api, made, resource, run

from tap_restgeneric.errors import CredentialError, ReplyError, RestGenericError

SCHEMA = {"schema": {"properties": {"id": {"type": "integer"}}}}
TOKEN = {"type": "token", "token_path": "sync", "token_param": "since"}
PAGED = {"type": "cursor", "cursor_param": "after", "cursor_path": "next"}
GONE = {"rejected": {"status_code": 410}}


def page(*ids, **more):
    return {"items": [{"id": each} for each in ids], **more}


def things(path=None, *, name="things", sync=TOKEN, **endpoint):
    return resource(name, path, incremental=sync, paginator=PAGED, resource_=SCHEMA, **endpoint)


def config(server, *resources, **settings):
    return {**api(server.url, *(resources or (things(),))), "concurrency": 1, **settings}


def kept(token, **context):
    return {**context, "replication_key": "sync", "replication_key_value": token}


def state_of(token):
    return {"bookmarks": {"things": kept(token)}}


def asked_for(server, path="/things"):
    return [dict(asked.query) for asked in server.asked if asked.path == path]


def answering(pages):
    """An API that answers by the values of `since` and `after`."""
    return lambda asked: pages[dict(asked.query).get("since"), dict(asked.query).get("after")]


TWO_RUNS = answering(
    {
        (None, None): page(1, 2, next="A"),
        (None, "A"): page(3, sync="one"),
        ("one", None): page(2, next="B"),
        ("one", "B"): page(4, sync="two"),
    }
)


def ids(found, stream="things"):
    return [record["id"] for record in found.records(stream)]


def failing(settings, error, **kwargs):
    """What is written before a run ends with an error."""
    out = StringIO()
    with redirect_stdout(out), pytest.raises(error) as raised:
        made(settings, **kwargs).sync_all()
    messages = [json.loads(line) for line in out.getvalue().splitlines()]
    return [message for message in messages if message["type"] in {"RECORD", "STATE"}], str(raised.value)


# From token to token


def test_a_first_run_sends_no_token_and_keeps_that_of_the_last_page(serve):
    server = serve(TWO_RUNS)
    found = run(config(server))

    assert asked_for(server) == [{}, {"after": "A"}]
    assert ids(found) == [1, 2, 3]
    assert found.state == state_of("one")


def test_the_next_run_sends_the_token_with_every_page_and_keeps_the_next_one(serve):
    server = serve(TWO_RUNS)
    found = run(config(server), state=state_of("one"))

    assert asked_for(server) == [{"since": "one"}, {"since": "one", "after": "B"}]
    assert ids(found) == [2, 4]
    assert found.state == state_of("two")


def test_a_run_without_changes_keeps_the_token_that_it_got(serve):
    found = run(config(serve(lambda _: page(sync="later"))), state=state_of("now"))

    assert ids(found) == []
    assert found.state == state_of("later")


def test_the_token_goes_into_the_json_body_of_a_post(serve):
    server = serve([page(1, sync="two")])
    run(config(server, things(method="POST", json={"limit": 50})), state=state_of("one"))

    assert [asked.json for asked in server.asked] == [{"limit": 50, "since": "one"}]


PLACES = {
    "a query": ({"params": {"changes": "from {incremental.start_value}"}}, {"changes": "from one"}, None),
    "a body": ({"method": "POST", "json": {"sync": {"from": "{incremental.start_value}"}, "n": 1}}, {}, "one"),
}


@pytest.mark.parametrize(("endpoint", "query", "in_body"), PLACES.values(), ids=PLACES)
def test_a_placeholder_can_say_where_the_token_goes(serve, endpoint, query, in_body):
    server = serve(lambda _: page(1, sync="two"))
    stream = things(sync={"type": "token", "token_path": "sync"}, **endpoint)
    run(config(server, stream))
    run(config(server, stream), state=state_of("one"))
    first, second = server.asked

    assert (first.query, dict(second.query)) == ([], query)
    if in_body:
        assert (first.json, second.json) == ({"sync": {}, "n": 1}, {"sync": {"from": in_body}, "n": 1})


def test_a_stream_without_a_schema_is_sampled_without_a_token(serve):
    server = serve(lambda _: page(1, sync="two"))
    stream = resource(
        "things", incremental={"type": "token", "token_path": "sync"}, json={"s": "{incremental.start_value}"}
    )
    run(config(server, stream), state=state_of("one"))

    assert [asked.json for asked in server.asked] == [{}, {"s": "one"}]


def test_a_token_of_another_path_is_not_sent(serve):
    server = serve(TWO_RUNS)
    found = run(config(server), state={"bookmarks": {"things": {**kept("one"), "replication_key": "meta.token"}}})

    assert ids(found) == [1, 2, 3]
    assert found.state == state_of("one")


def test_no_field_of_the_records_is_announced_as_replication_key(serve):
    found = run(config(serve(TWO_RUNS)))

    assert found.schema("things").get("bookmark_properties", []) == []


def test_the_target_is_never_told_to_delete_what_has_not_changed(serve):
    found = run(config(serve(TWO_RUNS), emit_activate_version_messages=True), state=state_of("one"))

    assert {message["type"] for message in found.messages} == {"SCHEMA", "RECORD", "STATE"}


def test_nor_to_delete_the_children_of_what_has_not_changed(serve):
    parts = resource("parts", "/things/{resources.things.id}/parts", resource_=SCHEMA)
    server = serve(by_path({"/things": page(1, sync="two"), "/things/1/parts": page(7)}))
    found = run(config(server, things(), parts, emit_activate_version_messages=True), state=state_of("one"))

    assert {message["type"] for message in found.messages} == {"SCHEMA", "RECORD", "STATE"}


# How far state may run


def test_the_token_is_not_kept_before_the_last_record_is_out(serve):
    each_page = answering({(None, None): page(1, next="A", sync="early"), (None, "A"): page(2, sync="one")})
    found = run(config(serve(each_page)))
    lines = [message for message in found.messages if message["type"] in {"RECORD", "STATE"}]
    last_record = max(place for place, line in enumerate(lines) if line["type"] == "RECORD")

    assert [line["value"] for line in lines[:last_record] if line["type"] == "STATE"] == []
    assert found.state == state_of("one")


def test_the_token_of_the_last_page_that_has_one_counts(serve):
    found = run(config(serve(answering({(None, None): page(1, next="A", sync="one"), (None, "A"): page(2)}))))

    assert found.state == state_of("one")
    assert found.warnings("things") == []


@pytest.mark.parametrize("bookmarks", [{}, {"things": kept("one")}], ids=["a first run", "a later run"])
def test_without_a_token_on_any_page_the_bookmark_stays_with_a_warning(serve, bookmarks):
    found = run(config(serve(lambda _: page(1))), state={"bookmarks": bookmarks})

    assert ids(found) == [1]
    assert found.state == {"bookmarks": {"things": {}, **bookmarks}}
    assert found.warnings("things") == ["token_path sync is on no page: the next run begins where this one began"]


def test_a_run_that_fails_on_a_later_page_moves_nothing(serve):
    fails = answering({("one", None): page(1, next="A", sync="two"), ("one", "A"): Answer(404)})
    lines, _ = failing(config(serve(fails)), ReplyError, state=state_of("one"))

    assert [line["record"]["id"] for line in lines if line["type"] == "RECORD"] == [1]
    assert {json.dumps(line["value"]) for line in lines if line["type"] == "STATE"} == {json.dumps(state_of("one"))}


def test_something_else_where_the_token_should_be_is_an_error_that_names_the_page(serve):
    server = serve([page(1, sync={"a": 1})])
    _, message = failing(config(server), ReplyError)

    assert message == "stream 'things', the first page: token_path sync gives an object, not a token"


def tried_out(settings, **kwargs):
    out = StringIO()
    with redirect_stdout(out):
        made(settings, **kwargs).run_sync_dry_run(dry_run_record_limit=1)
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.mark.parametrize("children", [False, True], ids=["the stream is cut short", "its children are cut short"])
def test_a_test_run_moves_nothing(serve, children):
    parts = resource("parts", "/things/{resources.things.id}/parts", resource_=SCHEMA)
    served = {"/things": page(1, sync="one") if children else page(1, 2, sync="one"), "/things/1/parts": page(7, 8)}
    messages = tried_out(config(serve(by_path(served)), things(), *([parts] if children else [])))

    assert [message["record"]["id"] for message in messages if message["type"] == "RECORD"][:1] == [1]
    assert "one" not in json.dumps([message["value"] for message in messages if message["type"] == "STATE"])


# A token that is no longer taken


REJECTING = {
    (None, None): page(1, 2, next="A"),
    (None, "A"): page(3, sync="new"),
    ("old", None): Answer(410, {"error": "token expired"}),
}
ALL_AGAIN = [{"since": "old"}, {}, {"after": "A"}]


@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_rejected_token_means_that_everything_is_read_with_a_warning(serve, concurrency):
    server = serve(answering(REJECTING))
    found = run(config(server, things(sync={**TOKEN, **GONE}), concurrency=concurrency), state=state_of("old"))

    assert asked_for(server) == ALL_AGAIN
    assert ids(found) == [1, 2, 3]
    assert found.state == state_of("new")
    assert found.warnings("things") == [
        (
            "the sync token of the last run was rejected, so everything is read: "
            'status 410, application/json, body: {"error": "token expired"}'
        )
    ]


@pytest.mark.parametrize("status", [400, 401, 403, 410, 429, 500, 503])
def test_a_status_that_rejects_is_neither_an_error_nor_asked_for_again(serve, status):
    server = serve(answering({**REJECTING, ("old", None): Answer(status)}))
    found = run(config(server, things(sync={**TOKEN, "rejected": {"status_code": status}})), state=state_of("old"))

    assert asked_for(server) == ALL_AGAIN
    assert ids(found) == [1, 2, 3]


@pytest.mark.parametrize(
    "rejected",
    [
        {"content": "sync_token_expired"},
        {"condition": "response.success == false"},
        {"status_code": 200, "content": "ok"},
    ],
)
def test_a_body_of_200_can_reject_and_comes_before_response_actions(serve, rejected):
    refusal = {"success": False, "items": [], "errors": ["sync_token_expired"], "note": "ok"}
    pages = {**REJECTING, ("old", None): refusal, (None, None): page(1, 2, next="A", success=True)}
    pages[None, "A"] = page(3, sync="new", success=True)
    stream = things(
        sync={**TOKEN, "rejected": rejected},
        response_actions=[{"condition": "response.success == false", "action": "fail"}],
    )
    found = run(config(serve(answering(pages)), stream), state=state_of("old"))

    assert ids(found) == [1, 2, 3]
    assert found.state == state_of("new")


def test_a_token_rejected_in_the_middle_costs_no_record(serve):
    pages = {**REJECTING, ("old", None): page(2, next="X", sync="middle"), ("old", "X"): Answer(410)}
    pages[None, "A"] = page(3)
    found = run(config(serve(answering(pages)), things(sync={**TOKEN, **GONE})), state=state_of("old"))

    assert ids(found) == [2, 1, 2, 3]
    # The token that came before the rejection is none to go on from.
    assert found.state == state_of("old")


def test_everything_is_read_once_a_second_rejection_is_the_usual_error(serve):
    server = serve(lambda _: Answer(410, {"error": "gone for good"}))
    lines, message = failing(config(server, things(sync={**TOKEN, **GONE})), ReplyError, state=state_of("old"))

    assert asked_for(server) == [{"since": "old"}, {}]
    assert "gone for good" in message
    assert lines == [{"type": "STATE", "value": state_of("old")}] * len(lines)


@pytest.mark.parametrize(("status", "error"), [(410, ReplyError), (401, CredentialError), (400, ReplyError)])
@pytest.mark.parametrize("rejected", [{}, {"rejected": {"content": "something else"}}], ids=["none", "another"])
def test_a_reply_that_rejects_nothing_is_the_usual_error(serve, status, error, rejected):
    server = serve(lambda _: Answer(status, {"error": "expired"}))
    failing(config(server, things(sync={**TOKEN, **rejected})), error, state=state_of("old"))

    assert asked_for(server) == [{"since": "old"}]


def test_without_a_token_nothing_is_rejected(serve):
    server = serve(lambda _: Answer(410, {"error": "no such thing"}))
    failing(config(server, things(sync={**TOKEN, **GONE})), RestGenericError)

    assert asked_for(server) == [{}]


# One token per parent


OWNERS = {"/owners": page(1, 2, 3)}


def per_owner(**sync):
    return things("/owners/{resources.owners.id}/things", sync={**TOKEN, **sync})


def of_owners(**tokens):
    return [kept(token, context={"_owners_id": int(owner[1:])}) for owner, token in tokens.items()]


def owner_answers(asked):
    owner, since = asked.path.split("/")[2], dict(asked.query).get("since")
    if since == "stale":
        return Answer(410)
    return page(int(owner) * 10 + (since is not None), sync=f"{owner} after {since or 'nothing'}")


TREE = by_path({**OWNERS, **{f"/owners/{n}/things": owner_answers for n in (1, 2, 3)}})


@pytest.mark.parametrize("concurrency", [1, 4])
def test_each_parent_has_a_token_of_its_own(serve, concurrency):
    server = serve(TREE)
    settings = config(server, resource("owners", resource_=SCHEMA), per_owner(), concurrency=concurrency)
    first = run(settings)
    second = run(settings, state=json.loads(json.dumps(first.state)))

    assert first.state["bookmarks"]["things"]["partitions"] == of_owners(
        _1="1 after nothing", _2="2 after nothing", _3="3 after nothing"
    )
    assert [asked_for(server, f"/owners/{n}/things")[1] for n in (1, 2, 3)] == [
        {"since": f"{n} after nothing"} for n in (1, 2, 3)
    ]
    assert ids(second) == [11, 21, 31]
    assert second.state["bookmarks"]["things"]["partitions"] == of_owners(
        _1="1 after 1 after nothing", _2="2 after 2 after nothing", _3="3 after 3 after nothing"
    )


@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_rejection_is_the_business_of_one_parent(serve, concurrency):
    server = serve(TREE)
    settings = config(server, resource("owners", resource_=SCHEMA), per_owner(**GONE), concurrency=concurrency)
    state = {"bookmarks": {"things": {"partitions": of_owners(_1="fine", _2="stale", _3="fine")}}}
    found = run(settings, state=state)

    assert [len(asked_for(server, f"/owners/{n}/things")) for n in (1, 2, 3)] == [1, 2, 1]
    assert ids(found) == [11, 20, 31]
    assert found.state["bookmarks"]["things"]["partitions"] == of_owners(
        _1="1 after fine", _2="2 after nothing", _3="3 after fine"
    )


def test_a_failure_of_one_parent_keeps_the_tokens_of_those_before(serve):
    answers = {**OWNERS, **{f"/owners/{n}/things": owner_answers for n in (1, 2)}, "/owners/3/things": Answer(404)}
    lines, _ = failing(config(serve(by_path(answers)), resource("owners", resource_=SCHEMA), per_owner()), ReplyError)

    assert lines[-1]["value"]["bookmarks"]["things"]["partitions"] == of_owners(
        _1="1 after nothing", _2="2 after nothing"
    )


def test_values_of_a_list_of_parameters_have_tokens_of_their_own(serve):
    server = serve(by_path({"/o/a": page(1, sync="of a"), "/o/b": page(2, sync="of b")}))
    found = run(config(server, things("/o/{org}"), parameters={"org": ["a", "b"]}))

    assert found.state["bookmarks"]["things"]["partitions"] == [
        kept("of a", context={"org": "a"}),
        kept("of b", context={"org": "b"}),
    ]
