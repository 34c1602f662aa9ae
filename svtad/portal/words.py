"""The words and signs that pages use for verdicts and states."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sign:
    """A verdict as it is shown: the word, the style's name, the icon. Never colour alone."""

    word: str
    style: str
    icon: str


MET = Sign("Met", "met", "check")
NOT_MET = Sign("Not met", "not-met", "cross")
AWAITING = Sign("Awaiting", "awaiting", "clock")
CANNOT_DECIDE = Sign("Cannot decide", "cannot", "question")
NOT_STARTED = Sign("Not started", "not-started", "dash")

SIGNS: dict[str, Sign] = {
    "MET": MET,
    "NOT_MET": NOT_MET,
    "AWAITING": AWAITING,
    "CANNOT_EVALUATE": Sign("Cannot decide: not evaluable", "cannot", "question"),
    "BLOCKED": Sign("Cannot decide: blocked (14.5)", "cannot", "question"),
    "CANNOT_DECIDE": CANNOT_DECIDE,
    "NOT_JUDGED": Sign("Not judged", "not-started", "dash"),
    "NOT_STARTED": NOT_STARTED,
    "": NOT_STARTED,
    "NOT_APPLICABLE": Sign("Not applicable", "not-started", "dash"),
    "WITHIN": Sign("Within", "met", "check"),
    "OVER": Sign("Over", "not-met", "cross"),
    # Outcomes of runs
    "PASSED": Sign("Passed", "met", "check"),
    "FAILED": Sign("Failed", "not-met", "cross"),
    "ERROR": Sign("Error", "not-met", "cross"),
    "SKIPPED": Sign("Skipped", "not-started", "dash"),
    "DISABLED": Sign("Disabled", "not-started", "dash"),
    "IMPEDED": Sign("Impeded", "awaiting", "clock"),
    "NOT_RUN": Sign("Not run", "not-started", "dash"),
    "DESCOPED": Sign("De-scoped", "not-started", "dash"),
    "WRONG_VERSION": Sign("Other version", "not-met", "cross"),
    # Jobs and batches
    "QUEUED": Sign("Waiting", "awaiting", "clock"),
    "RUNNING": Sign("Running", "awaiting", "clock"),
    "DONE": Sign("Done", "met", "check"),
    "CANCELLED": Sign("Cancelled", "not-started", "dash"),
    "RECEIVED": Sign("Received", "awaiting", "clock"),
    "PREVIEWED": Sign("Preview: nothing saved yet", "awaiting", "clock"),
    "COMMITTED": Sign("Imported", "met", "check"),
    "REFUSED": Sign("Refused", "not-met", "cross"),
}


def sign(verdict: str) -> Sign:
    """Return how `verdict` is shown; a word nobody foresaw is shown as it is, plainly."""
    return SIGNS.get(verdict) or Sign(verdict.replace("_", " ").capitalize(), "not-started", "dash")


#: Short forms for badges in narrow columns; the long form says which kind of "cannot decide" it is.
SHORT = {"CANNOT_EVALUATE": "Cannot decide", "BLOCKED": "Cannot decide"}
