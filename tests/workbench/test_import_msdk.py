"""Does `restgeneric import` carry over what tap-rest-api-msdk knows, and list what it does not?"""

from __future__ import annotations

import json
import re

import pytest
import yaml
from scripted import Answer
from tapping import run

URL = "https://api.example.com/v1"


def imported(command, written, config):
    written("config.json", config)
    done = command("import", "config.json", "-o", "-")
    return yaml.safe_load(done.stdout), done


def stream(**keys):
    return {"name": "orders", "path": "/orders", **keys}


def source(client=None, **endpoint):
    paginator = {"type": "cursor", "cursor_path": "next_page", "cursor_param": "page"}
    resource = {"name": "orders", "endpoint": {"path": "orders", **endpoint}}
    return {"client": {"base_url": URL, "paginator": paginator, **(client or {})}, "resources": [resource]}


def paging(**block):
    return source({"paginator": block})


OFFSET = {"offset_param": "offset", "total_path": None}
CARRIED = {
    "parameters and headers of all and of one": (
        {"params": {"a": 1}, "headers": {"X-A": "1"}, "streams": [stream(params={"b": 2})]},
        source(params={"a": 1, "b": 2}, headers={"X-A": "1"}),
    ),
    "records_path": ({"streams": [stream(records_path="$.data.rows[*]")]}, source(data_selector="data.rows")),
    "records_path of a list": ({"records_path": "$[*]", "streams": [stream()]}, source(data_selector="$")),
    "a body instead of parameters": (
        {"use_request_body_not_params": True, "params": {"a": 1}, "streams": [stream()]},
        source(json={"a": 1}),
    ),
    "a search for what is new": (
        {
            "streams": [
                stream(
                    replication_key="updated_at",
                    start_date="2024-01-01",
                    source_search_field="lastUpdated",
                    source_search_query="gt$last_run_date",
                )
            ]
        },
        source(
            params={"lastUpdated": "gt{incremental.start_value}"},
            incremental={"cursor_path": "updated_at", "initial_value": "2024-01-01"},
        ),
    ),
    "a replication key without a search": (
        {"replication_key": "updated_at", "streams": [stream()]},
        source(params={"sort": "asc", "order_by": "updated_at"}, incremental={"cursor_path": "updated_at"}),
    ),
    "basic": (
        {"auth_method": "basic", "username": "me-and-you", "password": "secret-of-mine", "streams": [stream()]},
        source({"auth": {"type": "http_basic", "username": "{secrets.username}", "password": "{secrets.password}"}}),
    ),
    "secrets among headers and parameters": (
        {"headers": {"X-Api-Key": "secret-of-mine"}, "streams": [stream(params={"token": "secret-of-mine", "a": "b"})]},
        source(params={"token": "{secrets.token}", "a": "b"}, headers={"X-Api-Key": "{secrets.x_api_key}"}),
    ),
    "one api_key": (
        {"auth_method": "api_key", "api_keys": {"X-Key": "secret-of-mine"}, "streams": [stream()]},
        source({"auth": {"type": "api_key", "name": "X-Key", "api_key": "{secrets.x_key}"}}),
    ),
    "bearer_token": (
        {"auth_method": "bearer_token", "bearer_token": "secret-of-mine", "streams": [stream()]},
        source({"auth": {"type": "bearer", "token": "{secrets.token}"}}),
    ),
    "oauth": (
        {
            "auth_method": "oauth",
            "grant_type": "client_credentials",
            "access_token_url": "https://id.example.com/token",
            "client_id": "mine-1",
            "client_secret": "secret-of-mine",
            "scope": "read",
            "oauth_extras": {"audience": "x"},
            "oauth_expiration_secs": 600,
            "streams": [stream()],
        },
        source(
            {
                "auth": {
                    "type": "oauth2_client_credentials",
                    "client_id": "{secrets.client_id}",
                    "client_secret": "{secrets.client_secret}",
                    "access_token_url": "https://id.example.com/token",
                    "scope": "read",
                    "access_token_request_data": {"audience": "x"},
                    "default_token_expiration": 600,
                }
            }
        ),
    ),
    "a token with a name and a size": (
        {
            "pagination_request_style": "jsonpath_paginator",
            "next_page_token_path": "$.meta.next",
            "pagination_next_page_param": "cursor",
            "pagination_page_size": 50,
            "pagination_limit_per_page_param": "per_page",
            "streams": [stream()],
        },
        paging(type="cursor", cursor_path="meta.next", cursor_param="cursor", limit=50, limit_param="per_page"),
    ),
    "a header": (
        {"pagination_request_style": "simple_header_paginator", "streams": [stream()]},
        paging(type="header_cursor", cursor_key="X-Next-Page", cursor_param="page"),
    ),
    "a Link header": (
        {"pagination_request_style": "restapi_header_link_paginator", "streams": [stream()]},
        paging(type="header_link"),
    ),
    "an offset": (
        {
            "pagination_request_style": "offset_paginator",
            "pagination_initial_offset": 0,
            "pagination_total_limit_param": "total",
            "streams": [stream()],
        },
        paging(type="offset", limit=25, offset_param="offset", total_path="pagination.total"),
    ),
    "page numbers": (
        {"pagination_request_style": "page_number_paginator", "streams": [stream()]},
        paging(type="page_number", base_page=1, page_param="page", total_path=None, has_more_path="hasMore"),
    ),
    "links in the body": (
        {
            "pagination_request_style": "hateoas_paginator",
            "next_page_token_path": "$.links.next",
            "streams": [stream()],
        },
        paging(type="json_link", next_url_path="links.next"),
    ),
    "a single page": (
        {"pagination_request_style": "single_page_paginator", "streams": [stream()]},
        paging(type="single_page"),
    ),
}


@pytest.mark.parametrize("name", CARRIED)
def test_what_is_carried_over(command, written, name):
    config, expected = CARRIED[name]
    found, done = imported(command, written, {"api_url": URL, **config})

    assert (found, "not carried over" in done.stderr) == (expected, False), done.stderr
    assert "secret-of-mine" not in done.output


LEFT = {
    "what is not needed": (
        {"except_keys": ["a"]},
        "except_keys: nothing is flattened unless flattening_enabled says so",
    ),
    "what nobody knows": ({"whatever": 1}, "whatever: is not known here"),
    "another way to sign": (
        {"auth_method": "aws"},
        "auth_method: aws is not there: write an auth block, or another way in",
    ),
    "another way to page": (
        {"pagination_request_style": "mine"},
        "pagination_request_style: mine is not known: the first reply shows how the API pages",
    ),
    "an end that is an error": (
        {"pagination_results_limit": 5},
        "pagination_results_limit: ends a run with an error there; here all is read",
    ),
    "a search without a key": (
        {"streams": [stream(source_search_field="since")]},
        "streams.0.source_search_field: has no effect without replication_key",
    ),
    "a key of a stream that nobody knows": ({"streams": [stream(colour=1)]}, "streams.0.colour: is not known here"),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_is_left_is_listed_with_its_line(command, written, here, name):
    config, message = LEFT[name]
    written("config.json", json.dumps({"api_url": URL, "streams": [stream()], **config}, indent=1))
    done = command("import", "config.json")
    found = re.findall(r"^not carried over: line (\d+), (.*)$", done.stdout, re.MULTILINE)
    key = message.partition(":")[0].rpartition(".")[2]

    assert [text for _, text in found] == [message]
    assert f'"{key}"' in (here / "config.json").read_text().splitlines()[int(found[0][0]) - 1]


def test_the_settings_in_a_meltano_project_are_found(command, written):
    plugin = {"name": "tap-shop", "config": {"api_url": URL, "streams": [stream()], "flattening_enabled": True}}
    written("meltano.yml", {"plugins": {"extractors": [{"name": "tap-other"}, plugin]}})
    done = command("import", "meltano.yml", "-o", "-")

    assert yaml.safe_load(done.stdout) == source()
    assert "settings of the tap beside the source: {flattening_enabled: true}" in done.stderr


def test_an_imported_source_reads_all_pages(command, written, serve):
    def page(asked):
        number = int(dict(asked.query).get("page", 1))
        return Answer(200, {"data": [{"id": number}], **({"next_page": number + 1} if number < 3 else {})})

    server = serve(page)
    streams = [stream(records_path="$.data[*]", primary_keys=["id"])]
    written("config.yaml", {"api_url": server.url, "streams": streams, "num_inference_records": 9})
    done = command("import", "config.yaml")

    assert done.exit_code == 0
    assert run({"source": "source.yaml"}).records("orders") == [{"id": 1}, {"id": 2}, {"id": 3}]
