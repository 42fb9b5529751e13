"""Which secret does a source mean?"""

import pytest

from tap_restgeneric.dialect.placeholders import Template
from tap_restgeneric.dialect.secrets import Secrets
from tap_restgeneric.errors import Problem

GIVEN = {
    "key": "s3cr{e}t",
    "port": 8080,
    "on": True,
    "nested": {"a": {"b": "deep"}},
    "dotted.name": "flat",
    "none": None,
}
ENVIRON = {
    "TAP_RESTGENERIC_SECRETS_FROM_ENV": "env-value",
    "TAP_RESTGENERIC_SECRETS_BLANK": "",
    "TAP_RESTGENERIC_SECRETS_NONE": "env-none",
}


def resolved(value):
    secrets = Secrets(GIVEN, ENVIRON)
    found = secrets.resolved({"client": {"x": value}, "resources": [{"endpoint": {"json": {"x": value}}}]})
    assert secrets.problems == []
    return found["client"]["x"], found["resources"][0]["endpoint"]["json"]["x"]


# written, where braces stay as they are, where they are read again
PLACES = {
    "a secret": ("{secrets.key}", "s3cr{e}t", "s3cr{{e}}t"),
    "inside a text": ("Token {secrets.key}!", "Token s3cr{e}t!", "Token s3cr{{e}}t!"),
    "two": ("{secrets.key}{secrets.port}", "s3cr{e}t8080", "s3cr{{e}}t8080"),
    "a number is a text, but typed in a body": ("{secrets.port}", "8080", 8080),
    "true is true": ("{secrets.on}", True, True),
    "nested by dots": ("{secrets.nested.a.b}", "deep", "deep"),
    "a name with a dot": ("{secrets.dotted.name}", "flat", "flat"),
    "an object": ("{secrets.nested.a}", {"b": "deep"}, {"b": "deep"}),
    "from the environment": ("{secrets.from-env}", "env-value", "env-value"),
    "null is as good as not given": ("{secrets.none}", "env-none", "env-none"),
    "other braces": ("{x} {resources.a.b} {{y}}", "{x} {resources.a.b} {{y}}", "{x} {resources.a.b} {{y}}"),
    "no braces": ("secrets.key", "secrets.key", "secrets.key"),
}


@pytest.mark.parametrize(("written", "plain", "templated"), PLACES.values(), ids=PLACES)
def test_secrets_are_filled_in(written, plain, templated):
    assert resolved(written) == (plain, templated)


@pytest.mark.parametrize("key", ["path", "params", "json", "data", "headers"])
def test_a_secret_with_braces_arrives_as_it_is_in_every_templated_place(key):
    config = {"endpoint": {key: "a {secrets.key} b"}}
    found = Secrets(GIVEN, {}).resolved(config)["endpoint"][key]
    assert Template.parse(found).text({}) == "a s3cr{e}t b"


def test_double_braces_stay_in_a_templated_place():
    config = {"endpoint": {"json": {"q": "{{secrets.key}}"}}}
    assert Secrets(GIVEN, {}).resolved(config) == config


def test_what_is_no_text_stays():
    config = {"a": [1, None, True, {"b": 1.5}]}
    assert Secrets(GIVEN, {}).resolved(config) == config


def test_what_was_used_is_known():
    secrets = Secrets(GIVEN, ENVIRON)
    secrets.resolved(["{secrets.from_env}", "x {secrets.port}"])
    assert secrets.used == ["env-value", 8080]


PROBLEMS = {
    "not given": (
        {"client": {"auth": {"token": "{secrets.tok}"}}},
        "$.client.auth.token",
        "secret 'tok' is not set: give it in the setting `secrets`, or as TAP_RESTGENERIC_SECRETS_TOK",
    ),
    "misspelt": (
        {"client": {"auth": {"token": "Key {secrets.kye}"}}},
        "$.client.auth.token",
        (
            "secret 'kye' is not set (did you mean 'key'?): give it in the setting `secrets`, "
            "or as TAP_RESTGENERIC_SECRETS_KYE"
        ),
    ),
    "a blank environment variable": (
        {"resources": [{"endpoint": {"headers": {"X-Key": "{secrets.blank}"}}}]},
        "$.resources[0].endpoint.headers.X-Key",
        "secret 'blank' is not set: give it in the setting `secrets`, or as TAP_RESTGENERIC_SECRETS_BLANK",
    ),
    "double braces where they mean nothing": (
        {"client": {"headers": {"X-Key": "{{ secrets.key }}"}}},
        "$.client.headers.X-Key",
        "write {secrets.key}, with single braces",
    ),
}


@pytest.mark.parametrize(("config", "path", "message"), PROBLEMS.values(), ids=PROBLEMS)
def test_problems_with_secrets(config, path, message):
    secrets = Secrets(GIVEN, ENVIRON)
    secrets.resolved(config)
    assert secrets.problems == [Problem(path, message)]
