"""A dlt snippet is parsed, never run: what it writes down is read."""

import pytest

from tap_restgeneric.readers.snippet import read_prose, read_python

FORMS = {
    "call": 'rest_api_source({"a": 1})',
    "qualified call": 'dlt.sources.rest_api.rest_api_source({"a": 1})',
    "call with more arguments": 'rest_api_source({"a": 1}, name="x", parallelized=True)',
    "keyword": 'source = rest_api_source(config={"a": 1})',
    "resources": 'resources = rest_api_resources({"a": 1})',
    "name": 'config = {"a": 1}\nrest_api_source(config)',
    "name of a name": 'a = {"a": 1}\nconfig = a\nrest_api_source(config)',
    "annotation": 'config: RESTAPIConfig = {"a": 1}',
    "qualified annotation": 'config: rest_api.RESTAPIConfig = {"a": 1}',
    "quoted annotation": 'config: "RESTAPIConfig" = {"a": 1}',
    "annotation and call are one": 'config: RESTAPIConfig = {"a": 1}\nsource = rest_api_source(config)',
    "annotation alone before": 'config: RESTAPIConfig\nconfig = {"a": 1}\nrest_api_source(config)',
    "imported under another name": ('from dlt.sources.rest_api import rest_api_source as api\nsource = api({"a": 1})'),
    "in a function": (
        '@dlt.source\ndef shop():\n    config: RESTAPIConfig = {"a": 1}\n    yield from rest_api_resources(config)'
    ),
    "in the main block": 'if __name__ == "__main__":\n    config = {"a": 1}\n    rest_api_source(config)',
    "a name of another function is another name": (
        'def other():\n    config = 5\n\nconfig = {"a": 1}\nrest_api_source(config)'
    ),
    "a loop variable of a comprehension is another name": (
        'config = {"a": 1}\nprint([config for config in pages])\nrest_api_source(config)'
    ),
}


@pytest.mark.parametrize("code", FORMS.values(), ids=FORMS)
def test_the_configuration_is_found(code):
    assert read_python(code, "file x.py") == {"a": 1}


VALUES = {
    "text": ("'x'", "x"),
    "joined text": ('"a" "b"', "ab"),
    "numbers": ("[1, -2, +3, 1.5, -0.5]", [1, -2, 3, 1.5, -0.5]),
    "words": ("[True, False, None]", [True, False, None]),
    "tuple": ("(1, (2,))", [1, [2]]),
    "deprecated escape": (r'"\d"', "\\d"),
    "url": ('"https://x//y"', "https://x//y"),
    "secret": ('dlt.secrets["x"]', "{secrets.x}"),
    "config": ("dlt.config['x']", "{secrets.x}"),
    "dotted secret": ('dlt.secrets["a.b"]', "{secrets.a.b}"),
    "nested secret": ('dlt.secrets["a"]["b"]', "{secrets.a.b}"),
    "got secret": ('dlt.secrets.get("x")', "{secrets.x}"),
    "typed secret": ('dlt.config.get("x", str)', "{secrets.x}"),
    "secret as text": ("""'dlt.secrets["x"]'""", "{secrets.x}"),
    "secret by a name": ("dlt.secrets[KEY]", "{secrets.k}"),
    "f-string": ("f'Bearer {dlt.secrets[\"x\"]} of {TEXT}/v{NUMBER}'", "Bearer {secrets.x} of t/v-7"),
    "literal braces": ("f'{{id}}/{TEXT}'", "{id}/t"),
    "a condition that is a secret": ("1 if dlt.secrets['x'] else None", 1),
    "a condition that is a value": ("1 if TEXT else None", 1),
    "a condition that is false": ("1 if '' else [2]", [2]),
    "sum of texts": ('"Token " + dlt.secrets["x"] + TEXT', "Token {secrets.x}t"),
    "sum of lists": ("LIST + [3]", [1, 2, 3]),
    "starred list": ("[*LIST, 3]", [1, 2, 3]),
    "name": ("DICT", {"p": 1}),
    "merged": ('{"p": 0, **DICT, "q": 2}', {"p": 1, "q": 2}),
    "laid over": ('DICT | {"p": 2}', {"p": 2}),
    "negative name": ("-NUMBER", 7),
    "key by a name": ("{KEY: 1}", {"k": 1}),
    "dict call": ("dict(DICT, q=2, **{'r': 3})", {"p": 1, "q": 2, "r": 3}),
    "empty dict call": ("dict()", {}),
}


@pytest.mark.parametrize(("written", "expected"), VALUES.values(), ids=VALUES)
def test_a_value_is_read(written, expected):
    names = 'KEY = "k"\nTEXT = "t"\nNUMBER = -7\nLIST = [1, 2]\nDICT = {"p": 1}\n'
    assert read_python(f'{names}rest_api_source({{"a": {written}}})', "file x.py") == {"a": expected}


IMPORTS = {
    "module under another name": 'import dlt as d\nrest_api_source({"a": d.secrets["x"]})',
    "secrets alone": 'from dlt import secrets\nrest_api_source({"a": secrets["x"]})',
    "secrets under another name": 'from dlt import secrets as s\nrest_api_source({"a": s.get("x")})',
    "default of a parameter": (
        "def shop(x=dlt.secrets.value):\n"
        '    return rest_api_source({"a": x})'
    ),
    "default of a keyword parameter": (
        "def shop(*, key=dlt.secrets['x']):\n"
        '    return rest_api_source({"a": key})'
    ),
}  # fmt: skip


@pytest.mark.parametrize("code", IMPORTS.values(), ids=IMPORTS)
def test_a_secret_is_known_however_it_is_reached(code):
    assert read_python(code, "file x.py") == {"a": "{secrets.x}"}


INSTANCES = {
    'dlt.sources.incremental("t", initial_value=6)': {"type": "incremental", "cursor_path": "t", "initial_value": 6},
    'dlt.sources.incremental("t", 6, min)': {
        "type": "incremental",
        "cursor_path": "t",
        "initial_value": 6,
        "last_value_func": "min",
    },
    'BearerTokenAuth("t")': {"type": "bearer", "token": "t"},
    'BearerTokenAuth(token=dlt.secrets["x"])': {"type": "bearer", "token": "{secrets.x}"},
    'auth.HttpBasicAuth("u", "p")': {"type": "http_basic", "username": "u", "password": "p"},
    'APIKeyAuth("n", "k", "query")': {"type": "api_key", "name": "n", "api_key": "k", "location": "query"},
    'APIKeyAuth(api_key="k")': {"type": "api_key", "api_key": "k"},
    'OAuth2ClientCredentials(access_token_url="u", client_id="i", access_token_request_data={"scope": "s"})': {
        "type": "oauth2_client_credentials",
        "access_token_url": "u",
        "client_id": "i",
        "access_token_request_data": {"scope": "s"},
    },
    "SinglePagePaginator()": {"type": "single_page"},
    'JSONLinkPaginator("n")': {"type": "json_link", "next_url_path": "n"},
    'JSONResponsePaginator(next_url_path="n")': {"type": "json_link", "next_url_path": "n"},
    'HeaderLinkPaginator(links_next_key="n")': {"type": "header_link", "links_next_key": "n"},
    'HeaderCursorPaginator("k", "p")': {"type": "header_cursor", "cursor_key": "k", "cursor_param": "p"},
    'JSONResponseCursorPaginator("c", cursor_body_path="b")': {
        "type": "cursor",
        "cursor_path": "c",
        "cursor_body_path": "b",
    },
    'JSONResponseCursorPaginator("c", "p")': {"type": "cursor", "cursor_path": "c", "cursor_param": "p"},
    'PageNumberPaginator(1, 2, "p", None, 9, False)': {
        "type": "page_number",
        "base_page": 1,
        "page": 2,
        "page_param": "p",
        "total_path": None,
        "maximum_page": 9,
        "stop_after_empty_page": False,
    },
    'OffsetPaginator(100, 5, "o", "l", "t", 900, True, has_more_path="m")': {
        "type": "offset",
        "limit": 100,
        "offset": 5,
        "offset_param": "o",
        "limit_param": "l",
        "total_path": "t",
        "maximum_offset": 900,
        "stop_after_empty_page": True,
        "has_more_path": "m",
    },
    'PageNumberPaginator(**{"base_page": 1})': {"type": "page_number", "base_page": 1},
}


@pytest.mark.parametrize(("written", "block"), INSTANCES.items(), ids=INSTANCES)
def test_an_instance_of_a_dlt_class_becomes_its_block(written, block):
    assert read_python(f'rest_api_source({{"a": {written}}})', "file x.py") == {"a": block}


PROSE = {
    "only code": 'rest_api_source({"a": 1})',
    "indented code": '    import dlt\n    rest_api_source({"a": 1})',
    "the fence that has it": '```sh\npip install x\n```\n\n```python\nrest_api_source({"a": 1})\n```\n',
    "a fence of waves": '~~~ python\nrest_api_source({"a": 1})\n~~~',
    "a fence in a list": '1. First\n\n   ```python\n   rest_api_source({"a": 1})\n   ```\n\n2. Then',
    "a longer fence": '````\ntext = """\n```\n"""\nrest_api_source({"a": 1})\n````',
    "a fence that stays open": 'Text\n```\nrest_api_source({"a": 1})\n',
    "a broken fence beside it": 'Text\n```\nrest_api_source is (\n```\n```\nrest_api_source({"a": 1})\n```',
    "slashes for a comment": 'rest_api_source({\n"a": 1 // what a is\n})',
}


@pytest.mark.parametrize("document", PROSE.values(), ids=PROSE)
def test_the_configuration_is_found_in_prose(document):
    assert read_prose(document, "file x.md") == {"a": 1}


def test_slashes_are_a_comment_only_outside_of_texts():
    code = (
        "rest_api_source({  # https://x\n"
        "  \"a\": 'https://a//b',  // don't stop here\n"
        '  "b": """http://\n//c""",\n'
        '  // and "neither" here\n'
        '  "d": "\\"//\\\\",\n'
        "})"
    )
    assert read_python(code, "file x.py") == {"a": "https://a//b", "b": "http://\n//c", "d": '"//\\'}


def test_nothing_is_run(tmp_path):
    witness = tmp_path / "witness"
    code = f"open({str(witness)!r}, 'w')\nrest_api_source({{'a': 1}}, name=open({str(witness)!r}, 'w').name)"
    assert read_python(code, "file x.py") == {"a": 1}
    assert not witness.exists()
