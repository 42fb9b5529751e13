"""What does a reply mean: records, nothing, once more, or failure?"""

import pytest
from walking import reply_of

from tap_restgeneric.dialect.replies.verdicts import ACCEPT, IGNORE, ErrorHandler, ResponseAction, judged
from tap_restgeneric.errors import CredentialError, ReplyError

NOW = 1_700_000_000.0  # Tue, 14 Nov 2023 22:13:20 GMT


def handler(**keys):
    return ErrorHandler.model_validate(keys)


WAITS = {
    "default: 3 retries after 2, 4 and 8 seconds": ({}, [2, 4, 8]),
    "another factor": ({"backoff_factor": 0.5}, [0.5, 1, 2]),
    "more retries": ({"max_retries": 5}, [2, 4, 8, 16, 32]),
    "no retry": ({"max_retries": 0}, []),
    "no wait": ({"backoff_factor": 0, "max_retries": 2}, [0, 0]),
    "never longer than the cap": ({"max_wait": 5}, [2, 4, 5]),
}


@pytest.mark.parametrize(("keys", "waits"), WAITS.values(), ids=WAITS)
def test_waits(keys, waits):
    assert list(handler(**keys).waits()) == waits


# headers, seconds (2 is what was computed)
ASKED = {
    "nothing": ({}, 2),
    "seconds": ({"retry-after": "7"}, 7),
    "a fraction of seconds": ({"retry-after": "1.5"}, 1.5),
    "zero means nothing": ({"retry-after": "0"}, 2),
    "less than zero too": ({"retry-after": "-3"}, 2),
    "a date": ({"retry-after": "Tue, 14 Nov 2023 22:13:50 GMT"}, 30),
    "a date that is past": ({"retry-after": "Tue, 14 Nov 2023 22:13:00 GMT"}, 2),
    "a date long past": ({"retry-after": "Thu, 01 Jan 1970 00:00:05 GMT"}, 2),
    "a date of ISO 8601": ({"retry-after": "2023-11-14T22:13:50Z"}, 30),
    "seconds since the epoch": ({"retry-after": "1700000030"}, 30),
    "seconds since the epoch that are past": ({"retry-after": "1600000000"}, 2),
    "an absurd number is capped": ({"retry-after": "999999"}, 300),
    "an absurd date too": ({"retry-after": "Tue, 14 Nov 2099 22:13:50 GMT"}, 300),
    "no number and no date": ({"retry-after": "soon"}, 2),
    "not a number": ({"retry-after": "nan"}, 2),
    "infinity": ({"retry-after": "inf"}, 2),
    "a year that no calendar has": ({"retry-after": "Tue, 14 Nov 99999 22:13:50 GMT"}, 2),
    "a reset in seconds": ({"ratelimit-reset": "20"}, 20),
    "a reset in seconds since the epoch": ({"x-ratelimit-reset": "1700000040"}, 40),
    "a reset under the third name": ({"x-rate-limit-reset": "25"}, 25),
    "a reset while requests are left": ({"x-ratelimit-reset": "1700000040", "x-ratelimit-remaining": "4999"}, 2),
    "a reset when none is left": ({"x-ratelimit-reset": "1700000040", "x-ratelimit-remaining": "0"}, 40),
    "Retry-After before a reset": ({"retry-after": "7", "ratelimit-reset": "20"}, 7),
    "a reset where Retry-After says nothing": ({"retry-after": "soon", "ratelimit-reset": "20"}, 20),
}


@pytest.mark.parametrize(("headers", "seconds"), ASKED.values(), ids=ASKED)
def test_what_the_api_asks_for_wins_over_the_computed_wait(headers, seconds):
    assert handler().wait(2, reply_of(headers=headers, status=429), NOW) == seconds


def test_without_a_reply_the_wait_is_the_computed_one():
    assert handler().wait(2, None, NOW) == 2


def test_no_wait_is_longer_than_the_cap():
    assert handler(max_wait=10).wait(2, reply_of(headers={"retry-after": "60"}), NOW) == 10


def means(reply, actions=(), **keys):
    verdict = judged(reply, handler(**keys), [ResponseAction.model_validate(action) for action in actions])
    return verdict.kind, type(verdict.error)


NONE = type(None)
STATUSES = {
    200: ("accept", NONE),
    204: ("accept", NONE),
    299: ("accept", NONE),
    304: ("fail", ReplyError),
    400: ("fail", ReplyError),
    401: ("fail", CredentialError),
    403: ("fail", CredentialError),
    404: ("fail", ReplyError),
    408: ("fail", ReplyError),
    429: ("retry", ReplyError),
    500: ("retry", ReplyError),
    501: ("fail", ReplyError),
    502: ("retry", ReplyError),
    503: ("retry", ReplyError),
    504: ("retry", ReplyError),
}


@pytest.mark.parametrize(("status", "verdict"), STATUSES.items())
def test_what_a_status_means(status, verdict):
    assert means(reply_of({}, status=status)) == verdict


@pytest.mark.parametrize(("status", "kind"), [(429, "fail"), (500, "fail"), (418, "retry"), (200, "accept")])
def test_given_statuses_replace_the_default_ones(status, kind):
    assert means(reply_of({}, status=status), retry_on_status_codes=[418])[0] == kind


def test_a_refusal_says_so_and_shows_the_body():
    verdict = judged(reply_of({"error": "bad key"}, {"content-type": "application/json"}, 401), handler(), ())
    assert str(verdict.error) == (
        'the API refused the credentials: status 401, application/json, body: {"error": "bad key"}'
    )


# actions, reply, what it means
ACTIONS = {
    "ignore by status": ([{"status_code": 404, "action": "ignore"}], reply_of({}, status=404), "ignore"),
    "ignore by status in quotes": ([{"status_code": "404", "action": "ignore"}], reply_of({}, status=404), "ignore"),
    "ignore suppresses a retry": ([{"status_code": 500, "action": "ignore"}], reply_of({}, status=500), "ignore"),
    "another status": ([{"status_code": 404, "action": "ignore"}], reply_of({}, status=410), "fail"),
    "content": ([{"content": "Not here", "action": "ignore"}], reply_of("<p>Not here</p>", status=404), "ignore"),
    "content in other letters": (
        [{"content": "not here", "action": "ignore"}],
        reply_of("Not here", status=404),
        "fail",
    ),
    "both must match": (
        [{"status_code": 404, "content": "x", "action": "ignore"}],
        reply_of("y", status=404),
        "fail",
    ),
    "content of a 200": ([{"content": "busy", "action": "retry"}], reply_of({"state": "busy"}), "retry"),
    "a condition on a 200": (
        [{"condition": "not response.success", "action": "fail"}],
        reply_of({"success": False}),
        "fail",
    ),
    "a condition that does not hold": (
        [{"condition": "not response.success", "action": "fail"}],
        reply_of({"success": True}),
        "accept",
    ),
    "a condition on headers, in any case": (
        [{"condition": "headers['X-State'] == 'wait'", "action": "retry"}],
        reply_of({}, {"x-state": "wait"}),
        "retry",
    ),
    "a condition on headers of a page that is not JSON": (
        [{"condition": "headers['content-type'] == 'text/html'", "action": "ignore"}],
        reply_of("<p>", {"content-type": "text/html"}),
        "ignore",
    ),
    "a condition on a body that is not there": (
        [{"condition": "response.state == 'x'", "action": "fail"}],
        reply_of("", status=204),
        "accept",
    ),
    "a condition that an error page cannot answer": (
        [{"condition": "response.error.code == 7", "action": "ignore"}],
        reply_of({"message": "no"}, status=400),
        "fail",
    ),
    "the first that matches counts": (
        [{"status_code": 404, "action": "ignore"}, {"content": "x", "action": "fail"}],
        reply_of("x", status=404),
        "ignore",
    ),
    "the second counts if the first does not match": (
        [{"status_code": 410, "action": "fail"}, {"status_code": 404, "action": "ignore"}],
        reply_of("x", status=404),
        "ignore",
    ),
    "fail on a 200": ([{"content": "Sign in", "action": "fail"}], reply_of("Sign in"), "fail"),
    "retry on a 404": ([{"status_code": 404, "action": "retry"}], reply_of("", status=404), "retry"),
}


@pytest.mark.parametrize(("actions", "reply", "kind"), ACTIONS.values(), ids=ACTIONS)
def test_response_actions(actions, reply, kind):
    assert means(reply, actions)[0] == kind


# error_handler, what the action says, the waits before its retries
WAITS_OF_ACTIONS = {
    "those of the error_handler": ({"max_retries": 2, "backoff_factor": 5}, {}, [5, 10]),
    "retries of its own": ({"max_retries": 2, "backoff_factor": 5}, {"max_retries": 4}, [5, 10, 20, 40]),
    "a factor of its own": ({"max_retries": 2, "backoff_factor": 5}, {"backoff_factor": 0.5}, [0.5, 1]),
    "both of its own": ({"max_retries": 2}, {"max_retries": 3, "backoff_factor": 30}, [30, 60, 120]),
    "no retry": ({"max_retries": 2}, {"max_retries": 0}, []),
    "no wait": ({"max_retries": 2}, {"backoff_factor": 0}, [0, 0]),
    "the cap is that of the error_handler": ({"max_wait": 6}, {"backoff_factor": 4}, [4, 6, 6]),
}


@pytest.mark.parametrize(("usual", "own", "waits"), WAITS_OF_ACTIONS.values(), ids=WAITS_OF_ACTIONS)
def test_an_action_can_have_retries_of_its_own(usual, own, waits):
    actions = [ResponseAction.model_validate({"content": "busy", "action": "retry", **own})]
    verdict = judged(reply_of("busy"), handler(**usual), actions)

    assert (verdict.kind, list(verdict.handler.waits())) == ("retry", waits)


def test_a_status_is_retried_by_the_error_handler_in_spite_of_what_actions_say():
    actions = [ResponseAction.model_validate({"content": "busy", "action": "retry", "max_retries": 9})]

    assert judged(reply_of("", status=500), handler(max_retries=1), actions).handler == handler(max_retries=1)


def test_an_ignored_reply_has_no_error_and_an_accepted_one_neither():
    assert judged(reply_of({}), handler(), ()) is ACCEPT
    actions = [ResponseAction.model_validate({"status_code": 200, "action": "ignore"})]
    assert judged(reply_of({}), handler(), actions) is IGNORE


def test_a_condition_that_a_good_reply_cannot_answer_is_an_error():
    actions = [ResponseAction.model_validate({"condition": "response.state == 'x'", "action": "fail"})]
    with pytest.raises(ReplyError) as raised:
        judged(reply_of({"status": "x"}), handler(), actions)
    assert str(raised.value) == (
        "response_actions: \"response.state == 'x'\" cannot be evaluated: "
        "response has no 'state', it has the keys status"
    )
