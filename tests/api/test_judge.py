"""The rulebook over REST: the same judgement as on the command line, and no database."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from knox.models import AuthToken

from tests.api.world import make_world
from tests.house.ladder import ROOT
from tests.rulebook.builders import sit

pytestmark = pytest.mark.django_db


@pytest.fixture
def judged(tooling):
    """Judge by REST, with the sign-in done beforehand."""
    tooling.client.force_authenticate(user=tooling.person, token=AuthToken())
    return lambda body: tooling.post("/rulebook/judge", body)


def test_it_judges_as_the_command_line_does(judged, tmp_path):
    facts = sit().to_json()
    (tmp_path / "facts.json").write_text(json.dumps(facts))
    command = [sys.executable, "-m", "svtad.rulebook", "judge", str(tmp_path / "facts.json")]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert judged(facts).json() == json.loads(printed)
    assert judged({"facts": facts, "step": "REPORTS"}).json()["step"] == "REPORTS"


def test_it_asks_no_database(judged, django_assert_num_queries):
    body = sit().to_json()
    with django_assert_num_queries(0):
        assert judged(body).status_code == 200


def test_what_a_stored_judgement_rests_on_comes_to_the_same(house, tooling, manager):
    world = make_world(house)
    facts = manager.get(f"/assessments/{world.assessment.public_id}/facts")
    assert facts.content.decode() == world.assessment.facts
    stored = manager.get(f"/assessments/{world.assessment.public_id}").json()
    answer = tooling.post("/rulebook/judge", {"facts": facts.json(), "step": "REPORTS"}).json()
    assert answer["facts_sha256"] == stored["facts_sha256"]
    assert answer["findings"] == stored["findings"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"phase_kind": "COFFEE"}, "facts.phase_kind"),
        ({"colour": "red"}, "facts.colour"),
        ({"as_at": "today"}, "facts.as_at"),
        ({"providers": 3}, "facts.providers"),
    ],
)
def test_facts_that_cannot_be_are_named_by_their_path(judged, change, field):
    answer = judged(sit().to_json() | change)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"].startswith(field)


def test_the_same_key_twice_is_a_slip_that_is_told(tooling):
    text = '{"facts": {}, "facts": {}}'
    answer = tooling.client.generic("POST", "/api/v1/rulebook/judge", text, content_type="application/json")
    assert answer.status_code == 400


def test_the_schema_of_the_facts_is_served(tooling):
    schema = tooling.get("/rulebook/schema").json()
    assert schema["$ref"] == "#/$defs/Facts"
    from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

    assert list(Draft202012Validator(schema).iter_errors(sit().to_json())) == []
