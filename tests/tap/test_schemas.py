"""Where does the schema of a stream come from, and what does `restgeneric schema` make of it?"""

from __future__ import annotations

import json
import time

import pytest
import yaml
from click.testing import CliRunner
from scripted import Answer, by_path
from tapping import api, made, resource, run

from tap_restgeneric.cli import main
from tap_restgeneric.engine.clock import hurried
from tap_restgeneric.errors import ConfigError, Problem, UnavailableError
from tap_restgeneric.inference import ANYTHING
from tap_restgeneric.tap import TapRestGeneric

ORDER = {"type": "object", "properties": {"id": {"type": "integer"}, "note": {"type": ["string", "null"]}}}
OPENAPI = {
    "openapi": "3.0.3",
    "components": {
        "schemas": {
            "Base": {"required": ["id"], "properties": {"id": {"type": "integer"}}},
            "Line": {"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string"}}},
            "Order": {
                "allOf": [{"$ref": "#/components/schemas/Base"}, {"properties": {"note": {"type": "string"}}}],
                "properties": {
                    "lines": {"type": "array", "items": {"$ref": "#/components/schemas/Line"}},
                    "state": {"enum": ["open", "done"]},
                    "any": {},
                },
            },
            "Tree": {"type": "object", "properties": {"child": {"$ref": "#/components/schemas/Tree"}}},
            "Pet": {"oneOf": [{"$ref": "#/components/schemas/Base"}, {"$ref": "#/components/schemas/Line"}]},
            "Word": {"type": "string"},
            "Away": {"type": "object", "properties": {"a": {"$ref": "other.yaml#/A"}}},
            **{
                f"Fork{depth}": {
                    "type": "object",
                    "properties": {side: {"$ref": f"#/components/schemas/Fork{depth + 1}"} for side in ("a", "b")},
                }
                for depth in range(40)
            },
            "Fork40": {"type": "object", "properties": {"end": {"type": "string"}}},
        }
    },
}
READ_FROM_ORDER = {
    "lines": {
        "type": ["array", "null"],
        "items": {"type": ["object", "null"], "properties": {"sku": {"type": ["string", "null"]}}},
    },
    "state": {"type": ["string", "null"]},
    "any": ANYTHING,
    "id": {"type": "integer"},
    "note": {"type": ["string", "null"]},
}
POINTER = "#/components/schemas"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The working directory."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("MELTANO_PROJECT_ROOT", raising=False)
    return folder


def written(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(value) if path.suffix == ".yaml" else json.dumps(value), "utf-8")
    return path


def with_schema(url, schema, name="orders"):
    return api(url, resource(name, resource_={"schema": schema}))


def fields(config, stream="orders", **kwargs):
    """The fields of a stream, without what only concerns nested objects that take more."""
    return json.loads(
        json.dumps(made(config, **kwargs).streams[stream].schema["properties"]).replace(
            ', "additionalProperties": true', ""
        )
    )


def problems(config):
    with pytest.raises(ConfigError) as raised:
        made(config)
    return list(raised.value.problems)


# A given schema


@pytest.mark.parametrize("name", ["order.json", "order.yaml"])
def test_a_schema_may_be_a_file(serve, here, name):
    server = serve([])
    written(here / name, ORDER)

    assert fields(with_schema(server.url, name)) == ORDER["properties"]
    assert server.asked == []


@pytest.mark.parametrize("schema", [f"api.yaml{POINTER}/Order", {"$ref": f"api.yaml{POINTER}/Order"}])
def test_a_schema_may_be_a_part_of_an_openapi_document(serve, here, schema):
    written(here / "api.yaml", OPENAPI)

    assert fields(with_schema(serve([]).url, schema)) == READ_FROM_ORDER


def test_a_schema_may_be_a_part_of_a_swagger_document(serve, here):
    swagger = {"swagger": "2.0", "definitions": {"Order": ORDER}}
    written(here / "api.json", swagger)

    assert fields(with_schema(serve([]).url, "api.json#/definitions/Order")) == ORDER["properties"]


def test_records_of_several_kinds_have_the_fields_of_all(serve, here):
    written(here / "api.yaml", OPENAPI)

    assert fields(with_schema(serve([]).url, f"api.yaml{POINTER}/Pet")) == {
        "id": {"type": ["integer", "null"]},
        "sku": {"type": ["string", "null"]},
    }


def test_a_schema_that_contains_itself_ends_in_a_field_that_takes_everything(serve, here):
    written(here / "api.yaml", OPENAPI)

    assert fields(with_schema(serve([]).url, f"api.yaml{POINTER}/Tree"))["child"] == ANYTHING


def test_references_inside_a_schema_are_followed(serve):
    schema = {"properties": {"id": {"$ref": "#/$defs/id"}}, "$defs": {"id": {"type": "integer"}}}

    assert fields(with_schema(serve([]).url, schema)) == {"id": {"type": "integer"}}


def test_a_schema_behind_a_url_is_asked_for_without_credentials(serve, here):
    server = serve(by_path({"/openapi.json": OPENAPI}))
    config = with_schema(server.url, f"{server.url}/openapi.json{POINTER}/Order")
    config["client"]["auth"] = {"type": "bearer", "token": "a-token-of-mine"}

    assert fields(config) == READ_FROM_ORDER
    assert [(asked.target, asked.headers.get("authorization")) for asked in server.asked] == [("/openapi.json", None)]


def test_a_document_is_read_once_for_all_resources(serve, here):
    server = serve(by_path({"/openapi.json": OPENAPI}))
    names = ("Order", "Line", "Pet")
    made(
        api(
            server.url,
            *(resource(name, resource_={"schema": f"{server.url}/openapi.json{POINTER}/{name}"}) for name in names),
        )
    )

    assert server.targets == ["/openapi.json"]


def test_a_document_that_is_too_large_is_refused(serve, here):
    server = serve([{"properties": {"x": {"description": "y" * 1024 * 1024}}}])

    assert problems({**with_schema(server.url, f"{server.url}/order.json"), "max_body_mb": 1}) == [
        Problem("$.resources[0].schema", "the body is larger than 1 MB (max_body_mb)")
    ]


def test_a_url_that_does_not_answer_is_worth_another_try_later(serve, here, monkeypatch):
    monkeypatch.setattr(TapRestGeneric, "clock", hurried(time.time()))
    server = serve(by_path({"/order.json": Answer(500)}))

    with pytest.raises(UnavailableError, match=r"gave up after 4 requests.*order\.json"):
        made(with_schema(server.url, f"{server.url}/order.json"))


def test_a_schema_is_looked_up_beside_the_source_then_here_then_in_the_project(serve, here, monkeypatch):
    url = serve([]).url
    beside, project = here / "sources", here.parent / "project"
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(project))
    written(beside / "source.json", with_schema(url, "order.json"))
    found = []
    for place, folder in (("project", project), ("here", here), ("beside", beside)):
        written(folder / "order.json", {"properties": {place: {"type": "string"}}})
        found += [name for name in fields({"source": "sources/source.json"}) if name != "id"]

    assert found == ["project", "here", "beside"]


MISTAKES = {
    "no such file": ("nope.json", "there is no file nope.json in {here}"),
    "no such component": (
        f"api.yaml{POINTER}/Ordr",
        f"api.yaml has no {POINTER}/Ordr (did you mean 'Order'?)",
    ),
    "no object": (f"api.yaml{POINTER}/Word", f"api.yaml{POINTER}/Word describes no object: it has no `properties`"),
    "a whole OpenAPI document": (
        "small.json",
        "small.json is an OpenAPI document: say which of its schemas, small.json#/... (it has Order)",
    ),
    "another document": (
        f"api.yaml{POINTER}/Away",
        f"api.yaml{POINTER}/Away refers to 'other.yaml#/A', which is in another document: only `#/...` is followed",
    ),
    "no end": (
        f"api.yaml{POINTER}/Fork0",
        f"api.yaml{POINTER}/Fork0 unfolds to more than 200,000 values: write out what its records need",
    ),
    "neither JSON nor YAML": ("broken.yaml", "broken.yaml: line 2: neither JSON nor YAML"),
    "a list": ("list.json", "list.json holds no object"),
    "a reference of its own": ({"$ref": "#/$defs/X"}, "the schema has no #/$defs/X"),
    "a password": (
        "http://me:secret-1@127.0.0.1/o.json",
        "a URL of a schema must not hold a user or password: it is asked for without credentials",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_a_given_schema_names_its_key(serve, here, name):
    written(here / "api.yaml", OPENAPI)
    written(here / "small.json", {"openapi": "3.1.0", "components": {"schemas": {"Order": ORDER}}})
    written(here / "list.json", [])
    (here / "broken.yaml").write_text("a: 1\n}: 2\n")
    schema, message = MISTAKES[name]

    assert problems(with_schema(serve([]).url, schema)) == [Problem("$.resources[0].schema", message.format(here=here))]


def test_mistakes_in_given_schemas_are_reported_all_at_once_before_the_first_request(serve, here):
    server = serve([])
    given = [resource(name, resource_={"schema": f"{name}.json"}) for name in ("a", "b")]

    assert [problem.path for problem in problems(api(server.url, resource("first"), *given))] == [
        "$.resources[1].schema",
        "$.resources[2].schema",
    ]
    assert server.asked == []


def test_a_url_that_is_not_found_is_a_mistake_in_the_schema(serve, here):
    server = serve(by_path({}))
    (problem,) = problems(with_schema(server.url, f"{server.url}/order.json"))

    assert problem.path == "$.resources[0].schema"
    assert problem.message.startswith(f"GET {server.url}/order.json: status 404")


# A folder of schemas


def test_a_kept_schema_is_used_and_nothing_is_asked(serve, here):
    server = serve([])
    written(here / "kept" / "orders.json", ORDER)

    assert fields({**api(server.url, resource("orders")), "schemas": "kept"}) == ORDER["properties"]
    assert server.asked == []


def test_a_stream_without_a_kept_schema_is_inferred(serve, here):
    server = serve(by_path({"/lines": {"items": [{"id": 1}]}}))
    written(here / "kept" / "orders.json", ORDER)
    made({**api(server.url, resource("orders"), resource("lines")), "schemas": "kept"})

    assert server.targets == ["/lines"]


def test_a_given_schema_goes_before_a_kept_one_and_a_kept_one_before_that_of_a_built_in_api(here):
    written(here / "kept" / "customers.json", ORDER)
    config = {"source": "helpdesk", "client": {"base_url": "http://127.0.0.1:1"}, "schemas": "kept"}
    config["secrets"] = {"username": "someone", "password": "something"}
    given = {"name": "account", "schema": {"properties": {"x": {"type": "string"}}}}
    streams = made({**config, "resources": [given]}).streams

    assert "x" in streams["account"].schema["properties"]
    assert list(streams["customers"].schema["properties"])[:2] == ["id", "note"]
    assert len(streams["custom_fields"].schema["properties"]) > 2


def test_a_folder_of_schemas_may_be_in_the_meltano_project(serve, here, monkeypatch):
    project = here.parent / "project"
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(project))
    written(project / "kept" / "orders.json", ORDER)

    assert fields({**api(serve([]).url, resource("orders")), "schemas": "kept"}) == ORDER["properties"]


def test_a_folder_of_schemas_that_is_not_there_is_a_mistake(serve, here):
    assert problems({**api(serve([]).url, resource("orders")), "schemas": "kept"}) == [
        Problem("$.schemas", f"there is no folder kept in {here}; `restgeneric schema --write` makes it")
    ]


def test_a_kept_file_that_is_no_schema_is_a_mistake(serve, here):
    path = written(here / "kept" / "orders.json", {"type": "object"})
    (problem,) = problems({**api(serve([]).url, resource("orders")), "schemas": str(path.parent)})

    assert problem == Problem("$.schemas", f"{path} must hold a JSON Schema with `properties`")


def test_a_name_of_a_stream_leads_out_of_no_folder(serve, here):
    server = serve([{"items": [{"id": 1}]}])
    written(here / "secret.json", ORDER)
    (here / "kept").mkdir()
    config = {**api(server.url, resource("../secret", "/orders")), "schemas": "kept"}

    assert list(fields(config, "../secret")) == ["id"]


# What discovery learns from records


def test_types_are_merged_over_all_pages_of_a_sample(serve):
    pages = {None: ({"id": 1, "n": 1}, "2"), "2": ({"id": 2, "n": 1.5, "late": True}, None)}
    paginator = {"type": "cursor", "cursor_param": "after", "cursor_path": "next"}

    def page(asked):
        record, following = pages[dict(asked.query).get("after")]
        return {"items": [record], "next": following}

    assert fields(api(serve(by_path({"/orders": page})).url, resource("orders", paginator=paginator))) == {
        "id": {"type": ["integer", "null"]},
        "n": {"type": ["number", "null"]},
        "late": {"type": ["boolean", "null"]},
    }


def test_a_child_has_the_fields_that_its_records_have_below_any_parent(serve):
    answers = {
        "/p": {"items": [{"id": 1}, {"id": 2}, {"id": 3}]},
        "/p/1/c": {"items": [{"id": 7, "a": 1}]},
        "/p/2/c": {"items": []},
        "/p/3/c": {"items": [{"id": 8, "a": 1.5, "b": "x"}]},
    }
    config = api(serve(by_path(answers)).url, resource("p"), resource("c", "/p/{resources.p.id}/c"))

    assert fields(config, "c") == {
        "id": {"type": ["integer", "null"]},
        "a": {"type": ["number", "null"]},
        "b": {"type": ["string", "null"]},
    }


def test_a_map_with_data_as_keys_is_one_object(serve):
    records = [{"id": 1, "prices": {"1001": 1, "1002": 2}}, {"id": 2, "prices": {"1003": 3}}]
    found = run(api(serve(by_path({"/orders": {"items": records}})).url, resource("orders")))

    assert found.schema("orders")["schema"]["properties"]["prices"] == {
        "type": ["object", "null"],
        "additionalProperties": True,
    }
    assert found.records("orders") == records


@pytest.mark.parametrize("kept", [True, False])
def test_columns_hold_over_what_records_and_kept_schemas_say(serve, here, kept):
    written(here / "kept" / "orders.json", ORDER) if kept else (here / "kept").mkdir()
    server = serve(by_path({"/orders": {"items": [{"id": 1, "note": "2024-01-01"}]}}))
    hinted = resource("orders", resource_={"columns": {"note": {"data_type": "date"}}})

    assert fields({**api(server.url, hinted), "schemas": "kept"})["note"] == {
        "type": ["string", "null"],
        "format": "date",
    }


def test_a_catalog_holds_over_everything_and_asks_for_nothing(serve, here):
    server = serve(by_path({"/orders": {"items": [{"id": 1, "old": "x"}]}}))
    (here / "kept").mkdir()
    config = {**api(server.url, resource("orders")), "schemas": "kept"}
    catalog = made(config).catalog_dict
    written(here / "kept" / "orders.json", ORDER)
    given = with_schema(server.url, f"{server.url}/never.json")
    server.asked.clear()

    assert [list(fields(each, catalog=catalog)) for each in (config, given)] == [["id", "old"]] * 2
    assert server.asked == []


# restgeneric schema


@pytest.fixture
def command(here):
    def call(*args):
        return CliRunner().invoke(main, ["schema", *args])

    return call


@pytest.fixture
def orders(serve, here):
    """An API of orders, described in source.json."""
    records = {"items": [{"id": 1, "n": 1.5, "customer": {"city": "x"}, "tags": ["a"], "at": "2024-01-01T00:00:00Z"}]}
    server = serve(by_path({"/orders": records, "/lines": {"items": []}}))
    written(here / "source.json", api(server.url, resource("orders"), resource("lines")))
    return server


NEW = """\
orders: 1 record, new
  + id             integer
  + n              number
  + customer       object
  + customer.city  string
  + tags           array of string
  + at             string (date-time)
lines: no records to learn from
"""


def test_the_command_shows_what_it_would_write(command, orders, here):
    done = command("source.json")

    assert (done.exit_code, done.stdout) == (0, f"{NEW}1 of 2 would change: --write writes to schemas\n")
    assert not (here / "schemas").exists()


def test_what_the_command_writes_is_what_the_tap_uses(command, orders, here):
    done = command("source.json", "--write")
    orders.asked.clear()
    source = json.loads((here / "source.json").read_text())
    source["resources"] = source["resources"][:1]

    assert done.stdout == NEW.replace("lines:", "  written to schemas/orders.json\nlines:")
    assert fields({**source, "schemas": "schemas"}) == fields(source)
    assert orders.targets == ["/orders"]


def test_a_kept_schema_is_only_widened(command, orders, here):
    kept = {"gone": {"type": "string"}, "id": {"type": "integer"}, "n": {"type": ["integer", "null"]}}
    written(here / "kept" / "orders.json", {"type": "object", "properties": kept})
    done = command("source.json", "orders", "--folder", "kept", "--write")
    properties = json.loads((here / "kept" / "orders.json").read_text())["properties"]

    assert done.stdout.splitlines()[:3] == [
        "orders: 1 record, 5 fields differ",
        "  ~ n              integer -> number",
        "  + customer       object",
    ]
    assert {name: properties[name] for name in kept} == {**kept, "n": {"type": ["number", "null"]}}
    assert list(properties) == [*kept, "customer", "tags", "at"]


def test_a_second_run_changes_nothing(command, orders):
    command("source.json", "--write")
    done = command("source.json", "orders", "--write")

    assert done.stdout == "orders: 1 record, as it is kept\n"


def test_replace_forgets_what_records_do_not_say(command, orders, here):
    path = written(here / "schemas" / "orders.json", {"properties": {"gone": {"type": "string"}}})
    done = command("source.json", "orders", "--write", "--replace")

    assert "  - gone           string" in done.stdout.splitlines()
    assert "gone" not in json.loads(path.read_text())["properties"]


def test_the_command_reads_as_many_records_as_it_is_told(command, serve, here):
    pages = {"": 2, "2": 3, "3": 4, "4": None}
    paginator = {"type": "cursor", "cursor_param": "after", "cursor_path": "next"}

    def page(asked):
        after = dict(asked.query).get("after", "")
        return {"items": [{"id": pages[after]}], "next": pages[after]}

    server = serve(by_path({"/orders": page}))
    written(here / "source.json", api(server.url, resource("orders", paginator=paginator)))
    done = command("source.json", "--records", "2")

    assert done.stdout.splitlines()[0] == "orders: 2 records, new"
    assert server.targets == ["/orders", "/orders?after=2"]


def test_the_command_takes_the_settings_of_the_tap(command, orders, here, monkeypatch):
    source = json.loads((here / "source.json").read_text())
    source["client"]["auth"] = {"type": "bearer", "token": "{secrets.token}"}
    written(here / "config.json", {"source": source, "schemas": "kept"})
    monkeypatch.setenv("TAP_RESTGENERIC_SECRETS_TOKEN", "a-token-of-mine")
    done = command("--config", "config.json", "orders", "--write")

    assert done.stdout.splitlines()[-1] == "  written to kept/orders.json"
    assert [asked.headers["authorization"] for asked in orders.asked] == ["Bearer a-token-of-mine"]


def test_the_command_takes_the_settings_of_the_environment(command, orders, monkeypatch):
    monkeypatch.setenv("TAP_RESTGENERIC_SOURCE", "source.json")
    monkeypatch.setenv("TAP_RESTGENERIC_SCHEMAS", "kept")

    assert command("--config", "ENV", "--write").stdout.splitlines()[-2:] == [
        "  written to kept/orders.json",
        "lines: no records to learn from",
    ]


def test_a_stream_whose_schema_the_source_gives_is_left_out_unless_it_is_named(command, orders, here):
    source = json.loads((here / "source.json").read_text())
    source["resources"][0]["schema"] = ORDER
    written(here / "source.json", source)

    assert command("source.json").stdout == "lines: no records to learn from\n"
    assert command("source.json", "orders").stdout.startswith("orders: 1 record, new\n")


def test_the_schema_of_a_built_in_api_is_widened_into_a_file_of_ones_own(command, sandbox, here):
    secrets = sandbox.credentials("helpdesk")
    config = {"source": "helpdesk", "client": {"base_url": sandbox.url("helpdesk")}, "secrets": secrets}
    written(here / "config.json", config)
    done = command("--config", "config.json", "account")

    assert (done.exit_code, done.stdout.splitlines()[0]) == (0, "account: 1 record, as it is kept")


FAILED = {
    "no such stream": (["source.json", "ordrs"], 2, "STREAM: there is no stream 'ordrs' (did you mean 'orders'?)"),
    "no such source": (["nope.json"], 2, "$.source: there is no file nope.json in {here}"),
    "no such settings": (["--config", "nope.json"], 2, "--config: cannot read nope.json: No such file or directory"),
}


@pytest.mark.parametrize("name", FAILED)
def test_the_command_ends_as_the_tap_does_on_a_mistake(command, orders, here, name):
    args, code, message = FAILED[name]
    done = command(*args)

    assert (done.exit_code, done.stdout, done.stderr.splitlines()[-1]) == (code, "", message.format(here=here))


def test_the_command_ends_as_the_tap_does_on_a_failure(command, serve, here):
    server = serve(by_path({}))
    written(here / "source.json", api(server.url, resource("orders")))
    done = command("source.json")

    assert (done.exit_code, done.stdout) == (1, "")
    assert f"GET {server.url}/orders: status 404" in done.stderr


def test_the_command_shows_no_secret(command, serve, here):
    server = serve(lambda asked: Answer(400, {"you sent": asked.headers["authorization"]}))
    config = api(server.url, resource("orders"), auth={"type": "bearer", "token": "a-token-of-mine"})
    written(here / "source.json", config)
    done = command("source.json")

    assert "status 400" in done.stderr
    assert "a-token-of-mine" not in done.output
