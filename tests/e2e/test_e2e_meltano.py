"""Does a Meltano project of someone else get the tap, its settings and its secrets?"""

from __future__ import annotations

import pytest
import yaml
from shell import PLUGINS, output, records

from demo.project import CHECKOUT, meltano

pytestmark = pytest.mark.slow

DEFINITION = CHECKOUT / "plugins" / "extractors" / "tap-restgeneric.yml"


def call(root, *arguments, **environment):
    quiet = {"MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false", "NO_COLOR": "1"}
    return output(meltano(), *arguments, cwd=root, **quiet, **environment)


@pytest.fixture
def copied(installed, tmp_path):
    """A project with the same plugins, for a .env of its own."""
    (tmp_path / "meltano.yml").write_text((CHECKOUT / "meltano.yml").read_text())
    return tmp_path


def test_settings_and_secrets_come_from_the_environment(copied, sandbox):
    lines = call(
        copied,
        "invoke",
        "--no-install",
        "tap-restgeneric",
        MELTANO_SYS_DIR_ROOT=str(PLUGINS),
        TAP_RESTGENERIC_SOURCE="commerce",
        TAP_RESTGENERIC_CLIENT_BASE_URL=sandbox.url("commerce"),
        TAP_RESTGENERIC_SECRETS_CLIENT_ID=sandbox.credentials("commerce")["client_id"],
        TAP_RESTGENERIC_SECRETS_CLIENT_SECRET=sandbox.credentials("commerce")["client_secret"],
    )
    assert len(records(lines)["locations"]) == len(sandbox.truth("commerce", "locations"))


def test_secrets_in_dotenv_reach_a_plugin_that_inherits(copied, sandbox):
    secrets = sandbox.credentials("recruiting")
    (copied / ".env").write_text(f"TAP_RESTGENERIC_SECRETS_API_KEY='{secrets['api_key']}'\n")
    lines = call(
        copied,
        "invoke",
        "--no-install",
        "tap-restgeneric--recruiting",
        MELTANO_SYS_DIR_ROOT=str(PLUGINS),
        TAP_RESTGENERIC__RECRUITING_CLIENT_BASE_URL=sandbox.url("recruiting"),
    )
    assert len(records(lines)["jobs"]) == len(sandbox.truth("recruiting", "jobs"))


def test_meltano_shows_no_secret(copied, sandbox):
    shown = call(
        copied,
        "config",
        "print",
        "tap-restgeneric",
        MELTANO_SYS_DIR_ROOT=str(PLUGINS),
        TAP_RESTGENERIC_SECRETS_API_KEY="definitely-a-secret",
        TAP_RESTGENERIC_CLIENT_AUTH_TOKEN="another-secret",
    )
    assert "definitely-a-secret" not in shown
    assert "another-secret" not in shown


def test_a_fresh_project_adds_the_plugin_from_its_definition(wheel, tmp_path):
    call(tmp_path, "init", "fresh")
    root = tmp_path / "fresh"

    # The definition names the package; here uv finds it beside this test instead of in a registry.
    call(root, "add", "tap-restgeneric", "--from-ref", DEFINITION, UV_FIND_LINKS=str(wheel.parent))

    added = yaml.safe_load((root / "meltano.yml").read_text())["plugins"]["extractors"]
    assert [plugin["name"] for plugin in added] == ["tap-restgeneric"]
    assert call(root, "invoke", "tap-restgeneric", "--version").startswith("tap-restgeneric")
