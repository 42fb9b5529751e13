"""YAML and JSON are read as plain values; what would be lost or guessed is refused with its line."""

import os

import pytest

from tap_restgeneric.errors import ConfigError, Problem
from tap_restgeneric.readers import json_text, yaml_text
from tap_restgeneric.readers.files import find, text

SCALARS = {
    "x": "x",
    "'5'": "5",
    "!!str 5": "5",
    "5": 5,
    "-5": -5,
    "0": 0,
    "1.5": 1.5,
    "-0.5e3": -500.0,
    "true": True,
    "False": False,
    "null": None,
    "~": None,
    "": None,
    "yes": "yes",
    "no": "no",
    "on": "on",
    "2024-01-01": "2024-01-01",
    "2024-01-01T00:00:00Z": "2024-01-01T00:00:00Z",
    "12:30": "12:30",
    "007": "007",
    "+49123": "+49123",
    "0x1F": "0x1F",
    "1_000": "1_000",
    ".inf": ".inf",
    "1e999": "1e999",
    "9" * 40: "9" * 40,
    "'dlt.secrets[\"x\"]'": "{secrets.x}",
    "dlt.config['a.b']": "{secrets.a.b}",
    'Bearer dlt.secrets["x"]': 'Bearer dlt.secrets["x"]',
    "{a: [1, {b: 2}]}": {"a": [1, {"b": 2}]},
}


@pytest.mark.parametrize(("written", "value"), SCALARS.items())
def test_a_value_in_yaml(written, value):
    assert yaml_text.read(f"a: {written}\n", "file x.yaml") == {"a": value}


@pytest.mark.parametrize(("written", "kind"), [("1", int), ("1.0", float), ("true", bool), ("'1'", str)])
def test_a_value_in_yaml_has_its_own_type(written, kind):
    assert type(yaml_text.read(written, "file x.yaml")) is kind


def test_anchors_aliases_and_merge_keys_are_followed():
    document = """
        base: &base {type: cursor, limit: 1}
        other: &other {limit: 9, cursor_param: c}
        alias: *base
        merged: {<<: *base, limit: 2}
        several: {<<: [*base, *other], x: 1}
    """
    assert yaml_text.read(document, "file x.yaml") == {
        "base": {"type": "cursor", "limit": 1},
        "other": {"limit": 9, "cursor_param": "c"},
        "alias": {"type": "cursor", "limit": 1},
        "merged": {"type": "cursor", "limit": 2},
        "several": {"type": "cursor", "limit": 1, "cursor_param": "c", "x": 1},
    }


YAML_PROBLEMS = {
    "key twice": (
        "a:\n  b: 1\n  b: 2\n",
        Problem("$.a.b", "file x.yaml, line 3: the key stands twice in this object, first in line 2"),
    ),
    "key twice in a list": (
        "a:\n- {}\n- {b: 1, 'b': 2}\n",
        Problem("$.a[1].b", "file x.yaml, line 3: the key stands twice in this object, first in line 3"),
    ),
    "merge key twice": (
        "a: &a {}\nb:\n  <<: *a\n  <<: *a\n",
        Problem("$.b.<<", "file x.yaml, line 4: the key stands twice in this object, first in line 3"),
    ),
    "number as a key": ("a: {1: x}", Problem("$.a", "file x.yaml, line 1: a key is text; write it in quotes")),
    "list as a key": ("a: {[1]: x}", Problem("$.a", "file x.yaml, line 1: a key is text; write it in quotes")),
    "tag of Python": (
        "a: !!python/object/apply:os.system ['true']",
        Problem("$.a", "file x.yaml, line 1: the tag !!python/object/apply:os.system is not read here"),
    ),
    "tag of the user": ("a: !env X", Problem("$.a", "file x.yaml, line 1: the tag !env is not read here")),
    "tag that does not fit": ("a: !!int x", Problem("$.a", "file x.yaml, line 1: this is no !!int")),
    "alias of itself": (
        "a: &a\n  b: [*a]",
        Problem("$.a.b[0]", "file x.yaml, line 1: the alias stands for something that contains it"),
    ),
    "merging a text": (
        "a: {<<: text}",
        Problem("$.a", "file x.yaml, line 1: only objects can be merged with <<"),
    ),
    "no YAML": ("a: [1\nb: 2", Problem("$.source", "file x.yaml, line 2: not YAML: expected ',' or ']', but got ':'")),
    "no YAML at a secret": (
        "a: 1\nb: 'hunter22\n",
        Problem("$.source", "file x.yaml, line 3: not YAML: found unexpected end of stream"),
    ),
    "unknown alias": ("a: *b", Problem("$.source", "file x.yaml, line 1: not YAML: found undefined alias 'b'")),
    "two documents": (
        "a: 1\n---\nb: 1",
        Problem("$.source", "file x.yaml, line 2: not YAML: but found another document"),
    ),
    "control character": (
        "a: 1\nb: \x01",
        Problem("$.source", "file x.yaml, line 2: not YAML: the character '\\x01' is not allowed"),
    ),
    "deep nesting": ("[" * 5000, Problem("$.source", "file x.yaml is nested too deeply")),
    "secret misspelt": (
        "a: dlt.secrets[x]",
        Problem(
            "$.a",
            'a reference to a secret is written dlt.secrets["name"]; '
            "the name of a secret has letters, digits, `_`, `-`, and `.` between them",
        ),
    ),
    "anchors that unfold without end": (
        "n0: &n0 [x]\n" + "".join(f"n{n}: &n{n} [*n{n - 1}, *n{n - 1}]\n" for n in range(1, 30)),
        Problem("$.source", "file x.yaml unfolds to more than 200,000 values"),
    ),
}


@pytest.mark.parametrize(("document", "problem"), YAML_PROBLEMS.values(), ids=YAML_PROBLEMS)
def test_yaml_that_would_be_guessed_at_is_refused(document, problem):
    with pytest.raises(ConfigError) as refused:
        yaml_text.read(document, "file x.yaml")
    assert refused.value.problems == (problem,)


def test_json_is_read_as_it_stands():
    document = '{"a": [1, -1.5, true, null],\t"b\\u00e9": "\\ud83d\\ude00 {\\"a\\": 1, \\"a\\": 2}", "c": {"a": 1}}'
    assert json_text.read(document, "file x.json") == {
        "a": [1, -1.5, True, None],
        "bé": '\N{GRINNING FACE} {"a": 1, "a": 2}',
        "c": {"a": 1},
    }


JSON_PROBLEMS = {
    "key twice": (
        '{\n"a": {"b": 1,\n"b": 2}}',
        [Problem("$.source", "file x.json, line 3: the key 'b' stands twice in an object, first in line 2")],
    ),
    "key twice, spelt in two ways": (
        '{"b": 1, "\\u0062" : 2}',
        [Problem("$.source", "file x.json, line 1: the key 'b' stands twice in an object, first in line 1")],
    ),
    "no JSON": ('{"a": 1,\n}', None),
    "number without an end": (
        '{"a": NaN}',
        [Problem("$.a", "a number without an end has no form in JSON; write it as text")],
    ),
    "deep nesting": ("[" * 200_000, [Problem("$.source", "file x.json is nested too deeply")]),
}
# What Python calls a comma too many differs between its versions.
TRAILING_COMMA = {
    "file x.json, line 2: not JSON: Expecting property name enclosed in double quotes",
    "file x.json, line 1: not JSON: Illegal trailing comma before end of object",
}


def problems_of_json(document):
    with pytest.raises(ConfigError) as refused:
        json_text.read(document, "file x.json")
    return list(refused.value.problems)


@pytest.mark.parametrize("case", sorted(JSON_PROBLEMS.keys() - {"no JSON"}))
def test_json_that_would_be_guessed_at_is_refused(case):
    document, problems = JSON_PROBLEMS[case]
    assert problems_of_json(document) == problems


def test_json_with_a_trailing_comma_is_refused():
    (problem,) = problems_of_json('{"a": 1,\n}')
    assert (problem.path, problem.message in TRAILING_COMMA) == ("$.source", True)


def test_a_file_is_taken_from_the_first_folder_that_has_it(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    (second / "x.yaml").touch()
    assert find("x.yaml", [first, second]) == second / "x.yaml"
    (first / "x.yaml").touch()
    assert find("x.yaml", [first, second]) == first / "x.yaml"


def test_an_absolute_path_needs_no_folder(tmp_path):
    (tmp_path / "x.yaml").touch()
    assert find(str(tmp_path / "x.yaml"), []) == tmp_path / "x.yaml"


def test_a_missing_file_names_the_folders(tmp_path):
    with pytest.raises(ConfigError) as refused:
        find("x.yaml", [tmp_path / "a", tmp_path / "b"])
    expected = f"there is no file x.yaml in {tmp_path / 'a'}, {tmp_path / 'b'}"
    assert refused.value.problems == (Problem("$.source", expected),)


def test_a_missing_absolute_file_names_no_folders(tmp_path):
    with pytest.raises(ConfigError) as refused:
        find(str(tmp_path / "x.yaml"), [tmp_path])
    assert refused.value.problems == (Problem("$.source", f"there is no file {tmp_path / 'x.yaml'}"),)


def test_a_name_that_no_file_can_have_is_a_missing_file(tmp_path):
    name = "x" * 5000 + ".yaml"
    with pytest.raises(ConfigError) as refused:
        find(name, [tmp_path])
    assert refused.value.problems == (Problem("$.source", f"there is no file {name} in {tmp_path}"),)


def test_a_byte_order_mark_and_windows_lines_are_no_content(tmp_path):
    (tmp_path / "x.yaml").write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert text(tmp_path / "x.yaml", "file x.yaml") == "a: 1\nb: 2\n"


def test_a_file_in_another_encoding_is_refused(tmp_path):
    (tmp_path / "x.yaml").write_bytes("a: é".encode("latin-1"))
    with pytest.raises(ConfigError) as refused:
        text(tmp_path / "x.yaml", "file x.yaml")
    assert refused.value.problems == (Problem("$.source", "file x.yaml is not text in UTF-8"),)


def test_a_file_that_cannot_be_opened_is_refused(tmp_path):
    with pytest.raises(ConfigError) as refused:
        text(tmp_path, "file x.yaml")
    expected = f"file x.yaml cannot be opened: {os.strerror(21)}"
    assert refused.value.problems == (Problem("$.source", expected),)
