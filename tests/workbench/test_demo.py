"""Does `restgeneric demo` show that it works, wherever it is installed?"""

from __future__ import annotations

import sys

import pytest

from tap_restgeneric.workbench import demo


def test_all_five_apis_arrive(command):
    done = command("demo")
    rows = [line.split("\t") for line in done.stdout.splitlines()]

    assert (done.exit_code, rows[-1]) == (0, ["every record arrived"])
    assert len(rows[1:-1]) == 45
    assert all(held == delivered for _, _, held, delivered, _ in rows[1:-1])


def test_what_does_not_arrive_is_a_failure(command, monkeypatch):
    compared = demo._compared
    monkeypatch.setattr(
        demo, "_compared", lambda here, box, api: [(row, api != "ci") for row, _ in compared(here, box, api)]
    )
    done = command("demo")

    assert (done.exit_code, done.stdout.splitlines()[-1]) == (1, "something differs")


def test_a_database_needs_a_checkout(command):
    done = command("demo", "duckdb")

    assert done.exit_code == 1
    assert done.stderr == (
        "Error: the demo into duckdb needs a checkout of the repository (here is no demo/__main__.py): run it there, "
        "as `make demo TARGET=duckdb`, or without a database, as `restgeneric demo`\n"
    )


def test_in_a_checkout_the_demo_of_the_repository_runs(command, here, written):
    (here / "demo").mkdir()
    written("demo/__init__.py", "")
    written("demo/__main__.py", "import sys; sys.exit(7 if sys.argv[1:] == ['postgres'] else 1)")
    written("meltano.yml", "{}")

    assert command("demo", "postgres").exit_code == 7


@pytest.mark.parametrize("name", ["demo", "sandbox"])
def test_without_the_sandbox_it_says_what_to_install(command, monkeypatch, name):
    monkeypatch.setitem(sys.modules, "tap_restgeneric.sandbox", None)
    done = command(name)

    assert (done.exit_code, "pip install 'tap-restgeneric[sandbox]'" in done.stderr) == (1, True)
