"""Which pages does a resource have?"""

from __future__ import annotations

import logging

import pytest
from rig import Rig
from scripted import Answer

from tap_restgeneric.errors import PositionRepeatedError, ReplyError

CURSOR = {"type": "cursor", "cursor_param": "after", "cursor_path": "next"}
LINK = {"type": "json_link", "next_url_path": "next"}


def page(*ids, **more):
    return {"items": [{"id": each} for each in ids], **more}


def rig_of(serve, script, paginator, **endpoint):
    server = serve(script)
    return Rig(server.url, paginator=paginator, **{"data_selector": "items", **endpoint}), server


def ids(pages):
    return [[record["id"] for record in each] for each in pages]


# Circles


def test_a_circle_of_cursors_is_an_error_that_says_where_the_cursor_goes(serve):
    rig, server = rig_of(serve, [page(1, next="A"), page(2, next="B"), page(3, next="A")], CURSOR)

    with pytest.raises(
        PositionRepeatedError,
        match=r"stream 'things': position repeated: cursor 'A' was read before.*sent in 'after' of the query",
    ):
        rig.pages()
    assert server.targets == ["/things", "/things?after=A", "/things?after=B"]


def test_a_cursor_that_never_changes_is_an_error(serve):
    rig, server = rig_of(serve, lambda _: page(1, next="same"), CURSOR)

    with pytest.raises(PositionRepeatedError, match="position repeated: cursor 'same'"):
        rig.pages()
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("endpoint", "paginator", "place"),
    [
        ({"method": "POST"}, {}, "'after' of the body"),
        ({"method": "POST"}, {"send_in": "query"}, "'after' of the query"),
        ({}, {"send_in": "header"}, "'after' of the headers"),
        (
            {"method": "POST"},
            {"cursor_param": None, "cursor_body_path": "page.after"},
            "'page.after' of the JSON body",
        ),
    ],
)
def test_the_error_names_the_place_that_the_cursor_was_sent_in(serve, endpoint, paginator, place):
    rig, _ = rig_of(serve, lambda _: page(1, next="same"), {**CURSOR, **paginator}, **endpoint)

    with pytest.raises(PositionRepeatedError, match=f"It is sent in {place}: does the API read it there"):
        rig.pages()


def test_a_circle_of_links_is_an_error(serve):
    rig, server = rig_of(serve, [page(1, next="/b"), page(2, next="/c"), page(3, next="/b")], LINK)

    with pytest.raises(PositionRepeatedError, match=r"position repeated: link .*/b' was read before"):
        rig.pages()
    assert server.targets == ["/things", "/b", "/c"]


def test_a_link_back_to_the_first_page_is_an_error(serve):
    rig, _ = rig_of(serve, lambda asked: page(1, next="/b" if asked.path == "/things" else "/things"), LINK)

    with pytest.raises(PositionRepeatedError, match="repeated"):
        rig.pages()


@pytest.mark.parametrize("link", ["/things?since=5", "?since=5", "{url}/things?since=5"])
def test_a_next_link_to_the_page_itself_ends_the_stream_with_a_warning(serve, link):
    server = serve(lambda _: page(1, next=link.format(url=server.url)))
    rig = Rig(server.url, paginator=LINK, data_selector="items", params={"since": "5"})

    assert ids(rig.pages()) == [[1]]
    assert list(rig.tally.warnings) == ["the next link repeats the URL just read"]
    assert len(server.asked) == 1


def test_a_later_link_to_itself_ends_the_stream_with_a_warning(serve):
    rig, server = rig_of(serve, [page(1, next="/p?x=1"), page(2, next="/p?x=1")], LINK)

    assert ids(rig.pages()) == [[1], [2]]
    assert list(rig.tally.warnings) == ["the next link repeats the URL just read"]
    assert len(server.asked) == 2


def test_a_link_to_itself_is_found_in_spite_of_a_key_in_the_query(serve):
    server = serve(lambda _: page(1, next="/p?api_key=my-secret-key&x=1"))
    auth = {"type": "api_key", "name": "api_key", "api_key": "my-secret-key", "location": "query"}
    rig = Rig(server.url, client={"auth": auth}, paginator=LINK, data_selector="items")

    assert ids(rig.pages()) == [[1], [1]]
    assert list(rig.tally.warnings) == ["the next link repeats the URL just read"]


@pytest.mark.parametrize(
    ("paginator", "place"),
    [
        ({"type": "page_number"}, "'page' of the query"),
        ({"type": "offset", "limit": 2}, "'offset' of the query"),
        ({"type": "page_number", "page_param": "p"}, "'p' of the query"),
    ],
)
def test_a_server_that_ignores_page_numbers_is_found_out_by_its_equal_bodies(serve, paginator, place):
    rig, server = rig_of(serve, lambda _: page(1, 2), paginator)

    with pytest.raises(
        PositionRepeatedError, match=f"page repeated: .* is byte for byte the page before.*sent in {place}"
    ):
        rig.pages()
    assert len(server.asked) == 2


def test_equal_bodies_of_which_a_filter_leaves_nothing_are_found_out_too(serve):
    server = serve(lambda _: page(1, 2))
    rig = Rig(server.url, data_selector="items[?(@.id > 5)]", paginator={"type": "page_number"})

    with pytest.raises(PositionRepeatedError, match=r"page repeated: .* is byte for byte the page before"):
        rig.pages()
    assert len(server.asked) == 2


def test_equal_bodies_are_fine_where_a_total_counts_them(serve):
    rig, server = rig_of(serve, lambda _: page(1, 2, total=3), {"type": "page_number", "total_path": "total"})

    assert ids(rig.pages()) == [[1, 2]] * 3
    assert [dict(asked.query)["page"] for asked in server.asked] == ["0", "1", "2"]


def test_equal_empty_bodies_are_no_circle(serve):
    paginator = {"type": "page_number", "stop_after_empty_page": False, "maximum_page": 3}
    rig, _ = rig_of(serve, lambda _: page(), paginator)

    assert ids(rig.pages()) == [[], [], []]


def test_ten_thousand_positions_are_remembered(serve):
    numbers = iter(range(1, 300))
    rig, _ = rig_of(serve, lambda _: page(1, next=next(numbers, 2)), CURSOR)

    with pytest.raises(PositionRepeatedError, match="cursor 2 was read before"):
        rig.pages()


# What comes first


def test_pages_are_given_before_the_error_behind_them(serve):
    rig, _ = rig_of(serve, [page(1, next="A"), page(2, next="B"), Answer(404)], CURSOR)
    taken = []

    with pytest.raises(ReplyError, match="stream 'things'"):
        taken.extend(_each(rig, taken))
    assert taken == [1, 2]


def _each(rig, taken):
    from tap_restgeneric.engine import reading  # noqa: PLC0415

    for each in reading.pages(rig.node, rig.client, {}, rig.tally):
        taken.extend(record["id"] for record in each.records)
    return []


def test_the_report_says_why_a_stream_ended(serve):
    rig, _ = rig_of(serve, [page(1, next="A"), page(2)], CURSOR)
    rig.pages()

    assert dict(rig.tally.stops) == {"no next in the reply": 1}
    assert (rig.tally.pages, rig.tally.requests, rig.tally.retries) == (2, 2, 0)


# What was found


def test_the_paginator_that_was_detected_is_told(serve, caplog):
    server = serve([page(1, next="/more"), page(2, next=None)])
    rig = Rig(server.url)
    with caplog.at_level(logging.INFO):
        assert ids(rig.pages()) == [[1], [2]]

    assert [record.getMessage() for record in caplog.records] == [
        "stream 'things': records found at items (no data_selector given)",
        "stream 'things': paginator detected: json_link ",
    ]


def test_records_that_may_be_in_several_lists_are_worth_a_warning(serve):
    rig = Rig(serve([{"products": [{"id": 1}], "brands": [{"id": 2}]}]).url, paginator={"type": "single_page"})

    assert ids(rig.pages()) == [[1]]
    assert list(rig.tally.warnings) == ["records are read at products, and the reply has brands too: say data_selector"]


def test_a_detected_page_number_begins_where_the_api_begins(serve):
    server = serve(lambda asked: page(1, page=int(dict(asked.query).get("page", 1)), total_pages=3))
    rig = Rig(server.url)

    assert len(rig.pages()) == 3
    assert [dict(asked.query).get("page") for asked in server.asked] == [None, "2", "3"]


def test_a_selector_that_matches_nothing_is_told_with_the_keys_there_are(serve):
    rig, _ = rig_of(serve, [{"data": [{"id": 1}], "meta": {}}], {"type": "single_page"})

    assert rig.pages() == [[]]
    assert rig.tally.unmatched.startswith("data_selector items matches nothing; the body has ")
    assert "data" in rig.tally.unmatched
    assert "meta" in rig.tally.unmatched


@pytest.mark.parametrize("body", [{"items": []}, {"items": None}, {}, []])
def test_a_list_that_is_empty_is_a_match(serve, body):
    rig, _ = rig_of(serve, [body], {"type": "single_page"})

    assert rig.pages() == [[]]
    assert rig.tally.unmatched == ""


def test_a_single_page_with_a_way_to_more_is_a_warning(serve):
    rig, _ = rig_of(serve, [page(1, next_page=2)], {"type": "single_page"})
    rig.pages()

    assert list(rig.tally.warnings) == [
        "the reply has 'next_page', which looks like the way to a next page, and no paginator follows it"
    ]


def test_a_first_page_that_was_guessed_wrong_is_a_warning(serve):
    rig, _ = rig_of(serve, [page()], {"type": "page_number"})
    rig.pages()

    assert list(rig.tally.warnings) == [
        "page 0 gave nothing and page 1 was never asked for: does the API count from 1 (base_page: 1)?"
    ]


def test_a_stop_condition_that_cannot_be_evaluated_names_itself_and_the_page(serve):
    rig, _ = rig_of(serve, [page(1, next="A"), page(2, next="B")], {**CURSOR, "stop_condition": "response.count < 2"})

    with pytest.raises(ReplyError, match=r"stream 'things': stop_condition response.count < 2.*on the first page"):
        rig.pages()


# Where parameters go


def test_cursor_and_limit_of_a_post_go_into_the_json_body(serve):
    rig, server = rig_of(serve, [page(1, next="A+/="), page(2)], {**CURSOR, "limit": 5}, method="POST", json={"q": 1})
    rig.pages()

    assert [(asked.target, asked.json) for asked in server.asked] == [
        ("/things", {"q": 1, "limit": 5}),
        ("/things", {"q": 1, "limit": 5, "after": "A+/="}),
    ]


def test_cursor_and_limit_of_a_form_go_into_the_form(serve):
    rig, server = rig_of(serve, [page(1, next="A"), page(2)], {**CURSOR, "limit": 5}, method="POST", data={"q": "1"})
    rig.pages()

    assert [(asked.target, asked.form) for asked in server.asked] == [
        ("/things", [("q", "1"), ("limit", "5")]),
        ("/things", [("q", "1"), ("limit", "5"), ("after", "A")]),
    ]


def test_a_cursor_in_the_query_is_encoded(serve):
    rig, server = rig_of(serve, [page(1, next="/+A=&"), page(2)], CURSOR)
    rig.pages()

    assert server.asked[1].query == [("after", "/+A=&")]


def test_a_followed_url_replaces_the_params(serve):
    rig, server = rig_of(
        serve, [page(1, next="/things?page=2&size=9"), page(2)], LINK, params={"page": "1", "size": "5"}
    )
    rig.pages()

    assert [asked.query for asked in server.asked] == [
        [("page", "1"), ("size", "5")],
        [("page", "2"), ("size", "9")],
    ]


def test_a_link_header_is_followed(serve):
    link = '</things?page=2>; rel="next", </things?page=9>; rel="last"'
    rig, server = rig_of(serve, [Answer(200, page(1), {"Link": link}), page(2)], {"type": "header_link"})

    assert ids(rig.pages()) == [[1], [2]]
    assert server.targets == ["/things", "/things?page=2"]


def test_an_offset_moves_by_what_the_server_gave(serve):
    rig, server = rig_of(serve, [page(1, 2), page(3, 4), page(5), page()], {"type": "offset", "limit": 100})

    assert ids(rig.pages()) == [[1, 2], [3, 4], [5], []]
    assert [dict(asked.query)["offset"] for asked in server.asked] == ["0", "2", "4", "5"]
