"""What differs between two sets of facts of one Test Phase, row by row: what came, what went, what changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from operator import attrgetter
from typing import Any

from svtad.rulebook import codec
from svtad.rulebook.facts import Facts
from svtad.rulebook.integrity import SORT_KEYS


@dataclass(frozen=True, kw_only=True, slots=True)
class Altered:
    """One field of a row that changed, as JSON writes its values."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A row of the facts that came (``before`` None), went (``after`` None), or changed in ``altered``.

    ``kind`` names the list of the facts (``issues``), or the field that is no list (``issue_log``); ``id`` is the row's
    identity within it, ``reference`` what people call it.
    """

    kind: str
    id: str
    reference: str
    change: str
    altered: tuple[Altered, ...] = ()


CAME, WENT, CHANGED = "came", "went", "changed"

#: What identifies a row over time: a proposal is the same one in its next state.
_IDENTITY: dict[str, Callable[[Any], Any]] = {
    **SORT_KEYS,
    "exclusions": attrgetter("issue", "matter"),
    "disputes": attrgetter("issue", "matter", "participant_severity"),
}
_SINGLE = (
    "issue_log",
    "execution_evidence",
    "stage_exit_versions",
    "issues_raised",
    "last_issue_raised_at",
    "last_execution_at",
    "entry",
    "criteria_version",
)


def differences(before: Facts, after: Facts) -> tuple[Difference, ...]:
    """Every row that differs, list by list in the order of the facts. The moment itself (``as_at``) is none."""
    return tuple(_all(before, after))


def _all(before: Facts, after: Facts) -> Iterator[Difference]:
    names = _names(before) | _names(after)
    for field in fields(Facts):
        was, now = getattr(before, field.name), getattr(after, field.name)
        if field.name in _IDENTITY:
            yield from _rows(field.name, was or (), now or (), names)
        elif field.name in _SINGLE and was != now:
            yield from _one(field.name, was, now)


def _names(facts: Facts) -> dict[str, str]:
    """What people call the issues, providers and DMCs of the facts, by their ids."""
    issues = (*facts.issues, *facts.considered_issues)
    return {
        **{row.id: row.reference for row in issues},
        **{row.id: row.name for row in facts.providers},
        **{row.id: row.name for row in facts.dmcs},
    }


def _rows(kind: str, before: tuple[Any, ...], after: tuple[Any, ...], names: dict[str, str]) -> Iterator[Difference]:
    key = _IDENTITY[kind]
    was = {key(row): row for row in before}
    now = {key(row): row for row in after}
    for identity in sorted({*was, *now}, key=str):
        old, new = was.get(identity), now.get(identity)
        if old == new:
            continue
        change = CAME if old is None else WENT if new is None else CHANGED
        row = new if new is not None else old
        altered = tuple(_altered(old, new)) if change == CHANGED else ()
        yield Difference(
            kind=kind,
            id=_text(identity, {}),
            reference=_reference(row, identity, names),
            change=change,
            altered=altered,
        )


def _one(kind: str, before: Any, after: Any) -> Iterator[Difference]:
    change = CAME if before is None else WENT if after is None else CHANGED
    if change != CHANGED:
        altered: tuple[Altered, ...] = ()
    elif is_dataclass(after):
        altered = tuple(_altered(before, after))
    else:
        altered = (Altered(name=kind, before=_value(before), after=_value(after)),)
    yield Difference(kind=kind, id="", reference=kind.replace("_", " "), change=change, altered=altered)


def _altered(before: Any, after: Any) -> Iterator[Altered]:
    for field in fields(after):
        was, now = getattr(before, field.name), getattr(after, field.name)
        if was != now:
            yield Altered(name=field.name, before=_value(was), after=_value(now))


def _value(value: Any) -> str:
    """A value as JSON writes it, without the quotes of a text."""
    encoded = codec.encode(value)
    return encoded if isinstance(encoded, str) else codec.canonical_json(encoded)


def _reference(row: Any, identity: Any, names: dict[str, str]) -> str:
    for name in ("reference", "title", "name", "key", "clause"):
        if getattr(row, name, ""):
            return str(getattr(row, name))
    return _text(identity, names)


def _text(identity: Any, names: dict[str, str]) -> str:
    parts = identity if isinstance(identity, tuple) else (identity,)
    return " / ".join(names.get(str(part), str(part)) for part in parts if part)
