"""What do commands say when a user runs them?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from demo.project import CHECKOUT

BIN = Path(sys.executable).parent
TAP = BIN / "tap-restgeneric"

# Kept between runs of the tests, and shared with the demo.
PLUGINS = CHECKOUT / ".demo" / "meltano"


def run(*command, cwd, **environment):
    """A command in an environment without the settings of someone else's tap."""
    return subprocess.run(
        list(map(str, command)), check=False, cwd=cwd, env=clean(**environment), capture_output=True, text=True
    )


def output(*command, cwd, **environment):
    """What a command that has to succeed writes to stdout."""
    done = run(*command, cwd=cwd, **environment)
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


def clean(**more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TAP_", "MELTANO_"))}
    return {**kept, **more}


def messages(lines):
    """The Singer messages of a run."""
    return [json.loads(line) for line in lines.splitlines()]


def records(lines):
    """The records of a run by stream."""
    found = {}
    for message in messages(lines):
        if message["type"] == "RECORD":
            found.setdefault(message["stream"], []).append(message["record"])
    return found
