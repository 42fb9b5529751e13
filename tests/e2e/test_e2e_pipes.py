"""Does the tap work as any Singer tap does: piped, selected from, resumed?"""

from __future__ import annotations

import json

import pytest
from shell import TAP, messages, output, records, run

pytestmark = pytest.mark.slow


def test_a_pipe_into_a_target_delivers_every_record(installed, config, sandbox, tmp_path):
    target = installed / "loaders" / "target-jsonl" / "venv" / "bin" / "target-jsonl"
    (tmp_path / "target.json").write_text(json.dumps({"destination_path": "out", "do_timestamp_file": False}))
    line = f"set -o pipefail; '{TAP}' --config '{config('commerce')}' | '{target}' --config target.json"

    output("bash", "-c", line, cwd=tmp_path)

    files = {file.stem: file.read_text().splitlines() for file in (tmp_path / "out").iterdir()}
    arrived = {name: sorted(map(json.loads, lines), key=_by_id) for name, lines in files.items()}
    assert arrived == {
        name: sorted(sandbox.truth("commerce", name), key=_by_id) for name in ("customers", "locations", "shifts")
    }


def test_a_selection_in_the_catalog_is_kept_to(tap, config, sandbox, tmp_path):
    recruiting = config("recruiting")
    catalog = json.loads(tap("--config", recruiting, "--discover"))
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            entry["metadata"]["selected"] = stream["tap_stream_id"] == "jobs" and entry["breadcrumb"][1:] != ["title"]
    (tmp_path / "catalog.json").write_text(json.dumps(catalog))
    sandbox.forget()

    found = records(tap("--config", recruiting, "--catalog", tmp_path / "catalog.json"))

    assert list(found) == ["jobs"]
    titleless = [{k: v for k, v in job.items() if k != "title"} for job in sandbox.truth("recruiting", "jobs")]
    assert sorted(found["jobs"], key=_by_id) == sorted(titleless, key=_by_id)
    assert {request.path for request in sandbox.requests} == {"/v1/jobs"}


def test_discovery_of_a_built_in_api_sends_no_request(tap, config, sandbox):
    sandbox.forget()
    tap("--config", config("helpdesk"), "--discover")
    assert sandbox.requests == []


def test_a_run_resumes_from_the_state_of_the_one_before(tap, config, sandbox, tmp_path):
    helpdesk = config("helpdesk")
    sandbox.forget()
    first = tap("--config", helpdesk)
    asked_first = _asked(sandbox, "/v1/customers")
    states = [message["value"] for message in messages(first) if message["type"] == "STATE"]
    (tmp_path / "state.json").write_text(json.dumps(states[-1]))
    sandbox.forget()

    second = tap("--config", helpdesk, "--state", tmp_path / "state.json")

    assert 0 < _asked(sandbox, "/v1/customers") < asked_first
    everyone = records(first)["customers"]
    newest = max(customer["updated_datetime"] for customer in everyone)
    again = records(second)["customers"]
    assert all(customer in everyone for customer in again)
    assert newest in {customer["updated_datetime"] for customer in again}
    assert len(again) < len(everyone)


def test_a_wrong_secret_is_an_error_that_does_not_show_it(config, tmp_path):
    wrong = config("recruiting", secrets={"api_key": "definitely-not-the-key"})

    done = run(TAP, "--config", wrong, cwd=tmp_path)

    assert done.returncode == 1
    assert "401" in done.stderr
    assert "definitely-not-the-key" not in done.stderr + done.stdout


def _asked(sandbox, path):
    return sum(request.path == path and request.status == 200 for request in sandbox.requests)


def _by_id(record):
    return str(record["id"])
