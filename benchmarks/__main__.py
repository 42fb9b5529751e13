"""Run the tap and others side by side over the same work, and print how they compare.

python -m benchmarks [--scenario S1,S2] [--peer tap,sdk,limit] [--n 50000] [--repeats 3]
"""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from benchmarks import main_job, measuring, tables
from benchmarks.competitors import PEERS, Environments
from benchmarks.scenarios import SCENARIOS, Load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.competitors import Peer
    from benchmarks.measuring import Taken

_ROOT = Path(__file__).parent.parent / ".benchmarks"


@click.command()
@click.option("--scenario", "scenarios", default="", help="S1, S1i ... and postgres, duckdb; all of them if not given.")
@click.option("--peer", "peers", default="", help="Who takes part beside each other; all if not given.")
@click.option("--n", "records", type=int, help="Another number of records.")
@click.option("--repeats", default=3, show_default=True, help="How often; the median counts.")
def main(scenarios: str, peers: str, records: int | None, repeats: int) -> None:
    """Compare the tap with others over the same work."""
    console = Console(width=150)
    chosen = [each.of(records) for each in SCENARIOS if _is_in(each.name, scenarios)]
    jobs = [name for name in main_job.TARGETS if _is_in(name, scenarios)]
    environments = Environments(_ROOT / "environments")
    with measuring.serving(max([main_job.RECORDS, records or 0, *(each.records for each in chosen)])) as server:
        if chosen:
            taking_part = _installed([peer for peer in PEERS if _is_in(peer.name, peers)], environments, console)
            for scenario in chosen:
                runs = _side_by_side(Load(scenario, scenario.name, server), taking_part, environments, repeats)
                console.print(tables.comparison(scenario, runs))
        for name in jobs:
            with main_job.workshop(name, server, environments, _ROOT) as workshop:
                console.print(workshop.compared(records or main_job.RECORDS, repeats))


def _is_in(name: str, chosen: str) -> bool:
    return not chosen or name in chosen.split(",")


def _installed(peers: Sequence[Peer], environments: Environments, console: Console) -> list[Peer]:
    """Those whose environment is there; without a network, not all may be."""
    with console.status("installing"):
        return [peer for peer in peers if _is_there(peer, environments, console)]


def _is_there(peer: Peer, environments: Environments, console: Console) -> bool:
    try:
        environments.executables(peer.packages)
    except subprocess.CalledProcessError as error:
        console.print(f"{peer.name} takes no part: it cannot be installed ({error})", markup=False)
        return False
    return True


def _side_by_side(
    load: Load, peers: Sequence[Peer], environments: Environments, repeats: int
) -> Mapping[str, list[Taken]]:
    """Everyone once, then everyone again: a slow minute of the machine is one for all."""
    runs: dict[str, list[Taken]] = {peer.name: [] for peer in peers}
    for turn in range(repeats):
        for peer in peers:
            taken = _run(replace(load, run=f"{load.run}-{peer.name}-{turn}"), peer, environments)
            if taken is not None:
                runs[peer.name].append(taken)
    return runs


def _run(load: Load, peer: Peer, environments: Environments) -> Taken | None:
    with tempfile.TemporaryDirectory() as folder:
        argv = peer.command(load, environments.executables(peer.packages), Path(folder))
        if argv is None:
            return None
        taken = measuring.took(argv, folder=Path(folder))
    counted = measuring.counted_by(load)
    taken = replace(taken, requests=counted["requests"], at_once=counted["most_at_once"])
    if taken.problem or taken.records == load.scenario.expected or load.scenario.discovers:
        return taken
    return replace(taken, problem=f"{taken.records} of {load.scenario.expected} records came")


if __name__ == "__main__":
    main()
