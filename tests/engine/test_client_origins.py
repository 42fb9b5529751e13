"""Who gets to see the credentials?"""

from __future__ import annotations

import pytest
from rig import Rig
from scripted import Answer

from tap_restgeneric.dialect.exchange import Call
from tap_restgeneric.errors import ReplyError

KEY = {"type": "bearer", "token": "very-secret-token"}
LINKS = {"paginator": {"type": "json_link", "next_url_path": "next"}, "data_selector": "items"}
REDIRECTS = [301, 302, 303, 307, 308]


def page(*items, **more):
    return {"items": [{"id": item} for item in items], **more}


def test_a_next_link_to_another_host_is_refused_and_never_asked(serve):
    other = serve([page(2)])
    server = serve([page(1, next=f"{other.url}/things?page=2")])

    with pytest.raises(ReplyError, match=rf"will not ask '{other.url.removeprefix('http://')}'.*client\.allowed_hosts"):
        Rig(server.url, client={"auth": KEY}, **LINKS).pages()
    assert (len(server.asked), other.asked) == (1, [])


@pytest.mark.parametrize("status", REDIRECTS)
def test_a_redirect_to_another_host_is_refused_and_never_asked(serve, status):
    other = serve([{}])
    server = serve([Answer(status, headers={"Location": f"{other.url}/things"})])

    with pytest.raises(ReplyError, match="will not ask"):
        Rig(server.url, client={"auth": KEY}).ask()
    assert (len(server.asked), other.asked) == (1, [])


def test_another_host_in_parent_data_is_refused_and_never_asked(serve):
    other = serve([{}])
    server = serve([{}])
    rig = Rig(server.url, client={"auth": KEY})

    with pytest.raises(ReplyError, match="will not ask"):
        rig.ask(Call(url=f"{other.url}/things/1"))
    assert (server.asked, other.asked) == ([], [])


@pytest.mark.parametrize("userinfo", ["", "user:pass@"])
def test_a_link_that_only_looks_like_the_host_is_refused(userinfo):
    rig = Rig("https://api.example.com/v1")

    for url in (
        f"https://{userinfo}api.example.com.evil.test/x",
        "https://api.example.com@evil.test/x",
        "https://evil.test/api.example.com",
        "https://evil.test#@api.example.com/",
        "https://evil.test\\@api.example.com/",
    ):
        with pytest.raises(ReplyError, match="will not ask"):
            rig.client._contained(Call(url=url), rig.policy)


def test_an_allowed_host_gets_the_credentials(serve):
    other = serve([page(2)])
    server = serve([page(1, next=f"{other.url}/things?page=2")])
    allowed = [other.url.removeprefix("http://")]
    rig = Rig(server.url, client={"auth": KEY, "allowed_hosts": allowed}, **LINKS)

    assert rig.pages() == [[{"id": 1}], [{"id": 2}]]
    assert other.asked[0].headers["authorization"] == "Bearer very-secret-token"


def test_a_host_is_allowed_without_its_port_on_any(serve):
    other = serve([page(2)])
    server = serve([page(1, next=f"{other.url}/things?page=2")])

    assert len(Rig(server.url, client={"allowed_hosts": ["127.0.0.1"]}, **LINKS).pages()) == 2


def test_an_absolute_path_may_be_asked_because_the_user_wrote_it(serve):
    other = serve([page(1)])
    server = serve([])
    Rig(server.url, client={"auth": KEY}, path=f"{other.url}/things", **LINKS).pages()

    assert other.asked[0].headers["authorization"] == "Bearer very-secret-token"


def test_redirects_on_the_same_host_are_followed_with_the_credentials(serve):
    server = serve(
        [Answer(302, headers={"Location": "/moved?to=here"}), Answer(307, headers={"Location": "again"}), {"ok": 1}]
    )
    reply = Rig(server.url, client={"auth": KEY}, params={"q": "1"}).ask()

    assert (reply.body, reply.url) == ({"ok": 1}, f"{server.url}/again")
    assert server.targets == ["/things?q=1", "/moved?to=here", "/again"]
    assert {asked.headers["authorization"] for asked in server.asked} == {"Bearer very-secret-token"}


@pytest.mark.parametrize(
    ("status", "method", "body"), [(302, "GET", b""), (303, "GET", b""), (307, "POST", b'{"a":1}')]
)
def test_a_redirected_post_keeps_its_body_only_where_the_status_says_so(serve, status, method, body):
    server = serve([Answer(status, headers={"Location": "/moved"}), {}])
    Rig(server.url, method="POST", json={"a": 1}).ask()

    assert (server.asked[1].method, server.asked[1].body) == (method, body)


def test_redirects_in_a_circle_end(serve):
    server = serve(lambda _: Answer(302, headers={"Location": "/things"}))

    with pytest.raises(ReplyError, match="more than 10 redirects"):
        Rig(server.url).ask()
    assert len(server.asked) == 10


def test_a_key_in_the_query_survives_a_redirect_once(serve):
    server = serve([Answer(302, headers={"Location": "/moved?key=old"}), {}])
    Rig(server.url, client={"auth": {"type": "api_key", "name": "key", "api_key": "k/e+y", "location": "query"}}).ask()

    assert [asked.query for asked in server.asked] == [[("key", "k/e+y")]] * 2


@pytest.mark.parametrize("echo", ["", "&api_key=k%2Fe%2By", "&api_key=other"])
def test_a_key_in_the_query_is_sent_once_whatever_the_next_link_has(serve, echo):
    pages = [page(1, next=f"/things?page=2{echo}"), page(2)]
    auth = {"type": "api_key", "name": "api_key", "api_key": "k/e+y", "location": "query"}
    server = serve(pages)
    Rig(server.url, client={"auth": auth}, params={"size": "1"}, **LINKS).pages()

    first, second = server.asked
    assert first.query == [("size", "1"), ("api_key", "k/e+y")]
    assert sorted(second.query) == [("api_key", "k/e+y"), ("page", "2")]


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("http://api.example.com/v1/things?page=2", "https://api.example.com/v1/things?page=2"),
        ("http://API.example.com/v1", "https://api.example.com/v1"),
        ("http://api.example.com:80/v1", "https://api.example.com/v1"),
        ("https://api.example.com:443/v1", "https://api.example.com:443/v1"),
    ],
)
def test_plain_http_on_the_same_host_is_asked_by_https(asked, sent):
    rig = Rig("https://api.example.com/v1")

    assert rig.client._contained(Call(url=asked), rig.policy).url == sent


def test_plain_http_keeps_the_port_of_the_base():
    rig = Rig("https://api.example.com:8443/v1")
    call = rig.client._contained(Call(url="http://api.example.com:8080/v1/things"), rig.policy)

    assert call.url == "https://api.example.com:8443/v1/things"


def test_https_is_never_asked_by_http():
    rig = Rig("http://api.example.com/v1")

    with pytest.raises(ReplyError, match="will not ask"):
        rig.client._contained(Call(url="https://api.example.com/v1"), rig.policy)


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999/", "http://[::1/", "http:///nothing"])
def test_a_url_that_is_none_is_an_error_not_a_crash(url):
    rig = Rig("https://api.example.com/v1")

    with pytest.raises(ReplyError):
        rig.client._contained(Call(url=url), rig.policy)


def test_a_netrc_file_adds_nothing(serve, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server = serve([{}])
    Rig(server.url).ask()

    assert "authorization" not in server.asked[0].headers
