"""What does the telephony API hold?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_restgeneric.sandbox.data import (
    ABSENT,
    BEYOND_FLOATS,
    NAMES,
    WORDS,
    flag,
    moment,
    number,
    pick,
    seconds,
    several,
    sparse,
    table,
    text,
    thing,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_restgeneric.sandbox.api import Record

_AGENTS = 120
_IVRS = 12
_SHARED_SECOND = 3


def records(size: int) -> dict[str, list[Record]]:
    """All records by resource; menus and routes carry the ids of what they stand in."""
    ivrs = _ivrs()
    return {
        **_small(),
        "call_legs": _legs(2 * size),
        "calls": _calls(size),
        "ivrs": ivrs,
        "ivr_menus": [{**menu, "ivr_id": ivr["id"]} for ivr in ivrs for menu in ivr["menus"]],
        "ivr_routes": [
            {**route, "ivr_id": ivr["id"], "ivr_menu_id": menu_id}
            for ivr in ivrs
            for menu_id, routes in (
                (None, ivr.get("routes", [])),
                *((menu["id"], menu["routes"]) for menu in ivr["menus"]),
            )
            for route in routes
        ],
        **_snapshots(),
    }


def _updated(count: int) -> Callable[[int], str]:
    """In order, `_SHARED_SECOND` records to a second: also at the very end, whatever the count."""
    return lambda i: moment(seconds, step=60)((i - count) // _SHARED_SECOND)


def _counts(*names: str) -> dict[str, Callable[[int], Any]]:
    """Fields that hold some number each."""
    return {name: number(place, place + 1) for place, name in enumerate(names)}


_LEG_TIMES = ("conference_time", "consultation_time", "hold_time", "talk_time", "wrap_up_time")
_LEG_AGENTS = ("conference_from", "conference_to", "consultation_from", "consultation_to", "transferred_from")
_CALL_TIMES = (
    "consultation_time",
    "hold_time",
    "ivr_hops",
    "ivr_time_spent",
    "not_recording_time",
    "recording_control_interactions",
    "recording_time",
    "talk_time",
    "time_to_answer",
    "wait_time",
    "wrap_up_time",
)
_OVERVIEW = (
    "average_call_duration",
    "average_callback_wait_time",
    "average_hold_time",
    "average_queue_wait_time",
    "average_time_to_answer",
    "average_wrap_up_time",
    "max_calls_waiting",
    "max_queue_wait_time",
    "total_call_duration",
    "total_callback_calls",
    "total_calls",
    "total_calls_abandoned_in_queue",
    "total_calls_outside_business_hours",
    "total_calls_with_exceeded_queue_wait_time",
    "total_calls_with_requested_voicemail",
    "total_embeddable_callback_calls",
    "total_hold_time",
    "total_inbound_calls",
    "total_outbound_calls",
    "total_textback_requests",
    "total_voicemails",
    "total_wrap_up_time",
)
_QUEUE = (
    "agents_online",
    "average_wait_time",
    "callbacks_waiting",
    "calls_waiting",
    "embeddable_callbacks_waiting",
    "longest_wait_time",
)
_AGENT_SUMS = (
    "accepted_transfers",
    "calls_accepted",
    "calls_denied",
    "calls_missed",
    "calls_put_on_hold",
    "hold_time",
    "started_transfers",
    "talk_time",
    "wrap_up_time",
)
_AGENT_MEANS = (*_AGENT_SUMS, "available_time", "away_time", "online_time", "transfers_only_time")
_AGENT_COUNTS = (
    "accepted_third_party_conferences",
    "accepted_transfers",
    "available_time",
    "average_hold_time",
    "average_talk_time",
    "average_wrap_up_time",
    "away_time",
    "calls_accepted",
    "calls_denied",
    "calls_missed",
    "calls_put_on_hold",
    "online_time",
    "started_third_party_conferences",
    "started_transfers",
    "total_call_duration",
    "total_hold_time",
    "total_talk_time",
    "total_wrap_up_time",
    "transfers_only_time",
)


def _snapshots() -> dict[str, list[Record]]:
    """Single objects without an id. The time of the snapshot is not in them: other clients add it themselves."""
    sums = [f"total_{name}" for name in _AGENT_SUMS]
    means = [f"average_{name}" for name in _AGENT_MEANS]
    return {
        "agents_overview": table(1, **_counts(*sums, *means)),
        "current_queue_activity": table(1, **_counts(*_QUEUE)),
        "account_overview": table(1, **_counts(*_OVERVIEW)),
    }


def _legs(count: int) -> list[Record]:
    return table(
        count,
        id=number(BEYOND_FLOATS),
        call_id=lambda i: BEYOND_FLOATS + i // 2,
        type=pick("customer", "agent"),
        agent_id=pick(0, number(35_000_000_001, among=_AGENTS)),
        user_id=pick(number(36_000_000_001), 0),
        available_via=sparse(pick("client", "phone"), 2),
        call_charge=pick("0.003", "0", "12.10"),
        completion_status=pick("completed", "agent_missed", "agent_declined"),
        created_at=moment(seconds, step=20, after=-400_000),
        updated_at=_updated(count),
        duration=number(0, 7),
        minutes_billed=number(0, among=9),
        forwarded_to=sparse(None, 5, "+15550100"),
        quality_issues=sparse(["none"], 4, ["silence", "high_jitter"]),
        transferred_to=sparse(None, 4, number(35_000_000_001, among=_AGENTS)),
        **{name: sparse(number(0, 3), 3) for name in _LEG_TIMES},
        **{name: sparse(None, 5, number(35_000_000_001, among=_AGENTS)) for name in _LEG_AGENTS},
    )


def _calls(count: int) -> list[Record]:
    return table(
        count,
        id=number(BEYOND_FLOATS),
        created_at=moment(seconds, step=20, after=-400_000),
        updated_at=_updated(count),
        agent_id=sparse(number(35_000_000_001, among=_AGENTS), 4),
        call_charge=pick("0.003", "0", "12.10"),
        call_group_id=sparse(number(360_000_000_001, among=4), 3),
        call_recording_consent=pick("always", "opt_in"),
        call_recording_consent_action=sparse("caller_opted_in", 2),
        call_recording_consent_keypress=sparse("3", 2),
        call_channel=None,
        callback=flag(6),
        callback_source=sparse("queue", 2),
        completion_status=pick("completed", "abandoned_in_voicemail", "not_answered"),
        customer_id=None,
        customer_requested_voicemail=flag(7),
        default_group=flag(2),
        direction=pick("inbound", "outbound"),
        duration=number(0, 7),
        exceeded_queue_time=flag(9),
        exceeded_queue_wait_time=flag(9),
        ivr_action=sparse("group", 2),
        ivr_destination_group_name=sparse(pick(*WORDS), 3),
        ivr_routed_to=sparse("+15550101", 2),
        line=None,
        line_id=None,
        line_type=None,
        minutes_billed=number(0, among=9),
        outside_business_hours=flag(5),
        overflowed=flag(8),
        overflowed_to=sparse(None, 8, "+15550102"),
        phone_number=text("+1555{:07}"),
        phone_number_id=number(360_000_111_001, among=40),
        quality_issues=sparse(["none"], 4, ["silence"]),
        ticket_id=sparse(number(5000), 5),
        voicemail=flag(7),
        **{name: sparse(number(0, 3), 3) for name in _CALL_TIMES},
    )


def _small() -> dict[str, list[Record]]:
    return {
        "addresses": table(
            5,
            id=number(360_000_000_501),
            name=pick(*WORDS),
            street=text("{} Main Street"),
            city="Нови Сад",
            zip=text("{:05}"),
            province="Vojvodina",
            state=sparse("VO", 2),
            country_code="RS",
            provider_reference=sparse(text("AD{:08}"), 2),
        ),
        "agents_activity": table(
            _AGENTS,
            agent_id=number(35_000_000_001),
            name=pick(*NAMES),
            agent_state=pick("online", "away", "offline"),
            avatar_url=sparse(text("https://telephony.example/avatars/{}.png"), 3),
            call_status=sparse("on_call", 2),
            forwarding_number=sparse("+15550103", 2),
            via=pick("client", "phone"),
            **_counts(*_AGENT_COUNTS),
        ),
        "greeting_categories": table(8, id=number(1), name=pick(*WORDS)),
        "greetings": table(
            30,
            id=pick(text("voicemail_en_{}"), text("{}")),
            name=pick(*WORDS),
            active=flag(2),
            audio_name=sparse(text("greeting-{}.mp3"), 2),
            audio_url=sparse(text("https://telephony.example/audio/{}.mp3"), 2),
            category_id=number(1, among=8),
            default=flag(2),
            default_lang=flag(3),
            has_sub_settings=flag(4),
            ivr_ids=several(pick(text("{}"), number(360_000_002_001)), 3),
            pending=flag(10),
            phone_number_ids=several(pick(number(360_000_111_001), text("{}")), 3),
            upload_id=sparse(number(77_001), 2),
        ),
        "phone_numbers": table(40, **_PHONE_NUMBER),
    }


_PHONE_NUMBER: dict[str, Any] = {
    "id": number(360_000_111_001),
    "name": pick(*WORDS),
    "nickname": sparse("Front desk", 2),
    "number": text("+1555{:07}"),
    "display_number": text("+1 (555) {:07}"),
    "country_code": "US",
    "location": sparse("Springfield", 2),
    "line_type": pick("phone", "digital"),
    "token": text("{:032x}"),
    "created_at": moment(seconds, step=86400),
    "call_recording_consent": pick("always", "opt_in", "never"),
    "capabilities": thing(sms=flag(2), mms=flag(3), voice=True, emergency_address=flag(5)),
    "categorised_greetings": lambda i: {str(k + 1): f"voicemail_en_{i}" for k in range(i % 3)},
    "categorised_greetings_with_sub_settings": lambda i: {str(k + 1): {"voicemail_on": "1"} for k in range(i % 3)},
    "default_greeting_ids": several(text("voicemail_en_{}")),
    "greeting_ids": several(number(500)),
    "default_group_id": sparse(number(360_000_000_001, among=4), 2),
    "group_ids": several(number(360_000_000_001, among=4)),
    "ivr_id": sparse(number(360_000_002_001, among=_IVRS), 2),
    "schedule_id": sparse(number(88), 3),
    "sms_group_id": sparse(number(360_000_000_001, among=4), 4),
    "priority": sparse(number(0, among=3), 4),
    "failover_number": sparse("+15550104", 2),
    "external": flag(8),
    "outbound_enabled": True,
    "recorded": flag(2),
    "sms_enabled": flag(3),
    "toll_free": flag(4),
    "transcription": flag(5),
    "voice_enabled": True,
}


def _route(menu_ids: list[int]) -> Callable[[int], Record]:
    options = thing(group_ids=several(number(360_000_000_001, among=4)))
    return thing(
        id=number(360_000_004_001),
        action=pick("menu", "group", "voicemail"),
        keypress=pick("1", "2", "default"),
        greeting=sparse(text("Press {}"), 2),
        option_text=sparse("Sales", 3),
        options=pick({"menu_id": menu_ids[0]} if menu_ids else {}, options, {}),
        overflow_options=several(thing(type="number", value="+15550105"), 1),
    )


def _ivrs() -> list[Record]:
    """One in four has no menus; one in three has routes of its own."""
    return [_ivr(i) for i in range(_IVRS)]


def _ivr(i: int) -> Record:
    menu_ids = [360_000_003_001 + 10 * i + k for k in range(i % 4)]
    route = _route(menu_ids)
    menus = [
        {
            "id": menu_id,
            "name": WORDS[k],
            "default": k == 0,
            "greeting_id": None if k else 500 + i,
            "routes": [route(100 * i + 10 * (k + 1) + j) for j in range((i + k) % 3)],
        }
        for k, menu_id in enumerate(menu_ids)
    ]
    return thing(
        id=360_000_002_001 + i,
        name=WORDS[i % len(WORDS)],
        phone_number_ids=several(pick(number(360_000_111_001), text("{}")), 3),
        phone_number_names=several(pick(text("+1555{:07}"), number(15550000)), 3),
        menus=menus,
        routes=[route(100 * i), route(100 * i + 1)] if i % 3 == 0 else ABSENT,
    )(i)
