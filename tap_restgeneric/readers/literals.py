"""Which plain value does a piece of Python write down, without being run?"""

from __future__ import annotations

import ast
import difflib
import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from tap_restgeneric.readers.instances import INSTANCES
from tap_restgeneric.readers.values import NAMING, secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_restgeneric.readers.findings import Findings
    from tap_restgeneric.readers.instances import Instance
    from tap_restgeneric.readers.scopes import Binding, Scan, Scope

UNREADABLE: Final = object()

_VAULTS = frozenset({"dlt.secrets", "dlt.config"})
_UNNAMED = frozenset({"dlt.secrets.value", "dlt.config.value"})
_ENVIRONMENT = frozenset({"os.environ", "os.environ.get", "os.getenv"})
_LAST_VALUE = frozenset({"max", "min"})
_COMPREHENSIONS = (ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp)
_SHOWN = 60

_CONVERSION = 'write the name of a conversion, such as "iso8601" or "epoch", or a strftime format'
# By the end of the path, indexes left out: where dlt takes Python, and what stands there instead.
_REMEDIES = {
    ".processing_steps.filter": "write an expression as text, such as \"record.status == 'open'\"",
    ".processing_steps.map": "write which fields to add, rename or remove",
    ".processing_steps.yield_map": "write the steps filter, map and flatten",
    ".response_actions": 'write {"status_code": ..., "action": ...}',
    ".response_actions.action": 'write "ignore", "retry" or "fail"',
    ".convert": _CONVERSION,
    ".transform": _CONVERSION,
    ".last_value_func": 'write "max" or "min"',
    ".initial_value": "write the value itself, or leave it out and give the setting start_date",
    ".client.session": "leave it out, the tap has its own",
}

_INDEX = re.compile(r"\[\d+\]")
_STRING = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""", re.DOTALL)
_SECRET_PATH = re.compile(r"\.(auth|headers)\b|\.[^.]*(api_?key|token|secret|password|pwd)[^.]*$|\.key$", re.IGNORECASE)


@dataclass(frozen=True)
class Spot:
    """A piece of Python, and where its value goes.

    Attributes:
        node: The expression.
        path: Where its value goes in the source, as a JSONPath.
        scope: What names stand for here.
        shown: What messages show instead of `node`, which inside an f-string does not know where it stands.
    """

    node: ast.expr
    path: str
    scope: Scope
    shown: ast.expr | None = None

    def of(self, node: ast.expr, step: str = "") -> Spot:
        """A piece inside this one; `step` is what the path goes on with."""
        return replace(self, node=node, path=f"{self.path}{step}")


class Literals:
    """The values of the expressions of one snippet; what cannot be read goes to the findings."""

    def __init__(self, code: str, scan: Scan, findings: Findings) -> None:
        self._code = code
        self._scan = scan
        self._findings = findings
        self._open: list[ast.expr] = []
        self._kinds: dict[type[ast.expr], Callable[[Any, Spot], Any]] = {
            ast.Constant: self._constant,
            ast.Dict: self._dict,
            ast.List: self._list,
            ast.Tuple: self._list,
            ast.JoinedStr: self._f_string,
            ast.BinOp: self._operation,
            ast.UnaryOp: self._signed,
            ast.IfExp: self._conditional,
            ast.Name: self._name,
            ast.Attribute: self._attribute,
            ast.Subscript: self._subscript,
            ast.Call: self._call,
        }

    def value(self, spot: Spot) -> Any:
        """The plain value of an expression; `UNREADABLE`, with a finding, where it has none."""
        self._findings.count()
        read = self._kinds.get(type(spot.node))
        return read(spot.node, spot) if read else self._not_run(spot)

    def _constant(self, node: ast.Constant, spot: Spot) -> Any:
        value = node.value
        if isinstance(value, float) and not math.isfinite(value):
            return self._refuse(spot, "is a number without an end")
        if value is None or isinstance(value, str | int | float):
            return value
        return self._refuse(spot, "has no form in JSON; write it as text")

    def _dict(self, node: ast.Dict, spot: Spot) -> dict[str, Any]:
        value: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key_node, item in zip(node.keys, node.values, strict=True):
            if key_node is None:
                value |= self._part(spot.of(item), dict, "a dict")
                continue
            key = self._key(spot.of(key_node))
            if key in lines:
                twice = f"stands twice in this dict, first in line {lines[key]}"
                self._refuse(spot.of(key_node, f".{key}"), twice)
            lines[key] = key_node.lineno
            value[key] = self.value(spot.of(item, f".{key}"))
        return value

    def _key(self, spot: Spot) -> str:
        key = self.value(spot)
        if key is not UNREADABLE and not isinstance(key, str):
            self._refuse(spot, "is not text, as a key must be; write it in quotes")
        return str(key)

    def _list(self, node: ast.List | ast.Tuple, spot: Spot) -> list[Any]:
        items: list[Any] = []
        for item in node.elts:
            if isinstance(item, ast.Starred):
                items += self._part(spot.of(item.value), list, "a list")
            else:
                items.append(self.value(spot.of(item, f"[{len(items)}]")))
        return items

    def _part(self, spot: Spot, kind: type, what: str) -> Any:
        """The value of a piece that has to be of one type; an empty one, with a finding, if it is not."""
        value = self.value(spot)
        if isinstance(value, kind):
            return value
        if value is not UNREADABLE:
            self._refuse(spot, f"is not {what}")
        return kind()

    def _f_string(self, node: ast.JoinedStr, spot: Spot) -> Any:
        inside = replace(spot, shown=spot.shown or node)
        parts = [self._f_part(part, inside) for part in node.values]
        return UNREADABLE if any(part is UNREADABLE for part in parts) else "".join(map(str, parts))

    def _f_part(self, node: ast.expr, spot: Spot) -> Any:
        if not isinstance(node, ast.FormattedValue):
            return self.value(spot.of(node))
        if node.conversion >= 0 or node.format_spec:
            return self._refuse(spot, "formats a value, which is never run; write the text itself")
        value = self.value(spot.of(node.value))
        if isinstance(value, dict | list):
            return self._refuse(spot, "puts a dict or a list into a text; write the text itself")
        return value

    def _operation(self, node: ast.BinOp, spot: Spot) -> Any:
        if isinstance(node.op, ast.FloorDiv):
            return self._refuse(spot, "is a division in Python, which is never run; a comment starts with #")
        if not isinstance(node.op, ast.Add | ast.BitOr):
            return self._not_run(spot)
        left, right = self.value(spot.of(node.left)), self.value(spot.of(node.right))
        if left is UNREADABLE or right is UNREADABLE:
            return UNREADABLE
        if isinstance(node.op, ast.BitOr):
            both_dicts = isinstance(left, dict) and isinstance(right, dict)
            return left | right if both_dicts else self._not_run(spot)
        alike = type(left) is type(right) and isinstance(left, str | list)
        return left + right if alike else self._not_run(spot)

    def _signed(self, node: ast.UnaryOp, spot: Spot) -> Any:
        if not isinstance(node.op, ast.USub | ast.UAdd):
            return self._not_run(spot)
        value = self.value(spot.of(node.operand))
        if value is UNREADABLE:
            return UNREADABLE
        if isinstance(value, bool) or not isinstance(value, int | float):
            return self._not_run(spot)
        return -value if isinstance(node.op, ast.USub) else value

    def _conditional(self, node: ast.IfExp, spot: Spot) -> Any:
        """The branch that counts where the condition is a value; a secret counts as given."""
        condition = self.value(spot.of(node.test))
        return UNREADABLE if condition is UNREADABLE else self.value(spot.of(node.body if condition else node.orelse))

    def _name(self, node: ast.Name, spot: Spot) -> Any:
        owner = spot.scope.owner(node.id)
        if owner is None and node.id in _LAST_VALUE and spot.path.endswith(".last_value_func"):
            return node.id
        if owner is None:
            return self._refuse(spot, f"has no value in this snippet; {_remedy(spot.path)}")
        first, *others = owner.bindings[node.id]
        if others:
            lines = ", ".join(str(binding.line) for binding in (first, *others))
            return self._refuse(spot, f"gets a value more than once, in lines {lines}; give it one")
        line = self._scan.changed(node.id, owner)
        if line is not None:
            changed = f"is changed in line {line}, and changes are never run; write it in one piece"
            return self._refuse(spot, changed)
        return self._parameter(first, owner, spot) if first.parameter else self._bound(first.value, owner, spot)

    def _parameter(self, binding: Binding, owner: Scope, spot: Spot) -> Any:
        name = ast.unparse(spot.node)
        outside = owner.parent or owner
        if binding.value is None:
            return self._refuse(
                spot, f'is a parameter without a value; write dlt.secrets["{name}"] or the value itself'
            )
        if outside.dotted(binding.value) in _UNNAMED:
            return self._secret([name], spot)
        return self._bound(binding.value, outside, spot)

    def _bound(self, value_node: ast.expr | None, scope: Scope, spot: Spot) -> Any:
        if value_node is None:
            return self._not_run(spot)
        if value_node in self._open:
            return self._refuse(spot, "stands for something that contains it")
        self._open.append(value_node)
        value = self.value(Spot(value_node, spot.path, scope))
        self._open.pop()
        return value

    def _attribute(self, node: ast.Attribute, spot: Spot) -> Any:
        if spot.scope.dotted(node) in _UNNAMED:
            return self._refuse(spot, 'does not say which secret; write dlt.secrets["name"]')
        return self._not_run(spot)

    def _subscript(self, node: ast.Subscript, spot: Spot) -> Any:
        if spot.scope.dotted(node.value) in _ENVIRONMENT:
            return self._environment(node.slice, spot)
        keys = self._secret_keys(node, spot)
        return self._not_run(spot) if keys is None else self._secret(keys, spot)

    def _secret_keys(self, node: ast.expr, spot: Spot) -> list[Any] | None:
        """The keys that lead into dlt's secrets or configuration; None if the expression leads elsewhere."""
        if spot.scope.dotted(node) in _VAULTS:
            return []
        if isinstance(node, ast.Subscript):
            vault, key = node.value, node.slice
        elif isinstance(node, ast.Call) and _is_get(node):
            vault, key = node.func.value, node.args[0]  # type: ignore[attr-defined]
        else:
            return None
        outer = self._secret_keys(vault, spot)
        return None if outer is None else [*outer, self.value(spot.of(key))]

    def _secret(self, keys: list[Any], spot: Spot) -> Any:
        if UNREADABLE in keys:
            return UNREADABLE
        names = [key if isinstance(key, str) else "" for key in keys]
        return secret(".".join(names)) or self._refuse(spot, f"names no secret: {NAMING}")

    def _environment(self, key: ast.expr | None, spot: Spot) -> Any:
        known = isinstance(key, ast.Constant) and isinstance(key.value, str)
        name = key.value.lower() if known else "name"  # type: ignore[union-attr]
        return self._refuse(
            spot,
            f'reads the environment, which is not done here; write dlt.secrets["{name}"] and give the value '
            f"in the setting `secrets`",
        )

    def _call(self, node: ast.Call, spot: Spot) -> Any:
        function = spot.scope.dotted(node.func) or ""
        if function in _ENVIRONMENT:
            return self._environment(node.args[0] if node.args else None, spot)
        keys = self._secret_keys(node, spot)
        if keys is not None:
            return self._secret(keys, spot)
        if function == "dict":
            return self._dict_call(node, spot)
        name = function.rsplit(".", 1)[-1]
        if name in INSTANCES:
            return self._instance(node, name, INSTANCES[name], spot)
        near = difflib.get_close_matches(name, INSTANCES, n=1, cutoff=0.7)
        return self._not_run(spot, f" (did you mean {near[0]}?)" if near else "")

    def _dict_call(self, node: ast.Call, spot: Spot) -> Any:
        value: dict[str, Any] = {}
        for argument in node.args:
            value |= self._part(spot.of(argument), dict, "a dict")
        return value | self._named(node, spot)

    def _instance(self, node: ast.Call, name: str, instance: Instance, spot: Spot) -> Any:
        if node.args and not instance.positional:
            return self._refuse(spot, f"gives {name} values without names; write them as key=value")
        if len(node.args) > len(instance.positional) or any(isinstance(arg, ast.Starred) for arg in node.args):
            return self._refuse(spot, f"gives {name} more than {', '.join(instance.positional)} without names")
        places = zip(instance.positional, node.args, strict=False)
        positional = {key: self.value(spot.of(item, f".{key}")) for key, item in places}
        named = self._named(node, spot)
        for key in positional.keys() & named.keys():
            self._refuse(spot, f"gives {name} its {key} twice")
        return {"type": instance.type, **positional, **named}

    def _named(self, node: ast.Call, spot: Spot) -> dict[str, Any]:
        value: dict[str, Any] = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                value |= self._part(spot.of(keyword.value), dict, "a dict")
            else:
                value[keyword.arg] = self.value(spot.of(keyword.value, f".{keyword.arg}"))
        return value

    def _not_run(self, spot: Spot, hint: str = "") -> Any:
        if isinstance(spot.node, _COMPREHENSIONS):
            return self._refuse(spot, "is a comprehension, which is never run; write its items out one by one")
        return self._refuse(spot, f"is Python code, which is never run{hint}; {_remedy(spot.path)}")

    def _refuse(self, spot: Spot, message: str) -> object:
        node = spot.shown or spot.node
        text = ast.get_source_segment(self._code, node) or ast.unparse(node)
        if _SECRET_PATH.search(spot.path):
            text = _STRING.sub("'***'", text)
        text = " ".join(text.split())
        shown = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
        self._findings.refuse(spot.path, f"`{shown}` {message}", line=node.lineno)
        return UNREADABLE


def _remedy(path: str) -> str:
    keys = _INDEX.sub("", path)
    return next((remedy for end, remedy in _REMEDIES.items() if keys.endswith(end)), "write the value itself")


def _is_get(node: ast.Call) -> bool:
    """Whether it is `x.get(key)` or `x.get(key, type)`: dlt's second argument is a type, never a default."""
    if not isinstance(node.func, ast.Attribute) or node.func.attr != "get" or node.keywords:
        return False
    types = [isinstance(argument, ast.Name | ast.Attribute) for argument in node.args[1:]]
    return bool(node.args) and types in ([], [True])
