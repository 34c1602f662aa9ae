"""Reading organisations and the rules of access."""

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

__all__ = [
    "KNOWN_TO_ALL",
    "deputyships_for",
    "factors_of",
    "feed_digest",
    "feed_of_person",
    "latest_rules",
    "may_sign",
    "organisations_chaired",
    "organisations_for",
    "own_decision_allowed",
    "own_decisions",
    "person_of_feed",
    "second_factor_roles",
    "tokens_that_sign",
]
