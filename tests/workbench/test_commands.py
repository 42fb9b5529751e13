"""Do the commands of `restgeneric` say how they are used?"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tap_restgeneric.cli import COMMANDS, loaded
from tap_restgeneric.readers import builtin

SCRIPT = Path(sys.executable).with_name("restgeneric")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_has_examples_that_name_the_command(command, name):
    text = command(name, "--help").stdout
    examples = text.partition("Examples:\n")[2].strip().splitlines()

    assert examples
    assert all(line.strip().startswith(f"restgeneric {name}") for line in examples)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_on_one_line_what_the_help_of_a_command_begins_with(command, name):
    first = (loaded(name).help or "").splitlines()[0]
    listed = command("--help").stdout.splitlines()

    assert COMMANDS[name][1] == first
    assert [" ".join(line.split()) for line in listed if line.strip().startswith(f"{name} ")] == [f"{name} {first}"]


def test_listing_commands_imports_none_of_them():
    slow = "[name for name in sys.modules if 'singer' in name or 'workbench' in name]"
    code = f"import sys, tap_restgeneric.cli; print({slow})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


def test_a_command_that_is_not_there_is_an_error_with_a_suggestion(command):
    done = command("preveiw")

    assert (done.exit_code, "Did you mean 'preview'?" in done.stderr) == (2, True), done.stderr


def test_the_shell_completes_commands():
    env = {**os.environ, "_RESTGENERIC_COMPLETE": "bash_complete", "COMP_WORDS": "restgeneric pre", "COMP_CWORD": "1"}
    done = subprocess.run([SCRIPT], env=env, capture_output=True, text=True, check=True)

    assert done.stdout == "plain,preview\n"


def test_apis_lists_what_is_built_in(command):
    rows = [line.split("\t") for line in command("apis").stdout.splitlines()]

    assert [row[0] for row in rows] == ["source", *builtin.names()]
    assert dict(zip(rows[0], rows[1], strict=True)) == {
        "source": "ci",
        "resources": "12",
        "secrets": "api_key",
        "parameters": "org_id, project_id, job_number, workflow_id",
    }


def test_apis_shows_a_definition_that_can_be_used_as_a_file(command):
    assert yaml.safe_load(command("apis", "helpdesk").stdout) == yaml.safe_load(builtin.text("helpdesk"))


def test_apis_suggests_a_name(command):
    assert command("apis", "helpdsk").stderr == (
        "NAME: there is no built-in API 'helpdsk' (did you mean 'helpdesk'?)\n"
    )
