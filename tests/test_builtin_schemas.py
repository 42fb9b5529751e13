"""Do the schemas of the built-in APIs fit their definitions, and the targets that will load them?"""

from __future__ import annotations

import codecs
import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

ROOT = Path(__file__).parent.parent
APIS = ROOT / "tap_restgeneric" / "apis"
SCHEMAS = ROOT / "schemas"

DEFINITIONS = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(APIS.glob("*.yaml"))}

RESOURCES = {
    "recruiting": [
        "applications",
        "archive_reasons",
        "candidate_tags",
        "candidates",
        "custom_fields",
        "departments",
        "feedback_form_definitions",
        "interview_schedules",
        "job_postings",
        "jobs",
        "locations",
        "offers",
        "sources",
        "users",
    ],
    "ci": [
        "context",
        "self_ids",
        "self_collaborations",
        "me",
        "projects",
        "pipelines",
        "specific_project",
        "jobs",
        "workflow",
        "insights_metrics",
        "insights_branches",
        "workflow_jobs",
    ],
    "commerce": ["customers", "locations", "shifts"],
    "helpdesk": ["account", "customers", "custom_fields"],
    "telephony": [
        "addresses",
        "agents_activity",
        "agents_overview",
        "greeting_categories",
        "greetings",
        "phone_numbers",
        "call_legs",
        "calls",
        "current_queue_activity",
        "account_overview",
        "ivrs",
        "ivr_menus",
        "ivr_routes",
    ],
}
ALL = [(api, name) for api, names in RESOURCES.items() for name in names]

# Every key that is not `id`.
OTHER_KEYS = {
    ("ci", "me"): ["analytics_id"],
    ("ci", "projects"): ["vcs_url"],
    ("ci", "jobs"): ["number"],
    ("ci", "insights_metrics"): ["project_id"],
    ("ci", "insights_branches"): ["project_id"],
    ("helpdesk", "account"): ["domain"],
    ("telephony", "agents_activity"): ["agent_id"],
    ("telephony", "agents_overview"): [],
    ("telephony", "current_queue_activity"): [],
    ("telephony", "account_overview"): [],
    ("telephony", "ivr_menus"): ["ivr_id", "id"],
    ("telephony", "ivr_routes"): ["ivr_id", "id"],
}

INCREMENTAL = {
    ("helpdesk", "customers"): "updated_datetime",
    ("telephony", "call_legs"): "updated_at",
    ("telephony", "calls"): "updated_at",
}

# In rot13, since the names must not stand in the project in clear: not here either.
VENDORS = [codecs.decode(name, "rot13") for name in ("nfuol", "pvepyrpv", "fdhner", "tbetvnf", "mraqrfx")]

every_resource = pytest.mark.parametrize(("api", "name"), ALL, ids=[f"{api}.{name}" for api, name in ALL])
every_api = pytest.mark.parametrize("api", RESOURCES)


def definition(api, name):
    """The resource laid over the defaults, as far as these tests look at it."""
    (own,) = [resource for resource in DEFINITIONS[api]["resources"] if resource["name"] == name]
    return {**DEFINITIONS[api]["resource_defaults"], **own}


def primary_key(api, name):
    declared = definition(api, name)["primary_key"] or []
    return [declared] if isinstance(declared, str) else declared


def schema(api, name):
    return json.loads((SCHEMAS / api / f"{name}.json").read_text())


def types(property_schema):
    declared = property_schema["type"]
    return [declared] if isinstance(declared, str) else declared


def below(properties, path):
    """Every property at any depth with its path; the items of arrays under `path[]`."""
    for name, inner in properties.items():
        here = f"{path}.{name}".lstrip(".")
        yield here, inner
        yield from below(inner.get("properties", {}), here)
        if "items" in inner:
            yield from below({"[]": inner["items"]}, here)


def test_there_are_five_apis_with_45_resources():
    found = {api: len(source["resources"]) for api, source in DEFINITIONS.items()}
    assert found == {"recruiting": 14, "ci": 12, "commerce": 3, "helpdesk": 3, "telephony": 13}


@every_api
def test_definition_has_the_resources_of_its_document_in_their_order(api):
    assert [resource["name"] for resource in DEFINITIONS[api]["resources"]] == RESOURCES[api]


def test_schema_folders_are_the_apis():
    assert {path.name for path in SCHEMAS.iterdir() if path.is_dir()} == set(DEFINITIONS)


@every_api
def test_every_resource_has_a_schema_and_every_schema_a_resource(api):
    assert {path.name for path in (SCHEMAS / api).iterdir()} == {f"{name}.json" for name in RESOURCES[api]}


@every_resource
def test_schema_is_valid_json_schema(api, name):
    Draft202012Validator.check_schema(schema(api, name))
    assert schema(api, name)["type"] == "object"
    assert schema(api, name)["properties"]


@every_resource
def test_key_is_the_one_of_the_api(api, name):
    assert primary_key(api, name) == OTHER_KEYS.get((api, name), ["id"])


@every_resource
def test_key_fields_and_no_others_are_required(api, name):
    assert schema(api, name).get("required", []) == primary_key(api, name)


@every_resource
def test_key_fields_have_one_type_and_are_not_null(api, name):
    properties = schema(api, name)["properties"]
    unfit = [key for key in primary_key(api, name) if properties[key]["type"] not in ("string", "integer")]
    assert unfit == []


@every_resource
def test_everything_but_the_key_may_be_null_at_any_depth(api, name):
    properties = below(schema(api, name)["properties"], "")
    never_null = [path for path, inner in properties if "null" not in types(inner)]
    assert sorted(never_null) == sorted(primary_key(api, name))


@every_resource
def test_columns_have_one_type_beside_null(api, name):
    columns = schema(api, name)["properties"]
    assert [column for column, inner in columns.items() if len({*types(inner)} - {"null"}) != 1] == []


@every_resource
def test_objects_name_their_fields_or_are_declared_free(api, name):
    objects = [(path, inner) for path, inner in below(schema(api, name)["properties"], "") if "properties" in inner]
    maps = [
        (path, inner)
        for path, inner in below(schema(api, name)["properties"], "")
        if types(inner)[0] == "object" and "properties" not in inner
    ]
    assert [path for path, inner in objects if not inner["properties"] or "additionalProperties" in inner] == []
    assert [path for path, inner in maps if inner.get("additionalProperties") is not True] == []


@every_resource
def test_items_of_arrays_have_one_type_or_none_given(api, name):
    # An array of strings *and* numbers must come without items: with both types in `items`, a target that makes
    # native arrays of them cannot load a list that holds both. Without, the column is JSON.
    items = [(path, inner) for path, inner in below(schema(api, name)["properties"], "") if path.endswith("[]")]
    assert [path for path, inner in items if len({*types(inner)} - {"null"}) != 1] == []


@every_resource
def test_schema_allows_fields_the_api_adds_later(api, name):
    samples = {"string": "a", "integer": 1}
    properties = schema(api, name)["properties"]
    key = {field: samples[properties[field]["type"]] for field in primary_key(api, name)}
    record = dict.fromkeys(properties) | key | {"added_later": {"anything": [1, "a"]}}
    assert list(Draft202012Validator(schema(api, name)).iter_errors(record)) == []


@every_resource
def test_fields_of_the_bookmark_are_date_times(api, name):
    incremental = definition(api, name).get("endpoint", {}).get("incremental", {})
    cursor_path = incremental.get("cursor_path")
    assert cursor_path == INCREMENTAL.get((api, name))
    if cursor_path:
        assert schema(api, name)["properties"][cursor_path]["format"] == "date-time"


@pytest.mark.parametrize("name", ["ivr_menus", "ivr_routes"])
def test_carried_fields_are_in_the_schema(name):
    carried = {field for row in definition("telephony", name)["expand"]["rows"] for field in row["carry"]}
    assert carried - set(schema("telephony", name)["properties"]) == set()


@pytest.mark.parametrize("path", sorted([*APIS.iterdir(), *SCHEMAS.glob("*/*")]), ids=lambda path: path.name)
def test_no_vendor_is_named(path):
    text = f"{path.relative_to(ROOT)} {path.read_text()}".lower()
    assert [vendor for vendor in VENDORS if vendor in text] == []


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*/*")), ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_schema_files_end_with_a_newline_and_have_no_tabs(path):
    text = path.read_text()
    assert text.endswith("}\n")
    assert "\t" not in text
