"""Does everything in the documentation work as it is written there?

A block is a source, or a part of one that begins with its top-level keys; what else it is, its title says. The commands
of `sh` are run, page by page, and what stands below them as `text` is what they print. `<!-- not run: ... -->` before a
block says why it is only checked against the commands there are.
"""

from __future__ import annotations

import io
import json
import re
from contextlib import redirect_stdout

import pytest
import yaml
from click.testing import CliRunner
from documentation import ADDRESS, PAGES, ROOT, commands, prose, snippets
from scripted import Answer
from touring import shop, unseen, walk

from tap_restgeneric import cli, readers
from tap_restgeneric.cli import main as restgeneric
from tap_restgeneric.dialect.loading import loaded
from tap_restgeneric.dialect.secrets import Secrets
from tap_restgeneric.settings import JSONSCHEMA
from tap_restgeneric.tap import TapRestGeneric

SUFFIXES = {"yaml": ".yaml", "json": ".json", "python": ".py"}
OTHER_COMMANDS = {"cd", "cat", "echo", "eval", "export", "meltano", "pip", "python", "python3", "target-jsonl", "uv"}
OTHER_PROGRAMS = {".", ".venv/bin/python", ".venv/bin/pip", ".venv/bin/uv", ".venv/bin/ruff", ".venv/bin/mypy"}
OTHER_TAP = "settings of tap-rest-api-msdk"
NOT_RUN = 4
"""Blocks that only real databases, or a run of these tests, could run."""
WITH_MELTANO = "docs/tutorial.md"
"""Walked in tests/e2e/test_e2e_tutorial.py."""

SNIPPETS = [snippet for page in PAGES for snippet in snippets(page)]
SOURCES = [each for each in SNIPPETS if each.language in SUFFIXES and not each.title]
SETTINGS = [each for each in SNIPPETS if each.title == "settings"]
COMMANDS = [each for each in SNIPPETS if each.language == "sh"]
WALKED = sorted({each.page for each in COMMANDS if not each.reason} - {WITH_MELTANO})
INLINE = [
    (page.name, found)
    for page in PAGES
    for found in re.findall(r"`((?:make|restgeneric|tap-restgeneric) [^`]+)`", prose(page))
]

PAGINATORS = [
    found for page in PAGES for found in re.findall(r"`(\{type: [^`]+\})`", prose(page)) if "..." not in found
]

OPENAPI = """\
openapi: 3.0.0
components:
  schemas:
    Order: {type: object, properties: {id: {type: integer}}}
"""
"""The file that a source of the reference refers to."""


def load(settings: dict, folder):
    config = readers.read(settings, folders=[folder]).config
    names = re.findall(r"\{secrets\.([^{}]+)\}", json.dumps(config))
    return loaded(
        config, secrets=Secrets(dict.fromkeys(names, "secret"), {}), parameters=settings.get("parameters") or {}
    )


def test_a_block_is_of_a_kind_that_is_checked():
    kinds = {(each.language, each.title) for each in SNIPPETS}
    assert kinds <= {*((language, "") for language in SUFFIXES), ("sh", ""), ("text", ""), ("json", "settings"),
                     ("yaml", "settings"), ("yaml", "meltano.yml"), ("yaml", OTHER_TAP)}  # fmt: skip


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_block_is_found(page):
    assert len(snippets(page)) * 2 == len(re.findall(r"^```", page.read_text("utf-8"), re.MULTILINE))


def test_few_blocks_are_not_run():
    assert len([each for each in SNIPPETS if each.reason]) <= NOT_RUN


@pytest.mark.parametrize("snippet", SOURCES, ids=str)
def test_a_source_in_the_documentation_is_one(snippet, tmp_path):
    file = tmp_path / f"source{SUFFIXES[snippet.language]}"
    file.write_text(snippet.text, "utf-8")
    rest = {"client": {"base_url": "https://api.example.com"}, "resources": ["things"]}
    if snippet.language != "python":
        given = yaml.safe_load(snippet.text)
        file.write_text(json.dumps({**rest, **given}), "utf-8")
    assert load({"source": file.name}, tmp_path).nodes


@pytest.mark.parametrize("text", PAGINATORS)
def test_a_paginator_in_a_sentence_is_one(text, tmp_path):
    client = {"base_url": "https://api.example.com", "paginator": yaml.safe_load(text)}
    assert load({"client": client, "resources": ["things"]}, tmp_path).nodes["things"].paginator.type in text


@pytest.mark.parametrize("snippet", SETTINGS, ids=str)
def test_settings_in_the_documentation_are_settings(snippet, tmp_path):
    settings = yaml.safe_load(snippet.text)
    assert set(settings) <= set(JSONSCHEMA["properties"])
    source = settings.get("source", "")
    for other in SOURCES:
        if other.page == snippet.page and source.endswith(SUFFIXES[other.language]):
            (tmp_path / source).write_text(other.text, "utf-8")
            break
    assert load(settings, tmp_path).nodes


def targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def options(words: list[str]) -> list[str]:
    return [word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)]


def unknown(words: list[str]) -> list[str]:
    """What a command does not know, of the words behind it."""
    name, *rest = words
    if name == "make":
        return [word for word in rest if word not in targets()]
    if name == "restgeneric":
        if not rest or rest[0] not in cli.COMMANDS:
            return rest[:1]
        known = {option for param in cli.loaded(rest[0]).params for option in param.opts}
        return [option for option in options(rest) if option not in known]
    if name == "tap-restgeneric":
        known = {option for param in TapRestGeneric.cli.params for option in param.opts}
        return [option for option in options(rest) if option not in known]
    return [] if name in OTHER_COMMANDS | OTHER_PROGRAMS else [name]


@pytest.mark.parametrize("snippet", COMMANDS, ids=str)
def test_commands_in_the_documentation_exist_with_their_options(snippet):
    assert [unknown(command) for command in commands(snippet.text)] == [[] for _ in commands(snippet.text)]


@pytest.mark.parametrize("page", WALKED)
def test_the_commands_of_a_page_can_be_run_one_after_the_other(page, serve, tmp_path):
    (tmp_path / "openapi.yaml").write_text(OPENAPI, "utf-8")
    blocks = [each for each in snippets(ROOT / page) if not each.title and not each.reason]
    printed = walk(blocks, tmp_path, {ADDRESS: f"{serve(shop).url}/v1"})
    assert len(printed) == len([each for each in blocks if each.language == "sh"])
    assert unseen(blocks, printed) == []


def test_what_is_printed_stands_below_commands_that_are_run():
    printed = {each.page for each in SNIPPETS if each.language == "text"}
    assert printed <= {*WALKED, WITH_MELTANO}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_shell(shell):
    done = CliRunner().invoke(
        restgeneric, prog_name="restgeneric", env={"_RESTGENERIC_COMPLETE": f"{shell}_source"}, standalone_mode=True
    )
    assert (done.exit_code, "restgeneric" in done.output) == (0, True)
    assert {"bash": "complete -o", "zsh": "compdef", "fish": "complete --no-files"}[shell] in done.output


@pytest.mark.parametrize("snippet", [each for each in SNIPPETS if each.title == "meltano.yml"], ids=str)
def test_plugins_in_the_documentation_have_settings_that_there_are(snippet):
    plugins = yaml.safe_load(snippet.text)["plugins"]["extractors"]
    assert {plugin["inherit_from"] for plugin in plugins} == {"tap-restgeneric"}
    assert {name for plugin in plugins for name in plugin["config"]} <= set(JSONSCHEMA["properties"])


@pytest.mark.parametrize(("page", "text"), INLINE)
def test_commands_in_sentences_exist_with_their_options(page, text):
    assert [word for command in commands(text) for word in unknown(command)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_the_pages_lead_somewhere(page):
    text = prose(page)
    local = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"[a-z]+:", link)]
    headings = {re.sub(r"[^\w\- ]", "", each).strip().replace(" ", "-").lower()
                for each in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}  # fmt: skip
    lost = [link for link in local if not link.startswith("#") and not (page.parent / link.partition("#")[0]).exists()]
    lost += [link for link in local if link.startswith("#") and link[1:] not in headings]
    assert lost == []


def test_the_source_of_the_readme_reads_what_the_api_holds(serve, tmp_path):
    ours = next(each for each in SOURCES if each.page == "README.md")
    (tmp_path / "source.yaml").write_text(ours.text, "utf-8")
    holds = {
        "/projects": [{"id": 1, "name": "one"}, {"id": 2, "name": "two"}],
        "/projects/1/tasks": [{"id": 11, "done": True}],
        "/projects/2/tasks": [{"id": 21, "done": False}, {"id": 22, "done": True}],
    }

    def answer(asked):
        if asked.headers.get("authorization") != "Bearer t0ken-of-the-test":
            return Answer(401)
        number = int(dict(asked.query).get("page", 1))
        rest = holds[asked.path][number:]
        link = {"Link": f'<{asked.path}?page={number + 1}>; rel="next"'} if rest else {}
        return Answer(200, {"data": holds[asked.path][number - 1 : number]}, link)

    tap = TapRestGeneric(
        config={
            "source": str(tmp_path / "source.yaml"),
            "client": {"base_url": serve(answer).url},
            "secrets": {"token": "t0ken-of-the-test"},
        }
    )
    out = io.StringIO()
    with redirect_stdout(out):
        tap.sync_all()
    messages = [json.loads(line) for line in out.getvalue().split("\n")[:-1]]
    records: dict[str, list] = {}
    for message in messages:
        if message["type"] == "RECORD":
            records.setdefault(message["stream"], []).append(message["record"])
    assert records == {
        "projects": holds["/projects"],
        "tasks": [
            {"id": 11, "done": True, "_projects_id": 1},
            {"id": 21, "done": False, "_projects_id": 2},
            {"id": 22, "done": True, "_projects_id": 2},
        ],
    }
