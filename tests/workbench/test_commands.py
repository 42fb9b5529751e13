"""Do the commands of `restgeneric` say how they are used?"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tap_restgeneric.cli import COMMANDS, main
from tap_restgeneric.readers import builtin

SCRIPT = Path(sys.executable).with_name("restgeneric")


@pytest.mark.parametrize("name", [each.name for each in COMMANDS])
def test_every_help_has_examples_that_name_the_command(command, name):
    text = command(name, "--help").stdout
    examples = text.partition("Examples:\n")[2].strip().splitlines()

    assert examples
    assert all(line.strip().startswith(f"restgeneric {name}") for line in examples)


@pytest.mark.parametrize("each", COMMANDS, ids=lambda each: each.name)
def test_every_command_says_on_one_line_what_it_does(each):
    assert not each.get_short_help_str(70).endswith("...")


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


def test_the_whole_of_it_is_in_the_help_of_the_group():
    assert sorted(main.commands) == sorted(each.name for each in COMMANDS)
