"""Does `restgeneric import` carry over what dlt's documentation describes, and say what it does not?"""

from __future__ import annotations

import re

import pytest
import yaml
from dlt_shapes import BASE, DLT_SHAPES, POSTS, SINGLE, Written, answer
from tapping import run

SECRETS = ("API_TOKEN", "TOKEN", "PASSWORD", "KEY", "API_KEY", "CLIENT_ID", "CLIENT_SECRET", "USERNAME")


@pytest.fixture(autouse=True)
def _secrets(monkeypatch):
    for name in SECRETS:
        monkeypatch.setenv(f"TAP_RESTGENERIC_SECRETS_{name}", "secret-of-mine")


def left(done):
    """The places of what was not carried over."""
    return tuple(re.findall(r"^not carried over: (?:line \d+, )?(\S+): ", done.stdout, re.MULTILINE))


def asked_of(server):
    bodies = (f" {each.body.decode()}" if each.body and each.path != "/token" else "" for each in server.asked)
    return [f"{each.method} {each.target}{body}" for each, body in zip(server.asked, bodies, strict=True)]


@pytest.mark.parametrize("name", DLT_SHAPES)
def test_a_snippet_of_dlt_is_converted_and_runs(command, serve, written, here, name):
    shape = DLT_SHAPES[name]
    server = serve(answer)
    written("pipeline.py", shape.text().replace(BASE, server.url))
    done = command("import", "pipeline.py")
    assert (done.exit_code, sorted(left(done))) == (0, sorted(shape.left)), done.output

    checked = command("check")
    run({"source": "source.yaml", "concurrency": 1, "infer_records": 1}, catalog=catalogued(here))
    signed = {name: server.asked[-1].headers.get(name) for name in shape.sign or {}}

    assert checked.exit_code == 0, checked.output
    assert (sorted(asked_of(server)), signed) == (sorted(shape.asked), shape.sign or {})


NUMBER, TEXT = {"type": ["integer", "null"]}, {"type": ["string", "null"]}
PARTS = {"type": ["array", "null"], "items": {"type": "object", "properties": {}}}
COLUMNS = {"id": NUMBER, "number": NUMBER, "group_id": NUMBER, "title": TEXT, "changed": TEXT, "parts": PARTS}


def catalogued(here):
    """A catalog of all streams, so that nothing is asked for beforehand."""
    resources = yaml.safe_load((here / "source.yaml").read_text())["resources"]
    names = [one if isinstance(one, str) else one["name"] for one in resources]
    schema = {"type": "object", "properties": COLUMNS}
    metadata = [{"breadcrumb": [], "metadata": {"selected": True}}]
    return {
        "streams": [{"tap_stream_id": name, "stream": name, "schema": schema, "metadata": metadata} for name in names]
    }


def test_what_is_left_is_named_with_its_line_and_what_to_do(command, written, here):
    written("pipeline.py", DLT_SHAPES["processing steps of Python"].text())
    done = command("import", "pipeline.py")
    lines = (here / "pipeline.py").read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if "lambda" in text)
    place = f"line {line}, $.resources[0].processing_steps[0].filter"
    remedy = "which is never run; write an expression as text, such as \"record.status == 'open'\""

    assert f'not carried over: {place}: `lambda one: one["id"] < 10` is Python code, {remedy}\n' in done.stdout
    assert "# Not carried over: line" in (here / "source.yaml").read_text()


def test_a_secret_that_is_written_out_is_not_written_again(command, written, here):
    written("pipeline.py", DLT_SHAPES["a token that is written out"].text())
    done = command("import", "pipeline.py")
    text = (here / "source.yaml").read_text()

    assert "{secrets.token}" in text
    assert "written-out-0815" not in text + done.output
    assert "set the secret: TAP_RESTGENERIC_SECRETS_TOKEN=..." in done.stdout


def test_prose_and_yaml_are_read_too(command, written, here):
    written("notes.md", f"Like this:\n\n```python\n{Written(client=SINGLE, resources=POSTS, asked=[]).text()}```\n")
    written("old.yaml", {"client": {"base_url": BASE, "sesion": 1}, "resources": ["posts"]})
    prose = command("import", "notes.md", "-o", "-")
    data = command("import", "old.yaml", "-o", "-")

    assert yaml.safe_load(prose.stdout)["resources"] == ["posts"]
    assert yaml.safe_load(data.stdout) == {"client": {"base_url": BASE}, "resources": ["posts"]}
    assert "not carried over: line 3, $.client.sesion: unknown key" in data.stderr


def test_a_parameter_is_a_setting_beside_the_source(command, written):
    resources = [{"name": "a", "endpoint": {"path": "orgs/{org_id}"}}]
    written("old.yaml", {"client": {"base_url": BASE}, "resources": resources})

    assert (
        "settings of the tap beside the source: {parameters: {org_id: '...'}}" in command("import", "old.yaml").stdout
    )


REFUSED = {
    "no configuration": ("notes.md", "nothing", "holds no configuration"),
    "of no kind that is known": ("notes.toml", "x = 1", "must end in .py, .md, .txt, .yaml, .yml, .json"),
    "data of something else": ("other.yaml", "a: 1", "holds no configuration of dlt or of tap-rest-api-msdk; --format"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_configuration_is_refused(command, written, here, name):
    file, text, message = REFUSED[name]
    written(file, text)
    done = command("import", file)

    assert (done.exit_code, message in done.stderr, (here / "source.yaml").exists()) == (2, True, False), done.stderr


def test_a_resource_without_its_parent_is_left_out_as_a_whole(command, written):
    written("pipeline.py", DLT_SHAPES["a resource that is Python"].text())

    assert "; the resource 'issues' is left out with it" in command("import", "pipeline.py").stdout


def test_secrets_among_headers_and_parameters_are_named_too(command, written):
    endpoint = {"params": {"api_key": "written-out-0815", "post_token": "{resources.posts.id}"}}
    defaults = {"endpoint": {"headers": {"Authorization": "Bearer written-out-0815"}}}
    client = {"base_url": BASE, "headers": {"X-Secret": "written-out-0815"}}
    resources = ["posts", {"name": "lines", "endpoint": endpoint}]
    written("old.json", {"client": client, "resource_defaults": defaults, "resources": resources})
    done = command("import", "old.json", "-o", "-")
    source = yaml.safe_load(done.stdout)

    assert "written-out-0815" not in done.output
    assert source["client"]["headers"] == {"X-Secret": "{secrets.x_secret}"}
    assert source["resource_defaults"]["endpoint"]["headers"] == {"Authorization": "{secrets.authorization}"}
    assert source["resources"][1]["endpoint"]["params"] == {
        "api_key": "{secrets.api_key}",
        "post_token": "{resources.posts.id}",
    }
