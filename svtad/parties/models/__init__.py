"""Organisations, people, memberships, deputies, tokens that may sign, calendars, the rules of access, audiences."""

from __future__ import annotations

from svtad.parties.models.audiences import (
    Audience,
    AudienceKey,
    AudienceModel,
    AudienceQuerySet,
    visible_audience_ids,
)
from svtad.parties.models.deputies import Deputyship, DeputyshipStep, DeputyStep
from svtad.parties.models.feeds import CalendarFeed
from svtad.parties.models.idempotency import IdempotentCall
from svtad.parties.models.memberships import Membership, MembershipQuerySet
from svtad.parties.models.organisations import Organisation, OrganisationKind
from svtad.parties.models.people import Person, PersonManager
from svtad.parties.models.rules import AccessRule, RuleKind
from svtad.parties.models.tokens import SigningGrant

__all__ = [
    "AccessRule",
    "Audience",
    "AudienceKey",
    "AudienceModel",
    "AudienceQuerySet",
    "CalendarFeed",
    "DeputyStep",
    "Deputyship",
    "DeputyshipStep",
    "IdempotentCall",
    "Membership",
    "MembershipQuerySet",
    "Organisation",
    "OrganisationKind",
    "Person",
    "PersonManager",
    "RuleKind",
    "SigningGrant",
    "visible_audience_ids",
]
