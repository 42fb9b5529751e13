"""When is a token fetched, and who shares it?"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from rig import Rig
from scripted import Answer

from tap_restgeneric.engine.client import Policy
from tap_restgeneric.engine.report import Tally
from tap_restgeneric.errors import CredentialError, UnavailableError

AUTH = {
    "type": "oauth2_client_credentials",
    "access_token_url": "/token",
    "client_id": "me",
    "client_secret": "my-secret",
}


class Issuer:
    """An API that wants one of the tokens it gave out and did not recall."""

    def __init__(self, **answer):
        self.answer = answer
        self.issued = 0
        self.good = set()
        self.used = []

    def __call__(self, asked):
        if asked.path == "/token":
            self.issued += 1
            self.good = {f"Bearer token-{self.issued}"}
            return {"access_token": f"token-{self.issued}", "expires_in": 3600, **self.answer}
        given = asked.headers.get("authorization", "")
        self.used.append(given.removeprefix("Bearer "))
        return {"ok": True} if given in self.good else Answer(401, {"error": "expired"})


def test_one_token_signs_all_calls(serve):
    issuer = Issuer()
    server = serve(issuer)
    rig = Rig(server.url, client={"auth": AUTH})
    for _ in range(3):
        rig.ask()

    assert (issuer.issued, issuer.used) == (1, ["token-1"] * 3)
    assert sorted(server.asked[0].form) == [
        ("client_id", "me"),
        ("client_secret", "my-secret"),
        ("grant_type", "client_credentials"),
    ]


def test_the_token_request_is_counted(serve):
    rig = Rig(serve(Issuer()).url, client={"auth": AUTH})
    rig.ask()

    assert rig.tally.requests == 2


def test_a_token_is_renewed_before_it_runs_out(serve):
    issuer = Issuer(expires_in=3600)
    rig = Rig(serve(issuer).url, client={"auth": AUTH})
    rig.ask()
    rig.clock.time += 3600 - 61
    rig.ask()
    assert issuer.issued == 1

    rig.clock.time += 2
    rig.ask()
    assert (issuer.issued, issuer.used) == (2, ["token-1", "token-1", "token-2"])


def test_a_short_life_is_not_all_margin(serve):
    issuer = Issuer(expires_in=100)
    rig = Rig(serve(issuer).url, client={"auth": AUTH})
    rig.ask()
    rig.clock.time += 89
    rig.ask()
    assert issuer.issued == 1

    rig.clock.time += 2
    rig.ask()
    assert issuer.issued == 2


def test_a_token_that_is_recalled_is_renewed_once(serve):
    issuer = Issuer()
    rig = Rig(serve(issuer).url, client={"auth": AUTH})
    rig.ask()
    issuer.good.clear()
    rig.ask()

    assert issuer.used == ["token-1", "token-1", "token-2"]
    # That was no retry of the error handler.
    assert (rig.tally.retries, rig.clock.slept) == (0, [])


def test_a_fresh_token_that_is_refused_too_is_an_error(serve):
    server = serve(
        lambda asked: {"access_token": "bad-token"} if asked.path == "/token" else Answer(401, {"error": "x"})
    )

    with pytest.raises(CredentialError, match="the API refused the credentials"):
        Rig(server.url, client={"auth": AUTH}).ask()
    assert [asked.path for asked in server.asked] == ["/token", "/things", "/token", "/things"]


def test_threads_share_one_token(serve):
    issuer = Issuer()
    rig = Rig(serve(issuer).url, client={"auth": AUTH})
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: rig.ask().body, range(24)))

    assert replies == [{"ok": True}] * 24
    assert issuer.issued == 1


def test_threads_whose_token_is_recalled_renew_it_once(serve):
    issuer = Issuer()
    refused, all_refused = [], threading.Barrier(8, timeout=10)
    rig = Rig(serve(issuer).url, client={"auth": AUTH})
    rig.ask()
    issuer.good.clear()
    renounce = rig.client._renounce

    def together(*args):
        refused.append(args)
        all_refused.wait()
        renounce(*args)

    rig.client._renounce = together
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: rig.ask().body, range(8)))

    assert replies == [{"ok": True}] * 8
    assert (len(refused), issuer.issued) == (8, 2)


def test_streams_share_one_token(serve):
    issuer = Issuer()
    rig = Rig(serve(issuer).url, client={"auth": AUTH})
    # Each resource has its own copy of the block.
    for name in ("one", "two"):
        policy = Policy(auth=rig.policy.auth.model_copy(deep=True), resource=name, origins=rig.policy.origins)
        rig.client.exchange(rig.call(), policy, Tally(name))

    assert issuer.issued == 1


def test_a_token_answer_without_a_token_is_an_error_that_shows_keys_only(serve):
    server = serve([{"id_token": "abcdef-value"}])

    with pytest.raises(CredentialError, match=rf"no token from {server.url}/token: .*id_token") as caught:
        Rig(server.url, client={"auth": AUTH}).ask()
    assert "abcdef-value" not in str(caught.value)
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refused_token_request_is_a_matter_of_credentials(serve, status):
    server = serve([Answer(status, {"error": "invalid_client"})])

    with pytest.raises(CredentialError, match="invalid_client"):
        Rig(server.url, client={"auth": AUTH}).ask()
    assert len(server.asked) == 1


def test_a_token_request_is_retried_like_any_other(serve):
    issuer = Issuer()
    refused = iter([Answer(503), Answer(500)])
    rig = Rig(serve(lambda asked: next(refused, None) or issuer(asked)).url, client={"auth": AUTH})

    assert rig.ask().body == {"ok": True}
    assert rig.tally.retries == 2


def test_a_token_url_that_stays_away_is_unavailable(serve):
    server = serve(lambda _: Answer(503))

    with pytest.raises(UnavailableError, match="/token"):
        Rig(server.url, client={"auth": AUTH}).ask()
    assert len(server.asked) == 4


def test_a_rotated_refresh_token_is_used_next(serve):
    issuer = Issuer(refresh_token="second")
    server = serve(issuer)
    rig = Rig(server.url, client={"auth": {**AUTH, "refresh_token": "first"}})
    rig.ask()
    issuer.good.clear()
    rig.ask()

    forms = [dict(asked.form) for asked in server.asked if asked.path == "/token"]
    assert [(form["grant_type"], form["refresh_token"]) for form in forms] == [
        ("refresh_token", "first"),
        ("refresh_token", "second"),
    ]


def test_a_token_is_fetched_from_another_host_if_the_user_wrote_it(serve):
    issuer = Issuer()
    login = serve(issuer)
    api = serve(issuer)
    Rig(api.url, client={"auth": {**AUTH, "access_token_url": f"{login.url}/token"}}).ask()

    assert (login.targets, api.targets) == (["/token"], ["/things"])


def test_a_session_login_is_repeated_when_the_session_ends(serve):
    issuer = Issuer()
    auth = {
        "type": "session_login",
        "login_url": "/token",
        "json": {"user": "me", "password": "pass-word"},
        "token_path": "access_token",
    }
    server = serve(issuer)
    rig = Rig(server.url, client={"auth": auth})
    rig.ask()
    issuer.good.clear()
    rig.ask()

    assert issuer.used == ["token-1", "token-1", "token-2"]
    assert server.asked[0].json == {"user": "me", "password": "pass-word"}
