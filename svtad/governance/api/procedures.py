"""REST: the procedures themselves as the rulebook holds them, and who may refer what to whom."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from svtad.governance.registry import RECORD_ONLY
from svtad.lib.rest import answers
from svtad.parties.api import ApiView
from svtad.rulebook.deadlines import Window
from svtad.rulebook.procedures import PROCEDURES, Procedure, Referral, Transition
from svtad.rulebook.procedures.listing import referrals
from svtad.rulebook.procedures.machine import Requirement


class NeedSerializer(serializers.Serializer[Any]):
    """What has to be given: `key` names it in a decision's `data`."""

    key = serializers.CharField()
    kind = serializers.CharField()
    title = serializers.CharField()
    choices = serializers.ListField(
        child=serializers.CharField(), help_text="Of `choices`: the names of which one or several are given, as a list."
    )
    given_to = serializers.ListField(
        child=serializers.CharField(), help_text="The bodies that are given the document of what is hidden from them."
    )


class WindowSerializer(serializers.Serializer[Any]):
    """Within how many Working Days, counted from what, and in words."""

    working_days = serializers.IntegerField()
    basis = serializers.CharField()
    text = serializers.CharField()


class ReferralSerializer(serializers.Serializer[Any]):
    """Who may or shall put the matter before whom. `outcome` is OPEN where opening it does so."""

    procedure = serializers.CharField()
    document = serializers.CharField()
    version = serializers.CharField()
    clause = serializers.CharField()
    by = serializers.CharField()
    to = serializers.CharField()
    outcome = serializers.CharField()
    duty = serializers.CharField()
    within = WindowSerializer(allow_null=True)
    while_pending = serializers.CharField()
    said_final = serializers.BooleanField()
    needs = NeedSerializer(many=True)


class ConsultationSerializer(serializers.Serializer[Any]):
    """Whose view is asked, in which states, before which outcomes. `needed`: the step is refused without it."""

    body = serializers.CharField()
    clause = serializers.CharField()
    what = serializers.CharField()
    states = serializers.ListField(child=serializers.CharField())
    before = serializers.ListField(child=serializers.CharField())
    duty = serializers.CharField()
    needed = serializers.BooleanField()


class ActWantedSerializer(serializers.Serializer[Any]):
    """An act that is wanted before outcomes, in its round or (`any_round`) in any. `needed`: else they are refused."""

    body = serializers.CharField()
    outcome = serializers.CharField()
    clause = serializers.CharField()
    what = serializers.CharField()
    before = serializers.ListField(child=serializers.CharField())
    any_round = serializers.BooleanField()
    needed = serializers.BooleanField()


class NoticeDueSerializer(serializers.Serializer[Any]):
    """Who is told what, on which outcome (OPEN: when it is opened)."""

    to = serializers.ListField(child=serializers.CharField())
    on = serializers.CharField()
    clause = serializers.CharField()
    what = serializers.CharField()
    duty = serializers.CharField()
    with_document = serializers.BooleanField(help_text="The document of that step goes with the notice.")
    within = WindowSerializer(allow_null=True)


class ListedStepSerializer(serializers.Serializer[Any]):
    """A step that the procedure lists."""

    from_state = serializers.CharField()
    body = serializers.CharField()
    outcome = serializers.CharField()
    to_state = serializers.CharField()
    clause = serializers.CharField()
    duty = serializers.CharField()
    within = WindowSerializer(allow_null=True)
    needs = NeedSerializer(many=True)
    said_final = serializers.BooleanField()
    notes = serializers.CharField()


class ProcedureSerializer(serializers.Serializer[Any]):
    """A board procedure in short: its clause, who proposes, who decides."""

    key = serializers.CharField()
    document = serializers.CharField()
    version = serializers.CharField()
    clause = serializers.CharField()
    title = serializers.CharField()
    group = serializers.CharField()
    subject = serializers.CharField()
    proposer = serializers.CharField()
    deciders = serializers.ListField(child=serializers.CharField())
    record_only = serializers.BooleanField(help_text="Whether its decisions have no effect here beyond their record.")


class ProcedureDetailSerializer(ProcedureSerializer):
    """A board procedure whole, in our words; `notes` are readings of what the text leaves open."""

    summary = serializers.CharField()
    initial = serializers.CharField()
    final = serializers.ListField(child=serializers.CharField())
    effect_while_pending = serializers.CharField()
    phase_kinds = serializers.ListField(child=serializers.CharField())
    opens_with = NeedSerializer(many=True)
    redacted_for = serializers.ListField(
        child=serializers.CharField(), help_text="The bodies whose members read only what they are given of a matter."
    )
    consultations = ConsultationSerializer(many=True)
    acts_wanted = ActWantedSerializer(many=True)
    notices = NoticeDueSerializer(many=True)
    steps = ListedStepSerializer(many=True)
    referrals = ReferralSerializer(many=True)
    notes = serializers.ListField(child=serializers.CharField())


class Procedures(ApiView):
    """The board procedures."""

    @extend_schema(
        operation_id="procedures_list",
        tags=["procedures"],
        responses=answers({200: ProcedureSerializer(many=True)}),
    )
    def get(self, request: Request) -> Response:
        """List every procedure of the rulebook. It is the same for everybody."""
        return Response([_short(rules) for rules in PROCEDURES.values()])


class Referrals(ApiView):
    """The referral matrix."""

    @extend_schema(
        operation_id="procedures_referrals",
        tags=["procedures"],
        responses=answers({200: ReferralSerializer(many=True)}),
    )
    def get(self, request: Request) -> Response:
        """List who may or shall refer what to whom, within what, and what holds meanwhile."""
        return Response([_referral(rules, row) for rules, row in referrals(PROCEDURES.values())])


class OneProcedure(ApiView):
    """One procedure."""

    @extend_schema(
        operation_id="procedures_get", tags=["procedures"], responses=answers({200: ProcedureDetailSerializer}, 404)
    )
    def get(self, request: Request, key: str) -> Response:
        """Show a procedure with every listed step, who is asked and told, and its rows of the referral matrix."""
        rules = PROCEDURES.get(key)
        if rules is None:
            raise NotFound
        return Response(_whole(rules))


def _short(rules: Procedure) -> dict[str, Any]:
    return {
        "key": rules.key,
        "document": rules.document,
        "version": rules.version,
        "clause": rules.clause,
        "title": rules.title,
        "group": rules.group,
        "subject": rules.subject,
        "proposer": rules.proposer,
        "deciders": rules.deciders,
        "record_only": rules.key in RECORD_ONLY,
    }


def _whole(rules: Procedure) -> dict[str, Any]:
    return _short(rules) | {
        "summary": rules.summary,
        "initial": rules.initial,
        "final": rules.final,
        "effect_while_pending": rules.effect_while_pending,
        "phase_kinds": rules.phase_kinds,
        "opens_with": _needs(rules.opens_with),
        "redacted_for": rules.redacted_for,
        "consultations": [
            {
                "body": each.body,
                "clause": each.clause,
                "what": each.what,
                "states": each.states,
                "before": each.before,
                "duty": each.duty,
                "needed": each.is_needed,
            }
            for each in rules.consultations
        ],
        "acts_wanted": [
            {
                "body": each.body,
                "outcome": each.outcome,
                "clause": each.clause,
                "what": each.what,
                "before": each.before,
                "any_round": each.any_round,
                "needed": each.is_needed,
            }
            for each in rules.acts_wanted
        ],
        "notices": [
            {
                "to": each.to,
                "on": each.on,
                "clause": each.clause,
                "what": each.what,
                "duty": each.duty,
                "with_document": each.with_document,
                "within": _window(each.within),
            }
            for each in rules.notices
        ],
        "steps": [_step(step) for step in rules.transitions],
        "referrals": [_referral(rules, row) for row in rules.referrals],
        "notes": rules.notes,
    }


def _step(step: Transition) -> dict[str, Any]:
    return {
        "from_state": step.source,
        "body": step.body,
        "outcome": step.outcome,
        "to_state": step.target,
        "clause": step.clause,
        "duty": step.duty,
        "within": _window(step.within),
        "needs": _needs(step.requires),
        "said_final": step.said_final,
        "notes": step.notes,
    }


def _referral(rules: Procedure, row: Referral) -> dict[str, Any]:
    return {
        "procedure": rules.key,
        "document": rules.document,
        "version": rules.version,
        "clause": row.clause,
        "by": row.by,
        "to": row.to,
        "outcome": row.outcome,
        "duty": row.duty,
        "within": _window(row.within),
        "while_pending": row.while_pending,
        "said_final": row.said_final,
        "needs": _needs(row.requires),
    }


def _window(window: Window | None) -> dict[str, Any] | None:
    if window is None:
        return None
    return {"working_days": window.working_days, "basis": window.basis, "text": window.text}


def _needs(needs: tuple[Requirement, ...]) -> list[dict[str, Any]]:
    return [
        {
            "key": need.key,
            "kind": need.kind,
            "title": need.title,
            "choices": [name for name, _ in need.choices],
            "given_to": need.given_to,
        }
        for need in needs
    ]


urlpatterns = [
    path("procedures", Procedures.as_view(), name="api-procedures"),
    path("procedures/referrals", Referrals.as_view(), name="api-referrals"),
    path("procedures/<str:key>", OneProcedure.as_view(), name="api-procedure"),
]
