"""What does the ci API hold, so that parents lead to children?

Two organisations, of which one has nothing. Every project of the other has the same pipelines, and with them the
same job numbers: they are unique only inside a project.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tap_restgeneric.sandbox.data import (
    ABSENT,
    NAMES,
    WORDS,
    flag,
    millis,
    moment,
    number,
    pick,
    seconds,
    several,
    sparse,
    table,
    text,
    thing,
    uuid,
)

if TYPE_CHECKING:
    from tap_restgeneric.sandbox.api import Record

ACME: Final = uuid("org")(0)
# A blank in a name: it has to be encoded in a path, the slashes of a slug must not be.
_REPOSITORIES: Final = ("web", "api", "mobile app", "infra")
_ORGANISATIONS: Final = 2
_JOB_NAMES: Final = ("build", "test", "hold", "deploy")
_NUMBERED: Final = 3


@dataclass(frozen=True, kw_only=True)
class Holdings:
    """All records of the ci API; `workflow_jobs` by the id of their workflow."""

    contexts: list[Record]
    self_ids: Record
    collaborations: list[Record]
    me: Record
    projects: list[Record]
    pipelines: list[Record]
    specific_projects: list[Record]
    jobs: list[Record]
    workflows: list[Record]
    insights_metrics: list[Record]
    insights_branches: list[Record]
    workflow_jobs: dict[str, list[Record]]

    def contexts_of(self, owner: str | None) -> list[Record]:
        """The contexts of an organisation; all of them without one. Only the first organisation has any."""
        return self.contexts if owner in {None, ACME} else []

    def truth(self) -> dict[str, list[Record]]:
        """Every record by resource."""
        return {
            "context": self.contexts,
            "self_ids": [self.self_ids],
            "self_collaborations": self.collaborations,
            "me": [self.me],
            "projects": self.projects,
            "pipelines": self.pipelines,
            "specific_project": self.specific_projects,
            "jobs": self.jobs,
            "workflow": self.workflows,
            "insights_metrics": self.insights_metrics,
            "insights_branches": self.insights_branches,
            "workflow_jobs": [job for jobs in self.workflow_jobs.values() for job in jobs],
        }


def holdings(size: int) -> Holdings:
    """The records; there is one pipeline for every five of `size`, the same number in each project."""
    count = len(_REPOSITORIES)
    pipelines = _pipelines(max(1, size // (5 * count)))
    workflows = [flow for pipeline in pipelines for flow in _workflows(pipeline)]
    projects = table(count, **_PROJECT)
    listed = {flow["id"]: _workflow_jobs(flow) for flow in workflows}
    by_slug = {project["slug"]: project for project in projects}
    return Holdings(
        contexts=table(45, id=uuid("context"), name=text("context-{}"), created_at=moment(millis)),
        self_ids=thing(id=uuid("user"), login="ada", name=NAMES[0])(0),
        collaborations=table(
            _ORGANISATIONS,
            id=uuid("org"),
            name=pick("acme", "globex"),
            slug=pick("gh/acme", "gh/globex"),
            vcs_type="github",
            avatar_url=sparse(text("https://ci.example/avatars/{}.png"), 2),
        ),
        me=thing(**_ME)(0),
        projects=table(count, **_FOLLOWED),
        pipelines=pipelines,
        specific_projects=projects,
        jobs=[_job(job, flow, by_slug) for flow in workflows for job in listed[flow["id"]] if job["job_number"]],
        workflows=workflows,
        insights_metrics=table(count, **_METRICS),
        insights_branches=table(
            count, org_id=ACME, project_id=uuid("project"), branches=several(text("feature/{}"), 4)
        ),
        workflow_jobs=listed,
    )


def _pipelines(per_project: int) -> list[Record]:
    count = per_project * len(_REPOSITORIES)
    return table(
        count,
        id=uuid("pipeline"),
        # Newest first, as the API lists them; the numbers begin anew in each project.
        number=lambda i: per_project - i // len(_REPOSITORIES),
        project_slug=pick(*(f"gh/acme/{name}" for name in _REPOSITORIES)),
        state=lambda i: "errored" if _has_no_workflow(per_project - i // len(_REPOSITORIES)) else "created",
        errors=several(thing(type="config", message=text("Line {} is wrong.")), 1),
        warnings=several(thing(type="deprecated", message="An old image."), 1),
        created_at=moment(millis, step=-900),
        updated_at=moment(millis, step=-900, after=300),
        trigger=thing(
            type=pick("webhook", "api", "schedule"),
            received_at=moment(seconds, step=-900),
            actor=thing(login=pick("ada", "zoë"), avatar_url=sparse("https://ci.example/avatars/7.png", 2)),
        ),
        trigger_parameters=sparse(thing(git=thing(branch=text("feature/{}"), tag=""), event=thing(action="push")), 4),
        vcs=sparse(
            thing(
                provider_name="GitHub",
                origin_repository_url="https://vcs.example/acme/web",
                target_repository_url="https://vcs.example/acme/web",
                revision=lambda i: f"{i:040x}",
                branch=sparse(text("feature/{}"), 3),
                tag=sparse(None, 3, text("v1.{}")),
                review_id=sparse(text("{}"), 2),
                review_url=sparse(text("https://vcs.example/review/{}"), 2),
                commit=sparse(thing(subject="Fix it", body=sparse("It was\nbroken.", 2, "")), 5),
            ),
            6,
        ),
    )


def _has_no_workflow(pipeline_number: int) -> bool:
    return pipeline_number % 5 == 2  # noqa: PLR2004 (any rest will do)


def _workflows(pipeline: Record) -> list[Record]:
    if _has_no_workflow(pipeline["number"]):
        return []
    return table(
        2 if pipeline["number"] % 3 == 0 else 1,
        id=uuid(f"workflow/{pipeline['id']}"),
        name=pick("build-and-test", "nightly"),
        pipeline_id=pipeline["id"],
        pipeline_number=pipeline["number"],
        project_slug=pipeline["project_slug"],
        status=pick("success", "running"),
        started_by=uuid("user"),
        created_at=pipeline["created_at"],
        stopped_at=pick(pipeline["updated_at"], None),
        errored_by=pick(None, uuid("user")),
        canceled_by=pick(ABSENT, uuid("user")),
        tag=pick("setup", None),
        auto_rerun_number=pick(1, ABSENT),
        max_auto_reruns=pick(3, ABSENT),
    )


def _workflow_jobs(flow: Record) -> list[Record]:
    first = flow["pipeline_number"] * 2 * _NUMBERED + (flow["name"] == "nightly") * _NUMBERED
    return table(
        len(_JOB_NAMES),
        id=uuid(f"job/{flow['id']}"),
        name=pick(*_JOB_NAMES),
        type=pick("build", "build", "approval", "build"),
        status=pick("success", "failed", "on_hold", "canceled"),
        project_slug=flow["project_slug"],
        job_number=pick(first, first + 1, None, first + 2),
        dependencies=pick([], [uuid(f"job/{flow['id']}")(0)]),
        requires=pick({}, {uuid(f"job/{flow['id']}")(0): ["success"]}),
        started_at=pick(flow["created_at"], flow["created_at"], None, flow["created_at"]),
        stopped_at=pick(flow["stopped_at"], None),
        approved_by=pick(ABSENT, ABSENT, uuid("user"), ABSENT),
        approval_request_id=pick(ABSENT, ABSENT, uuid("approval"), ABSENT),
        canceled_by=pick(ABSENT, ABSENT, ABSENT, uuid("user")),
    )


def _job(job: Record, flow: Record, projects: dict[str, Record]) -> Record:
    project = projects[job["project_slug"]]
    about = {name: project[name] for name in ("id", "name", "slug")}
    return thing(
        number=job["job_number"],
        name=job["name"],
        status=job["status"],
        project={**about, "external_url": f"https://vcs.example/acme/{project['name']}"},
        organization={"name": "acme"},
        pipeline={"id": flow["pipeline_id"]},
        latest_workflow={"id": flow["id"], "name": flow["name"]},
        created_at=flow["created_at"],
        queued_at=flow["created_at"],
        started_at=job["started_at"],
        stopped_at=job["stopped_at"],
        duration=sparse(number(1200, 311), 2),
        parallelism=number(1, among=2),
        parallel_runs=several(thing(index=number(0), status=job["status"])),
        contexts=several(thing(name=text("context-{}"))),
        messages=several(thing(type="warning", message="A slow test."), 1),
        executor=thing(type="docker", resource_class=sparse("medium", 4)),
        web_url=text("https://ci.example/jobs/{}"),
    )(job["job_number"])


_PROJECT: Final[dict[str, Any]] = {
    "id": uuid("project"),
    "name": pick(*_REPOSITORIES),
    "slug": pick(*(f"gh/acme/{name}" for name in _REPOSITORIES)),
    "organization_id": ACME,
    "organization_name": "acme",
    "organization_slug": "gh/acme",
    "vcs_info": thing(
        vcs_url=lambda i: f"//ci.example/{ACME}/{uuid('project')(i)}",
        provider="GitHub",
        default_branch=sparse("main", 3),
    ),
}

_RUN: Final = thing(id=uuid("run"), status=pick("success", "failed"), created_at=moment(millis))
_FOLLOWED: Final[dict[str, Any]] = {
    "vcs_type": "gh",
    "username": "acme",
    "reponame": pick(*_REPOSITORIES),
    "vcs_url": lambda i: f"//ci.example/{ACME}/{uuid('project')(i)}",
    "default_branch": sparse("main", 3),
    "following": flag(2),
    "has_usable_key": True,
    "oss": flag(3),
    # A map: its keys are the names of branches, not fields.
    "branches": lambda i: {
        f"feature%2F{k}": {
            "is_using_workflows": True,
            "last_success": {"build_num": 10 * i + k, "outcome": "success", "pushed_at": "2023-11-20T16:53:44.72Z"},
            "latest_workflows": {"build-and-test": _RUN(k)},
            "recent_builds": [],
            "pusher_logins": ["ada"],
        }
        for k in range(i + 1)
    },
}

_ME: Final[dict[str, Any]] = {
    "analytics_id": uuid("user"),
    "login": "ada",
    "name": NAMES[0],
    "created_at": moment(millis),
    "admin": False,
    "dev_admin": False,
    "student": False,
    "in_beta_program": True,
    "privacy_optout": False,
    "bitbucket_authorized": False,
    "web_ui_pipelines_first_opt_in": True,
    "web_ui_pipelines_optout": "none",
    "all_emails": ["ada@example.com", "lovelace@example.com"],
    "selected_email": "ada@example.com",
    "basic_email_prefs": "all",
    "email_authentication": {"email_verified": True, "login": "ada@example.com"},
    "enrolled_betas": [],
    "github_oauth_scopes": ["repo", "user:email"],
    "identities": {"github": {"login": "ada", "id": 1843}},
    "organization_prefs": {},
    "projects": lambda _: {f"https://vcs.example/acme/{name}": {"emails": "default"} for name in _REPOSITORIES},
    "num_projects_followed": len(_REPOSITORIES),
    "containers": 1,
    "parallelism": 1,
    "days_left_in_trial": -12,
    "trial_end": "2023-11-08T16:53:44.720Z",
    "sign_in_count": 37,
    "pusher_id": uuid("pusher"),
}

# Numbers that no binary float holds exactly, and some that are now an integer and now not.
_SOME: Final[dict[str, Any]] = {
    "success_rate": pick(0.1, 1, 0.30000000000000004),
    "total_runs": number(12),
    "total_credits_used": pick(5, 7.25),
}
_OVERALL: Final = thing(**_SOME, throughput=pick(3.3, 4), total_duration_secs=number(90_000, 77))
_DETAIL: Final = thing(**_SOME, p95_duration_secs=pick(61.7, 60))
_METRICS: Final[dict[str, Any]] = {
    "org_id": ACME,
    "project_id": uuid("project"),
    "all_branches": several(text("feature/{}"), 4),
    "all_workflows": ["build-and-test", "nightly"],
    "project_data": thing(metrics=_OVERALL, trends=_OVERALL),
    "project_workflow_data": several(thing(workflow_name=pick(*WORDS), metrics=_DETAIL, trends=_DETAIL)),
    "project_workflow_branch_data": several(
        thing(workflow_name=pick(*WORDS), branch=text("feature/{}"), metrics=_DETAIL, trends=_DETAIL)
    ),
}
