"""How does the tap start? What it imports lives to its end, so nobody looks for garbage there meanwhile."""

from __future__ import annotations

import gc
import sys

from tap_restgeneric.stand_ins import stand_ins


def main() -> None:
    """Runs the command of the tap."""
    gc.disable()
    with stand_ins():
        from tap_restgeneric import head_start  # noqa: PLC0415 (before the SDK)

        started = head_start.begun(sys.argv[1:])
        from tap_restgeneric.tap import TapRestGeneric  # noqa: PLC0415 (while it goes on)
    gc.freeze()
    gc.enable()
    TapRestGeneric.head_start = started
    TapRestGeneric.cli()


if __name__ == "__main__":
    main()
