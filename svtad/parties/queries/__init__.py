"""Reading organisations, the rules of access, who may do what."""

from __future__ import annotations

from svtad.parties.queries.access import (
    deputyships_for,
    factors_of,
    latest_rules,
    may_sign,
    organisations_chaired,
    own_decision_allowed,
    own_decisions,
    second_factor_roles,
    tokens_that_sign,
)
from svtad.parties.queries.feeds import feed_digest, feed_of_person, person_of_feed
from svtad.parties.queries.organisations import KNOWN_TO_ALL, organisations_for
from svtad.parties.queries.who import Holder, Reason, holders, reasons

__all__ = [
    "KNOWN_TO_ALL",
    "Holder",
    "Reason",
    "deputyships_for",
    "factors_of",
    "feed_digest",
    "feed_of_person",
    "holders",
    "latest_rules",
    "may_sign",
    "organisations_chaired",
    "organisations_for",
    "own_decision_allowed",
    "own_decisions",
    "person_of_feed",
    "reasons",
    "second_factor_roles",
    "tokens_that_sign",
]
