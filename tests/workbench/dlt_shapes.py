"""Which shapes does a configuration of dlt's rest_api have, as its documentation describes them? In words of our own.

Every snippet is asked of the same server: see `answer`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scripted import Answer

if TYPE_CHECKING:
    from scripted import Asked

BASE = "https://api.example.com"
RECORD = {"id": 1, "number": 7, "group_id": 3, "title": "T", "changed": "2024-02-01", "parts": [{"code": "p9"}]}


def answer(asked: Asked) -> Any:
    """One record on each of two pages, and every way to the second that there is."""
    if asked.path == "/token":
        return {"access_token": "token-from-the-server", "expires_in": 3600}
    query = dict(asked.query)
    if asked.path == "/gone":
        return Answer(404, {"message": "nothing here"})
    if asked.path.startswith("/one/"):
        return RECORD
    second = bool({"after", "page2", "mark"} & query.keys()) or query.get("page") == "2" or query.get("skip") == "1"
    second = second or (asked.method == "POST" and b"after" in asked.body)
    here = f"http://{asked.headers['host']}{asked.path}?page2=1"
    body = {"result": {"rows": [{**RECORD, "id": 2} if second else RECORD]}}
    if second or "/" in asked.path[1:] or "single" in query or "since" in query or "post" in query:
        return body
    more = {"paging": {"next": here}, "cursor": "c2"} if "counted" not in query else {}
    return Answer(200, {**body, **more, "pages": 2, "total": 2}, {"Link": f'<{here}>; rel="more"', "X-Mark": "m2"})


@dataclass(frozen=True)
class Written:
    """A snippet, and what becomes of it.

    Attributes:
        client: What stands in `client` beside base_url.
        resources: The list of resources.
        asked: The requests that follow, in order.
        left: The places of what is not carried over.
        before: Python in front of it.
        defaults: What stands in resource_defaults.
        sign: What the requests carry of the credentials.
    """

    resources: str
    asked: list[str]
    client: str = ""
    left: tuple[str, ...] = ()
    before: str = ""
    defaults: str = '{"primary_key": "id", "endpoint": {"data_selector": "result.rows"}}'
    sign: dict[str, str] | None = None

    def text(self) -> str:
        """The snippet as a file of Python."""
        return (
            f"import dlt\nfrom dlt.sources.rest_api import RESTAPIConfig, rest_api_source\n{self.before}\n"
            f'config: RESTAPIConfig = {{\n    "client": {{"base_url": "{BASE}/", {self.client}}},\n'
            f'    "resource_defaults": {self.defaults},\n    "resources": {self.resources},\n}}\n'
            "source = rest_api_source(config)\n"
        )


SINGLE = '"paginator": "single_page", '
POSTS = '["posts"]'
_LAMBDA = '{"filter": lambda one: one["id"] < 10}'

DLT_SHAPES: dict[str, Written] = {
    # credentials
    "a token by itself": Written(
        client=SINGLE + '"auth": {"token": dlt.secrets["api_token"]}',
        resources=POSTS,
        asked=["GET /posts"],
        sign={"authorization": "Bearer secret-of-mine"},
    ),
    "a bearer token": Written(
        client=SINGLE + '"auth": {"type": "bearer", "token": dlt.secrets["api_token"]}',
        resources=POSTS,
        asked=["GET /posts"],
        sign={"authorization": "Bearer secret-of-mine"},
    ),
    "an instance of a bearer token": Written(
        before="from dlt.sources.helpers.rest_client.auth import BearerTokenAuth",
        client=SINGLE + '"auth": BearerTokenAuth(dlt.secrets["api_token"])',
        resources=POSTS,
        asked=["GET /posts"],
        sign={"authorization": "Bearer secret-of-mine"},
    ),
    "a token that is written out": Written(
        client=SINGLE + '"auth": {"type": "bearer", "token": "written-out-0815"}',
        resources=POSTS,
        asked=["GET /posts"],
        sign={"authorization": "Bearer secret-of-mine"},
    ),
    "a user and a password": Written(
        client=SINGLE + '"auth": {"type": "http_basic", "username": "me", "password": dlt.secrets["password"]}',
        resources=POSTS,
        asked=["GET /posts"],
        sign={"authorization": "Basic bWU6c2VjcmV0LW9mLW1pbmU="},
    ),
    "an API key in the query": Written(
        client=SINGLE + '"auth": {"type": "api_key", "name": "k", "api_key": dlt.secrets["key"], "location": "query"}',
        resources=POSTS,
        asked=["GET /posts?k=secret-of-mine"],
    ),
    "an instance of an API key": Written(
        before="from dlt.sources.helpers.rest_client.auth import APIKeyAuth",
        client=SINGLE + '"auth": APIKeyAuth(name="X-Key", api_key=dlt.secrets["key"])',
        resources=POSTS,
        asked=["GET /posts"],
        sign={"x-key": "secret-of-mine"},
    ),
    "OAuth 2.0": Written(
        client=SINGLE
        + '"auth": {"type": "oauth2_client_credentials", "access_token_url": "https://api.example.com/token", '
        '"client_id": dlt.secrets["client_id"], "client_secret": dlt.secrets["client_secret"]}',
        resources=POSTS,
        asked=["POST /token", "GET /posts"],
        sign={"authorization": "Bearer token-from-the-server"},
    ),
    "credentials of one endpoint": Written(
        before="from dlt.sources.helpers.rest_client.auth import HttpBasicAuth",
        client=SINGLE,
        resources='[{"name": "posts", "endpoint": {"auth": HttpBasicAuth("me", dlt.secrets["password"])}}]',
        asked=["GET /posts"],
        sign={"authorization": "Basic bWU6c2VjcmV0LW9mLW1pbmU="},
    ),
    "a secret as the value of a parameter": Written(
        before="def made(api_token=dlt.secrets.value):\n    pass\n",
        client=SINGLE + '"headers": {"X-Token": dlt.secrets.get("api_token")}',
        resources=POSTS,
        asked=["GET /posts"],
        sign={"x-token": "secret-of-mine"},
    ),
    "credentials of a class of one's own": Written(
        before="class MyAuth:\n    pass\n",
        client=SINGLE + '"auth": MyAuth()',
        resources=POSTS,
        asked=["GET /posts"],
        left=("$.client.auth",),
    ),
    "credentials of a registered class": Written(
        client=SINGLE + '"auth": {"type": "custom_auth", "api_key": dlt.secrets["key"]}',
        resources=POSTS,
        asked=["GET /posts"],
        left=("$.client.auth.type", "$.client.auth.type"),
    ),
    # pages
    "json_link": Written(
        client='"paginator": {"type": "json_link", "next_url_path": "paging.next"}',
        resources=POSTS,
        asked=["GET /posts", "GET /posts?page2=1"],
    ),
    "an instance of a JSON link": Written(
        before="from dlt.sources.helpers.rest_client.paginators import JSONLinkPaginator",
        client="",
        resources='[{"name": "posts", "endpoint": {"paginator": JSONLinkPaginator(next_url_path="paging.next")}}]',
        asked=["GET /posts", "GET /posts?page2=1"],
    ),
    "header_link of another relation": Written(
        client='"paginator": {"type": "header_link", "links_next_key": "more"}',
        resources=POSTS,
        asked=["GET /posts", "GET /posts?page2=1"],
    ),
    "header_cursor": Written(
        client='"paginator": {"type": "header_cursor", "cursor_key": "X-Mark", "cursor_param": "mark"}',
        resources=POSTS,
        asked=["GET /posts", "GET /posts?mark=m2"],
    ),
    "offset": Written(
        client='"paginator": {"type": "offset", "limit": 1, "offset_param": "skip", '
        '"limit_param": "take", "total_path": "total"}',
        resources='[{"name": "posts", "endpoint": {"params": {"counted": "yes"}}}]',
        asked=["GET /posts?counted=yes&skip=0&take=1", "GET /posts?counted=yes&skip=1&take=1"],
    ),
    "page_number": Written(
        client='"paginator": {"type": "page_number", "base_page": 1, "page_param": "page", "total_path": "pages"}',
        resources='[{"name": "posts", "endpoint": {"params": {"counted": "yes"}}}]',
        asked=["GET /posts?counted=yes&page=1", "GET /posts?counted=yes&page=2"],
    ),
    "cursor": Written(
        client='"paginator": {"type": "cursor", "cursor_path": "cursor", "cursor_param": "after"}',
        resources=POSTS,
        asked=["GET /posts", "GET /posts?after=c2"],
    ),
    "a cursor in the body": Written(
        client='"paginator": {"type": "cursor", "cursor_path": "cursor", "cursor_body_path": "find.after"}',
        resources='[{"name": "posts", "endpoint": {"method": "POST", "json": {"find": {"q": 1}}}}]',
        asked=['POST /posts {"find":{"q":1}}', 'POST /posts {"find":{"q":1,"after":"c2"}}'],
    ),
    "found at run time": Written(
        client='"paginator": "auto"', resources=POSTS, asked=["GET /posts", "GET /posts?page2=1"]
    ),
    "a paginator of a class of one's own": Written(
        before="class MyPages:\n    pass\n",
        resources='[{"name": "posts", "endpoint": {"params": {"single": "yes"}, "paginator": MyPages()}}]',
        asked=["GET /posts?single=yes"],
        left=("$.resources[0].endpoint.paginator",),
    ),
    "a registered paginator": Written(
        client='"paginator": {"type": "custom_paginator", "next_url_path": "paging.next"}',
        resources='[{"name": "posts", "endpoint": {"params": {"single": "yes"}}}]',
        asked=["GET /posts?single=yes"],
        left=("$.client.paginator.type", "$.client.paginator.type"),
    ),
    # resources
    "names, texts and objects": Written(
        client=SINGLE,
        resources='["posts", {"name": "pages", "endpoint": "all-pages"}, '
        '{"name": "tags", "endpoint": {"path": "/tags"}}]',
        asked=["GET /posts", "GET /all-pages", "GET /tags"],
    ),
    "defaults, and what a loader reads": Written(
        client=SINGLE,
        defaults='{"primary_key": "id", "write_disposition": "merge", "endpoint": {"params": {"per_page": 100}}}',
        resources='["posts", {"name": "pages", "write_disposition": "append", "endpoint": {"params": {"a": "b"}}}]',
        asked=["GET /posts?per_page=100", "GET /pages?per_page=100&a=b"],
    ),
    "headers and an absolute path": Written(
        client=SINGLE + '"headers": {"User-Agent": "Mine/1.0"}',
        resources=f'[{{"name": "posts", "endpoint": {{"path": "{BASE}/elsewhere/posts", '
        f'"headers": {{"X-Of": "mine"}}}}}}]',
        asked=["GET /elsewhere/posts"],
        sign={"user-agent": "Mine/1.0", "x-of": "mine"},
    ),
    "a form": Written(
        client=SINGLE,
        resources='[{"name": "posts", "endpoint": {"method": "POST", "data": {"q": "x"}}}]',
        asked=["POST /posts q=x"],
    ),
    # parents
    "a value of the parent in the path": Written(
        client=SINGLE,
        resources='["posts", {"name": "comments", "endpoint": {"path": "posts/{resources.posts.number}/comments"}, '
        '"include_from_parent": ["id", "title"]}]',
        asked=["GET /posts", "GET /posts/7/comments"],
    ),
    "a value of the parent in the query": Written(
        client=SINGLE,
        resources='["posts", {"name": "comments", "endpoint": {"path": "comments", '
        '"params": {"post": "{resources.posts.id}"}}}]',
        asked=["GET /posts", "GET /comments?post=1"],
    ),
    "a value of the parent in the JSON body": Written(
        client=SINGLE,
        resources='["posts", {"name": "details", "endpoint": {"path": "search", "method": "POST", '
        '"json": {"filters": {"id": "{resources.posts.id}"}, "limit": 5}}}]',
        asked=["GET /posts", 'POST /search {"filters":{"id":1},"limit":5}'],
    ),
    "type: resolve, several, and a path in the record": Written(
        client=SINGLE,
        resources='["groups", {"name": "users", "endpoint": {"path": "groups/{group}/{part}/users", "params": {'
        '"group": {"type": "resolve", "resource": "groups", "field": "id"}, '
        '"part": {"type": "resolve", "resource": "groups", "field": "parts[0].code"}}}}]',
        asked=["GET /groups", "GET /groups/1/p9/users"],
    ),
    "a resource that is Python": Written(
        before="@dlt.resource()\ndef repositories():\n    yield [{'name': 'dlt'}]\n",
        client=SINGLE,
        resources='["posts", {"name": "issues", '
        '"endpoint": {"path": "x/{repository}/issues", "params": {"repository": '
        '{"type": "resolve", "resource": "repositories", "field": "name"}}}}, repositories()]',
        asked=["GET /posts"],
        left=("$.resources[2]", "$.resources[1].endpoint.path"),
    ),
    # records
    "processing steps of Python": Written(
        before="def lower(one):\n    one['title'] = one['title'].lower()\n    return one\n",
        client=SINGLE,
        resources=f'[{{"name": "posts", "processing_steps": [{_LAMBDA}, {{"map": lower}}]}}]',
        asked=["GET /posts"],
        left=("$.resources[0].processing_steps[0].filter", "$.resources[0].processing_steps[1].map"),
    ),
    # what is new
    "incremental among the parameters": Written(
        client=SINGLE,
        resources='[{"name": "posts", '
        '"endpoint": {"params": {"since": {"type": "incremental", "cursor_path": "changed", '
        '"initial_value": "2024-01-25"}}}}]',
        asked=["GET /posts?since=2024-01-25"],
    ),
    "incremental of the endpoint": Written(
        client=SINGLE,
        resources='[{"name": "posts", "endpoint": {"incremental": {"start_param": "since", "end_param": "until", '
        '"cursor_path": "changed", "initial_value": "2024-01-25", "end_value": "2024-03-01"}}}]',
        asked=["GET /posts?since=2024-01-25&until=2024-03-01"],
    ),
    "incremental as a placeholder": Written(
        client=SINGLE,
        resources='[{"name": "posts", "endpoint": {"params": {"since": "{incremental.start_value}"}, '
        '"incremental": {"cursor_path": "changed", "initial_value": "2024-01-25"}}}]',
        asked=["GET /posts?since=2024-01-25"],
    ),
    "convert by Python": Written(
        client=SINGLE,
        resources='[{"name": "posts", "endpoint": {"incremental": {"start_param": "since", "cursor_path": "changed", '
        '"initial_value": "2024-01-25", "convert": lambda value: value + "T00:00:00Z"}}}]',
        asked=["GET /posts?since=2024-01-25"],
        left=("$.resources[0].endpoint.incremental.convert",),
    ),
    # replies
    "response actions": Written(
        client=SINGLE,
        resources='["posts", {"name": "gone", "endpoint": {"response_actions": ['
        '{"status_code": 404, "action": "ignore"}, {"content": "Not found", "action": "ignore"}]}}]',
        asked=["GET /posts", "GET /gone"],
    ),
    "response actions of Python": Written(
        before="def spotted(response):\n    return response\n",
        client=SINGLE,
        resources='[{"name": "posts", "endpoint": {"response_actions": [spotted, '
        '{"status_code": 200, "action": [spotted]}]}}]',
        asked=["GET /posts"],
        left=(
            "$.resources[0].endpoint.response_actions[0]",
            "$.resources[0].endpoint.response_actions[1].action[0]",
            "$.resources[0].endpoint.response_actions[0].action",
        ),
    ),
    # mistakes
    "a key in the wrong place": Written(
        client=SINGLE + '"session": "mine"',
        resources='[{"name": "posts", "params": {"a": 1}, "endpoint": {"path": "posts"}}]',
        asked=["GET /posts"],
        left=("$.client.session", "$.resources[0].params"),
    ),
}
