"""How does the ci API answer?

Lists of v2 have `items` and `next_page_token`, which goes back in the query as `page-token`; other answers are one
object, or a bare array.

How to come from one resource to the next:

- `{org_id}/{project_id}` are two ids, `organization_id` and `id` of `specific_project`. Of the records in
  `projects` they are the last two segments of `vcs_url` (`//ci.example/<org_id>/<project_id>`); `org_id` is also
  the `id` in `self_collaborations`.
- Wherever a path has `{org_id}/{project_id}`, the three parts of a project slug do as well: `gh/acme/web`, as in
  `project_slug` of pipelines, workflows and jobs, or `<vcs>/<username>/<reponame>` of `projects`. Its slashes are
  separators: percent-encoded they make one segment, and there is no such project.
- pipelines -> `/v2/pipeline/{pipeline_id}/workflow` -> `/v2/workflow/{workflow_id}/job` -> `job_number`, which is
  null for approval jobs and for jobs that have not begun, and unique only inside a project.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, abort, request

from tap_restgeneric.sandbox.api import Api, BadCursorError, basic, bearer, cut, same
from tap_restgeneric.sandbox.ci_records import ACME, Holdings, holdings

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_restgeneric.sandbox.api import Options, Record

_KEY: Final = "ci-token-9b27e0"
_PAGE: Final = 20
_PROJECT_PATHS: Final = ("<org>/<project>", "<vcs>/<org>/<project>")


def mount(options: Options) -> Api:
    """The ci API with its records."""
    held = holdings(options.size)
    routes = Blueprint("ci", __name__)
    _add_single_objects(routes, held)
    _add_lists(routes, held, strict=options.strict)
    _add_projects(routes, held)
    return Api(
        routes=routes,
        truth=held.truth(),
        credentials={"api_key": _KEY},
        admits=admits,
        refusal=lambda _status, message: {"message": message},
        parameters={
            "org_id": ACME,
            "project_id": [project["id"] for project in held.specific_projects],
            "workflow_id": [workflow["id"] for workflow in held.workflows],
            "job_number": sorted({job["number"] for job in held.jobs}),
        },
    )


def admits() -> bool:
    """The token in the header `api_key`, in a header of the API's own (`<Something>-Token`), bearer or Basic user."""
    own = [value for name, value in request.headers.items() if name.lower().endswith("-token")]
    user, _ = basic() or (None, "")
    return any(same(given, _KEY) for given in (request.environ.get("sandbox.api_key"), bearer(), user, *own))


def _list(records: list[Record], of: str) -> Record:
    try:
        items, following = cut(records, of=of, token=request.args.get("page-token"), limit=_PAGE)
    except BadCursorError:
        abort(400, "Invalid page token.")
    return {"items": items, "next_page_token": following}


def _one(records: list[Record], **where: Any) -> Record:
    found = [record for record in records if all(record[name] == value for name, value in where.items())]
    return found[0] if found else abort(404, "Not found.")


def _add_single_objects(routes: Blueprint, held: Holdings) -> None:
    for path, body in {
        "/v2/me": held.self_ids,
        "/v1.1/me": held.me,
        "/v2/me/collaborations": held.collaborations,
        "/v1.1/projects": held.projects,
    }.items():
        routes.add_url_rule(path, endpoint=path.replace(".", "_"), view_func=_always(body))


def _always(body: Any) -> Callable[[], Any]:
    return lambda: body


def _add_lists(routes: Blueprint, held: Holdings, *, strict: bool) -> None:
    @routes.get("/v2/context")
    def contexts() -> Record:
        owner = request.args.get("owner-id") or _org_id(request.args.get("owner-slug"))
        if owner is None and strict:
            abort(400, "owner-id or owner-slug is required.")
        return _list(held.contexts_of(owner), f"context {owner}")

    @routes.get("/v2/pipeline")
    def pipelines() -> Record:
        org = _org_id(request.args.get("org-slug"))
        if org is None and strict:
            abort(400, "org-slug is required.")
        return _list(held.pipelines if org in {None, ACME} else [], f"pipeline {org}")

    @routes.get("/v2/pipeline/<pipeline>/workflow")
    def pipeline_workflows(pipeline: str) -> Record:
        _one(held.pipelines, id=pipeline)
        return _list([flow for flow in held.workflows if flow["pipeline_id"] == pipeline], pipeline)

    @routes.get("/v2/workflow/<workflow>")
    def one_workflow(workflow: str) -> Record:
        return _one(held.workflows, id=workflow)

    @routes.get("/v2/workflow/<workflow>/job")
    def workflow_jobs(workflow: str) -> Record:
        _one(held.workflows, id=workflow)
        return _list(held.workflow_jobs[workflow], workflow)

    def _org_id(slug: str | None) -> str | None:
        return None if slug is None else str(_one(held.collaborations, slug=slug)["id"])


def _add_projects(routes: Blueprint, held: Holdings) -> None:
    def found(org: str, project: str, vcs: str | None = None) -> Record:
        if vcs is None:
            return _one(held.specific_projects, organization_id=org, id=project)
        return _one(held.specific_projects, slug=f"{vcs}/{org}/{project}")

    def specific_project(**slug: str) -> Record:
        return found(**slug)

    def job(number: str, **slug: str) -> Record:
        known = [job for job in held.jobs if job["project"]["id"] == found(**slug)["id"]]
        return _one(known, number=int(number)) if number.isdecimal() else abort(404, "Not found.")

    def project_pipelines(**slug: str) -> Record:
        project = found(**slug)["slug"]
        return _list([each for each in held.pipelines if each["project_slug"] == project], f"pipeline {project}")

    def metrics(**slug: str) -> Record:
        return _one(held.insights_metrics, project_id=found(**slug)["id"])

    def branches(**slug: str) -> Record:
        return _one(held.insights_branches, project_id=found(**slug)["id"])

    views: dict[str, Callable[..., Record]] = {
        "/v2/project/{}": specific_project,
        "/v2/project/{}/job/<number>": job,
        "/v2/project/{}/pipeline": project_pipelines,
        "/v2/insights/pages/{}/summary": metrics,
        "/v2/insights/{}/branches": branches,
    }
    for pattern, view in views.items():
        for parts in _PROJECT_PATHS:
            routes.add_url_rule(pattern.format(parts), endpoint=view.__name__, view_func=view)
