"""Which exchanges are tried again, how often, and after what time?"""

from __future__ import annotations

import socket
from email.utils import formatdate

import pytest
from rig import Rig, about
from scripted import CUT, RESET, STALL, Answer

from tap_restgeneric.errors import CredentialError, ReplyError, UnavailableError

OK = {"ok": True}


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_reply_that_may_be_better_next_time_is_asked_for_again(serve, status):
    server = serve([Answer(status), OK])
    rig = Rig(server.url)

    assert rig.ask().body == OK
    assert (len(server.asked), rig.tally.requests, rig.tally.retries) == (2, 2, 1)
    assert rig.clock.slept == about(2)


@pytest.mark.parametrize("status", [400, 404, 405, 409, 410, 422, 501])
def test_a_reply_that_stays_as_it_is_fails_at_once(serve, status):
    server = serve([Answer(status, {"why": "because"}), OK])
    rig = Rig(server.url)

    with pytest.raises(ReplyError, match=rf"GET {server.url}/things: status {status}.*because"):
        rig.ask()
    assert (len(server.asked), rig.clock.slept) == (1, [])


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_are_an_error_of_their_own(serve, status):
    server = serve([Answer(status, {"error": "no"})])

    with pytest.raises(CredentialError, match="the API refused the credentials"):
        Rig(server.url).ask()
    assert len(server.asked) == 1


def test_waits_double_and_end_with_the_retries(serve):
    server = serve(lambda _: Answer(502, {"busy": True}))
    rig = Rig(server.url)

    with pytest.raises(UnavailableError, match=r"gave up after 4 requests; the last: GET .*status 502.*busy"):
        rig.ask()
    assert (len(server.asked), rig.clock.slept) == (4, about(2, 4, 8))
    assert list(rig.tally.warnings) == ["a retry budget is spent (max_retries: 3)"]


def test_the_error_handler_says_which_and_how_often_and_how_long(serve):
    handler = {"retry_on_status_codes": [418], "max_retries": 2, "backoff_factor": 0.5}
    server = serve(lambda _: Answer(418))
    rig = Rig(server.url, error_handler=handler)

    with pytest.raises(UnavailableError):
        rig.ask()
    assert (len(server.asked), rig.clock.slept) == (3, about(0.5, 1))


def test_statuses_that_are_given_replace_the_usual_ones(serve):
    server = serve([Answer(500), OK])

    with pytest.raises(ReplyError):
        Rig(server.url, error_handler={"retry_on_status_codes": [429]}).ask()
    assert len(server.asked) == 1


def test_no_retries_means_one_request(serve):
    server = serve(lambda _: Answer(500))

    with pytest.raises(UnavailableError, match="gave up after 1 requests"):
        Rig(server.url, error_handler={"max_retries": 0}).ask()
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [429, 503, 500])
def test_retry_after_in_seconds_wins_over_the_computed_wait(serve, status):
    rig = Rig(serve([Answer(status, headers={"Retry-After": "7"}), OK]).url)

    rig.ask()
    assert rig.clock.slept == about(7)


def test_retry_after_as_a_date_wins_over_the_computed_wait(serve):
    rig = Rig("http://127.0.0.1:1")
    date = formatdate(rig.clock.time + 30, usegmt=True)
    rig = Rig(serve([Answer(429, headers={"Retry-After": date}), OK]).url)

    rig.ask()
    assert rig.clock.slept == about(30)


def test_retry_after_counts_only_on_replies_that_are_retried(serve):
    rig = Rig(serve([Answer(200, OK, headers={"Retry-After": "60"}), OK]).url)

    rig.ask()
    rig.ask()
    assert rig.clock.slept == []


def test_no_wait_is_longer_than_the_cap(serve):
    rig = Rig(serve([Answer(429, headers={"Retry-After": "86400"}), OK]).url)

    rig.ask()
    assert 300 * 0.9 <= sum(rig.clock.slept) <= 300


def test_a_written_cap_counts_for_computed_waits_too(serve):
    rig = Rig(serve([Answer(500), Answer(500), OK]).url, error_handler={"backoff_factor": 50, "max_wait": 60})

    rig.ask()
    assert rig.clock.slept[0] == about(50)[0]
    assert 50 < rig.clock.slept[1] <= 60


@pytest.mark.parametrize("fault", [RESET, CUT])
def test_a_connection_that_breaks_is_tried_again(serve, fault):
    server = serve([fault, fault, OK])
    rig = Rig(server.url)

    assert rig.ask().body == OK
    assert (len(server.asked), rig.clock.slept) == (3, about(2, 4))


def test_a_server_that_says_nothing_is_asked_again(serve):
    server = serve([STALL, OK])
    rig = Rig(server.url, transport={"timeout": 0.2})

    assert rig.ask().body == OK
    assert rig.clock.slept == about(2)


def test_a_connection_that_is_refused_is_tried_again_whatever_statuses_are_given():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    rig = Rig(url, error_handler={"retry_on_status_codes": [], "max_retries": 1})

    with pytest.raises(UnavailableError, match=rf"gave up after 2 requests; the last: no answer from {url}/things"):
        rig.ask()
    assert rig.clock.slept == about(2)


def test_a_body_that_cannot_be_unzipped_is_asked_for_again(serve):
    server = serve([Answer(200, b"no gzip", {"Content-Encoding": "gzip"}), OK])

    assert Rig(server.url).ask().body == OK


def test_a_request_that_cannot_be_sent_is_not_tried_again(serve):
    server = serve([OK])
    rig = Rig(server.url)

    with pytest.raises(ReplyError, match="the request cannot be sent"):
        rig.ask(rig.call().with_header("X-Broken", "two\nlines"))
    assert (server.asked, rig.clock.slept) == ([], [])
