"""What is given with a step, and whether it is all that the step requires."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from svtad.governance.models import Decision, StoredFile
from svtad.lib.errors import FieldError, InvalidInput
from svtad.rulebook.procedures import Requirement, Transition
from svtad.rulebook.procedures.machine import REDACTED_PARTS, REDACTED_REPORTS, VIEWS
from svtad.rulebook.vocabulary import Body


@dataclass(frozen=True, kw_only=True)
class Given:
    """What is recorded of one step besides who took it: its times, reasons, document and statements.

    The three times: `decided_at` (not later than now), `notified_at`, and `effective_at`, by default when decided, or
    when notified where the clause says so (14.4). `data` holds the step's own statements by key. `against_computed`
    marks a determination against the computed result.
    """

    decided_at: dt.datetime
    notified_at: dt.datetime | None = None
    effective_at: dt.datetime | None = None
    rationale: str = ""
    meeting: str = ""
    document: StoredFile | None = None
    data: dict[str, Any] | None = None
    against_computed: bool = False


def check_given(step: Transition, given: Given, *, last: Decision | None, out_of_order: bool, at: dt.datetime) -> None:
    """Raise InvalidInput with every field that the step lacks or that cannot be, `last` being the decision before."""
    errors = [*_lacks(step, given, out_of_order=out_of_order), *_times(step, given, last=last, at=at)]
    if errors:
        raise InvalidInput(errors)


def lacks(
    wanted: Iterable[Requirement],
    *,
    rationale: str,
    data: Mapping[str, Any],
    document: StoredFile | None,
    clause: str = "",
    field: str = "attachment",
) -> Iterator[FieldError]:
    """Yield what is wanted and was not given, or is no date where one is wanted. `field` names the document's field."""
    by_clause = f" ({clause})" if clause else ""
    for need in wanted:
        if need.kind == "file":
            if document is None:
                yield FieldError(None, field, f"{need.title}: needed{by_clause}.")
            continue
        if need.kind in _CHECKS:
            yield from _CHECKS[need.kind](need, data.get(need.key))
            continue
        value = rationale if need.key == "rationale" else str(data.get(need.key) or "")
        if not value.strip():
            yield FieldError(None, need.key, f"{need.title}: needed{by_clause}.")
        elif need.kind == "date" and _no_date(value):
            yield FieldError(None, need.key, f"{need.title}: “{value[:40]}” is not a date such as 2020-11-05.")


def _chosen(need: Requirement, value: object) -> Iterator[FieldError]:
    """Yield what is wrong with a choice of one or several, which is given as a list of their names."""
    known = [name for name, _ in need.choices]
    chosen = value if isinstance(value, list) else []
    if not chosen or any(each not in known for each in chosen) or len(set(chosen)) != len(chosen):
        yield FieldError(None, need.key, f"{need.title}: a list of one or several of {', '.join(known)} is needed.")


def _named(need: Requirement, value: object) -> Iterator[FieldError]:
    """Yield what is wrong with a list of names; whether they are known is for the app that owns the subject."""
    names = value if isinstance(value, list) else []
    if not names or not all(isinstance(each, str) and each for each in names) or len(set(names)) != len(names):
        yield FieldError(None, need.key, f"{need.title}: a list of at least one is needed.")


def _days(need: Requirement, value: object) -> Iterator[FieldError]:
    """Yield what is wrong with dates by reference."""
    if not isinstance(value, dict) or not value:
        yield FieldError(None, need.key, f"{need.title}: at least one is needed.")
        return
    for reference, day in value.items():
        if not isinstance(day, str) or _no_date(day):
            yield FieldError(None, f"{need.key} {reference}", f"“{str(day)[:40]}” is not a date such as 2020-11-05.")


def _views(need: Requirement, value: object) -> Iterator[FieldError]:
    """Yield what is wrong with views by criterion, each `{"view": one of VIEWS, "words": text}`."""
    known = {name for name, _ in VIEWS}
    if not isinstance(value, dict) or not value:
        yield FieldError(None, need.key, f"{need.title}: at least one is needed.")
        return
    for name, said in value.items():
        if not isinstance(said, dict) or not {"view"} <= said.keys() <= {"view", "words"}:
            yield FieldError(None, f"{need.key} {name}", "A view and words are wanted.")
        elif said["view"] not in known or not isinstance(said.get("words", ""), str):
            yield FieldError(None, f"{need.key} {name}", f"One of {', '.join(sorted(known))} is wanted, and words.")


def _redactions(need: Requirement, value: object) -> Iterator[FieldError]:
    """Yield what is wrong with a list of what is redacted: whether the report has such a part is for its app to say."""
    if not isinstance(value, list):
        yield FieldError(None, need.key, f"{need.title}: a list is needed; an empty one says that it is nothing.")
        return
    seen = set()
    for number, each in enumerate(value, start=1):
        place = f"{need.key} {number}"
        if not isinstance(each, dict) or not {"report", "part", "which"} <= each.keys() <= _OF_REDACTION:
            yield FieldError(None, place, f"Its report, part and which are wanted; there are {', '.join(_ORDER)}.")
        elif not all(isinstance(held, str) and len(held) <= _LONGEST for held in each.values()):
            yield FieldError(None, place, f"Each is a text of at most {_LONGEST} characters.")
        elif each["report"] not in dict(REDACTED_REPORTS) or each["part"] not in dict(REDACTED_PARTS):
            known = [name for name, _ in (*REDACTED_REPORTS, *REDACTED_PARTS)]
            yield FieldError(None, place, f"The report and the part are each one of {', '.join(known)}.")
        elif not each["which"].strip():
            yield FieldError(None, place, "Say which section, row or words.")
        elif (same := (each["report"], each["part"], each["which"])) in seen:
            yield FieldError(None, place, f"{each['which'][:60]} is listed twice.")
        else:
            seen.add(same)


_ORDER = ("report", "part", "which", "title", "why")
_OF_REDACTION = frozenset(_ORDER)
_LONGEST = 500

_CHECKS: dict[str, Callable[[Requirement, object], Iterator[FieldError]]] = {
    "choices": _chosen,
    "named": _named,
    "days": _days,
    "views": _views,
    "redactions": _redactions,
}


def _no_date(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return True
    return False


def _lacks(step: Transition, given: Given, *, out_of_order: bool) -> list[FieldError]:
    """Return what the step requires and was not given."""
    errors = list(
        lacks(
            step.requires, rationale=given.rationale, data=given.data or {}, document=given.document, field="document"
        )
    )
    if step.body in (Body.SOS, Body.AUTHORITY) and given.document is None:
        whose = "Secretary of State" if step.body is Body.SOS else "Authority"
        errors.append(FieldError(None, "document", f"The {whose}'s decision is recorded with its document."))
    if given.against_computed and not given.rationale.strip():
        errors.append(FieldError(None, "rationale", "A determination against the computed result needs its reasons."))
    elif out_of_order and not given.rationale.strip():
        errors.append(FieldError(None, "rationale", "A determination out of its listed order needs its reasons."))
    return errors


def _times(step: Transition, given: Given, *, last: Decision | None, at: dt.datetime) -> list[FieldError]:
    """Return what is wrong with the three times of a decision recorded `at`."""
    errors = []
    decided_at, notified_at, effective_at = given.decided_at, given.notified_at, given.effective_at
    for name, moment in (("decided_at", decided_at), ("notified_at", notified_at)):
        if moment is not None and moment > at:
            errors.append(FieldError(None, name, "This is later than the moment it is recorded."))
    if last is not None and decided_at < last.decided_at:
        errors.append(FieldError(None, "decided_at", "This is earlier than the decision before it."))
    if notified_at is not None and notified_at < decided_at:
        errors.append(FieldError(None, "notified_at", "Nobody is notified before the decision."))
    if step.holds_from_notice and notified_at is None and effective_at is None:
        errors.append(FieldError(None, "notified_at", "The decision holds from when it was notified (14.4): say when."))
    if effective_at is not None and effective_at < decided_at:
        errors.append(FieldError(None, "effective_at", "A decision does not hold before it is taken."))
    return errors
