"""Who gets where: every operation of the API by every kind of caller."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from knox.models import AuthToken

from svtad.lib.clock import now
from svtad.parties import actions as party_actions
from svtad.parties.models import Organisation, Person
from svtad.parties.roles import ROLES
from tests.api.conftest import Caller
from tests.api.world import CALLS, World
from tests.factories import MAKER, House, make_person

pytestmark = pytest.mark.django_db

#: Lists that are the same for everybody: what the rulebook or a published list says.
THE_SAME_FOR_ALL = {
    "organisations_list", "importers_list", "procedures_list", "holidays_list", "overrides_list", "body_rules_list",
    "document_versions_list",
}  # fmt: skip
#: For each operation, who gets in, as it was agreed: a call that succeeds, or that only the state refuses (409).
AGREED = Path(__file__).with_name("access.json")

#: Every role in the organisation that usually has it, and again where another organisation must see less.
CALLERS = (
    *((role, "") for role in ROLES),
    ("provider_tester", "beta"),
    ("provider_tester", "gamma"),
    ("participant", "other_supplier"),
    ("test_tooling", "alpha"),
)
NOBODY = ("anonymous", "a made-up token", "an ended token", "a disabled person", "no role")


@pytest.fixture
def house(world) -> House:
    return world.house


def name_of(role: str, organisation: str) -> str:
    return f"{role} of {organisation}" if organisation else role


def operations() -> Iterator[tuple[str, str, str]]:
    """Every operation that the description lists: its id, method and path."""
    schema = SchemaGenerator().get_schema(public=True)
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield operation["operationId"], method, path


METHODS = {operation: method for operation, method, _ in operations()}


def call(caller: Caller, operation: str, world: World) -> Any:
    """Call an operation on the world and take back what it did."""
    how = CALLS[operation]
    data = how.data(world) if how.data else None
    method = METHODS[operation]
    with transaction.atomic():
        if method == "get":
            answer = caller.get(how.path(world), **(data or {}))
        elif method == "delete":
            answer = caller.delete(how.path(world))
        else:
            send = getattr(caller.client, method)
            answer = send(f"/api/v1{how.path(world)}", data, format="multipart" if how.upload else "json")
        if answer.streaming:
            b"".join(answer.streaming_content)  # to its end, which closes the file
        transaction.set_rollback(True)
    return answer


def test_the_matrix_has_every_operation_of_the_description():
    assert sorted(CALLS) == sorted(METHODS)


def gets_in(caller: Caller, world: World) -> list[str]:
    """The operations that let this caller in; each answer on the way is checked to be no fault of ours."""
    entered = []
    for operation in CALLS:
        answer = call(caller, operation, world)
        assert answer.status_code < 500, (operation, answer.content)
        if answer.status_code >= 400:
            assert answer.headers["Content-Type"] == "application/problem+json", operation
        assert answer.status_code != 401, operation
        if answer.status_code < 400 or answer.status_code == 409:
            entered.append(operation)
    return entered


@pytest.mark.parametrize(("role", "organisation"), CALLERS, ids=lambda value: value or "-")
def test_each_kind_of_caller_gets_exactly_where_it_was_agreed(world, house, caller, role, organisation):
    agreed = json.loads(AGREED.read_text())
    home: Organisation | None = getattr(house, organisation) if organisation else None
    name = name_of(role, organisation)
    assert gets_in(caller(role, home), world) == [key for key in CALLS if name in agreed[key]]


def nobody(kind: str, world: World) -> Caller:
    person = make_person("test_manager", world.house.dcc)
    if kind == "anonymous":
        return Caller()
    known = Caller(person)
    if kind == "a made-up token":
        known.client.credentials(HTTP_AUTHORIZATION="Bearer svtad_" + "0" * 58)
    elif kind == "an ended token":
        AuthToken.objects.filter(user=person).update(expiry=now())
    elif kind == "a disabled person":
        Person.objects.filter(pk=person.pk).update(is_active=False)
    else:
        for membership in person.memberships.all():
            party_actions.end_membership(membership=membership, by=MAKER)
    return known


#: What anyone may ask who signed in at all: nothing of anybody's is in the answer.
OPEN = {
    "me", "organisations_list", "importers_list", "dmcs_list", "programmes_list", "releases_list", "phases_list",
    "issues_left_list",
    "imports_list", "issues_list", "matters_list", "jobs_list", "rulebook_judge", "rulebook_schema", "reports_list",
    "packs_list", "copies_given",
    "deputyships_list", "who_may",
    "inbox_list", "decisions_list", "procedures_list", "procedures_referrals", "procedures_get", "holidays_list",
    "overrides_list", "calendar_month", "notice_timing_get", "notice_timing_set",
    "deadlines_list", "deadlines_would_move", "meetings_list", "notices_list", "body_rules_list",
    "document_versions_list", "eligibility_list",
}  # fmt: skip


def test_nobody_gets_anywhere(world):
    for kind in NOBODY:
        known = nobody(kind, world)
        for operation in CALLS:
            answer = call(known, operation, world)
            if kind != "no role":
                assert answer.status_code == 401, (kind, operation, answer.content)
            elif operation not in OPEN:
                assert answer.status_code in (400, 403, 404), (kind, operation, answer.content)
            else:
                assert answer.status_code == 200, (kind, operation, answer.content)
                if operation.endswith("_list") and operation not in THE_SAME_FOR_ALL:
                    rows = answer.json()
                    assert (rows["results"] if isinstance(rows, dict) else rows) == [], operation


def test_an_answer_is_kept_out_of_caches(house, tooling):
    assert tooling.get("/me").headers["Cache-Control"] == "private, no-store"


def test_a_session_of_the_pages_serves_too_but_only_with_its_csrf_token(house):
    person = Person.objects.get(pk=house.actor("registrar").person_pk)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    assert strict.get("/api/v1/me").json()["id"] == person.public_id
    assert strict.post("/api/v1/rulebook/judge", "{}", content_type="application/json").status_code == 403
