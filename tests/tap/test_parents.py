"""How do children follow their parents?"""

from __future__ import annotations

import logging

import pytest
from scripted import by_path
from tapping import api, made, resource, run

from tap_restgeneric.errors import ApiError, ReplyError

POSTS = {"items": [{"id": 1, "slug": "a/b", "team": "x"}, {"id": 2, "slug": "c", "team": "y"}]}


def items(*ids):
    return {"items": [{"id": each} for each in ids]}


def posts(**endpoint):
    return resource("posts", **endpoint)


def comments(**endpoint):
    return resource("comments", "/posts/{resources.posts.id}/comments", **endpoint)


BLOG = {"/posts": POSTS, "/posts/1/comments": items(11, 12), "/posts/2/comments": items(21)}


def test_every_parent_comes_before_its_children_and_they_in_its_order(serve):
    found = run(api(serve(by_path(BLOG)).url, posts(), comments()))

    assert sorted(found.order) == ["comments 11", "comments 12", "comments 21", "posts 1", "posts 2"]
    assert [each for each in found.order if each.startswith("comments")] == [
        "comments 11",
        "comments 12",
        "comments 21",
    ]
    assert found.order.index("posts 1") < found.order.index("comments 11")
    assert found.order.index("posts 2") < found.order.index("comments 21")


def test_children_that_are_written_before_their_parent_work_too(serve):
    found = run(api(serve(by_path(BLOG)).url, comments(), posts()))

    assert len(found.records("comments")) == 3


def test_children_of_children_are_read(serve):
    likes = resource("likes", "/comments/{resources.comments.id}/likes")
    server = serve(by_path({**BLOG, **{f"/comments/{each}/likes": items(each * 10) for each in (11, 12, 21)}}))
    found = run(api(server.url, posts(), comments(), likes))

    assert [record["id"] for record in found.records("likes")] == [110, 120, 210]


def test_a_schema_is_written_once_and_before_the_records(serve):
    likes = resource("likes", "/comments/{resources.comments.id}/likes")
    server = serve(by_path({**BLOG, **{f"/comments/{each}/likes": items(each * 10) for each in (11, 12, 21)}}))
    found = run(api(server.url, posts(), comments(), likes))
    lines = [(message["type"], message.get("stream")) for message in found.messages]

    for stream in ("posts", "comments", "likes"):
        assert lines.count(("SCHEMA", stream)) == 1
        assert lines.index(("SCHEMA", stream)) < lines.index(("RECORD", stream))


def test_a_schema_is_written_for_children_that_no_parent_has(serve):
    found = run(api(serve(by_path({"/posts": items()})).url, posts(), comments()))

    assert {message["stream"] for message in found.of("SCHEMA")} == {"posts", "comments"}
    assert found.of("RECORD") == []


def test_what_is_included_from_the_parent_is_in_schema_and_records(serve):
    carrying = comments(resource_={"include_from_parent": ["id", "team"]})
    found = run(api(serve(by_path(BLOG)).url, posts(), carrying))

    assert found.records("comments") == [
        {"id": 11, "_posts_id": 1, "_posts_team": "x"},
        {"id": 12, "_posts_id": 1, "_posts_team": "x"},
        {"id": 21, "_posts_id": 2, "_posts_team": "y"},
    ]
    properties = found.schema("comments")["schema"]["properties"]
    assert properties["_posts_id"]["type"] == ["integer", "null"]
    assert properties["_posts_team"]["type"] == ["string", "null"]


def test_included_fields_are_in_the_schema_of_children_that_nobody_has(serve):
    carrying = comments(resource_={"include_from_parent": ["team"]})
    tap = made(
        api(serve(by_path({**BLOG, "/posts/1/comments": items(), "/posts/2/comments": items()})).url, posts(), carrying)
    )

    assert tap.streams["comments"].schema["properties"]["_posts_team"] == {"type": ["string", "null"]}


def test_fields_of_grandparents_are_carried_step_by_step(serve):
    carrying = comments(resource_={"include_from_parent": ["team"]})
    likes = resource(
        "likes",
        "/comments/{resources.comments.id}/likes",
        resource_={"include_from_parent": ["_posts_team"]},
    )
    server = serve(by_path({**BLOG, **{f"/comments/{each}/likes": items(each * 10) for each in (11, 12, 21)}}))
    found = run(api(server.url, posts(), carrying, likes))

    assert found.records("likes")[-1] == {"id": 210, "_comments__posts_team": "y"}


def test_values_in_a_path_are_encoded_as_one_segment(serve):
    pages = resource("pages", "/p/{resources.posts.slug}/x", resource_={"primary_key": None})
    server = serve(by_path({"/posts": POSTS, "/p/a%2Fb/x": items(1), "/p/c/x": items(2)}))
    found = run(api(server.url, posts(), pages))

    assert len(found.records("pages")) == 2


@pytest.mark.parametrize("place", ["params", "headers", "json"])
def test_values_of_the_parent_go_into_params_headers_and_bodies(serve, place):
    endpoint = {place: {"team": "{resources.posts.team}"}}
    if place == "json":
        endpoint["method"] = "POST"
    server = serve(by_path({"/posts": POSTS, "/things": items(1)}))
    run(api(server.url, posts(), resource("things", **endpoint)))
    asked = [each for each in server.asked if each.path == "/things"][-2:]
    seen = {
        "params": lambda each: dict(each.query)["team"],
        "headers": lambda each: each.headers["team"],
        "json": lambda each: each.json["team"],
    }

    assert sorted(seen[place](each) for each in asked) == ["x", "y"]


MIXED = {"items": [{"id": 1, "key": "k"}, {"id": 2, "key": None}, {"id": 3}, {"id": 4, "key": "m"}]}
KEYED = {"/posts": MIXED, "/k/k": items(10), "/k/m": items(40)}


def keyed(**endpoint):
    return resource("keyed", "/k/{resources.posts.key}", **endpoint)


def test_parents_without_a_value_are_skipped_with_one_warning(serve, caplog):
    config = api(
        serve(by_path(KEYED)).url, posts(), keyed(resource_={"schema": {"properties": {"id": {"type": "integer"}}}})
    )
    with caplog.at_level(logging.WARNING):
        found = run(config)

    assert [record["id"] for record in found.records("keyed")] == [10, 40]
    assert dict(found.tap.report.tallies["keyed"].warnings) == {
        "skipped for parents whose resources.posts.key is null or missing": 2
    }
    assert len([each for each in caplog.records if "skipped for parents" in each.getMessage()]) == 1


def test_a_field_that_only_some_parents_have_is_carried_as_null(serve):
    carrying = comments(resource_={"include_from_parent": ["key"]})
    children = {f"/posts/{each}/comments": items(each * 10) for each in (1, 2, 3, 4)}
    found = run(api(serve(by_path({"/posts": MIXED, **children})).url, posts(), carrying))

    assert [(record["id"], record["_posts_key"]) for record in found.records("comments")] == [
        (10, "k"),
        (20, None),
        (30, None),
        (40, "m"),
    ]


def test_a_field_that_no_parent_has_is_an_error_that_names_it(serve):
    config = api(serve(by_path({"/posts": POSTS})).url, posts(), keyed())

    with pytest.raises(ApiError, match=r"stream 'keyed': .*resources\.posts\.key.*none of the 2 records of 'posts'"):
        run(config)


def test_an_included_field_that_no_parent_has_is_an_error_that_names_it(serve):
    carrying = comments(resource_={"include_from_parent": ["nonsense"]})

    with pytest.raises(ApiError, match=r"stream 'comments': .*nonsense"):
        run(api(serve(by_path(BLOG)).url, posts(), carrying))


@pytest.mark.parametrize("value", ["..", ".", ""])
def test_a_value_that_no_client_sends_as_written_is_an_error(serve, value):
    server = serve(by_path({"/posts": {"items": [{"id": 1, "key": value}]}}))

    with pytest.raises(ApiError, match="key"):
        run(api(server.url, posts(), keyed()))
    assert {asked.path for asked in server.asked} == {"/posts"}


def test_an_error_in_a_child_names_the_child(serve):
    server = serve(by_path({key: value for key, value in BLOG.items() if key != "/posts/2/comments"}))
    schema = {"schema": {"properties": {"id": {"type": "integer"}}}}

    with pytest.raises(ReplyError, match=r"stream 'comments': GET .*/posts/2/comments: status 404"):
        run(api(server.url, posts(resource_=schema), comments(resource_=schema)))


def test_a_child_that_may_be_missing_is_ignored_for_that_parent(serve):
    server = serve(by_path({key: value for key, value in BLOG.items() if key != "/posts/1/comments"}))
    ignoring = comments(response_actions=[{"status_code": 404, "action": "ignore"}])
    found = run(api(server.url, posts(), ignoring))

    assert [record["id"] for record in found.records("comments")] == [21]


def test_rows_inside_of_records_share_their_request(serve):
    orders = {"items": [{"id": 1, "lines": [{"id": 7}, {"id": 8}]}, {"id": 2, "lines": []}, {"id": 3}]}
    lines = {
        "name": "lines",
        "primary_key": ["order_id", "id"],
        "expand": {"resource": "orders", "rows": [{"path": "lines", "carry": {"order_id": "id"}}]},
    }
    server = serve(by_path({"/orders": orders}))
    config = api(server.url, resource("orders"), lines)
    tap = made(config)
    before = len(server.asked)
    found = run(config, catalog=tap.catalog_dict)

    assert found.records("lines") == [{"id": 7, "order_id": 1}, {"id": 8, "order_id": 1}]
    assert found.schema("lines")["key_properties"] == ["order_id", "id"]
    assert len(server.asked) - before == 1


# Parents that repeat


MEMBERS = {"items": [{"id": 1, "user": "ann", "role": "x"}, {"id": 2, "user": "bob", "role": "y"},
                     {"id": 3, "user": "ann", "role": "x"}, {"id": 4, "user": "ann", "role": "z"}]}  # fmt: skip
KNOWN_USERS = {"schema": {"properties": {"id": {"type": "integer"}}}}
KNOWN_MEMBERS = {"schema": {"properties": {name: {} for name in ("id", "user", "role")}}}


def users(**more):
    return resource("users", "/u/{resources.members.user}", resource_={**KNOWN_USERS, **more})


def asked_for(server, below):
    return [asked.path for asked in server.asked if asked.path.startswith(below)]


def test_what_several_parents_lead_to_is_asked_for_once(serve, caplog):
    server = serve(by_path({"/members": MEMBERS, "/u/ann": items(10), "/u/bob": items(20)}))
    with caplog.at_level(logging.INFO):
        found = run(api(server.url, resource("members", resource_=KNOWN_MEMBERS), users()))
    lines = [(each.levelname, each.getMessage()) for each in caplog.records if "stream 'users'" in each.getMessage()]

    assert sorted(asked_for(server, "/u/")) == ["/u/ann", "/u/bob"]
    assert [record["id"] for record in found.records("users")] == [10, 20]
    assert lines[0] == (
        "INFO",
        "stream 'users': records of the parent that lead to the same requests are asked for once",
    )
    assert lines[1][1].endswith("0 warnings; ended: single_page (2x); parents that repeat: 2")


def test_parents_that_give_their_children_other_fields_are_all_asked_for(serve):
    server = serve(by_path({"/members": MEMBERS, "/u/ann": items(10), "/u/bob": items(20)}))
    found = run(api(server.url, resource("members", resource_=KNOWN_MEMBERS), users(include_from_parent=["role"])))

    assert [(record["id"], record["_members_role"]) for record in found.records("users")] == [
        (10, "x"),
        (20, "y"),
        (10, "z"),
    ]


@pytest.mark.parametrize("concurrency", [1, 8])
def test_parents_that_repeat_on_another_page_or_below_another_parent_are_asked_for_once(serve, concurrency):
    pages = {None: {**items(1, 2), "next": "A"}, "A": items(2, 3)}
    server = serve(
        by_path({
            "/posts": lambda asked: pages[dict(asked.query).get("after")],
            **{f"/posts/{post}/comments": items(post * 10, 7) for post in (1, 2, 3)},
            **{f"/likes/{comment}": items(comment * 10) for comment in (7, 10, 20, 30)},
        })
    )  # fmt: skip
    paged = {"type": "cursor", "cursor_param": "after", "cursor_path": "next"}
    likes = resource("likes", "/likes/{resources.comments.id}", resource_=KNOWN_USERS)
    found = run(
        {
            **api(server.url, posts(paginator=paged, resource_=KNOWN_USERS), comments(resource_=KNOWN_USERS), likes),
            "concurrency": concurrency,
        }
    )

    assert sorted(asked_for(server, "/posts/")) == [f"/posts/{post}/comments" for post in (1, 2, 3)]
    assert [record["id"] for record in found.records("likes")] == [100, 70, 200, 300]
    repeated = {name: found.tap.report.tallies[name].repeated for name in ("comments", "likes")}
    assert repeated == {"comments": 1, "likes": 2}


def test_rows_inside_of_records_lead_to_each_child_once(serve):
    orders = {"items": [{"id": 1, "lines": [{"product": 7}, {"product": 8}]}, {"id": 2, "lines": [{"product": 7}]}]}
    known = {"schema": {"properties": {"product": {}}}}
    lines = {"name": "lines", **known, "expand": {"resource": "orders", "rows": [{"path": "lines"}]}}
    products = resource("products", "/products/{resources.lines.product}", resource_=KNOWN_USERS)
    server = serve(by_path({"/orders": orders, "/products/7": items(7), "/products/8": items(8)}))
    found = run(api(server.url, resource("orders", resource_=KNOWN_USERS), lines, products))

    assert [record["id"] for record in found.records("products")] == [7, 8]


def test_a_parent_that_changed_while_it_was_read_is_asked_for_again(serve):
    tickets = {"items": [{"id": 1, "at": "2024-01-01"}, {"id": 1, "at": "2024-01-01"}, {"id": 1, "at": "2024-01-02"}]}
    server = serve(by_path({"/tickets": tickets, "/t/1": items(10)}))
    known = {"schema": {"properties": {"id": {}, "at": {"type": "string", "format": "date"}}}}
    changing = resource("tickets", resource_=known, incremental={"cursor_path": "at"})
    run(api(server.url, changing, resource("notes", "/t/{resources.tickets.id}", resource_=KNOWN_USERS)))

    assert asked_for(server, "/t/") == ["/t/1", "/t/1"]


def test_where_changes_are_read_every_sequence_of_parents_is_asked_for(serve):
    groups = {"items": [{"id": 1, "at": "2024-01-01"}, {"id": 1, "at": "2024-01-02"}]}
    server = serve(by_path({"/groups": groups, "/g/1": {"items": [{"id": 5}, {"id": 5}]}, "/t/5": items(10)}))
    known = {"schema": {"properties": {"id": {}, "at": {"type": "string", "format": "date"}}}}
    changing = resource("groups", resource_=known, incremental={"cursor_path": "at"})
    tickets = resource("tickets", "/g/{resources.groups.id}", resource_=KNOWN_USERS)
    notes = resource("notes", "/t/{resources.tickets.id}", resource_=KNOWN_USERS)
    run(api(server.url, changing, tickets, notes))

    assert asked_for(server, "/t/") == ["/t/5", "/t/5"]


# Placeholders that the settings fill


def test_a_list_of_parameters_asks_once_for_each(serve):
    server = serve(by_path({"/o/1/p": items(1), "/o/2/p": items(2)}))
    config = {**api(server.url, resource("things", "/o/{org}/p")), "parameters": {"org": [1, 2]}}
    found = run(config)

    assert [record["id"] for record in found.records("things")] == [1, 2]


def test_several_lists_of_parameters_are_all_combined(serve):
    server = serve(lambda asked: items(asked.path))
    config = {
        **api(
            server.url, resource("things", "/{a}/{b}", resource_={"schema": {"properties": {"id": {"type": "string"}}}})
        ),
        "parameters": {"a": ["x", "y"], "b": [1, 2]},
    }
    found = run(config)

    assert [record["id"] for record in found.records("things")] == ["/x/1", "/x/2", "/y/1", "/y/2"]
    assert found.state == {"bookmarks": {"things": {}}}


def test_a_parameter_can_come_from_a_parent(serve):
    server = serve(by_path({"/posts": POSTS, "/w/1": items(10), "/w/2": items(20)}))
    config = {
        **api(server.url, posts(), resource("things", "/w/{post}")),
        "parameters": {"post": "{resources.posts.id}"},
    }

    assert [record["id"] for record in run(config).records("things")] == [10, 20]
