"""How does the tap start? What it imports lives to its end, so nobody looks for garbage there meanwhile."""

from __future__ import annotations

import gc

gc.disable()

from tap_restgeneric.tap import TapRestGeneric  # noqa: E402  # the collector rests until all is imported

gc.freeze()
gc.enable()

main = TapRestGeneric.cli

if __name__ == "__main__":
    main()
