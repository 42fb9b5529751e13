"""Which values do the bytes of a body write?"""

from __future__ import annotations

import codecs
from decimal import Decimal

import pytest
from pydantic import ValidationError

from tap_restgeneric.dialect.replies.formats import Csv, decode
from tap_restgeneric.errors import ReplyError

BODIES = {
    "json": ("json", b'{"a": 1.10}', None, {"a": Decimal("1.10")}),
    "no body at all": ("json", b" \n", None, None),
    "json behind a byte order mark": ("json", codecs.BOM_UTF8 + b"[1]", None, [1]),
    "json in UTF-16, as the mark says": ("json", '["ü"]'.encode("utf-16"), None, ["ü"]),
    "json in UTF-16 without a mark, as the header says": ("json", '["ü"]'.encode("utf-16-be"), "UTF-16BE", ["ü"]),
    "json in Latin-1, as the header says": ("json", '["ü"]'.encode("latin-1"), "ISO-8859-1", ["ü"]),
    "the mark counts before the header": ("json", codecs.BOM_UTF8 + '["ü"]'.encode(), "latin-1", ["ü"]),
    "what is called ASCII may be UTF-8": ("json", '["ü"]'.encode(), "us-ascii", ["ü"]),
    "a value a line": ("jsonl", b'{"a": 1}\n{"a": 2.50}\n', None, [{"a": 1}, {"a": Decimal("2.50")}]),
    "blank lines, and ends of Windows": ("jsonl", b'{"a": 1}\r\n\r\n {"a": 2}', None, [{"a": 1}, {"a": 2}]),
    "what Python takes for the end of a line": ("jsonl", '{"a": "x\u2028y"}\n'.encode(), None, [{"a": "x\u2028y"}]),
    "lines in Latin-1": ("jsonl", '"ü"\n"é"'.encode("latin-1"), "latin-1", ["ü", "é"]),
    "no line": ("jsonl", b"", None, []),
    "rows": ("csv", b"id,name\n1,Ann\n2,Bob\n", None, [{"id": "1", "name": "Ann"}, {"id": "2", "name": "Bob"}]),
    "an empty cell is the empty text": ("csv", b"id,name\r\n1,\r\n", None, [{"id": "1", "name": ""}]),
    "quotes": ("csv", b'id,name\n1,"A, ""B""\r\nC"\n', None, [{"id": "1", "name": 'A, "B"\r\nC'}]),
    "rows behind a byte order mark": ("csv", codecs.BOM_UTF8 + b"id\n1", None, [{"id": "1"}]),
    "rows in Latin-1": ("csv", "name\nJürgen\n".encode("latin-1"), "latin-1", [{"name": "Jürgen"}]),
    "blank lines are no rows": ("csv", b"\nid\n\n1\n\n", None, [{"id": "1"}]),
    "a header and no row": ("csv", b"id,name\n", None, []),
    "nothing at all": ("csv", b"", None, []),
    "a cell beyond the limit of Python": ("csv", b"a\n" + b"x" * 200_000, None, [{"a": "x" * 200_000}]),
}


@pytest.mark.parametrize(("form", "content", "charset", "expected"), BODIES.values(), ids=BODIES)
def test_decode(form, content, charset, expected):
    assert decode(content, charset, form) == expected


DIALECTS = {
    "semicolons": ({"delimiter": ";"}, b"id;sum\n1;2,50\n", [{"id": "1", "sum": "2,50"}]),
    "tabs and no quotes": ({"delimiter": "\t", "quote": None}, b'id\tname\n1\t"Ann\n', [{"id": "1", "name": '"Ann'}]),
    "apostrophes": ({"quote": "'"}, b"id,name\n1,'A, B'\n", [{"id": "1", "name": "A, B"}]),
}


@pytest.mark.parametrize(("block", "content", "expected"), DIALECTS.values(), ids=DIALECTS)
def test_rows_are_written_as_the_block_says(block, content, expected):
    assert decode(content, None, "csv", Csv.model_validate(block)) == expected


BROKEN = {
    "a page of HTML": (
        "json",
        b"<html>\n<body>Sign in",
        None,
        "the body is not JSON (JSON is malformed: invalid character (byte 0)): <html> <body>Sign in",
    ),
    "NaN": ("json", b"[NaN]", None, "the body is not JSON (JSON is malformed: invalid character (byte 1)): [NaN]"),
    "a charset that the bytes are not in": (
        "csv",
        "ü".encode("latin-1"),
        None,
        "the body is not text in utf-8: 'utf-8' codec can't decode byte 0xfc in position 0: invalid start byte",
    ),
    "a charset nobody knows": ("json", b"[1]", "klingon", "the body is not text in klingon: unknown encoding: klingon"),
    "half a line": (
        "jsonl",
        b'{"a": 1}\n\n{"a": ',
        None,
        'line 3 is not JSON (Input data was truncated): {"a":',
    ),
    "a row with too many cells": ("csv", b"a,b\n1,2\n1,2,3\n", None, "line 3 of the CSV has 3 cells, and the header 2"),
    "a row with too few": ("csv", b'a,b\n"x\ny"\n', None, "line 3 of the CSV has 1 cells, and the header 2"),
    "a quote that is never closed": ("csv", b'a\n"x', None, "line 2 of the CSV cannot be read: unexpected end of data"),
    "a name twice": ("csv", b"a,a\n", None, "the header of the CSV must name each field once, and 'a' is no such name"),
    "no name": ("csv", b"a,\n", None, "the header of the CSV must name each field once, and '' is no such name"),
}


@pytest.mark.parametrize(("form", "content", "charset", "message"), BROKEN.values(), ids=BROKEN)
def test_a_body_that_is_not_written_so_is_an_error(form, content, charset, message):
    with pytest.raises(ReplyError) as refused:
        decode(content, charset, form)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    "block", [{"delimiter": '"'}, {"delimiter": "\n"}, {"quote": "\r"}, {"delimiter": ";;"}], ids=str
)
def test_signs_that_cannot_be_told_apart_are_refused(block):
    with pytest.raises(ValidationError):
        Csv.model_validate(block)
