"""The documents the project implements are read exactly as they are written."""

from pathlib import Path

import pytest

from tap_restgeneric.readers import read

DOCUMENTS = Path(__file__).parents[1] / "documents"

NAMES = {
    "000.txt": [
        "applications", "archive_reasons", "candidate_tags", "candidates", "custom_fields", "departments",
        "feedback_form_definitions", "interview_schedules", "job_postings", "jobs", "locations", "offers",
        "sources", "users",
    ],
    "001.txt": [
        "context", "self_ids", "self_collaborations", "me", "projects", "pipelines", "specific_project", "jobs",
        "workflow", "insights_metrics", "insights_branches", "workflow_jobs",
    ],
    "002.txt": ["customers", "locations", "shifts"],
    "003.txt": ["account", "customers", "custom_fields"],
    "004.txt": [
        "addresses", "agents_activity", "agents_overview", "greeting_categories", "greetings", "phone_numbers",
        "call_legs", "calls", "current_queue_activity", "account_overview", "ivrs", "ivr_menus", "ivr_routes",
    ],
}  # fmt: skip

AUTH = {
    "000.txt": {"type": "basic", "username": "{secrets.api_key}", "password": "{secrets.api_key}"},
    "001.txt": {"type": "api_key", "name": "api_key", "api_key": "{secrets.api_key}", "location": "header"},
    "002.txt": {
        "type": "oauth2",
        "client_id": "{secrets.client_id}",
        "client_secret": "{secrets.client_secret}",
        "token_url": "https://api.example.com/oauth2/token",
    },
    "003.txt": {"type": "basic", "username": "{secrets.username}", "password": "{secrets.password}"},
    "004.txt": {"type": "api_key", "name": "api_key", "api_key": "{secrets.api_key}", "location": "query"},
}

LAST = {
    "000.txt": {
        "name": "users",
        "endpoint": {
            "path": "/v1/users",
            "method": "POST",
            "data_selector": "results",
            "paginator": {
                "type": "cursor",
                "limit": 100,
                "cursor_param": "cursor",
                "cursor_path": "response.nextCursor",
            },
        },
    },
    "001.txt": {
        "name": "workflow_jobs",
        "endpoint": {
            "path": "/v2/workflow/{workflow_id}/job",
            "data_selector": "items",
            "paginator": {"type": "cursor", "cursor_param": "page-token", "cursor_path": "next_page_token"},
            "error_handler": {"retry_on_status_codes": [429], "max_retries": 3, "backoff_factor": 2},
        },
    },
    "002.txt": {
        "name": "shifts",
        "endpoint": {
            "path": "/labor/shifts/search",
            "method": "POST",
            "data_selector": "shifts",
            "error_handler": {
                "retry_on_status_codes": [429, 500, 502, 503, 504],
                "max_retries": 3,
                "backoff_factor": 2,
            },
        },
    },
    "003.txt": {
        "name": "custom_fields",
        "endpoint": {
            "path": "/v1/custom-fields",
            "data_selector": "data",
            "paginator": {
                "type": "cursor",
                "limit": 50,
                "cursor_param": "cursor",
                "cursor_path": "meta.next_cursor",
            },
            "error_handler": {"retry_on_status_codes": [429], "max_retries": 3, "backoff_factor": 2},
        },
    },
    "004.txt": {
        "name": "ivr_routes",
        "endpoint": {
            "path": "/v1/ivr",
            "data_selector": "ivrs.routes.*",
            "paginator": {
                "type": "cursor",
                "cursor_path": "next_page",
                "stop_condition": "not response.get('next_page', {})",
            },
        },
    },
}


@pytest.mark.parametrize("document", NAMES)
def test_a_document_gives_all_of_its_resources_in_order(document):
    config = read({"source": document}, folders=[DOCUMENTS]).config
    assert [resource["name"] for resource in config["resources"]] == NAMES[document]


@pytest.mark.parametrize("document", AUTH)
def test_a_document_gives_its_client_with_secrets_as_placeholders(document):
    config = read({"source": document}, folders=[DOCUMENTS]).config
    assert config["client"] == {"base_url": "https://api.example.com", "auth": AUTH[document]}


@pytest.mark.parametrize("document", NAMES)
def test_a_document_gives_its_defaults(document):
    config = read({"source": document}, folders=[DOCUMENTS]).config
    assert config["resource_defaults"] == {"primary_key": "id", "write_disposition": "merge"}


@pytest.mark.parametrize("document", LAST)
def test_a_document_gives_its_last_resource_word_for_word(document):
    config = read({"source": document}, folders=[DOCUMENTS]).config
    assert config["resources"][-1] == LAST[document]


def test_a_document_reads_the_same_with_another_suffix(tmp_path):
    (tmp_path / "seed.md").write_text((DOCUMENTS / "002.txt").read_text(encoding="utf-8"), encoding="utf-8")
    expected = read({"source": "002.txt"}, folders=[DOCUMENTS]).config
    assert read({"source": "seed.md"}, folders=[tmp_path]).config == expected
