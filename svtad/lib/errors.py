"""The three ways an act is turned away, each with what the person needs to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class FieldError:
    """One thing wrong with what was sent in: the row (1-based, or None), the field, the reason, what the field held.

    `value` is said of rows in bulk, where whoever sent them looks for the cell; the message says what was expected.
    """

    row: int | None
    field: str
    message: str
    value: str = ""

    def __str__(self) -> str:
        where = self.field if self.row is None else f"row {self.row}, {self.field}"
        return f"{where}: {self.message}" if where else self.message


def held_in(row: object, field: str) -> str:
    """Return what `field` of a row held, as text; "" where it has no such field, or nothing in it."""
    value = getattr(row, field, None)
    if isinstance(value, tuple | list):
        return "; ".join(str(each) for each in value)
    return "" if value is None else str(value)


class Turned(Exception):
    """An act that was turned away. Its text can be shown to the person as it stands."""

    def __init__(self, clause: str, reason: str) -> None:
        super().__init__(reason)
        self.clause = clause
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.reason} ({self.clause})" if self.clause else self.reason


class ActionDenied(Turned):
    """This person may not do this (HTTP 403). `clause` says by which rule, or is empty.

    `permission` is the one that was lacking, where it was one: a page shows by it who holds it.
    """

    def __init__(self, clause: str, reason: str, *, permission: str = "") -> None:
        super().__init__(clause, reason)
        self.permission = permission


class Refused(Turned):
    """The state of the thing does not allow it (HTTP 409). `clause` says by which rule."""


class InvalidInput(Exception):
    """What was sent in cannot be taken (HTTP 400): every error named, nothing stored."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("; ".join(str(error) for error in errors))
        self.errors = tuple(errors)

    @classmethod
    def one(cls, field: str, message: str, *, row: int | None = None) -> InvalidInput:
        """Return the error for a single field."""
        return cls([FieldError(row, field, message)])
