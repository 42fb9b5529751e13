"""Does `restgeneric init` find out what an API looks like, without asking much?"""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from scripted import Answer, by_path
from shapes import SHAPES
from tapping import run

from tap_restgeneric.cli import main

MOST_REQUESTS = 5


@pytest.mark.parametrize("name", SHAPES)
def test_what_init_finds_is_right(command, serve, here, name):
    shape = SHAPES[name]
    server = serve(shape.script)
    done = command("init", f"{server.url}{shape.path}")
    asked = len(server.asked)
    source = yaml.safe_load((here / "source.yaml").read_text())
    (resource,) = source["resources"]
    endpoint = resource["endpoint"]
    incremental = endpoint.get("incremental")
    params = [param for param, value in endpoint.get("params", {}).items() if value == "{incremental.start_value}"]

    assert (done.exit_code, asked <= MOST_REQUESTS) == (0, True), f"{asked} requests: {done.output}"
    assert {
        "selector": endpoint["data_selector"],
        "key": resource.get("primary_key"),
        "paginator": endpoint.get("paginator"),
        "filter": (*params, incremental["cursor_path"]) if incremental else None,
        "client": {key: value for key, value in source["client"].items() if key != "base_url"},
    } == {
        "selector": shape.selector,
        "key": shape.key,
        "paginator": shape.paginator,
        "filter": shape.filter if shape.changes else None,
        "client": shape.client,
    }, done.output
    assert (incremental or {}).get("lag") == shape.lag


@pytest.mark.parametrize("name", SHAPES)
def test_what_init_writes_reads_all_records(command, serve, here, name, monkeypatch):
    shape = SHAPES[name]
    server = serve(shape.script)
    monkeypatch.setenv("TAP_RESTGENERIC_SECRETS_API_KEY", "key-of-mine-9")
    command("init", f"{server.url}{shape.path}")
    checked = command("check")
    (stream,) = yaml.safe_load((here / "source.yaml").read_text())["resources"]
    records = run({"source": "source.yaml"}).records(stream["name"])

    assert checked.exit_code == 0, checked.output
    assert sorted({*map(str_of, records)}) == sorted(map(str_of, shape.records))


def str_of(record):
    return json.dumps(record, sort_keys=True)


def test_there_are_more_than_twenty_shapes():
    assert len(SHAPES) > 20


# What stands in the file, and what does not

SECRET = "a-secret-of-mine"
GIVEN = {
    "a bearer token": (["--auth", f"bearer:{SECRET}"], {"type": "bearer", "token": "{secrets.token}"}),
    "a user and a password": (
        ["--auth", f"basic:somebody:{SECRET}"],
        {"type": "http_basic", "username": "{secrets.username}", "password": "{secrets.password}"},
    ),
    "a key in a header": (
        ["--auth", f"api_key:X-Api-Key:{SECRET}"],
        {"type": "api_key", "name": "X-Api-Key", "api_key": "{secrets.x_api_key}"},
    ),
    "a key in the query": (
        ["--auth", f"query:k:{SECRET}"],
        {"type": "api_key", "name": "k", "api_key": "{secrets.k}", "location": "query"},
    ),
    "a header": (
        ["--header", f"X-Whatever: {SECRET}"],
        {"type": "api_key", "name": "X-Whatever", "api_key": "{secrets.x_whatever}"},
    ),
    "a token written as a header": (
        ["--header", f"Authorization: Bearer {SECRET}"],
        {"type": "bearer", "token": "{secrets.token}"},
    ),
}


def mirror(asked):
    """Repeats what it was sent, as some APIs do."""
    return Answer(
        200, [{"id": 1, "sent": asked.headers.get("authorization"), "to": asked.target}], {"X-RateLimit-Of": SECRET}
    )


@pytest.mark.parametrize("name", GIVEN)
def test_a_secret_is_named_but_never_written(command, serve, here, name):
    args, auth = GIVEN[name]
    server = serve(mirror)
    done = command("init", f"{server.url}/orders", *args)
    text = (here / "source.yaml").read_text()

    assert yaml.safe_load(text)["client"]["auth"] == auth
    assert SECRET not in text + done.output
    assert all(SECRET in str((asked.target, asked.headers)) or "basic" in str(args) for asked in server.asked)
    assert "TAP_RESTGENERIC_SECRETS_" in done.stdout


def test_a_short_secret_is_not_written_either(command, serve, here):
    server = serve(lambda asked: [{"id": 1}])
    command("init", f"{server.url}/orders?api_key=abc", "--header", "Accept: text/json", "--auth", "bearer:xy")

    assert yaml.safe_load((here / "source.yaml").read_text())["client"] == {
        "base_url": server.url,
        "headers": {"Accept": "text/json"},
        "auth": {
            "type": "multi",
            "auths": [
                {"type": "api_key", "name": "api_key", "api_key": "{secrets.api_key}", "location": "query"},
                {"type": "bearer", "token": "{secrets.token}"},
            ],
        },
    }


def test_the_file_says_what_was_seen_and_editors_know_its_schema(command, serve, here):
    server = serve(SHAPES["uuids, dates, a limit told in full"].script)
    command("init", f"{server.url}/v1/orders", "-o", "shop.yaml")
    text = (here / "shop.yaml").read_text()
    reference, *rest = text.replace(server.url, "http://api").splitlines()

    assert reference.startswith("# yaml-language-server: $schema=file://")
    assert json.loads(Path(reference.partition("file://")[2]).read_text())["properties"]
    assert rest == FILE.strip().splitlines()


FILE = """
# Written by `restgeneric init` after 4 requests.

client:
  base_url: http://api/v1
  # ratelimit-policy: "default";q=100;w=60
  rate_limit: {requests: 100, seconds: 60}

resources:
  - name: orders
    # no two of 20 records have the same, and none is without
    primary_key: uuid
    endpoint:
      path: orders
      params: {modified_since: '{incremental.start_value}'}
      # the list of the reply, with 10 records on the first page
      data_selector: data
      # pagination.pages counts the pages, the first is 1, and page takes the number; proved: a second page
      # has 10 other records
      paginator: {type: page_number, base_page: 1, total_path: pagination.pages}
      # proved: asked with modified_since=2024-02-11, the API left out what is older
      incremental: {cursor_path: lastModified}
"""


REFUSED = {
    "a URL that is none": (["ftp://x"], "URL: must be the URL of a list of records: https://api.example.com/v1/orders"),
    "a header without a colon": (
        ["http://127.0.0.1:1/a", "--header", SECRET],
        "--header: must be written 'Name: value'",
    ),
    "an unknown kind of auth": (
        ["http://127.0.0.1:1/a", "--auth", f"magic:{SECRET}"],
        "--auth: must be bearer:TOKEN, basic:USER:PASSWORD, api_key:HEADER:KEY or query:PARAMETER:KEY",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_named_and_no_value_shown(command, name):
    args, message = REFUSED[name]
    done = command("init", *args)

    assert (done.exit_code, done.stderr) == (2, f"{message}\n")


def test_an_api_that_refuses_leads_to_the_credentials(command, serve, here):
    server = serve(lambda _: Answer(401, {"error": "who are you?"}))
    done = command("init", f"{server.url}/orders")

    assert (done.exit_code, len(server.asked), (here / "source.yaml").exists()) == (1, 1, False)
    assert done.stderr.splitlines()[-1] == (
        "next: give credentials with --auth or --header, or another URL; restgeneric init --help  shows how"
    )


def test_a_file_is_written_over_only_where_that_is_said(command, serve, here):
    server = serve(lambda _: [{"id": 1}])
    (here / "source.yaml").write_text("mine")
    refused = command("init", f"{server.url}/orders")
    kept = (here / "source.yaml").read_text()
    forced = command("init", f"{server.url}/orders", "--force")

    assert (refused.exit_code, kept, server.targets[:1]) == (2, "mine", ["/orders"])
    assert (forced.exit_code, (here / "source.yaml").read_text() == "mine") == (0, False)


def test_the_source_goes_to_standard_output_where_that_is_said(command, serve, here):
    server = serve(lambda _: [{"id": 1}])
    done = command("init", f"{server.url}/orders", "-o", "-")

    assert yaml.safe_load(done.stdout)["resources"][0]["name"] == "orders"
    assert not (here / "source.yaml").exists()


def test_an_empty_list_leaves_open_what_only_records_can_tell(command, serve, here):
    server = serve(lambda _: {"data": [], "total": 0})
    command("init", f"{server.url}/orders")

    assert yaml.safe_load((here / "source.yaml").read_text())["resources"] == [
        {"name": "orders", "endpoint": {"path": "orders", "data_selector": "data"}}
    ]


def test_a_field_that_happens_to_differ_is_no_key(command, serve, here):
    records = [{"title": f"t{number}", "customer_id": number, "amount": 1} for number in range(5)]
    server = serve(lambda _: records)
    done = command("init", f"{server.url}/orders")

    assert "primary_key" not in yaml.safe_load((here / "source.yaml").read_text())["resources"][0]
    assert "no field tells each record from the others" in done.stdout


def test_what_the_api_calls_its_fields_stays_a_remark(command, serve, here):
    server = serve(by_path({"/orders": [{"id": 1, "updated\nclient: x": "2024-01-01"}]}))
    done = command("init", f"{server.url}/orders")

    assert (done.exit_code, list(yaml.safe_load((here / "source.yaml").read_text()))) == (0, ["client", "resources"])


def test_a_user_in_the_url_is_a_secret(command, serve, here):
    server = serve(lambda _: [{"id": 1}])
    command("init", f"http://me:{SECRET}@127.0.0.1:{server.server_port}/orders")
    text = (here / "source.yaml").read_text()

    assert yaml.safe_load(text)["client"]["base_url"] == server.url
    assert SECRET not in text
    assert server.asked[0].headers["authorization"].startswith("Basic ")


def test_a_field_that_does_not_move_is_only_suggested(command, serve):
    server = serve(SHAPES["a flag, and the id of the last record"].script)
    done = command("init", f"{server.url}/v1/charges")

    assert "full table (created, asked with created[gte])" in done.stdout
    assert "does not move when a record changes" in done.stdout


LEFT_OUT = {
    "bearer": ("TOKEN", f"Bearer {SECRET}"),
    "basic:me": ("PASSWORD", "Basic " + base64.b64encode(f"me:{SECRET}".encode()).decode()),
}


@pytest.mark.parametrize("auth", LEFT_OUT)
def test_a_secret_that_is_left_out_comes_from_where_the_tap_finds_it(command, serve, written, monkeypatch, auth):
    variable, header = LEFT_OUT[auth]
    monkeypatch.delenv(f"TAP_RESTGENERIC_SECRETS_{variable}", raising=False)
    written(".env", f"TAP_RESTGENERIC_SECRETS_{variable}={SECRET}\n")
    server = serve(lambda _: [{"id": 1}])
    done = command("init", f"{server.url}/orders", "--auth", auth)
    monkeypatch.delenv(f"TAP_RESTGENERIC_SECRETS_{variable}")

    assert (done.exit_code, server.asked[0].headers["authorization"]) == (0, header)


def test_a_secret_that_is_nowhere_is_asked_for(here, serve, monkeypatch):
    monkeypatch.delenv("TAP_RESTGENERIC_SECRETS_TOKEN", raising=False)
    server = serve(lambda _: [{"id": 1}])
    done = CliRunner().invoke(main, ["init", f"{server.url}/orders", "--auth", "bearer"], input=f"{SECRET}\n")

    assert (done.exit_code, server.asked[0].headers["authorization"]) == (0, f"Bearer {SECRET}")
    assert SECRET not in done.output


def test_a_list_without_objects_is_named(command, serve):
    server = serve(lambda _: ["a", "b"])
    done = command("init", f"{server.url}/orders")

    assert (done.exit_code, done.stderr.splitlines()[0]) == (
        1,
        "the list at $ holds no objects, and a record is one",
    )


def test_dates_that_mean_never_are_no_sign_of_change(command, serve):
    records = [{"id": number, "updated_at": "9999-12-31T23:59:59Z"} for number in range(7)]
    server = serve(lambda asked: records)
    done = command("init", f"{server.url}/orders")

    assert (done.exit_code, "no field says in every record when it changed" in done.stdout) == (0, True)


def test_a_busy_api_is_asked_once_more(command, serve):
    busy = iter([Answer(503, {}, {"Retry-After": "0"})])
    shape = SHAPES["current and last page"]

    def answer(asked):
        return next(busy, None) or shape.script(asked)

    server = serve(answer)
    done = command("init", f"{server.url}/v1/orders")

    assert (done.exit_code, len(server.asked), "proved: a second page" in done.stdout) == (0, 5, True)
