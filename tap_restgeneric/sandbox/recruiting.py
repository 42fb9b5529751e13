"""How does the recruiting API answer?

POST only. Cursor and limit are read from the JSON body and nowhere else: in the query they are not even looked at.
What is wrong with a request is often told with status 200 and `success: false`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint

from tap_restgeneric.sandbox.api import Api, BadCursorError, basic, cut, json_object, same
from tap_restgeneric.sandbox.data import (
    ABSENT,
    NAMES,
    START,
    WORDS,
    flag,
    millis,
    moment,
    number,
    pick,
    several,
    sparse,
    table,
    text,
    thing,
    uuid,
)

if TYPE_CHECKING:
    from tap_restgeneric.sandbox.api import Options, Record

_KEY: Final = "recruiting-key-51c0"
_PAGE: Final = 100
_SYNCED: Final = frozenset({"applications", "candidates", "interview_schedules", "jobs", "offers"})
_CREATED_EVERY: Final = {"applications": 3600, "interview_schedules": 7200}  # seconds
_SYNC: Final = "sync/{}"


def mount(options: Options) -> Api:
    """The recruiting API with its records."""
    truth = records(options.size)
    routes = Blueprint("recruiting", __name__)
    for resource in truth:
        routes.add_url_rule(
            f"/v1/{resource}",
            endpoint=resource,
            view_func=lambda resource=resource: answer(resource, truth[resource]),
            methods=["POST"],
        )
    return Api(
        routes=routes,
        truth=truth,
        credentials={"api_key": _KEY},
        admits=admits,
        refusal=lambda _status, message: failure(message),
    )


def admits() -> bool:
    """Basic: the key is the user name; the password is empty or the key again."""
    user, password = basic() or ("", "")
    return same(user, _KEY) and (not password or same(password, _KEY))


def failure(message: str) -> Record:
    """What an error looks like, whatever the status."""
    return {"success": False, "errors": [message]}


def answer(resource: str, every: list[Record]) -> Record:
    """One page of a list."""
    asked = json_object()
    limit = asked.get("limit", _PAGE)
    if type(limit) is not int or not 1 <= limit <= _PAGE:
        return failure("invalid_limit")
    if asked.get("syncToken") not in {None, _SYNC.format(resource)}:
        return failure("sync_token_invalid")
    if not isinstance(asked.get("createdAfter", 0), int):
        return failure("invalid_created_after")
    listed = [] if asked.get("syncToken") else _created_after(resource, every, asked.get("createdAfter", 0))
    try:
        results, following = cut(listed, of=resource, token=asked.get("cursor"), limit=limit)
    except BadCursorError:
        return failure("invalid_next_cursor")
    page = {"success": True, "results": results, "moreDataAvailable": following is not None}
    if following is not None:
        return {**page, "nextCursor": following}
    return {**page, "syncToken": _SYNC.format(resource)} if resource in _SYNCED else page


def _created_after(resource: str, every: list[Record], bound: int) -> list[Record]:
    """`bound` is in epoch milliseconds. Not every record that can be asked for by its creation also shows it."""
    step = _CREATED_EVERY.get(resource)
    if not bound or step is None:
        return every
    return [record for i, record in enumerate(every) if (START.timestamp() + step * i) * 1000 > bound]


_source = thing(
    id=uuid("source", 12),
    title=pick(*WORDS),
    isArchived=flag(5),
    sourceType=sparse(thing(id=uuid("sourceType", 3), title="Inbound", isArchived=False), 4),
)
_user = thing(
    id=uuid("user", 100),
    firstName=text("First {}"),
    lastName=pick(*NAMES),
    email=text("user{}@example.com"),
)
# The same key holds a string, a number, a boolean, a list or an object: no single type fits it.
_custom_field = thing(
    id=uuid("customField", 9),
    title=text("Question {}"),
    valueType=pick("String", "Number", "Boolean", "MultiValueSelect", "Currency", "Date"),
    value=pick("yes", 4.5, flag(1), ["a", "b"], thing(amount=number(1000, 25), currency="EUR"), None),
)
_file = thing(id=uuid("file"), name=text("cv-{}.pdf"), handle=text("handle-{}"))
_contact = thing(value=text("candidate{}@example.com"), type=pick("Personal", "Work"), isPrimary=True)
_phone = thing(value=text("+1555{:07}"), type="Mobile", isPrimary=True)
_team_member = thing(userId=uuid("user", 100), email=text("user{}@example.com"), role=pick("Recruiter", "Manager"))


def records(size: int) -> dict[str, list[Record]]:
    """All records by resource; `users` fills its last page to the brim."""
    return {
        "applications": table(
            size,
            id=uuid("application"),
            createdAt=moment(millis, step=_CREATED_EVERY["applications"]),
            updatedAt=moment(millis, after=86400, step=1800),
            status=pick("Active", "Hired", "Archived", "Lead"),
            archivedAt=pick(None, None, moment(millis, after=90000), None),
            archiveReason=pick(None, None, "Withdrew"),
            candidate=thing(id=uuid("candidate", size), name=pick(*NAMES), primaryEmailAddress=sparse(_contact)),
            creditedToUser=sparse(_user),
            currentInterviewStage=sparse(
                thing(
                    id=uuid("stage", 5),
                    title=pick("Review", "Screen", "Onsite"),
                    type=pick("PreInterviewScreen", "Active"),
                    orderInInterviewPlan=number(0, among=5),
                    interviewPlanId=uuid("plan", 4),
                ),
                7,
            ),
            customFields=several(_custom_field, 3),
            hiringTeam=several(_team_member),
            job=thing(id=uuid("job", 40), title=pick(*WORDS)),
            appliedViaJobPostingId=sparse(uuid("jobPosting", 25), 2),
            source=sparse(_source, 6),
            submitterClientIp=sparse("192.0.2.7", 2),
            submitterUserAgent=sparse("Mozilla/5.0", 2, ABSENT),
        ),
        "archive_reasons": table(
            8,
            id=uuid("archiveReason"),
            text=pick(*WORDS),
            reasonType=pick("RejectedByCandidate", "RejectedByOrg", "Other"),
            isArchived=flag(4),
        ),
        "candidate_tags": table(15, id=uuid("tag"), title=text("Tag {}"), isArchived=flag(6)),
        "candidates": table(
            size,
            id=uuid("candidate"),
            createdAt=moment(millis, step=5400),
            updatedAt=moment(millis, step=5400, after=7200),
            name=pick(*NAMES),
            applicationIds=several(uuid("application", size)),
            company=sparse(pick(*WORDS), 4),
            position=sparse("Engineer", 5),
            school=sparse("University of Example", 3),
            timezone=sparse("Europe/Belgrade", 4),
            profileUrl=text("https://recruiting.example/candidates/{}"),
            fraudStatus=pick(None, "NotFraud"),
            emailAddresses=several(_contact),
            primaryEmailAddress=sparse(_contact),
            phoneNumbers=several(_phone, 1),
            primaryPhoneNumber=sparse(_phone, 2),
            socialLinks=several(thing(url=text("https://social.example/{}"), type="Website")),
            fileHandles=several(_file),
            resumeFileHandle=sparse(_file, 2),
            tags=several(thing(id=uuid("tag", 15), title=text("Tag {}"), isArchived=False)),
            customFields=several(_custom_field, 3),
            source=sparse(_source),
            creditedToUser=sparse(_user, 2),
        ),
        "custom_fields": table(
            9,
            id=uuid("customField"),
            title=text("Question {}"),
            objectType=pick("Application", "Candidate", "Job"),
            fieldType=pick("String", "Number", "Boolean", "MultiValueSelect", "Currency", "Date"),
            isArchived=flag(5),
        ),
        "departments": table(
            12,
            id=uuid("department"),
            name=pick(*WORDS),
            isArchived=flag(7),
            parentId=sparse(uuid("department", 3), 3),
        ),
        "feedback_form_definitions": table(
            6,
            id=uuid("form"),
            organizationId=uuid("organization", 1),
            title=text("Form {}"),
            isArchived=flag(5),
            isDefaultForm=flag(6),
            interviewId=sparse(uuid("interview"), 2),
            formDefinition=thing(sections=several(thing(title=text("Section {}"), fields=several(_custom_field)))),
        ),
        "interview_schedules": table(
            size // 2,
            id=uuid("schedule"),
            applicationId=uuid("application", size),
            interviewStageId=sparse(uuid("stage", 5), 9),
            status=pick("NeedsScheduling", "Scheduled", "Complete", "Cancelled"),
        ),
        "job_postings": table(
            25,
            id=uuid("jobPosting"),
            jobId=uuid("job", 40),
            title=pick(*WORDS),
            departmentName=pick(*WORDS),
            teamName=sparse(pick(*WORDS), 4),
            locationName=sparse("Remote", 5),
            locationIds=thing(primaryLocationId=uuid("location", 7), secondaryLocationIds=several(uuid("location", 7))),
            employmentType=pick("FullTime", "PartTime", "Intern"),
            externalLink=sparse(text("https://jobs.example/{}"), 2),
            isListed=flag(2),
            publishedDate=sparse(moment(millis), 4),
        ),
        "jobs": table(
            40,
            id=uuid("job"),
            title=pick(*WORDS),
            confidential=flag(9),
            customFields=several(_custom_field, 3),
            customRequisitionId=sparse(text("REQ-{}"), 2),
            defaultInterviewPlanId=sparse(uuid("plan", 4), 5),
            departmentId=uuid("department", 12),
            employmentType=pick("FullTime", "PartTime", "Intern"),
            hiringTeam=several(_team_member),
            interviewPlanIds=several(uuid("plan", 4)),
            jobPostingIds=several(uuid("jobPosting", 25)),
            locationId=sparse(uuid("location", 7), 6),
            status=pick("Open", "Draft", "Closed"),
        ),
        "locations": table(
            7,
            id=uuid("location"),
            name=pick(*WORDS),
            isArchived=flag(5),
            isRemote=flag(3),
            address=sparse(thing(postalAddress=thing(addressCountry="Serbia", addressLocality="Нови Сад")), 2),
        ),
        "offers": table(
            30,
            id=uuid("offer"),
            applicationId=uuid("application", size),
            acceptanceStatus=pick("Accepted", "Pending", "Declined"),
            decidedAt=sparse(moment(millis, step=86400), 3),
            latestVersion=sparse(
                thing(id=uuid("offerVersion"), startDate="2024-01-15", salary=thing(value=number(50000, 500))), 8
            ),
        ),
        "sources": table(
            12,
            id=uuid("source"),
            title=pick(*WORDS),
            isArchived=flag(5),
            sourceType=sparse(thing(id=uuid("sourceType", 3), title="Inbound", isArchived=False), 4),
        ),
        "users": table(
            100,
            id=uuid("user"),
            email=text("user{}@example.com"),
            firstName=text("First {}"),
            lastName=pick(*NAMES),
        ),
    }
