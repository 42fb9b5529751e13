"""A source is found wherever the settings say it is."""

import copy
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

import pytest

from tap_restgeneric.errors import ConfigError, Problem
from tap_restgeneric.readers import RawSource, read

SOURCE = {"client": {"base_url": "https://x"}, "resources": ["posts"]}
BUILTIN = "ci, commerce, helpdesk, recruiting, telephony"


def refusal(settings, folders=()):
    with pytest.raises(ConfigError) as refused:
        read(settings, folders=list(folders))
    return list(refused.value.problems)


def test_the_settings_are_the_source():
    expected = RawSource(config={**SOURCE, "resource_defaults": {}}, api=None, origin="settings")
    assert read({**SOURCE, "resource_defaults": {}, "secrets": {"x": 1}}, folders=[]) == expected


def test_an_object_is_the_source():
    assert read({"source": SOURCE}, folders=[]) == RawSource(config=SOURCE, api=None, origin="settings")


def test_an_object_that_came_as_text_is_the_source():
    text = ' {"client": {"base_url": "https://x"}, "resources": ["posts"]}'
    assert read({"source": text}, folders=[]) == RawSource(config=SOURCE, api=None, origin="settings")


def test_settings_that_are_none_are_absent():
    settings = {"source": SOURCE, "client": None, "resource_defaults": None, "resources": None}
    assert read(settings, folders=[]).config == SOURCE


@pytest.mark.parametrize(
    ("name", "count"), [("recruiting", 14), ("ci", 12), ("commerce", 3), ("helpdesk", 3), ("telephony", 13)]
)
def test_a_builtin_api_has_the_resources_of_its_document(name, count):
    source = read({"source": name}, folders=[])
    assert (source.api, source.origin, len(source.config["resources"])) == (name, f"built-in '{name}'", count)


def test_a_builtin_api_wins_over_a_file_of_its_name(tmp_path):
    (tmp_path / "ci").touch()
    assert read({"source": "ci"}, folders=[tmp_path]).api == "ci"


FILES = {
    "x.yaml": "client: {base_url: https://x}\nresources: [posts]\n",
    "x.yml": "client: {base_url: https://x}\nresources: [posts]\n",
    "X.YAML": "client: {base_url: https://x}\nresources: [posts]\n",
    "x.json": '{"client": {"base_url": "https://x"}, "resources": ["posts"]}',
    "x.py": 'rest_api_source({"client": {"base_url": "https://x"}, "resources": ["posts"]})',
    "x.md": '# T\n```\nrest_api_source({"client": {"base_url": "https://x"}, "resources": ["posts"]})\n```',
    "x.txt": 'rest_api_source({"client": {"base_url": "https://x"}, "resources": ["posts"]})',
}


@pytest.mark.parametrize(("name", "content"), FILES.items(), ids=FILES)
def test_a_file_is_read_by_its_suffix(tmp_path, name, content):
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert read({"source": name}, folders=[tmp_path]) == RawSource(
        config=SOURCE, api=None, origin=f"file {name}", folder=tmp_path
    )


def test_a_path_is_looked_up_in_the_folders_in_order(tmp_path):
    (tmp_path / "project" / "apis").mkdir(parents=True)
    (tmp_path / "project" / "apis" / "x.yaml").write_text(FILES["x.yaml"], encoding="utf-8")
    folders = [tmp_path, tmp_path / "project"]
    assert read({"source": "apis/x.yaml"}, folders=folders).config == SOURCE


def test_settings_are_laid_over_the_source_they_name():
    settings = {
        "source": "ci",
        "client": {"base_url": "https://other"},
        "resources": [{"name": "projects", "primary_key": "vcs_url"}, "extra"],
    }
    plain, laid = read({"source": "ci"}, folders=[]), read(settings, folders=[])
    projects = next(resource for resource in plain.config["resources"] if resource["name"] == "projects")
    assert laid.config == {
        **plain.config,
        "client": {**plain.config["client"], "base_url": "https://other"},
        "resources": [
            *(
                {**projects, "primary_key": "vcs_url"} if resource is projects else resource
                for resource in plain.config["resources"]
            ),
            {"name": "extra"},
        ],
    }
    assert (laid.api, laid.origin) == ("ci", "built-in 'ci'")


def test_settings_are_copied_into_plain_values():
    settings = MappingProxyType(
        {"source": MappingProxyType({"client": {"timeout": Decimal("1.5")}, "resources": ("a", "b")})}
    )
    assert read(settings, folders=[]).config == {"client": {"timeout": 1.5}, "resources": ["a", "b"]}


def test_nothing_that_is_passed_in_is_changed():
    settings = {"source": copy.deepcopy(SOURCE), "client": {"headers": {"A": "1"}}, "resources": ["posts"]}
    before = copy.deepcopy(settings)
    config = read(settings, folders=[]).config
    config["client"]["headers"]["A"] = "2"
    config["resources"].clear()
    assert settings == before


def test_references_to_secrets_become_placeholders_in_settings_too():
    settings = {
        "source": {**SOURCE, "client": {"auth": {"token": 'dlt.secrets["x"]'}}},
        "client": {"headers": {"A": "dlt.config['y']"}},
    }
    assert read(settings, folders=[]).config["client"] == {
        "auth": {"token": "{secrets.x}"},
        "headers": {"A": "{secrets.y}"},
    }


GIVE = f"give `source`: a built-in API ({BUILTIN}), the path of a file, or an object; or give `client` and `resources`"
SUFFIXES = ".yaml, .yml, .json, .py, .md, .txt"
ABSENT = {
    "nothing": ({}, GIVE),
    "only other settings": ({"source": None, "secrets": {}}, GIVE),
    "only defaults": ({"resource_defaults": {}}, GIVE),
    "no resources": ({"client": {}}, f"{GIVE}; `resources` is missing"),
    "no client": ({"resources": []}, f"{GIVE}; `client` is missing"),
    "a list": ({"source": []}, "must be a name, a path or an object, not a list"),
    "a number": ({"source": 5}, "must be a name, a path or an object, not a int"),
    "misspelt": (
        {"source": "comerce"},
        (
            f"'comerce' is no built-in API (did you mean 'commerce'?): there are {BUILTIN}; "
            f"and no path of a file: those end in {SUFFIXES} and are looked up in some/folder, other"
        ),
    ),
    "another suffix": (
        {"source": "api.toml"},
        (
            f"'api.toml' is no built-in API: there are {BUILTIN}; "
            f"and no path of a file: those end in {SUFFIXES} and are looked up in some/folder, other"
        ),
    ),
    "empty": (
        {"source": ""},
        (
            f"'' is no built-in API: there are {BUILTIN}; "
            f"and no path of a file: those end in {SUFFIXES} and are looked up in some/folder, other"
        ),
    ),
    "missing file": ({"source": "x.yaml"}, "there is no file x.yaml in some/folder, other"),
    "broken text": (
        {"source": '{"client": 1,, }'},
        "settings, line 1: not JSON: Expecting property name enclosed in double quotes",
    ),
}


@pytest.mark.parametrize(("settings", "message"), ABSENT.values(), ids=ABSENT)
def test_a_source_that_is_not_there_says_what_to_give(settings, message):
    assert refusal(settings, [Path("some/folder"), Path("other")]) == [Problem("$.source", message)]


@pytest.mark.parametrize("content", ["", "- a\n", "text\n", "5\n", "null\n"])
def test_a_file_without_an_object_is_refused(tmp_path, content):
    (tmp_path / "x.yaml").write_text(content, encoding="utf-8")
    expected = Problem("$.source", "file x.yaml must hold an object with `client` and `resources`")
    assert refusal({"source": "x.yaml"}, [tmp_path]) == [expected]


def test_a_snippet_without_a_dict_is_refused(tmp_path):
    (tmp_path / "x.py").write_text("rest_api_source([])", encoding="utf-8")
    expected = Problem("$.source", "file x.py must hold an object with `client` and `resources`")
    assert refusal({"source": "x.py"}, [tmp_path]) == [expected]


def test_values_in_the_settings_that_json_does_not_know_are_refused():
    settings = {"client": {"a": {1}, "b": float("nan"), 5: "x"}, "resources": []}
    assert refusal(settings) == [
        Problem("$.client.a", "a set has no form in JSON; write it as text"),
        Problem("$.client.b", "a number without an end has no form in JSON; write it as text"),
        Problem("$.client.5", "the key 5 is not text; write it in quotes"),
    ]
