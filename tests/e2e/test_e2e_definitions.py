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


def test_meltano_yml_holds_the_plugin_definition():
    assert {**EXTRACTORS["tap-restgeneric"], "pip_url": DEFINITION["pip_url"]} == DEFINITION


def test_every_built_in_api_is_a_plugin():
    inheriting = {name: plugin["config"]["source"] for name, plugin in EXTRACTORS.items() if plugin.get("inherit_from")}
    assert inheriting == {f"tap-restgeneric--{api}": api for api in APIS}


@pytest.mark.slow
def test_the_definition_describes_the_settings_as_the_tap_does(tap):
    about = json.loads(tap("--about", "--format=json"))["settings"]["properties"]
    declared = {name: setting for name, setting in SETTINGS.items() if "." not in name}
    assert {name: setting["description"] for name, setting in declared.items()} == {
        name: about[name]["description"] for name in declared
    }


def test_the_definition_has_every_setting_that_is_the_taps_own():
    assert set(settings.JSONSCHEMA["properties"]) <= set(SETTINGS)


@pytest.mark.parametrize("name", ["client.auth.token", "secrets", "secrets.api_key", "secrets.client_secret"])
def test_secrets_are_sensitive_settings(name):
    assert SETTINGS[name]["sensitive"] is True


@pytest.mark.slow
def test_meltano_yml_is_valid():
    done = run(BIN / "check-jsonschema", "--builtin-schema", "vendor.meltano", "meltano.yml", cwd=CHECKOUT)
    assert done.returncode == 0, done.stdout
