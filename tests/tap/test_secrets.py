"""Does a secret show anywhere, whatever goes wrong, and however much is logged?"""

from __future__ import annotations

import base64
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, quote_plus

import pytest
from command import Launcher
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from scripted import Answer, serving
from tapping import api, made, resource, run

from tap_restgeneric.errors import ConfigError

SCHEMA = {"schema": {"properties": {"id": {"type": "integer"}, "echo": {"type": "string"}}}}
PRIVATE_KEY = rsa.generate_private_key(65537, 2048)
PEM = PRIVATE_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def planted(place):
    """A secret nobody else has, with characters that are written otherwise in a URL."""
    return f"planted/{place}+{len(place)}=&?"


GIVEN = {place: planted(place) for place in ("from-settings", "token-of-bearer")}
AUTHS = {
    "bearer": {"type": "bearer", "token": "{secrets.token-of-bearer}"},
    "basic": {"type": "http_basic", "username": planted("basic-user"), "password": planted("basic-password")},
    "digest": {"type": "digest", "username": planted("digest-user"), "password": planted("digest-password")},
    "key_header": {"type": "api_key", "name": "X-Own", "api_key": planted("key-in-header")},
    "key_query": {"type": "api_key", "name": "own", "api_key": planted("key-in-query"), "location": "query"},
    "key_cookie": {"type": "api_key", "name": "own", "api_key": "planted-key-in-cookie", "location": "cookie"},
    "client": {
        "type": "oauth2_client_credentials",
        "access_token_url": "/token/client",
        "client_id": "me",
        "client_secret": planted("client-secret"),
        "access_token_request_data": {"extra": planted("request-data")},
    },
    "refresh": {
        "type": "oauth2_client_credentials",
        "access_token_url": "/token/refresh",
        "client_id": "me",
        "client_secret": planted("refresh-client-secret"),
        "refresh_token": planted("refresh-token"),
        "client_auth": "basic",
    },
    "password": {
        "type": "oauth2_password",
        "access_token_url": "/token/password",
        "client_id": "me",
        "username": planted("oauth-user"),
        "password": planted("oauth-password"),
    },
    "jwt": {"type": "oauth2_jwt", "access_token_url": "/token/jwt", "client_id": "me", "private_key": PEM},
    "session": {
        "type": "session_login",
        "login_url": "/token/session",
        "json": {"who": planted("session-json")},
        "headers": {"X-Login": planted("session-header")},
        "token_path": "access_token",
    },
    "multi": {
        "type": "multi",
        "auths": [
            {"type": "api_key", "name": "X-Gateway", "api_key": planted("multi-key")},
            {"type": "http_basic", "username": planted("multi-user"), "password": planted("multi-password")},
        ],
    },
}
REQUESTS = {
    "params": {"params": {"api_key": planted("param"), "visible": "{secrets.from-settings}"}},
    "json": {"method": "POST", "json": {"deep": [{"password": planted("json")}]}},
    "data": {"method": "POST", "data": {"secret": planted("data")}},
    "headers": {"headers": {"X-Token": planted("header")}},
}
OBTAINED = [f"{planted('obtained')}{name}" for name in ("client", "refresh", "password", "jwt", "session")]


def secrets_of(value):
    """The planted texts in a nested value."""
    if isinstance(value, dict):
        return [secret for item in value.values() for secret in secrets_of(item)]
    if isinstance(value, list):
        return [secret for item in value for secret in secrets_of(item)]
    return [value] if isinstance(value, str) and "planted" in value else []


PLANTED = [*secrets_of([GIVEN, AUTHS, REQUESTS]), *OBTAINED, planted("client-header"), planted("query-of-base")]


def forms(secret):
    """The forms in which a secret could be read."""
    yield secret
    yield quote(secret)
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield json.dumps(secret)[1:-1]
    yield base64.b64encode(secret.encode()).decode().rstrip("=")[:-1]
    # Behind `user:` it begins elsewhere in a group of base64.
    yield base64.b64encode(b"x:" + secret.encode()).decode()[4:].rstrip("=")[:-2]
    yield base64.b64encode(b":" + secret.encode()).decode()[4:].rstrip("=")[:-2]


USUAL = {"host", "user-agent", "accept", "accept-encoding", "connection", "content-type", "content-length"}


def told_by(asked):
    """All that a request tells: what is not the same in all of them first, since messages show the beginning."""
    own = {name: value for name, value in asked.headers.items() if name not in {*USUAL, "x-api-key"}}
    return f"{asked.body.decode()} {list(own.values())} {asked.target} {asked.headers.get('x-api-key')}"


class Gossip:
    """An API that repeats all it is told: first in an error that is retried, then in records and next links."""

    def __init__(self, *, last):
        self._last = last
        self._seen = set()

    def __call__(self, asked):
        told = told_by(asked)
        if "authorization" not in asked.headers and asked.path == "/digest":
            return Answer(401, {"told": told}, {"WWW-Authenticate": 'Digest realm="r", nonce="n", qop="auth"'})
        if asked.path not in self._seen and not asked.path.startswith("/token/"):
            self._seen.add(asked.path)
            return Answer(500, {"told": told})
        if asked.path.startswith("/token/"):
            return {"access_token": f"{planted('obtained')}{asked.path.rpartition('/')[2]}", "told": told}
        if asked.path == self._last:
            return Answer(400, {"told": told})
        if "page" in dict(asked.query):
            return {"items": [{"id": 2, "undeclared": told}], "next": None}
        return {"items": [{"id": 1}], "next": f"{asked.path}?page=2&{asked.target.partition('?')[2]}"}


def source(url, **client):
    resources = [
        *[resource(name, resource_=SCHEMA, auth=auth) for name, auth in AUTHS.items()],
        *[resource(name, resource_=SCHEMA, **request) for name, request in REQUESTS.items()],
    ]
    defaults = {"endpoint": {"error_handler": {"backoff_factor": 0}}}
    for each in resources:
        each["endpoint"]["paginator"] = {"type": "json_link", "next_url_path": "next"}
    headers = {"X-Api-Key": planted("client-header")}
    return {
        "client": {"base_url": url, "headers": headers, **client},
        "resource_defaults": defaults,
        "resources": resources,
        "secrets": GIVEN,
    }


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    with (
        serving(Gossip(last=None)) as patient,
        serving(Gossip(last="/params")) as failing,
        serving(lambda asked: Answer(403, {"told": told_by(asked)})) as refusing,
        ThreadPoolExecutor(3) as pool,
    ):
        launcher = Launcher(tmp_path_factory.mktemp("secrets"), pool)
        debug = {"TAP_RESTGENERIC_LOGLEVEL": "DEBUG", "LOGLEVEL": "DEBUG"}
        launcher.launch("patient", "--config", source(patient.url), **debug)
        launcher.launch("failing", "--config", {**source(failing.url), "concurrency": 1}, **debug)
        launcher.launch("refusing", "--config", source(refusing.url), "--test", **debug)
        misspelt = source("http://127.0.0.1:1")
        misspelt["client"]["auth"] = {"type": "bearer", "token": [planted("misplaced")], "tokn": planted("misspelt")}
        launcher.launch("misspelt", "--config", misspelt, **debug)
        yield launcher


def test_the_runs_did_what_they_were_to_do(runs):
    assert {name: runs[name].code for name in ("patient", "failing", "refusing", "misspelt")} == {
        "patient": 0,
        "failing": 1,
        "refusing": 1,
        "misspelt": 2,
    }
    for name in AUTHS:
        assert [record["id"] for record in runs["patient"].records(name)] == [1, 2]
    # The secrets had their chance: the log is full of what the API repeated.
    assert runs["patient"].err.count("***") > 2 * len(AUTHS)
    assert "DEBUG" in runs["patient"].err
    assert "***" in runs["failing"].err
    assert "***" in runs["refusing"].err


@pytest.mark.parametrize("name", ["patient", "failing", "refusing"])
def test_no_secret_is_logged_in_any_form(runs, name):
    found = {secret: [form for form in forms(secret) if form in runs[name].err] for secret in PLANTED}

    assert {secret: shown for secret, shown in found.items() if shown} == {}


def test_no_piece_of_a_private_key_is_logged(runs):
    lines = [line for line in PEM.splitlines() if "-----" not in line]

    assert [line for line in lines if any(line in runs[name].err for name in ("patient", "failing", "refusing"))] == []


def test_no_secret_is_in_messages_other_than_records(runs):
    others = [line for line in runs["patient"].out.splitlines() if json.loads(line)["type"] != "RECORD"]

    assert len(others) > 10
    assert [secret for secret in PLANTED for form in forms(secret) if form in "\n".join(others)] == []


def test_a_password_in_the_base_url_is_refused_and_not_shown(caplog):
    with caplog.at_level(logging.DEBUG), pytest.raises(ConfigError) as caught:
        made(api("http://me:planted-pass@127.0.0.1:1", resource("things")))

    assert "client.base_url: must not hold a user or password" in str(caught.value)
    assert "planted-pass" not in str(caught.value) + caplog.text


def test_a_short_key_is_masked_at_its_own_place(serve, caplog):
    auth = {"type": "api_key", "name": "own", "api_key": "q7Zx", "location": "query"}
    with caplog.at_level(logging.DEBUG):
        run(api(serve(lambda _: {"items": []}).url, resource("things"), auth=auth))

    assert [record.getMessage() for record in caplog.records if "q7Zx" in record.getMessage()] == []


@pytest.mark.parametrize("name", ["source.yaml", "source.json", "source.py"])
def test_a_file_that_cannot_be_read_does_not_show_what_is_in_it(tmp_path, name):
    texts = {
        "source.yaml": "client:\n  auth: {type: bearer, token: planted-in-a-file\n  base_url: [\n",
        "source.json": '{"client": {"auth": {"token": "planted-in-a-file"} "base_url": 1}}',
        "source.py": 'rest_api_source({"client": {"auth": {"token": "planted-in-a-file" "base_url": 1}}})',
    }
    file = tmp_path / name
    file.write_text(texts[name])

    with pytest.raises(ConfigError) as caught:
        made({"source": str(file)})
    assert "planted-in-a-file" not in str(caught.value)


def test_mistakes_in_a_block_of_secrets_do_not_show_them(runs):
    misspelt = runs["misspelt"]

    assert len(misspelt.errors) > 0
    assert "tokn" in misspelt.err
    assert [word for word in ("misplaced", "misspelt") if planted(word) in misspelt.err] == []
