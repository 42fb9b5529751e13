"""Is what arrived what was sent, record by record and value by value?"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from demo.warehouses import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from demo.warehouses import Rows


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What a table should hold beside what it holds.

    Attributes:
        held: Number of records that should be there.
        found: Number of rows that are; None without a table.
        missing: Records that are not there, as text.
        surplus: Rows that should not be, as text.
    """

    held: int
    found: int | None
    missing: tuple[str, ...]
    surplus: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether the table holds every record once, with equal values, and nothing else."""
        return self.found is not None and not self.missing and not self.surplus

    def __str__(self) -> str:
        rows = "no table" if self.found is None else f"{self.found} rows"
        lines = [f"{rows} for {self.held} records"]
        lines += [f"missing: {record:.300}" for record in self.missing[:3]]
        lines += [f"surplus: {record:.300}" for record in self.surplus[:3]]
        return "\n".join(lines)


def compare(
    records: Sequence[Mapping[str, Any]], rows: Rows | None, *, times: int = 1, empty_texts: bool = True
) -> Comparison:
    """Compare records with the rows of a table, in any order.

    Columns that no record has are not looked at: they are the loader's own. Instants are compared as instants, and
    nested values as JSON, in whatever form the database gives them.

    Args:
        records: What should be there.
        rows: What is there; None without a table.
        times: How often each record should be there.
        empty_texts: Whether an empty text should be there as such, and not as null.
    """
    fields = sorted({name for record in records for name in record})
    by_column = {name: plain(name) for name in fields}
    table = [{plain(name): value for name, value in row.items()} for row in rows or ()]
    samples = {name: _sample(row.get(column) for row in table) for name, column in by_column.items()}
    nested = {name for record in records for name, value in record.items() if isinstance(value, dict | list)}

    def text(name: str, value: Any) -> Any:
        if value == "" and not empty_texts:
            return None
        return _text(value, like=samples[name], nested=name in nested)

    sent = Counter(_line({name: text(name, record.get(name)) for name in fields}) for record in records)
    wanted = Counter({line: count * times for line, count in sent.items()})
    found = Counter(_line({name: text(name, row.get(by_column[name])) for name in fields}) for row in table)
    return Comparison(
        held=len(records) * times,
        found=None if rows is None else len(rows),
        missing=tuple((wanted - found).elements()),
        surplus=tuple((found - wanted).elements()),
    )


def _sample(values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _line(record: Mapping[str, Any]) -> str:
    return json.dumps(record, sort_keys=True, ensure_ascii=False)


def _text(value: Any, *, like: Any, nested: bool) -> Any:
    """A value in a form in which the record's and the row's are equal; `like` is a value of the column."""
    if value is None:
        return None
    if isinstance(like, datetime):
        return _instant(value).isoformat()
    if isinstance(like, date):
        return value if isinstance(value, str) else value.isoformat()
    if nested:
        return _plain_json(json.loads(value) if isinstance(value, str) else value)
    return _plain_json(value)


def _instant(value: str | datetime) -> datetime:
    moment = datetime.fromisoformat(value.replace("Z", "+00:00")) if isinstance(value, str) else value
    return moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _plain_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain_json(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain_json(each) for each in value]
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return str(Decimal(str(value)).normalize())
    return value
