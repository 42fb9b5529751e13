from __future__ import annotations

import pytest
import requests


def items(ci, path, **params):
    page = ci(path, **params).json()
    found = page["items"]
    while page["next_page_token"] is not None and len(found) < 999:
        page = ci(path, **params, **{"page-token": page["next_page_token"]}).json()
        found += page["items"]
    return found


@pytest.mark.parametrize(("path", "resource"), [("/v2/context", "context"), ("/v2/pipeline", "pipelines")])
def test_page_tokens_lead_through_every_record(ci, sandbox, path, resource):
    assert items(ci, path) == sandbox.truth("ci", resource)


def test_a_full_last_page_has_a_null_token(ci, sandbox):
    token = ci("/v2/pipeline", **{"page-token": ci("/v2/pipeline").json()["next_page_token"]}).json()["next_page_token"]

    assert ci("/v2/pipeline", **{"page-token": token}).json() == {
        "items": sandbox.truth("ci", "pipelines")[40:60],
        "next_page_token": None,
    }


def test_a_token_under_another_name_gives_page_one_again(ci):
    first = ci("/v2/context").json()

    assert ci("/v2/context", page_token=first["next_page_token"]).json() == first


def test_a_bad_token_is_refused(ci):
    reply = ci("/v2/context", **{"page-token": "nonsense"})

    assert (reply.status_code, reply.json()) == (400, {"message": "Invalid page token."})


@pytest.mark.parametrize(
    ("path", "resource"), [("/v2/me/collaborations", "self_collaborations"), ("/v1.1/projects", "projects")]
)
def test_some_answers_are_bare_arrays(ci, sandbox, path, resource):
    assert ci(path).json() == sandbox.truth("ci", resource)


@pytest.mark.parametrize(("path", "resource"), [("/v2/me", "self_ids"), ("/v1.1/me", "me")])
def test_some_answers_are_one_object(ci, sandbox, path, resource):
    assert [ci(path).json()] == sandbox.truth("ci", resource)


def test_an_organisation_without_anything_has_empty_lists(ci, sandbox):
    empty = sandbox.truth("ci", "self_collaborations")[1]
    nothing = {"items": [], "next_page_token": None}

    assert ci("/v2/context", **{"owner-id": empty["id"]}).json() == nothing
    assert ci("/v2/pipeline", **{"org-slug": empty["slug"]}).json() == nothing


def test_the_end_of_a_vcs_url_leads_to_the_project(ci, sandbox):
    found = [
        ci(f"/v2/project/{'/'.join(project['vcs_url'].split('/')[-2:])}").json()
        for project in ci("/v1.1/projects").json()
    ]

    assert found == sandbox.truth("ci", "specific_project")


def test_a_project_slug_has_three_segments(ci, sandbox):
    assert ci("/v2/project/gh/acme/web").json() == sandbox.truth("ci", "specific_project")[0]


def test_an_encoded_slash_is_part_of_a_segment(ci):
    assert ci("/v2/project/gh%2Facme%2Fweb").status_code == 404
    assert ci("/v2/project/gh/acme%2Fweb").status_code == 404


def test_an_encoded_blank_is_decoded_in_its_segment(ci):
    assert ci("/v2/project/gh/acme/mobile%20app").json()["name"] == "mobile app"


def test_parents_lead_to_every_workflow_and_job(ci, sandbox):
    workflows = [
        flow for pipeline in items(ci, "/v2/pipeline") for flow in items(ci, f"/v2/pipeline/{pipeline['id']}/workflow")
    ]
    listed = [job for flow in workflows for job in items(ci, f"/v2/workflow/{flow['id']}/job")]
    jobs = [
        ci(f"/v2/project/{job['project_slug']}/job/{job['job_number']}").json()
        for job in listed
        if job["job_number"] is not None
    ]

    assert workflows == sandbox.truth("ci", "workflow")
    assert listed == sandbox.truth("ci", "workflow_jobs")
    assert jobs == sandbox.truth("ci", "jobs")


def test_approval_jobs_have_no_number(sandbox):
    numbers = {job["job_number"] for job in sandbox.truth("ci", "workflow_jobs") if job["type"] == "approval"}

    assert numbers == {None}


def test_job_numbers_repeat_from_project_to_project(sandbox):
    jobs = sandbox.truth("ci", "jobs")

    assert len({job["number"] for job in jobs}) * 4 == len({(job["project"]["id"], job["number"]) for job in jobs})


def test_some_pipelines_have_no_workflow(sandbox):
    started = {flow["pipeline_id"] for flow in sandbox.truth("ci", "workflow")}

    assert {pipeline["state"] for pipeline in sandbox.truth("ci", "pipelines") if pipeline["id"] not in started} == {
        "errored"
    }


def test_the_parameters_reach_every_job(ci, sandbox):
    given = sandbox.parameters("ci")
    statuses = [
        ci(f"/v2/project/{given['org_id']}/{project}/job/{number}").status_code
        for project in given["project_id"]
        for number in given["job_number"]
    ]

    assert statuses == [200] * len(sandbox.truth("ci", "jobs"))


@pytest.mark.parametrize(
    ("path", "resource"),
    [("/v2/insights/pages/{}/summary", "insights_metrics"), ("/v2/insights/{}/branches", "insights_branches")],
)
def test_insights_are_one_object_per_project(ci, sandbox, path, resource):
    projects = sandbox.truth("ci", "specific_project")
    found = [ci(path.format(f"{each['organization_id']}/{each['id']}")).json() for each in projects]

    assert found == sandbox.truth("ci", resource)


@pytest.mark.parametrize(
    "path",
    [
        "/v2/workflow/None",
        "/v2/workflow/None/job",
        "/v2/pipeline/None/workflow",
        "/v2/project/gh/acme/none",
        "/v2/project/gh/acme/web/job/None",
        "/v2//me",
        "/v3/me",
    ],
)
def test_what_does_not_exist_is_not_found(ci, path):
    reply = ci(path)

    assert (reply.status_code, list(reply.json())) == (404, ["message"])


@pytest.mark.parametrize(
    "kwargs",
    [
        {"headers": {"api_key": "KEY"}},
        {"headers": {"API_KEY": "KEY"}},
        {"headers": {"Ci-Token": "KEY"}},
        {"headers": {"Authorization": "Bearer KEY"}},
        {"auth": ("KEY", "")},
    ],
)
def test_the_token_is_taken_in_several_places(sandbox, kwargs):
    key = sandbox.credentials("ci")["api_key"]
    given = {
        name: {each: text.replace("KEY", key) for each, text in value.items()} if name == "headers" else (key, "")
        for name, value in kwargs.items()
    }

    assert requests.get(f"{sandbox.url('ci')}/v2/me", **given, timeout=9).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"api_key": "wrong"}, {"api-key": "ci-token-9b27e0"}])
def test_wrong_credentials_are_refused(sandbox, http, headers):
    reply = http.get(f"{sandbox.url('ci')}/v2/me", headers=headers)

    assert (reply.status_code, list(reply.json())) == (401, ["message"])
