"""Is what stands in for a module as good as the module, and gone when the real one is wanted?"""

from __future__ import annotations

import subprocess
import sys

import pytest

BEGIN = "import sys\nfrom tap_restgeneric.stand_ins import stand_ins\n"
CASES = {
    "nothing is imported": """
with stand_ins(['colorsys']):
    import colorsys
assert 'colorsys' not in sys.modules
""",
    "a function": """
with stand_ins(['colorsys']):
    from colorsys import hsv_to_rgb
assert hsv_to_rgb(0, 0, 1) == (1, 1, 1)
""",
    "a function of the module": """
with stand_ins(['colorsys']):
    import colorsys
assert colorsys.hsv_to_rgb(0, 0, 1) == (1, 1, 1)
""",
    "a class": """
with stand_ins(['fractions']):
    from fractions import Fraction
assert Fraction(1, 2) * 2 == 1
""",
    "what a class has": """
with stand_ins(['fractions']):
    from fractions import Fraction
assert Fraction.from_float(0.5) == Fraction(1, 2)
""",
    "what belongs to a class": """
with stand_ins(['fractions']):
    from fractions import Fraction
assert isinstance(Fraction(1, 2), Fraction) and not isinstance(1, Fraction)
""",
    "used at once": """
with stand_ins(['colorsys']):
    from colorsys import hsv_to_rgb
    assert hsv_to_rgb(0, 0, 1) == (1, 1, 1)
    import colorsys
assert colorsys.__file__ and sys.modules['colorsys'] is colorsys
""",
    "a module in a package": """
with stand_ins(['xml', 'xml.sax']):
    from xml.sax import make_parser
    assert 'xml.sax.handler' not in sys.modules
    assert make_parser().parse
import xml.sax
assert xml.sax.__path__
""",
    "imported before": """
import json
with stand_ins(['json']):
    from json import loads
assert loads is json.loads
""",
    "imported again": """
with stand_ins(['colorsys']):
    import colorsys
import colorsys
assert colorsys.__file__
""",
    "no such name": """
with stand_ins(['colorsys']):
    from colorsys import nothing
try:
    nothing()
except AttributeError as error:
    assert 'nothing' in str(error)
else:
    raise SystemExit(1)
""",
}


@pytest.mark.parametrize("script", CASES.values(), ids=CASES)
def test_a_stand_in(script):
    done = subprocess.run([sys.executable, "-c", BEGIN + script], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
