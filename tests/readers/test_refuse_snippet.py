"""What a snippet does not write down is refused, with its line, its text and the remedy."""

import pytest

from tap_restgeneric.errors import ConfigError, Problem
from tap_restgeneric.readers.snippet import read_prose, read_python

NEVER = "is Python code, which is never run; write the value itself"
EXPRESSION = "write an expression as text, such as \"record.status == 'open'\""
NAMING = "the name of a secret has letters, digits, `_`, `-`, and `.` between them"
READS = "reads the environment, which is not done here; write"
INTO_SETTING = "and give the value in the setting `secrets`"

REFUSED = {
    "lambda": (
        '{"resources": ["a", {"processing_steps": [{"filter": lambda r: r["n"] > 1}]}]}',
        "$.resources[1].processing_steps[0].filter",
        f'`lambda r: r["n"] > 1` is Python code, which is never run; {EXPRESSION}',
    ),
    "function": (
        '{"resources": [{"processing_steps": [{"filter": is_open}]}]}',
        "$.resources[0].processing_steps[0].filter",
        f"`is_open` is Python code, which is never run; {EXPRESSION}",
    ),
    "map": (
        '{"processing_steps": [{"map": lambda r: r}]}',
        "$.processing_steps[0].map",
        "`lambda r: r` is Python code, which is never run; write which fields to add, rename or remove",
    ),
    "yield_map": (
        '{"processing_steps": [{"yield_map": lambda r: r}]}',
        "$.processing_steps[0].yield_map",
        "`lambda r: r` is Python code, which is never run; write the steps filter, map and flatten",
    ),
    "convert": (
        '{"incremental": {"convert": lambda t: t[:10]}}',
        "$.incremental.convert",
        (
            "`lambda t: t[:10]` is Python code, which is never run; "
            'write the name of a conversion, such as "iso8601" or "epoch", or a strftime format'
        ),
    ),
    "last_value_func": (
        '{"incremental": {"last_value_func": sum}}',
        "$.incremental.last_value_func",
        '`sum` has no value in this snippet; write "max" or "min"',
    ),
    "response action": (
        '{"response_actions": [is_open]}',
        "$.response_actions[0]",
        '`is_open` is Python code, which is never run; write {"status_code": ..., "action": ...}',
    ),
    "condition": ('{"a": 1 if build("x") else 2}', "$.a", f'`build("x")` {NEVER}'),
    "initial value": (
        '{"incremental": {"initial_value": build("x")}}',
        "$.incremental.initial_value",
        f'`build("x")` {NEVER}, or leave it out and give the setting start_date',
    ),
    "call": ('{"a": build("x")}', "$.a", f'`build("x")` {NEVER}'),
    "class of dlt that has no block": ('{"a": OAuthJWTAuth("x")}', "$.a", f'`OAuthJWTAuth("x")` {NEVER}'),
    "class with nearly the right name": (
        '{"a": HTTPBasicAuth("u", "p")}',
        "$.a",
        (
            '`HTTPBasicAuth("u", "p")` is Python code, which is never run (did you mean HttpBasicAuth?); '
            "write the value itself"
        ),
    ),
    "class without a call": (
        '{"a": BearerTokenAuth}',
        "$.a",
        "`BearerTokenAuth` has no value in this snippet; write the value itself",
    ),
    "comprehension": (
        '{"resources": [{"name": n} for n in ["a", "b"]]}',
        "$.resources",
        '`[{"name": n} for n in ["a", "b"]]` is a comprehension, which is never run; write its items out one by one',
    ),
    "unknown name": ('{"a": MISSING}', "$.a", "`MISSING` has no value in this snippet; write the value itself"),
    "name of a loop": ('{"a": looped}', "$.a", f"`looped` {NEVER}"),
    "name with two values": (
        '{"a": twice}',
        "$.a",
        "`twice` gets a value more than once, in lines 5, 6; give it one",
    ),
    "name that is changed": (
        '{"a": grown}',
        "$.a",
        "`grown` is changed in line 8, and changes are never run; write it in one piece",
    ),
    "name that is assigned into": (
        '{"a": patched}',
        "$.a",
        "`patched` is changed in line 10, and changes are never run; write it in one piece",
    ),
    "environment": (
        '{"a": os.environ["TOKEN"]}',
        "$.a",
        f'`os.environ["TOKEN"]` {READS} dlt.secrets["token"] {INTO_SETTING}',
    ),
    "got environment": (
        '{"a": os.environ.get("TOKEN")}',
        "$.a",
        f'`os.environ.get("TOKEN")` {READS} dlt.secrets["token"] {INTO_SETTING}',
    ),
    "getenv": (
        '{"a": os.getenv(looped)}',
        "$.a",
        f'`os.getenv(looped)` {READS} dlt.secrets["name"] {INTO_SETTING}',
    ),
    "environment in an f-string": (
        '{"a": f"t {os.getenv(\'T\')}"}',
        "$.a",
        (f'`f"t {{os.getenv(\'T\')}}"` {READS} dlt.secrets["t"] {INTO_SETTING}'),
    ),
    "secret without a name": (
        '{"a": dlt.secrets.value}',
        "$.a",
        '`dlt.secrets.value` does not say which secret; write dlt.secrets["name"]',
    ),
    "secret with a default": ('{"a": dlt.secrets.get("x", "y")}', "$.a", f'`dlt.secrets.get("x", "y")` {NEVER}'),
    "secret with a blank": ('{"a": dlt.secrets["x y"]}', "$.a", f'`dlt.secrets["x y"]` names no secret: {NAMING}'),
    "secret with a number": ('{"a": dlt.secrets[3]}', "$.a", f"`dlt.secrets[3]` names no secret: {NAMING}"),
    "positions that changed": (
        '{"a": OAuth2ClientCredentials("u", "i", "s")}',
        "$.a",
        (
            '`OAuth2ClientCredentials("u", "i", "s")` gives OAuth2ClientCredentials values without names; '
            "write them as key=value"
        ),
    ),
    "too many positions": (
        '{"a": BearerTokenAuth("a", "b")}',
        "$.a",
        '`BearerTokenAuth("a", "b")` gives BearerTokenAuth more than token without names',
    ),
    "argument given twice": (
        '{"a": BearerTokenAuth("a", token="b")}',
        "$.a",
        '`BearerTokenAuth("a", token="b")` gives BearerTokenAuth its token twice',
    ),
    "formatted": (
        '{"a": f"{looped:>3}"}',
        "$.a",
        '`f"{looped:>3}"` formats a value, which is never run; write the text itself',
    ),
    "list in a text": ('{"a": f"{[1]}"}', "$.a", '`f"{[1]}"` puts a dict or a list into a text; write the text itself'),
    "arithmetic": ('{"a": 60 * 60}', "$.a", f"`60 * 60` {NEVER}"),
    "sum of numbers": ('{"a": 1 + 2}', "$.a", f"`1 + 2` {NEVER}"),
    "union of lists": ('{"a": [1] | [2]}', "$.a", f"`[1] | [2]` {NEVER}"),
    "negated text": ('{"a": -"x"}', "$.a", f'`-"x"` {NEVER}'),
    "not": ('{"a": not True}', "$.a", f"`not True` {NEVER}"),
    "division that was meant as a comment": (
        '{"a": 100 // pages\n}',
        "$.a",
        "`100 // pages` is a division in Python, which is never run; a comment starts with #",
    ),
    "set": ('{"a": {1}}', "$.a", f"`{{1}}` {NEVER}"),
    "bytes": ('{"a": b"x"}', "$.a", '`b"x"` has no form in JSON; write it as text'),
    "number without an end": ('{"a": 1e999}', "$.a", "`1e999` is a number without an end"),
    "number as a key": ('{"a": {1: 2}}', "$.a", "`1` is not text, as a key must be; write it in quotes"),
    "key that stands twice": ('{"a": 1, "a": 2}', "$.a", '`"a"` stands twice in this dict, first in line 10'),
    "merging a list": ('{"a": {**[1]}}', "$.a", "`[1]` is not a dict"),
    "spreading a dict": ('{"a": [*{}]}', "$.a", "`{}` is not a list"),
    "long code": (
        '{"a": build("0123456789", "0123456789", "0123456789", "0123456789", "0123456789")}',
        "$.a",
        f'`build("0123456789", "0123456789", "0123456789", "0123456789…` {NEVER}',
    ),
}

PRELUDE = """\
import os, dlt
def is_open(record): return record
for looped in (1, 2): pass

twice = 1
twice = 2
grown = [1]
grown.append(2)
patched = {}
patched["a"] = 1
"""
LAST_LINE = PRELUDE.count("\n")


@pytest.mark.parametrize(("written", "path", "message"), REFUSED.values(), ids=REFUSED)
def test_what_would_have_to_be_run_is_refused_with_line_text_and_remedy(written, path, message):
    with pytest.raises(ConfigError) as refused:
        read_python(PRELUDE.removesuffix("\n") + f"; rest_api_source({written})", "file x.py")
    assert refused.value.problems == (Problem(path, f"file x.py, line {LAST_LINE}: {message}"),)


def test_a_parameter_without_a_default_is_refused():
    with pytest.raises(ConfigError) as refused:
        read_python('def shop(key):\n    return rest_api_source({"a": key})', "file x.py")
    assert refused.value.problems == (
        Problem(
            "$.a",
            'file x.py, line 2: `key` is a parameter without a value; write dlt.secrets["key"] or the value itself',
        ),
    )


def test_a_name_that_stands_for_itself_is_refused():
    with pytest.raises(ConfigError) as refused:
        read_python('ring = [other]\nother = [ring]\nrest_api_source({"a": ring})', "file x.py")
    assert refused.value.problems == (
        Problem("$.a[0][0]", "file x.py, line 2: `ring` stands for something that contains it"),
    )


def test_the_line_of_a_value_behind_a_name_is_its_own():
    with pytest.raises(ConfigError) as refused:
        read_python('steps = [{"filter": len(x)}]\n\nrest_api_source({"processing_steps": steps})', "file x.py")
    assert [str(problem) for problem in refused.value.problems] == [
        f"$.processing_steps[0].filter: file x.py, line 1: `len(x)` is Python code, which is never run; {EXPRESSION}"
    ]


def test_all_spots_are_named_at_once():
    with pytest.raises(ConfigError) as refused:
        read_python('rest_api_source({"a": f(),\n"b": {"c": g()},\n"d": [h()]})', "file x.py")
    assert refused.value.problems == (
        Problem("$.a", f"file x.py, line 1: `f()` {NEVER}"),
        Problem("$.b.c", f"file x.py, line 2: `g()` {NEVER}"),
        Problem("$.d[0]", f"file x.py, line 3: `h()` {NEVER}"),
    )


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ('{"client": {"auth": encode("hunter22")}}', "$.client.auth"),
        ('{"client": {"headers": {"X": encode("hunter22")}}}', "$.client.headers.X"),
        ('{"params": {"apikey": encode("hunter22")}}', "$.params.apikey"),
        ('{"json": {"Password": encode("hunter22")}}', "$.json.Password"),
        ('{"params": {"key": encode("hunter22")}}', "$.params.key"),
    ],
)
def test_texts_at_secret_places_are_not_shown(written, path):
    with pytest.raises(ConfigError) as refused:
        read_python(f"rest_api_source({written})", "file x.py")
    assert refused.value.problems == (Problem(path, f"file x.py, line 1: `encode('***')` {NEVER}"),)


def test_names_that_unfold_without_end_are_refused():
    doubled = "".join(f"n{number} = [n{number - 1}, n{number - 1}]\n" for number in range(1, 40))
    with pytest.raises(ConfigError) as refused:
        read_python(f"n0 = []\n{doubled}rest_api_source({{'a': n39}})", "file x.py")
    assert refused.value.problems == (Problem("$.source", "file x.py unfolds to more than 200,000 values"),)


EXPECTED = "rest_api_source({...}), rest_api_resources({...}) or a dict annotated with RESTAPIConfig"
UNFOUND = {
    "empty": ("", f"file x.md holds no configuration; expected is {EXPECTED}"),
    "prose": ("Just words.", f"file x.md holds no configuration; expected is {EXPECTED}"),
    "other code": ("```python\nx = {'client': {}}\n```", f"file x.md holds no configuration; expected is {EXPECTED}"),
    "call without a configuration": (
        "rest_api_source()",
        f"file x.md holds no configuration; expected is {EXPECTED}",
    ),
    "two calls": (
        "rest_api_source({})\nrest_api_source({})",
        "file x.md holds several configurations, in lines 1, 2; keep one",
    ),
    "two fences": (
        "```\nrest_api_source({})\n```\ntext\n```\nx: RESTAPIConfig = {}\n```\n",
        "file x.md holds several configurations, in lines 2, 6; keep one",
    ),
    "broken code": (
        "Text\n\n```python\nrest_api_source({)\n```\n",
        "file x.md, line 4: not Python: closing parenthesis ')' does not match opening parenthesis '{'",
    ),
    "deep nesting": (
        "rest_api_source({'a': " + "-" * 5000 + "1})",
        "file x.md is nested too deeply",
    ),
}


@pytest.mark.parametrize(("document", "message"), UNFOUND.values(), ids=UNFOUND)
def test_a_document_that_does_not_hold_one_configuration_is_refused(document, message):
    with pytest.raises(ConfigError) as refused:
        read_prose(document, "file x.md")
    assert refused.value.problems == (Problem("$.source", message),)
