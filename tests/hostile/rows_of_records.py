"""Records that are none, and pages of another shape."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hostile.row import Row, Scene, body, http, listed, page
from hostile.rows_of_bodies import TO_THE_END, record

if TYPE_CHECKING:
    from hostile.wire import Pieces

_NO_OBJECT = "not an object: does data_selector lead to objects"


def _seventh(scene: Scene) -> Pieces:
    """Six pages of one shape, and one of another."""
    number = int(scene.page)
    if number == 7:
        return http(json.dumps({"items": {"id": {"of": "another shape"}}, "next": "/things?page=8"}))
    return page(number, next=f"/things?page={number + 1}")


def _third(scene: Scene) -> Pieces:
    number = int(scene.page)
    if number == 3:
        return http(json.dumps({"data": {"things": []}, "next": "/things?page=4"}))
    return page(number, next=f"/things?page={number + 1}" if number < 4 else None)


def _fields(count: int) -> str:
    return json.dumps({"id": 9, **{f"field_{number}": number for number in range(count)}})


ROWS = [
    Row(name="a record that is a text", reply=body(record('"@told@"'.replace("@told@", "x"))), says=_NO_OBJECT),
    Row(name="a record that is a number", reply=body(record("9")), says=_NO_OBJECT),
    Row(name="a record that is true", reply=body(record("true")), says=_NO_OBJECT),
    Row(name="a record that is a list", reply=body(record('[{"id": 9}]')), says=_NO_OBJECT),
    Row(name="a record that is null", reply=body(record('{"id": 9}, null')), **TO_THE_END, warns="null"),
    Row(name="a list of texts", reply=body('{"items": ["a", "b"], "next": null}'), says=_NO_OBJECT),
    Row(name="a text for a list", reply=body('{"items": "none", "next": null}'), says=_NO_OBJECT),
    Row(
        name="a list that is null", reply=body('{"items": null, "next": "/things?page=3"}'), code=0, delivered=(1, 2, 3)
    ),
    Row(name="a list that is missing on page 3", pages=_third, code=0, delivered=(1, 2, 4), warns="data_selector"),
    Row(name="another shape on page 7", pages=_seventh, delivered=(1, 2, 3, 4, 5, 6), says="primary key 'id'"),
    Row(name="a record without its key", reply=body(record('{"text": "@told@"}')), says="primary key 'id' is missing"),
    Row(name="a record whose key is null", reply=body(record('{"id": null}')), says="primary key 'id' is null"),
    Row(
        name="a record whose key is an object",
        reply=body(record('{"id": {"a": 1}}')),
        says="primary key 'id' is an object",
    ),
    Row(name="a record whose key is a list", reply=body(record('{"id": [1]}')), says="primary key 'id' is a list"),
    Row(name="a text for a number", reply=body(record('{"id": 9, "n": "nine"}')), **TO_THE_END, warns="field 'n' is"),
    Row(name="a key that stands twice", reply=body(record('{"id": 8, "id": 9}')), **TO_THE_END),
    Row(
        name="the list twice",
        reply=body('{{"items": [{{"id": 8}}], {}'.format(listed(9, next="/things?page=3")[1:])),
        **TO_THE_END,
    ),
    Row(
        name="odd names of fields",
        reply=body(
            record(json.dumps({"id": 9, "__proto__": 1, "": 2, "a\nb": 3, "\x1b[2J": 4, "__class__": 5, "$ref": 6}))
        ),
        **TO_THE_END,
        warns="field '__proto__' is not in the schema",
    ),
    Row(
        name="the name of a field of 1 MB",
        reply=body(record(json.dumps({"id": 9, "x" * 1024 * 1024: 1}))),
        **TO_THE_END,
        warns="is not in the schema",
    ),
    Row(name="100,000 fields", reply=body(record(_fields(100_000))), **TO_THE_END, warns="more fields", megabytes=250),
    Row(
        name="100,000 fields, collected",
        reply=body(record(_fields(100_000))),
        settings={"undeclared_fields": "collect"},
        **TO_THE_END,
        warns="more fields",
        megabytes=250,
    ),
    Row(
        name="100,000 fields, refused",
        reply=body(record(_fields(100_000))),
        settings={"undeclared_fields": "fail"},
        says="is not in the schema",
        megabytes=250,
    ),
    Row(
        name="fields of the target's own",
        reply=body(record('{"id": 9, "_sdc_extracted_at": "x", "_sdc_undeclared": 1}')),
        **TO_THE_END,
    ),
]
