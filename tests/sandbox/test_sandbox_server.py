from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

import pytest
import requests

from tap_restgeneric.sandbox import APIS, Options, running, serve


def statuses(sandbox, http, api, count):
    return [http.post(f"{sandbox.url(api)}/nowhere").status_code for _ in range(count)]


def test_every_so_many_requests_of_an_api_one_fails(http):
    with running(options=Options(unavailable_every=3, refused_every=4, retry_after="0.5")) as sandbox:
        http.auth = (sandbox.credentials("recruiting")["api_key"], "")
        replies = [http.post(f"{sandbox.url('recruiting')}/v1/jobs") for _ in range(8)]

        assert [reply.status_code for reply in replies] == [200, 200, 503, 429, 200, 503, 200, 429]
        assert [replies[at].headers.get("Retry-After") for at in (2, 3)] == [None, "0.5"]
        assert replies[3].json() == {"success": False, "errors": ["Too many requests."]}


def test_the_failures_of_one_api_do_not_depend_on_another(http):
    with running(options=Options(unavailable_every=2, refused_every=0)) as sandbox:
        found = [statuses(sandbox, http, api, 1) for api in ("commerce", "telephony", "recruiting")]

        assert found == [[401]] * 3


def test_an_api_that_never_fails_only_refuses(http):
    with running(options=Options(unavailable_every=1, refused_every=2)) as sandbox:
        assert statuses(sandbox, http, "ci", 2) == [401, 429]


def test_requests_are_recorded_as_they_came(http):
    with running(options=Options(unavailable_every=0, refused_every=0)) as sandbox:
        url = f"{sandbox.url('commerce')}/labor%2Fshifts?a=1&b=&a=%2B"
        http.post(url, json={"x": [1]}, headers={"api_key": sandbox.credentials("commerce")["api_key"]})
        http.post(f"{sandbox.url('commerce')}/oauth2/token", data={"grant_type": "password", "scope": "a b"})
        first, second = sandbox.requests

    assert (first.api, first.method, first.path, first.status) == ("commerce", "POST", "/labor%2Fshifts", 404)
    assert (first.query, first.json, first.form) == ((("a", "1"), ("b", ""), ("a", "+")), {"x": [1]}, ())
    assert first.headers["api_key"] == "commerce-key-7e13"
    assert (second.form, second.json, second.status) == ((("grant_type", "password"), ("scope", "a b")), None, 400)


def test_records_can_be_asked_for_over_http_and_dropped(http):
    with running() as sandbox:
        statuses(sandbox, http, "ci", 1)
        statuses(sandbox, http, "helpdesk", 1)
        listed = http.get(f"{sandbox.address}/_requests").json()
        of_ci = http.get(f"{sandbox.address}/_requests", params={"api": "ci"}).json()
        http.delete(f"{sandbox.address}/_requests")

        assert [each["api"] for each in listed] == ["ci", "helpdesk"]
        assert [(each["path"], each["status"]) for each in of_ci] == [("/nowhere", 401)]
        assert sandbox.requests == []


def test_the_truth_is_told_for_all_resources(sandbox, http):
    counts = http.get(f"{sandbox.address}/_truth").json()

    assert {api: len(resources) for api, resources in counts.items()} == {
        "recruiting": 14,
        "ci": 12,
        "commerce": 3,
        "helpdesk": 3,
        "telephony": 13,
    }
    assert all(count > 0 for resources in counts.values() for count in resources.values())


def test_the_truth_of_a_resource_is_all_its_records(sandbox, http):
    assert http.get(f"{sandbox.address}/_truth/ci/context").json() == sandbox.truth("ci", "context")
    assert http.get(f"{sandbox.address}/_truth/ci/nothing").status_code == 404


def test_the_records_are_the_same_on_every_run(sandbox):
    with running() as other:
        assert [
            (api, resource)
            for api in APIS
            for resource in other._apis[api].truth
            if other.truth(api, resource) != sandbox.truth(api, resource)
        ] == []


def test_the_size_is_that_of_the_large_streams():
    with running(options=Options(size=1234), apis=["commerce"]) as sandbox:
        assert len(sandbox.truth("commerce", "customers")) == 1234


def test_only_the_chosen_apis_answer(http):
    with running(apis=["ci"]) as sandbox:
        assert (statuses(sandbox, http, "ci", 1), statuses(sandbox, http, "commerce", 1)) == ([401], [404])


def test_a_connection_is_kept_for_the_next_request(sandbox):
    connection = HTTPConnection("127.0.0.1", int(sandbox.address.rpartition(":")[2]), timeout=9)
    sockets = []
    for _ in range(2):
        connection.request("GET", "/_truth")
        connection.getresponse().read()
        sockets.append(connection.sock)
    connection.close()

    assert sockets[0] is not None
    assert sockets[0] is sockets[1]


def test_many_clients_are_answered_and_recorded():
    with running(options=Options(unavailable_every=0, refused_every=0)) as sandbox, ThreadPoolExecutor(16) as pool:
        url, key = f"{sandbox.url('ci')}/v2/me", sandbox.credentials("ci")["api_key"]
        found = list(pool.map(lambda _: requests.get(url, headers={"api_key": key}, timeout=9).status_code, range(64)))

        assert found == [200] * 64
        assert len(sandbox.requests) == 64


def test_a_stopped_sandbox_no_longer_answers():
    with running() as sandbox:
        address = sandbox.address
        sandbox.stop()

    with pytest.raises(requests.ConnectionError):
        requests.get(f"{address}/_truth", timeout=9)


def test_serve_lasts_until_it_is_stopped():
    ready, started = threading.Event(), []

    def remember(sandbox):
        started.append(sandbox)
        ready.set()

    thread = threading.Thread(target=serve, kwargs={"apis": ["helpdesk"], "ready": remember})
    thread.start()
    ready.wait(9)
    reply = requests.get(f"{started[0].url('helpdesk')}/v1/account", timeout=9)
    started[0].stop()
    thread.join(9)

    assert (reply.status_code, thread.is_alive()) == (401, False)
