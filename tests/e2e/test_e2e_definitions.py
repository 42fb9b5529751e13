"""Do meltano.yml, the plugin definition and the tap itself say the same?"""

from __future__ import annotations

import json

import pytest
import yaml
from shell import BIN, run

from demo.project import CHECKOUT
from tap_restgeneric import settings
from tap_restgeneric.sandbox import APIS

PROJECT = yaml.safe_load((CHECKOUT / "meltano.yml").read_text())
EXTRACTORS = {plugin["name"]: plugin for plugin in PROJECT["plugins"]["extractors"]}
DEFINITION = yaml.safe_load((CHECKOUT / "plugins" / "extractors" / "tap-restgeneric.yml").read_text())
SETTINGS = {setting["name"]: setting for setting in DEFINITION["settings"]}


def test_every_built_in_api_is_a_plugin():
    inheriting = {name: plugin["config"]["source"] for name, plugin in EXTRACTORS.items() if plugin.get("inherit_from")}
    assert inheriting == {f"tap-restgeneric--{api}": api for api in APIS}


@pytest.mark.slow
def test_the_definition_describes_the_tap_as_about_does(tap):
    about = json.loads(tap("--about", "--format=json"))
    known = about["settings"]["properties"]
    declared = {name: setting["description"] for name, setting in SETTINGS.items() if "." not in name}
    assert sorted(about["capabilities"]) == DEFINITION["capabilities"]
    assert declared == {name: " ".join(known[name]["description"].split()) for name in declared}


def test_the_definition_has_every_setting_that_is_the_taps_own():
    assert set(settings.JSONSCHEMA["properties"]) <= set(SETTINGS)


def test_the_definition_has_the_kinds_and_defaults_of_the_settings():
    shown = ("source", "client", "resources", "start_date", "resume_within", "on_stream_error", "concurrency")
    assert {name: (SETTINGS[name]["kind"], SETTINGS[name].get("value")) for name in shown} == {
        "source": ("string", None),
        "client": ("object", None),
        "resources": ("array", None),
        "start_date": ("date_iso8601", None),
        "resume_within": ("decimal", 43200),
        "on_stream_error": ("options", "stop"),
        "concurrency": ("integer", 8),
    }


@pytest.mark.parametrize("name", ["client.auth.token", "secrets", "secrets.api_key", "secrets.client_secret"])
def test_secrets_are_sensitive_settings(name):
    assert SETTINGS[name]["sensitive"] is True


# What the hub asks of a definition: schemas/plugin_definitions/extractors.schema.json of meltano/hub, 2026-08.
HUB_REQUIRED = {"name", "namespace", "variant", "quality"}
HUB_KEYS = HUB_REQUIRED | {
    *("pip_url", "label", "description", "executable", "settings", "docs", "repo", "logo_url", "hidden", "python"),
    *("settings_group_validation", "commands", "capabilities", "metadata", "schema", "select", "maintenance_status"),
    *("domain_url", "keywords", "requires", "definition", "next_steps", "settings_preamble", "usage", "prereq"),
    *("supported_python_versions", "log_parser"),
}
HUB_CAPABILITIES = {
    *("properties", "catalog", "discover", "state", "about", "stream-maps", "schema-flattening", "activate-version"),
    *("batch", "test", "log-based", "structured-logging"),
}
HUB_SETTING_KEYS = {
    *("name", "aliases", "label", "value", "placeholder", "kind", "description", "tooltip", "documentation", "env"),
    *("value_processor", "value_post_processor", "oauth", "options", "docs", "hidden", "sensitive"),
}
HUB_KINDS = {
    *("oauth", "date_iso8601", "file", "email", "integer", "options", "object", "array", "boolean", "string"),
    *("decimal",),
}


def test_the_definition_has_the_shape_that_the_hub_publishes():
    assert HUB_REQUIRED <= set(DEFINITION) <= HUB_KEYS
    assert set(DEFINITION["capabilities"]) <= HUB_CAPABILITIES
    assert DEFINITION["maintenance_status"] in {"active", "beta", "development", "inactive", "unknown"}
    assert DEFINITION["quality"] in {"gold", "silver", "bronze", "unknown"}


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
def test_a_setting_of_the_definition_has_the_shape_that_the_hub_publishes(setting):
    assert {"name", "kind", "label"} <= set(setting) <= HUB_SETTING_KEYS
    assert setting["kind"] in HUB_KINDS
    assert (setting["kind"] == "options") == ("options" in setting)
    assert all(set(option) == {"label", "value"} for option in setting.get("options", ()))


def test_settings_that_have_to_be_given_are_declared():
    groups = DEFINITION["settings_group_validation"]
    assert groups
    assert all(name in SETTINGS for group in groups for name in group)


@pytest.mark.slow
def test_meltano_yml_is_valid():
    done = run(BIN / "check-jsonschema", "--builtin-schema", "vendor.meltano", "meltano.yml", cwd=CHECKOUT)
    assert done.returncode == 0, done.stdout
