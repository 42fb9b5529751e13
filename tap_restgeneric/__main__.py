"""How does the tap start? What it imports lives to its end, so nobody looks for garbage there meanwhile."""

from __future__ import annotations

import gc

from tap_restgeneric.stand_ins import stand_ins

gc.disable()

with stand_ins():
    from tap_restgeneric.tap import TapRestGeneric  # the collector rests until all is imported

gc.freeze()
gc.enable()

main = TapRestGeneric.cli

if __name__ == "__main__":
    main()
