"""What is written here: organisations, people, roles, deputies, second factors, tokens, the rules of access."""

from __future__ import annotations

from svtad.parties.actions.deputies import answer_deputyship, end_deputyship, name_deputy
from svtad.parties.actions.factors import (
    add_passkey,
    make_recovery_codes,
    remove_factor,
    reset_factors,
    set_up_app,
    use_code,
    use_passkey,
)
from svtad.parties.actions.feeds import make_calendar_feed, revoke_calendar_feed
from svtad.parties.actions.idempotency import answer_once, forget_old_calls
from svtad.parties.actions.memberships import add_membership, end_membership
from svtad.parties.actions.people import (
    create_organisation,
    create_person,
    disable_person,
    enable_person,
    end_sessions,
    record_sign_in,
    set_password,
)
from svtad.parties.actions.rules import set_access_rule
from svtad.parties.actions.tokens import LONGEST_TOKEN, issue_token, let_token_sign, revoke_token

__all__ = [
    "LONGEST_TOKEN",
    "add_membership",
    "add_passkey",
    "answer_deputyship",
    "answer_once",
    "create_organisation",
    "create_person",
    "disable_person",
    "enable_person",
    "end_deputyship",
    "end_membership",
    "end_sessions",
    "forget_old_calls",
    "issue_token",
    "let_token_sign",
    "make_calendar_feed",
    "make_recovery_codes",
    "name_deputy",
    "record_sign_in",
    "remove_factor",
    "reset_factors",
    "revoke_calendar_feed",
    "revoke_token",
    "set_access_rule",
    "set_password",
    "set_up_app",
    "use_code",
    "use_passkey",
]
