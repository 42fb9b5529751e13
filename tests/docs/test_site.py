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


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    assert built(ROOT, folder) == ""
    return folder


def test_every_block_is_one_on_the_site(site):
    counts = {
        page.relative_to(ROOT / "docs").with_suffix("").as_posix(): page.read_text("utf-8").count("\n```") // 2
        for page in (ROOT / "docs").rglob("*.md")
        if page.stem not in {"index", "security"}
    }
    assert {name: (site / name / "index.html").read_text("utf-8").count("<pre") for name in counts} == counts


def test_the_promises_of_security_are_on_the_site(site):
    assert "What is promised" in (site / "security" / "index.html").read_text("utf-8")


def test_links_that_lead_nowhere_and_pages_that_nobody_finds_end_the_build(tmp_path):
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    for name in ("mkdocs.yml", "SECURITY.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "docs" / "alone.md").write_text("[x](nowhere.md) [y](dialect.md#nothing)\n", "utf-8")
    said = built(tmp_path, tmp_path / "site")
    assert [word for word in ("alone.md", "nowhere.md", "#nothing") if word not in said] == []
