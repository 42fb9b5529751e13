"""Does the tutorial lead from an empty folder to rows, if it is followed to the letter?"""

from __future__ import annotations

import pytest
from documentation import ADDRESS, ROOT, snippets
from scripted import serving
from touring import ORDERS, shop, unseen, walk

from demo.project import CHECKOUT

pytestmark = pytest.mark.slow

BLOCKS = [each for each in snippets(ROOT / "docs" / "tutorial.md") if not each.reason]
PLUGINS = "https://example.com/tap-restgeneric/plugins"


@pytest.fixture(scope="module")
def walked(wheel, tmp_path_factory):
    """What the commands print, each block for itself; only addresses differ from what is written."""
    folder = tmp_path_factory.mktemp("tutorial")
    with serving(shop) as api:
        return walk(
            BLOCKS,
            folder,
            {ADDRESS: f"{api.url}/v1", PLUGINS: str(CHECKOUT / "plugins")},
            UV_FIND_LINKS=str(wheel.parent),
            MELTANO_SEND_ANONYMOUS_USAGE_STATS="false",
        )


def test_the_tutorial_shows_what_the_commands_print(walked):
    assert unseen(BLOCKS, walked) == []


def test_the_tutorial_ends_with_the_rows_of_the_api(walked):
    assert walked[-1] == f"orders {len(ORDERS)} order_lines {2 * len(ORDERS)}"
