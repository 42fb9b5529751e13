"""Is this a source? Each file in `invalid` gives exactly the report beside it; each file in `valid` is one.

A file holds what the tap's settings hold: `client`, `resource_defaults`, `resources`, `secrets`, `parameters` and
`start_date`. Whatever begins with `s3cr3t` in it is a secret.
"""

import copy
from pathlib import Path

import pytest
import yaml

from tap_restgeneric.dialect.blocks import Block
from tap_restgeneric.dialect.linking import BOUNDS
from tap_restgeneric.dialect.loading import loaded
from tap_restgeneric.dialect.paging.paginators import AnyPaginator
from tap_restgeneric.dialect.secrets import Secrets
from tap_restgeneric.errors import ConfigError
from tap_restgeneric.readers import yaml_text

HERE = Path(__file__).parent
INVALID = sorted((HERE / "invalid").glob("*.yaml"))
VALID = sorted((HERE / "valid").glob("*.yaml"))
SETTINGS = ("secrets", "parameters", "start_date")


def loaded_file(path):
    return loaded_settings(yaml_text.read(path.read_text(), path.name))


def loaded_settings(written):
    settings = {key: written.pop(key, None) for key in SETTINGS}
    return loaded(
        written,
        secrets=Secrets(settings["secrets"] or {}, {}),
        parameters=settings["parameters"] or {},
        start_date=settings["start_date"],
    )


def report(path):
    with pytest.raises(ConfigError) as raised:
        loaded_file(path)
    return str(raised.value)


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_an_invalid_source_is_reported(path):
    assert report(path) == path.with_suffix(".txt").read_text().rstrip("\n")


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_no_report_shows_a_secret(path):
    assert "s3cr3t" not in report(path)


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_valid_source_is_loaded(path):
    names = [
        entry if isinstance(entry, str) else entry["name"] for entry in yaml.safe_load(path.read_text())["resources"]
    ]
    assert sorted(loaded_file(path).nodes) == sorted(names)


def test_every_file_is_used():
    known = {*INVALID, *VALID, *(path.with_suffix(".txt") for path in INVALID), Path(__file__)}
    found = {path for path in HERE.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert found == known


def keys_in(value):
    if isinstance(value, dict):
        return {*value, *(key for item in value.values() for key in keys_in(item))}
    return {key for item in value for key in keys_in(item)} if isinstance(value, list) else set()


OF_OTHERS = ("dialect.auth.", "dialect.records.processing", "dialect.replies.formats")
"""Rooms whose blocks have tests of their own."""


def blocks(above=Block):
    for block in above.__subclasses__():
        if not any(room in block.__module__ for room in OF_OTHERS):
            yield block
        yield from blocks(block)


@pytest.mark.parametrize("block", [*blocks()], ids=lambda block: block.__name__)
def test_every_key_of_the_dialect_is_in_a_valid_file(block):
    written = {key for path in VALID for key in keys_in(yaml.safe_load(path.read_text()))}
    assert {field.alias or name for name, field in block.model_fields.items()} <= written


def test_every_kind_of_paginator_is_in_a_valid_file():
    kinds = {part.model_fields["type"].default for part in AnyPaginator.__origin__.__args__}
    texts = "".join(path.read_text() for path in VALID)
    assert {kind for kind in kinds if f"type: {kind}" not in texts} == set()


def test_every_bound_of_an_incremental_block_is_in_a_valid_file():
    texts = "".join(path.read_text() for path in VALID)
    assert {bound for bound in BOUNDS if f"{{incremental.{bound}}}" not in texts} == set()


ODD = (
    None,
    5,
    -1,
    1.5,
    True,
    "",
    " ",
    "odd",
    "{odd}",
    "{resources.odd.id}",
    "{{",
    [],
    [[]],
    [{}],
    {},
    {"odd": []},
    {"type": []},
)


def places(value, steps=()):
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield (*steps, key)
        yield from places(item, (*steps, key))


def changed(config, steps, value):
    config = copy.deepcopy(config)
    holder = config
    for step in steps[:-1]:
        holder = holder[step]
    holder[steps[-1]] = value
    return config


def problems_of(config):
    try:
        loaded_settings(config)
    except ConfigError as error:
        return error.problems
    return ()


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_whatever_is_written_instead_is_a_source_or_a_report(path):
    config = yaml_text.read(path.read_text(), path.name)
    # that `secrets` and `parameters` are objects is the business of the settings' own schema
    free = [steps for steps in places(config) if steps not in {("secrets",), ("parameters",)}]
    reported = [
        (steps, odd, problem) for steps in free for odd in ODD for problem in problems_of(changed(config, steps, odd))
    ]

    assert reported
    assert [each for each in reported if not each[2].path.startswith("$.")] == []
