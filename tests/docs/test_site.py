"""Is the documentation a site without a link that leads nowhere, and without a page that nobody finds?"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from documentation import ROOT

MKDOCS = Path(sys.executable).with_name("mkdocs")


def built(checkout: Path, site: Path) -> str:
    """What a strict build says that is wrong."""
    done = subprocess.run(
        [MKDOCS, "build", "--strict", "--site-dir", site],
        cwd=checkout,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if done.returncode == 0 else done.stderr


@pytest.fixture
def copy(tmp_path):
    """The documentation in a folder of its own, to be changed."""
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    for name in ("mkdocs.yml", "SECURITY.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_the_site_can_be_built(tmp_path):
    assert built(ROOT, tmp_path) == ""


def test_every_block_is_one_on_the_site(tmp_path):
    built(ROOT, tmp_path)
    counts = {
        page.relative_to(ROOT / "docs").with_suffix("").as_posix(): page.read_text("utf-8").count("\n```") // 2
        for page in (ROOT / "docs").rglob("*.md")
        if page.stem not in {"index", "security"}
    }
    assert {name: (tmp_path / name / "index.html").read_text("utf-8").count("<pre") for name in counts} == counts


MISTAKES = {
    "a page that is not there": ("index.md", "[x](nowhere.md)", "nowhere.md"),
    "a heading that is not there": ("index.md", "[x](dialect.md#nothing)", "#nothing"),
    "a page outside of the navigation": ("alone.md", "# Alone", "alone.md"),
}


@pytest.mark.parametrize(("page", "text", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_ends_the_build(copy, page, text, said):
    with (copy / "docs" / page).open("a") as file:
        file.write(f"\n{text}\n")
    assert said in built(copy, copy / "site")
