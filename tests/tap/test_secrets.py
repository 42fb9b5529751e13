"""Does a secret show anywhere, whatever goes wrong, and however much is logged?"""

from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
from command import Launcher
from hostile.planted import AUTHS, GIVEN, PEM, REQUESTS, forms, planted, secrets_of
from scripted import Answer, serving
from tapping import api, made, resource, run

from tap_restgeneric.errors import ConfigError

SCHEMA = {"schema": {"properties": {"id": {"type": "integer"}, "echo": {"type": "string"}}}}
OBTAINED = [f"{planted('obtained')}{name}" for name in ("client", "refresh", "password", "jwt", "session")]


PLANTED = [*secrets_of([GIVEN, AUTHS, REQUESTS]), *OBTAINED, planted("client-header"), planted("query-of-base")]


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
