from __future__ import annotations

import pytest
import requests

from tap_restgeneric.sandbox import Options, running

QUIET = Options(unavailable_every=0, refused_every=0)


@pytest.fixture(scope="session")
def sandbox():
    with running(options=QUIET) as sandbox:
        yield sandbox


@pytest.fixture
def http():
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def recruiting(sandbox, http):
    http.auth = (sandbox.credentials("recruiting")["api_key"], "")
    return lambda resource, body=None, **kwargs: http.post(
        f"{sandbox.url('recruiting')}/v1/{resource}", json=body, **kwargs
    ).json()


@pytest.fixture
def ci(sandbox, http):
    http.headers["api_key"] = sandbox.credentials("ci")["api_key"]
    return lambda path, **params: http.get(f"{sandbox.url('ci')}{path}", params=params)


@pytest.fixture
def commerce(sandbox, http):
    http.headers["X-Api-Key"] = sandbox.credentials("commerce")["api_key"]
    return lambda method, path, **kwargs: http.request(method, f"{sandbox.url('commerce')}{path}", **kwargs)


@pytest.fixture
def helpdesk(sandbox, http):
    credentials = sandbox.credentials("helpdesk")
    http.auth = (credentials["username"], credentials["password"])
    return lambda path, **params: http.get(f"{sandbox.url('helpdesk')}{path}", params=params)


@pytest.fixture
def telephony(sandbox, http):
    http.headers["Authorization"] = f"Bearer {sandbox.credentials('telephony')['api_key']}"
    return lambda path, **params: http.get(f"{sandbox.url('telephony')}{path}", params=params)
