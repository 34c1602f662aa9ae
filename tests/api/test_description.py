"""The OpenAPI description holds: generated calls meet no fault of ours and no answer it does not list."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from rest_framework.response import Response
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from svtad.parties.api import Me
from tests.api.conftest import Caller
from tests.api.world import World
from tests.factories import House

pytestmark = [pytest.mark.once, pytest.mark.django_db]

#: What an answer must hold to. Whether a call succeeds is the state's business, not the description's.
HELD_TO = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
DESCRIPTION = SchemaGenerator().get_schema(public=True)
#: Generated calls of each operation, each made as it is and again on things that exist.
SAMPLED, SOAKED = 4, 100


@pytest.fixture
def house(world) -> House:
    return world.house


@pytest.fixture
def described(world) -> Iterator[Any]:
    """The description, loaded from the running product, on a world with one of everything."""
    # As Django's own test client does: the end of a request must not end the test's transaction.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi("/api/schema", get_wsgi_application())
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def on_what_exists(case: Case, world: World) -> Case:
    """Put ids of things that exist in the place of made-up ones."""
    ids = {
        "phases": world.sit.public_id,
        "issues": world.issue.public_id,
        "matters": world.matter.public_id,
        "meetings": world.meeting.public_id,
        "decisions": world.decision.public_id,
        "files": world.paper.public_id,
        "jobs": world.job.public_id,
        "imports": world.batch.public_id,
        "assessments": world.assessment.public_id,
        "reports": world.report.public_id,
        "copies": world.copies.public_id,
        "people": world.person.public_id,
        "deputyships": world.deputyship.public_id,
        "notices": world.notice.public_id,
        "deliveries": world.delivery.public_id,
        "interests": world.interest.public_id,
        "evidence": world.submitted.public_id,
        "stages": world.around.stage.public_id,
        "stage-criteria": world.around.stage_criterion.public_id,
        "eligibility": world.around.eligibility.public_id,
        "releases": world.sit.release.public_id,
        "document-versions": world.around.approach.public_id,
    }
    if "token_key" in (case.path_parameters or {}):
        case.path_parameters["token_key"] = world.token_key
    if "public_id" in (case.path_parameters or {}):
        case.path_parameters["public_id"] = ids[case.operation.path.split("/v1/")[1].split("/")[0]]
    if "criterion_id" in (case.path_parameters or {}):
        case.path_parameters["public_id"] = world.around.sct.public_id
        case.path_parameters["criterion_id"] = world.around.criterion.public_id
    if "request_id" in (case.path_parameters or {}):
        case.path_parameters["request_id"] = world.asked.public_id
    for name, found in (("item_id", world.item), ("paper_id", world.handout)):
        if name in (case.path_parameters or {}):
            case.path_parameters[name] = found.public_id
            case.path_parameters["public_id"] = world.sitting.public_id
    if "key" in (case.path_parameters or {}):
        case.path_parameters["key"] = "EXCLUSION"
    for part in (case.query, case.body):
        if isinstance(part, dict) and "phase" in part:
            part["phase"] = world.sit.public_id
    return case


def hold(case: Case, world: World, token: dict[str, str]) -> None:
    case.call_and_validate(headers=token, checks=HELD_TO)
    on_what_exists(case, world).call_and_validate(headers=token, checks=HELD_TO)


@pytest.fixture
def token(caller) -> dict[str, str]:
    """Somebody who may do nearly everything: the answers that a refusal would hide are the ones to look at."""
    manager: Caller = caller("test_manager")
    return {"Authorization": manager.authorization}


def hold_every_call(described: Any, tag: str, world: World, token: dict[str, str], **settings_: Any) -> None:
    """Generate calls of every operation with that tag."""
    operations = [found.ok() for found in described.get_all_operations() if tag in found.ok().definition.raw["tags"]]
    assert operations
    for operation in operations:

        @settings(
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
            database=None,
            **settings_,
        )
        @given(case=operation.as_strategy())
        def each(case: Case) -> None:
            hold(case, world, token)

        each()


TAGS = sorted({tag for methods in DESCRIPTION["paths"].values() for each in methods.values() for tag in each["tags"]})


@pytest.mark.parametrize("tag", TAGS)
def test_generated_calls_meet_no_fault_and_no_answer_that_is_not_listed(described, tag, world, token):
    hold_every_call(described, tag, world, token, max_examples=SAMPLED, derandomize=True)


def test_a_fault_of_ours_and_an_answer_that_is_not_listed_are_found(described, world, token, monkeypatch):
    for answer in (lambda *_: 1 / 0, lambda *_: Response({"id": 3}), lambda *_: Response({}, status=418)):
        monkeypatch.setattr(Me, "get", answer)
        with pytest.raises(FailureGroup):
            hold_every_call(described, "people", world, token, max_examples=1)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("tag", TAGS)
def test_thousands_of_generated_calls_meet_no_fault_and_no_answer_that_is_not_listed(described, tag, world, token):
    hold_every_call(described, tag, world, token, max_examples=SOAKED)


def test_the_description_is_whole(capsys, db):
    call_command("spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json")
    schema = json.loads(capsys.readouterr().out)
    assert schema["openapi"].startswith("3.1")
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            where = f"{method} {path}"
            assert operation["tags"], where
            assert operation["description"].strip(), where
            codes = set(operation["responses"])
            assert codes & {"200", "201", "202"}, where
            assert {"401", "403"} <= codes, where
            if "{" in path:
                assert "404" in codes, where
            if "requestBody" in operation:
                assert {"400", "413", "415"} <= codes, where
            for code, answer in operation["responses"].items():
                if code.startswith("4"):
                    assert list(answer["content"]) == ["application/problem+json"], where
