"""What does a reply mean to the client?"""

from __future__ import annotations

import pytest
from rig import Rig, about
from scripted import Answer

from tap_restgeneric.errors import ReplyError, UnavailableError

REFUSED = {"success": False, "error": "nope"}
LISTED = {"paginator": {"type": "json_link", "next_url_path": "next"}, "data_selector": "items"}


def test_a_reply_that_is_ignored_is_none(serve):
    rig = Rig(serve([Answer(404)]).url, response_actions=[{"status_code": 404, "action": "ignore"}])

    assert rig.ask() is None
    assert rig.tally.requests == 1


def test_ignore_on_a_later_page_keeps_the_pages_before_it(serve):
    server = serve([{"items": [{"id": 1}], "next": "/two"}, Answer(404)])
    rig = Rig(server.url, response_actions=[{"status_code": 404, "action": "ignore"}], **LISTED)

    assert rig.pages() == [[{"id": 1}]]
    assert dict(rig.tally.stops) == {"ignored by response_actions": 1}


def test_ignore_on_the_first_page_is_a_stream_without_records(serve):
    rig = Rig(serve([Answer(404)]).url, response_actions=[{"status_code": 404, "action": "ignore"}], **LISTED)

    assert rig.pages() == []


@pytest.mark.parametrize(
    "match",
    [{"condition": "response.success is sameas false"}, {"content": '"success": false'}, {"status_code": 200}],
)
def test_a_body_with_status_200_can_mean_failure(serve, match):
    server = serve([REFUSED])

    with pytest.raises(ReplyError, match=r"the reply means failure: status 200.*nope"):
        Rig(server.url, response_actions=[{**match, "action": "fail"}]).ask()
    assert len(server.asked) == 1


def test_a_body_with_status_200_can_be_ignored(serve):
    actions = [{"condition": "not response.success", "action": "ignore"}]

    assert Rig(serve([REFUSED]).url, response_actions=actions).ask() is None


def test_a_body_with_status_200_can_be_retried(serve):
    server = serve([REFUSED, {"success": True}])
    rig = Rig(server.url, response_actions=[{"condition": "response.success == false", "action": "retry"}])

    assert rig.ask().body == {"success": True}
    assert rig.tally.retries == 1


def test_a_retry_by_action_has_the_budget_of_the_error_handler(serve):
    server = serve(lambda _: REFUSED)
    actions = [{"condition": "response.success == false", "action": "retry"}]

    with pytest.raises(UnavailableError, match=r"gave up after 2 requests.*nope"):
        Rig(server.url, response_actions=actions, error_handler={"max_retries": 1}).ask()
    assert len(server.asked) == 2


def test_a_retry_by_action_can_have_a_budget_of_its_own(serve):
    server = serve(lambda _: REFUSED)
    actions = [
        {"condition": "response.success == false", "action": "retry", "max_retries": 2, "backoff_factor": 10},
    ]
    rig = Rig(server.url, response_actions=actions, error_handler={"max_retries": 1, "backoff_factor": 1})

    with pytest.raises(UnavailableError, match=r"gave up after 3 requests.*nope"):
        rig.ask()
    assert (len(server.asked), rig.clock.slept) == (3, about(10, 20))
    assert list(rig.tally.warnings) == ["a retry budget is spent (max_retries: 2)"]


def test_retries_by_action_and_by_status_do_not_use_up_each_other(serve):
    server = serve([REFUSED, Answer(500), REFUSED, Answer(500), REFUSED])
    actions = [{"status_code": 200, "action": "retry", "max_retries": 2, "backoff_factor": 10}]
    rig = Rig(server.url, response_actions=actions, error_handler={"max_retries": 2, "backoff_factor": 1})

    with pytest.raises(UnavailableError, match=r"gave up after 5 requests.*nope"):
        rig.ask()
    assert rig.clock.slept == about(10, 1, 20, 2)


def test_fail_wins_over_the_retries_of_a_status(serve):
    server = serve([Answer(503, REFUSED), {}])

    with pytest.raises(ReplyError, match="means failure"):
        Rig(server.url, response_actions=[{"status_code": 503, "action": "fail"}]).ask()
    assert len(server.asked) == 1


def test_the_first_action_that_matches_counts(serve):
    actions = [
        {"content": "quota", "action": "ignore"},
        {"status_code": 403, "action": "fail"},
    ]
    server = serve([Answer(403, {"error": "quota"}), Answer(403, {"error": "rights"})])
    rig = Rig(server.url, response_actions=actions)

    assert rig.ask() is None
    with pytest.raises(ReplyError, match="rights"):
        rig.ask()


def test_a_condition_that_cannot_be_evaluated_is_an_error(serve):
    actions = [{"condition": "response.missing > 1", "action": "fail"}]

    with pytest.raises(ReplyError, match=r"response_actions: .* cannot be evaluated"):
        Rig(serve([{"ok": True}]).url, response_actions=actions).ask()
