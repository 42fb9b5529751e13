"""What may an expression do?

Jinja's immutable sandbox with everything left out that an expression over JSON has no use for: attributes are keys
and nothing else, methods and filters are the ones named here, numbers with a fraction are `Decimal` as they are in
a body, and no result may be much larger than what it was made of.
"""

from __future__ import annotations

import operator
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from functools import partial, reduce
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, StrictUndefined, Undefined, nodes, pass_environment
from jinja2.filters import make_attrgetter
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from tap_restgeneric.dialect.words import kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from jinja2.runtime import Context

MOST_CHARACTERS = 100_000
_MOST_ENTRIES = 100_000
_MOST_BITS = 4_096
_MOST_EXPONENT = 64
_MOST_PLACES = 20
_SHOWN = 40

_METHODS: dict[type, frozenset[str]] = {
    dict: frozenset({"get", "keys", "values", "items"}),
    list: frozenset({"count", "index"}),
    str: frozenset(
        {"startswith", "endswith", "lower", "upper", "strip", "lstrip", "rstrip", "split", "count", "index"}
    ),
}
METHODS = frozenset().union(*_METHODS.values())
"""What may be called with `value.method(...)`."""

_VIEWS = {"keys", "values", "items"}


class Headers(dict[str, str]):
    """Header fields, asked for in any case."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__({name.lower(): value for name, value in fields.items()})

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__contains__(name.lower())

    def get(self, name: str, default: Any = None) -> Any:
        """The field of that name, or `default`."""
        return super().get(name.lower(), default)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def _number(value: Any) -> Any:
    if not _is_number(value):
        raise TypeError(f"a number is needed, not {kind(value)}")
    return Decimal(str(value)) if isinstance(value, float) else value


def _joined(texts: Iterable[Any], separator: Any = "") -> str:
    parts = [str(text) for text in texts]
    if sum(map(len, parts)) + len(str(separator)) * len(parts) > MOST_CHARACTERS:
        raise OverflowError(f"the text would have more than {MOST_CHARACTERS} characters")
    return str(separator).join(parts)


def _added(left: Any, right: Any) -> Any:
    if isinstance(left, str) and isinstance(right, str):
        return _joined((left, right))
    if isinstance(left, list) and isinstance(right, list):
        if len(left) + len(right) > _MOST_ENTRIES:
            raise OverflowError(f"the list would have more than {_MOST_ENTRIES} entries")
        return left + right
    return _number(left) + _number(right)


def _power(left: Any, right: Any) -> Any:
    if abs(right) > _MOST_EXPONENT:
        raise OverflowError(f"an exponent over {_MOST_EXPONENT}")
    return Decimal(left) ** right if right < 0 else left**right


def _quotient(left: Any, right: Any) -> Any:
    return Decimal(left) / Decimal(right)


def _calculated(calculate: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    number = calculate(_number(left), _number(right))
    if isinstance(number, int) and number.bit_length() > _MOST_BITS:
        raise OverflowError(f"a number of more than {_MOST_BITS} bits")
    return number


_CALCULATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "-": operator.sub,
    "*": operator.mul,
    "/": _quotient,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": _power,
}

_REQUIRED = object()


def _decimal(value: Any, default: Any = _REQUIRED) -> Any:
    """A text or number as a number; unlike Jinja's own filters, 0 only where 0 is the written default."""
    if isinstance(value, Undefined):
        str(value)  # strict: raises
    try:
        return Decimal(str(value))
    except ArithmeticError:
        if default is _REQUIRED:
            raise ValueError(f"{kind(value)} is no number: {str(value)[:_SHOWN]!r}") from None
        return default


def _whole(value: Any, default: Any = _REQUIRED) -> Any:
    number = _decimal(value, default)
    if not isinstance(number, Decimal):
        return number
    if number.adjusted() > _MOST_BITS // 4:  # an exponent is short to write and long to write out
        raise OverflowError(f"a number of more than {_MOST_BITS // 4} digits")
    return int(number)


_ROUNDINGS = {"common": ROUND_HALF_UP, "ceil": ROUND_CEILING, "floor": ROUND_FLOOR}


def _rounded(value: Any, precision: int = 0, method: str = "common") -> Decimal:
    if abs(precision) > _MOST_PLACES:
        raise OverflowError(f"more than {_MOST_PLACES} places")
    return Decimal(_number(value)).quantize(Decimal(1).scaleb(-precision), rounding=_ROUNDINGS[method])


def _replaced(text: str, old: str, new: str) -> str:
    if text.count(old) * len(new) > MOST_CHARACTERS:
        raise OverflowError(f"the text would have more than {MOST_CHARACTERS} characters")
    return text.replace(old, new)


def _pieces(text: str, separator: str | None = None, most: int = -1) -> list[str]:
    if text.count(separator or " ") > _MOST_ENTRIES:
        raise OverflowError(f"the list would have more than {_MOST_ENTRIES} entries")
    return text.split(separator, most)


@pass_environment
def _total(environment: Environment, values: Iterable[Any], attribute: Any = None, start: Any = 0) -> Any:
    """The sum of numbers, or of lists one behind another, which Python's own makes anew for each of them."""
    if attribute is not None:
        values = map(make_attrgetter(environment, attribute), values)
    if not isinstance(start, list):
        return reduce(_added, values, start)
    whole = list(start)
    for value in values:
        if not isinstance(value, list):
            raise TypeError(f"a list is needed, not {kind(value)}")
        if len(whole) + len(value) > _MOST_ENTRIES:
            raise OverflowError(f"the list would have more than {_MOST_ENTRIES} entries")
        whole += value
    return whole


def _divisible(value: Any, by: Any) -> bool:
    return bool(_number(value) % _number(by) == 0)


# left out: what pads, repeats or formats texts, what makes HTML, and what reaches attributes by name
_KEPT_FILTERS = (
    *("abs", "capitalize", "count", "d", "default", "dictsort", "first", "items", "last", "length", "list"),
    *("lower", "map", "max", "min", "reject", "rejectattr", "reverse", "select", "selectattr", "sort", "string"),
    *("title", "trim", "unique", "upper", "urlencode", "wordcount"),
)
_OWN_FILTERS: dict[str, Callable[..., Any]] = {
    "int": _whole,
    "float": _decimal,
    "join": _joined,
    "replace": _replaced,
    "round": _rounded,
    "sum": _total,
}
_OWN_TESTS: dict[str, Callable[..., Any]] = {
    "divisibleby": _divisible,
    "even": lambda value: _divisible(value, 2),
    "odd": lambda value: not _divisible(value, 2),
    "float": lambda value: isinstance(value, (float, Decimal)),
}
# names that no expression can write
_DECIMAL, _CONCATENATION, _CALLED = "decimal ", "~", "()"


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment that expressions are compiled in and run in."""

    intercepted_binops = frozenset({"+", *_CALCULATIONS})

    def __init__(self) -> None:
        # not optimized: that would calculate constants while a source is loaded
        super().__init__(undefined=StrictUndefined, optimized=False, autoescape=False)
        self.globals = {"len": len}
        self.filters = {name: self.filters[name] for name in _KEPT_FILTERS} | _OWN_FILTERS
        self.tests.update(_OWN_TESTS)
        self.filter_names = frozenset(self.filters)
        self.filters |= {_DECIMAL: Decimal, _CONCATENATION: _joined}

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002
        """A calculation within bounds."""
        if operator == "+":
            return _added(left, right)
        return _calculated(_CALCULATIONS[operator], left, right)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The value of a key; or, where it is called, a method."""
        if not attribute.endswith(_CALLED):
            return self.getitem(obj, attribute)
        name = attribute.removesuffix(_CALLED)
        if not any(isinstance(obj, known) and name in names for known, names in _METHODS.items()):
            return self.undefined(obj=obj, name=name)
        method = partial(_pieces, obj) if name == "split" else getattr(obj, name)
        return (lambda: list(method())) if name in _VIEWS else method

    def getitem(self, obj: Any, argument: Any) -> Any:
        """The value of a key, or an entry of a list or text."""
        if isinstance(obj, (dict, list, str, tuple)):
            try:
                return obj[argument]
            except (TypeError, LookupError):
                pass
        return self.undefined(obj=obj, name=argument)


class _Bounded(NodeTransformer):
    """Puts our own operations where Jinja's compiler would write Python's."""

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if isinstance(node.node, nodes.Getattr):
            node.node.attr += _CALLED
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return nodes.Filter(nodes.List(node.nodes), _CONCATENATION, [], [], None, None, lineno=node.lineno)

    def visit_Const(self, node: nodes.Const) -> nodes.Node:  # noqa: N802
        if not isinstance(node.value, float):
            return node
        digits = nodes.Const(str(node.value), lineno=node.lineno)
        return nodes.Filter(digits, _DECIMAL, [], [], None, None, lineno=node.lineno)


SANDBOX = Sandbox()


def compiled(tree: nodes.Expr) -> Callable[[dict[str, Any]], Any]:
    """The function of the names that a parsed expression is.

    Raises:
        SyntaxError, RecursionError, MemoryError: It is nested too deeply for Python.
    """
    bounded = _Bounded().visit(tree)
    body: list[nodes.Node] = [nodes.Assign(nodes.Name("result", "store"), bounded, lineno=1)]
    template = nodes.Template(body, lineno=1)
    template.set_environment(SANDBOX)
    made = SANDBOX.from_string(template)

    def evaluate(names: dict[str, Any]) -> Any:
        # shared: Jinja then copies no globals, which would take longer than the expression
        context = made.new_context({**SANDBOX.globals, **names}, shared=True)
        for _ in made.root_render_func(context):
            pass
        return context.vars["result"]

    return evaluate
