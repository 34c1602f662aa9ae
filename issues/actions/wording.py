"""The text of an issue, its ids, and its rows of wording history."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Collection, Sequence

from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from issues import policies
from issues.models import TestingIssue
from svtad.governance.actions import next_references
from svtad.lib.errors import FieldError, InvalidInput
from svtad.lib.text import plain_line
from svtad.parties.actors import Actor
from svtad.parties.models import Organisation, OrganisationKind, Person
from testphases.models import TestScope

LIMITS = {
    "title": 300,
    "functional_group": 120,
    "environment": 80,
    "requirement": 120,
    "external_id": 120,
    "reference": 40,
}
DESCRIPTION_LIMIT = 100_000
REASONS_LIMIT = 20_000
_SOURCE_LIMIT = 60


def plain_text(*, text: str) -> str:
    """Return text of several lines without control and direction-changing characters, trimmed."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = ("".join(c for c in line if c == "\t" or unicodedata.category(c) not in _UNWANTED) for line in lines)
    return "\n".join(line.rstrip() for line in kept).strip()


_UNWANTED = ("Cc", "Cf", "Cs", "Co")


def checked_text(
    *,
    title: str,
    description: str = "",
    functional_group: str = "",
    environment: str = "",
    requirement: str = "",
    row: int | None = None,
) -> dict[str, str]:
    """Return the wording as it is kept. Raises `InvalidInput` naming every field that cannot be taken."""
    text = {
        "title": plain_line(title),
        "functional_group": plain_line(functional_group),
        "environment": plain_line(environment),
        "requirement": plain_line(requirement),
        "description": plain_text(text=description),
    }
    errors = [
        FieldError(row, name, f"At most {longest} characters.")
        for name, longest in {**LIMITS, "description": DESCRIPTION_LIMIT}.items()
        if len(text.get(name, "")) > longest
    ]
    if not text["title"]:
        errors.append(FieldError(row, "title", "Say in a few words what is wrong."))
    if errors:
        raise InvalidInput(errors)
    return text


def checked_reasons(*, reasons: str) -> str:
    """Return reasons as they are kept. Raises `InvalidInput` where they are too long."""
    kept = plain_text(text=reasons)
    if len(kept) > REASONS_LIMIT:
        raise InvalidInput.one("reasons", f"At most {REASONS_LIMIT} characters.")
    return kept


def own_source(*, source: str, raised_by: Organisation, by: Actor) -> str:
    """Return the source under which ids are kept: anyone's but the DCC's starts with its organisation's code.

    So no two organisations' ids can meet, and none can find out, or touch, what another has by
    sending its id.
    """
    kept = plain_line(source) or "product"
    if not policies.acts_for_dcc(by):
        kept = f"{raised_by.code}:{kept.removeprefix(f'{raised_by.code}:')}"
    if len(kept) > _SOURCE_LIMIT:
        raise InvalidInput.one("source", f"At most {_SOURCE_LIMIT} characters, with the organisation's code before it.")
    return kept


def next_issue_references(
    *, scope: TestScope, raised_by: Organisation, count: int = 1, besides: Collection[str] = ()
) -> list[str]:
    """Return the next references of issues raised in `scope`: MOC-SIT-0001 for the DCC, MOC-SIT-CSPN-0001 for others.

    Each organisation has numbers of its own: a number that counted across them would tell one how
    many issues another has. A reference that the DCC gave an issue itself is passed over, and so are
    those `besides`, which it is about to give.
    """
    parts = [scope.release.code[:10], scope.kind[:10]]
    if raised_by.kind != OrganisationKind.DCC:
        parts.append(raised_by.code)
    prefix = "-".join(part.upper() for part in parts)
    found: list[str] = []
    while len(found) < count:
        reserved = next_references(prefix, count - len(found))
        taken = {*besides, *TestingIssue.objects.filter(reference__in=reserved).values_list("reference", flat=True)}
        found += [reference for reference in reserved if reference not in taken]
    return found


def checked_reference(*, reference: str, by: Actor) -> str:
    """Return a reference that the DCC gave itself. Raises `InvalidInput` where it is taken or not the DCC's."""
    kept = plain_line(reference)
    if not policies.acts_for_dcc(by):
        raise InvalidInput.one("reference", "References are given by the product, or by the DCC.")
    if not kept or len(kept) > LIMITS["reference"]:
        raise InvalidInput.one("reference", f"Up to {LIMITS['reference']} characters.")
    if TestingIssue.objects.filter(reference=kept).exists():
        raise InvalidInput.one("reference", f"There is an issue {kept} already.")
    return kept


def checked_external_id(*, external_id: str) -> str:
    """Return the tool's own id of an issue. Raises `InvalidInput` where it is too long."""
    kept = plain_line(external_id)
    if len(kept) > LIMITS["external_id"]:
        raise InvalidInput.one("external_id", f"At most {LIMITS['external_id']} characters.")
    return kept


def create_with_history(*, issues: Sequence[TestingIssue], by: Actor, at: dt.datetime) -> None:
    """Insert issues with their first row of wording history."""
    bulk_create_with_history(
        list(issues),
        TestingIssue,
        batch_size=500,
        default_user=_person(by),
        default_change_reason=f"raised, recorded by {by.label}"[:100],
        default_date=at,
    )


def reword_with_history(*, issues: Sequence[TestingIssue], fields: Sequence[str], by: Actor, at: dt.datetime) -> None:
    """Update the wording of issues, each with a row of wording history."""
    bulk_update_with_history(
        list(issues),
        TestingIssue,
        list(fields),
        batch_size=500,
        default_user=_person(by),
        default_change_reason=f"reworded, recorded by {by.label}"[:100],
        default_date=at,
    )


def _person(by: Actor) -> Person | None:
    return Person.objects.filter(pk=by.person_pk).first() if by.person_pk is not None else None
