"""Which values do the bytes of a body write: one JSON value, a JSON value a line, or rows of CSV?"""

from __future__ import annotations

import csv
import io
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from pydantic import Field, model_validator

from tap_restgeneric.dialect.blocks import Block
from tap_restgeneric.dialect.replies import bodies
from tap_restgeneric.errors import ReplyError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from typing_extensions import Self

ResponseFormat = Literal["json", "jsonl", "csv"]

_SHOWN = 80

_decoder = msgspec.json.Decoder(float_hook=Decimal)

# Python's own limit is 131,072 characters a cell, and the size of a body is bounded where it is received.
csv.field_size_limit(2**31 - 1)


class Csv(Block):
    """How the rows of a CSV body are written. Its first row names the fields."""

    delimiter: str = Field(",", min_length=1, max_length=1, description="stands between two cells")
    quote: str | None = Field(
        '"', min_length=1, max_length=1, description="stands around a cell; null: cells have none"
    )

    @model_validator(mode="after")
    def _can_be_told_apart(self) -> Self:
        if self.delimiter == self.quote or {self.delimiter, self.quote} & {"\r", "\n"}:
            raise ValueError("delimiter, quote and the end of a line must differ")
        return self


COMMAS = Csv()


def decode(content: bytes, charset: str | None, format: ResponseFormat, csv: Csv = COMMAS) -> Any:  # noqa: A002
    """What a body says.

    Args:
        content: The body, decompressed. A byte order mark counts before `charset`.
        charset: What the content type declares; without one it is UTF-8.
        format: `json`: one value, null for an empty body. `jsonl`: a list of the values, one a line; blank lines are
            skipped. `csv`: a list of objects; all values are texts, an empty cell is the empty text.
        csv: How the rows are written.

    Raises:
        ReplyError: The body is not written so; the message names the line.
    """
    content = bodies.utf8(content, charset)
    if format == "jsonl":
        return list(_lines(content))
    if format == "csv":
        return list(_rows(_text(content), csv))
    return _json(content, "the body") if content.strip() else None


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeError as error:
        raise ReplyError(f"the body is not text in utf-8: {error}") from None


def _json(text: bytes, where: str) -> Any:
    try:
        return _decoder.decode(text)
    except bodies.UNREADABLE as error:
        shown = " ".join(text[: _SHOWN * 4].decode(errors="replace").split())
        raise ReplyError(f"{where} is not JSON ({bodies.why(error)}): {shown[:_SHOWN]}") from None


def _lines(content: bytes) -> Iterator[Any]:
    # of bytes: a JSON text may hold what Python takes for the end of a line in a str
    for number, line in enumerate(content.splitlines(), 1):
        if line.strip():
            yield _json(line, f"line {number}")


def _rows(text: str, block: Csv) -> Iterator[dict[str, str]]:
    rows = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=block.delimiter,
        quotechar=block.quote,
        quoting=csv.QUOTE_NONE if block.quote is None else csv.QUOTE_MINIMAL,
        strict=True,
    )
    try:
        filled = (row for row in rows if row)
        names = _header(next(filled, []))
        for row in filled:
            if len(row) != len(names):
                raise ReplyError(f"line {rows.line_num} of the CSV has {len(row)} cells, and the header {len(names)}")
            yield dict(zip(names, row, strict=True))
    except csv.Error as error:
        raise ReplyError(f"line {rows.line_num} of the CSV cannot be read: {error}") from None


def _header(names: Sequence[str]) -> Sequence[str]:
    twice = [name for name, count in Counter(names).items() if count > 1 or not name.strip()]
    if twice:
        raise ReplyError(f"the header of the CSV must name each field once, and {twice[0]!r} is no such name")
    return names
