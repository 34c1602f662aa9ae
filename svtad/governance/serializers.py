"""Matters and decisions as REST shows them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rest_framework import serializers

from svtad.governance.models import Deadline, Decision, Matter, ViewRequest
from svtad.governance.queries import Waiting, lacks
from svtad.governance.queries.contradictions import Contradiction, contradicted_decisions, contradictions
from svtad.governance.queries.deadlines import Count, counts_of
from svtad.governance.queries.proofs import Proof, proofs_of
from svtad.governance.queries.redacted import redact, redact_decisions
from svtad.governance.queries.rest import windows_over
from svtad.lib.clock import now
from svtad.parties.actors import Actor
from svtad.rulebook.procedures import PROCEDURES, Transition


class ContradictionSerializer(serializers.Serializer[Any]):
    """What the Panel determined otherwise after it had confirmed a Test Phase (13.16).

    The phase stays where the confirmation put it. `matter` is null where it is not for the caller to see.
    """

    decided_at = serializers.DateTimeField()
    clause = serializers.CharField()
    matter = serializers.CharField(allow_null=True)
    decision = serializers.CharField(allow_null=True)


class DecisionSerializer(serializers.Serializer[Any]):
    """What a body decided, with the three times that law keeps apart."""

    id = serializers.CharField()
    matter = serializers.CharField()
    sequence = serializers.IntegerField()
    body = serializers.CharField()
    outcome = serializers.CharField()
    from_state = serializers.CharField()
    to_state = serializers.CharField()
    clause = serializers.CharField()
    rationale = serializers.CharField()
    data = serializers.DictField()  # type: ignore[assignment]
    document = serializers.CharField(allow_null=True)
    meeting = serializers.CharField()
    against_computed = serializers.BooleanField()
    out_of_order = serializers.BooleanField(help_text="Recorded though no step listed it from that state (rule 16).")
    missing = serializers.ListField(child=serializers.CharField(), help_text="What was wanted before it and not there.")
    contradicted = ContradictionSerializer(
        allow_null=True,
        help_text="Where the same body has decided otherwise of the same Test Phase since (13.16): by what. Null else.",
    )
    supersedes = serializers.CharField(allow_null=True, help_text="The decision that this one corrects.")
    decided_at = serializers.DateTimeField()
    notified_at = serializers.DateTimeField(allow_null=True)
    told_first_at = serializers.DateTimeField(
        allow_null=True,
        help_text="By our own records: when the first of those concerned was told, beside what was typed.",
    )
    told_last_at = serializers.DateTimeField(allow_null=True, help_text="Likewise the last, as far as proved by now.")
    effective_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    recorded_by = serializers.CharField()


class DecisionRowSerializer(DecisionSerializer):
    """A decision in the register, with what names its matter, and the correction that took its place."""

    reference = serializers.CharField()
    procedure = serializers.CharField()
    superseded_by = serializers.CharField(allow_null=True)


class StepSerializer(serializers.Serializer[Any]):
    """A step that the matter's procedure lists from its state, with what has to be given."""

    body = serializers.CharField()
    outcome = serializers.CharField()
    leads_to = serializers.CharField()
    clause = serializers.CharField()
    needs = serializers.ListField(child=serializers.CharField())


class LackSerializer(serializers.Serializer[Any]):
    """Something that the procedure wants before a step, and that is not there yet."""

    what = serializers.CharField(help_text="The act or the view that is wanted, with its clause.")
    refuses = serializers.BooleanField(
        help_text="Whether the step is refused until it is there. Else it is recorded, and marked as `missing` it."
    )


class MatterStepSerializer(StepSerializer):
    """A step listed from the matter's state, with what is missing before it and where its window stands."""

    missing = LackSerializer(
        many=True, help_text="Acts and views that the procedure wants before this step and that were not taken or had."
    )
    last_day = serializers.DateField(
        allow_null=True, help_text="The last London day of its window or deadline; null where none is set."
    )
    window_over = serializers.BooleanField(help_text="Whether that day is past.")


class MatterSerializer(serializers.Serializer[Any]):
    """Something put before a body, and where it stands."""

    id = serializers.CharField()
    reference = serializers.CharField()
    procedure = serializers.CharField()
    document = serializers.CharField()
    version = serializers.CharField()
    title = serializers.CharField()
    proposer = serializers.CharField()
    rationale = serializers.CharField()
    state = serializers.CharField()
    phase = serializers.CharField(allow_null=True)
    opened_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    recorded_by = serializers.CharField()


class MatterRowSerializer(MatterSerializer):
    """A matter with whether anything is left to do on it."""

    at_rest = serializers.BooleanField(
        help_text="Whether nothing is left to do: its procedure says so of its state, or `window_over`."
    )
    window_over = serializers.BooleanField(
        help_text="Whether only a window was left in which somebody might have taken it further (13.21), and the last "
        "day of it is past: what was decided stands, though no step was recorded."
    )


class ViewSerializer(serializers.Serializer[Any]):
    """What a body said, or one of its members for themselves."""

    text = serializers.CharField()
    is_none = serializers.BooleanField()
    is_remark = serializers.BooleanField(help_text="A member's own remark, which is not the view of the body.")
    given_by = serializers.CharField(help_text="Who gave it for the body.")
    document = serializers.CharField(allow_null=True)
    given_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    recorded_by = serializers.CharField()


class ViewRequestSerializer(serializers.Serializer[Any]):
    """A body was asked for its view; the last of its views holds."""

    id = serializers.CharField()
    body = serializers.CharField()
    clause = serializers.CharField()
    what = serializers.CharField()
    respond_by = serializers.DateField(allow_null=True)
    asked_at = serializers.DateTimeField()
    views = ViewSerializer(many=True)


class DeadlineSerializer(serializers.Serializer[Any]):
    """The last London day of a step, counted in Working Days; `left` is 0 on the last day, less when it is over."""

    id = serializers.CharField()
    matter = serializers.CharField()
    reference = serializers.CharField()
    body = serializers.CharField()
    outcome = serializers.CharField()
    clause = serializers.CharField()
    trigger_on = serializers.DateField()
    last_day = serializers.DateField()
    working_days = serializers.IntegerField()
    day = serializers.IntegerField()
    left = serializers.IntegerField()
    is_over = serializers.BooleanField()


class MatterDetailSerializer(MatterRowSerializer):
    """A matter with what was given to open it, its decisions, views and deadlines, and the steps that may follow."""

    data = serializers.DictField(  # type: ignore[assignment]
        help_text="What was stated to open it, by the keys of the procedure's requirements."
    )
    attachment = serializers.CharField(allow_null=True, help_text="The file that was given to open it.")
    received_on = serializers.DateField(
        allow_null=True, help_text="The London day from which the window for opening it ran."
    )
    decisions = DecisionSerializer(many=True)
    view_requests = ViewRequestSerializer(many=True)
    deadlines = DeadlineSerializer(many=True)
    contradicted = ContradictionSerializer(
        allow_null=True,
        help_text="Where the Panel has contradicted the phase that it is about: by what. Null where it has not.",
    )
    steps = MatterStepSerializer(many=True)


class WaitingSerializer(serializers.Serializer[Any]):
    """A matter that waits: for a step or a view of one of the caller's bodies, or for the steps of others."""

    matter = MatterSerializer()
    steps = StepSerializer(many=True)
    view = ViewRequestSerializer(allow_null=True)
    duties = DeadlineSerializer(many=True, help_text="What is owed under it that is no step (15.1).")
    deadline = DeadlineSerializer(allow_null=True)
    is_overdue = serializers.BooleanField()


def show_contradiction(against: Contradiction | None) -> dict[str, Any] | None:
    """Return the contradiction as `ContradictionSerializer` describes it; None where there is none."""
    if against is None:
        return None
    seen = against.matter is not None
    return {
        "decided_at": against.decision.decided_at,
        "clause": against.decision.clause,
        "matter": against.matter.public_id if against.matter else None,
        "decision": against.decision.public_id if seen else None,
    }


def show_decision(
    decision: Decision, matter: Matter, *, against: Contradiction | None = None, proof: Proof | None = None
) -> dict[str, Any]:
    """Return the decision on `matter` as `DecisionSerializer` describes it."""
    return {
        "id": decision.public_id,
        "matter": matter.public_id,
        "sequence": decision.sequence,
        "body": decision.body,
        "outcome": decision.outcome,
        "from_state": decision.from_state,
        "to_state": decision.to_state,
        "clause": decision.clause,
        "rationale": decision.rationale,
        "data": decision.data,
        "document": decision.document.public_id if decision.document else None,
        "meeting": decision.meeting,
        "against_computed": decision.against_computed,
        "out_of_order": decision.out_of_order,
        "missing": decision.missing,
        "contradicted": show_contradiction(against),
        "supersedes": decision.supersedes.public_id if decision.supersedes else None,
        "decided_at": decision.decided_at,
        "notified_at": decision.notified_at,
        "told_first_at": proof.first if proof else None,
        "told_last_at": proof.last if proof else None,
        "effective_at": decision.effective_at,
        "recorded_at": decision.recorded_at,
        "recorded_by": decision.recorded_by,
    }


def show_decision_rows(decisions: list[Any], actor: Actor) -> list[dict[str, Any]]:
    """Return the decisions, as `decisions_in` found them, as `DecisionRowSerializer` describes each."""
    against = contradicted_decisions(actor, decisions)
    redact_decisions(actor, decisions)
    proofs = proofs_of(actor, decisions)
    return [
        show_decision(decision, decision.matter, against=against.get(decision.pk), proof=proofs.get(decision.pk))
        | {
            "reference": decision.matter.reference,
            "procedure": decision.matter.procedure,
            "superseded_by": decision.superseded_by,
        }
        for decision in decisions
    ]


def show_matter(matter: Matter) -> dict[str, Any]:
    """Return the matter as `MatterSerializer` describes it."""
    return {
        "id": matter.public_id,
        "reference": matter.reference,
        "procedure": matter.procedure,
        "document": matter.document,
        "version": matter.version,
        "title": matter.title,
        "proposer": matter.proposer,
        "rationale": matter.rationale,
        "state": matter.state,
        "phase": matter.scope_id or None,
        "opened_at": matter.opened_at,
        "recorded_at": matter.recorded_at,
        "recorded_by": matter.recorded_by,
    }


def show_matter_rows(matters: list[Matter], actor: Actor) -> list[dict[str, Any]]:
    """Return the matters as `MatterRowSerializer` describes each, with what `actor` may read of them."""
    redact(actor, matters)
    over = windows_over(matters, moment=now())
    return [
        show_matter(matter)
        | {
            "at_rest": matter.pk in over or PROCEDURES[matter.procedure].is_final(matter.state),
            "window_over": matter.pk in over,
        }
        for matter in matters
    ]


def show_matter_whole(matter: Matter, actor: Actor) -> dict[str, Any]:
    """Return the matter with its decisions and next steps, as `MatterDetailSerializer` describes it."""
    found = Decision.objects.filter(matter=matter).select_related("document", "supersedes", "matter")
    decisions = list(found.order_by("sequence"))
    against = contradicted_decisions(actor, decisions)
    redact_decisions(actor, decisions)
    proofs = proofs_of(actor, decisions)
    requests = ViewRequest.objects.filter(matter=matter).prefetch_related("views__document")
    counts = counts_of(Deadline.objects.filter(matter=matter, ended_at=None).select_related("matter"), now())
    [row] = show_matter_rows([matter], actor)
    return row | {
        "data": matter.data,
        "attachment": matter.attachment.public_id if matter.attachment else None,
        "received_on": matter.received_on,
        "decisions": [
            show_decision(each, matter, against=against.get(each.pk), proof=proofs.get(each.pk)) for each in decisions
        ],
        "view_requests": [show_view_request(request) for request in requests],
        "deadlines": [show_deadline(count) for count in counts.values()],
        "contradicted": show_contradiction(contradictions(actor, [matter.scope_id]).get(matter.scope_id)),
        "steps": _show_next_steps(matter, counts.values()),
    }


def _show_next_steps(matter: Matter, counts: Iterable[Count]) -> list[dict[str, Any]]:
    rules = PROCEDURES[matter.procedure]
    steps, lack = rules.transitions_from(matter.state), lacks(matter, rules)
    held = {(each.deadline.body, each.deadline.outcome): each for each in counts}
    shown = []
    for step, plain in zip(steps, _show_steps(steps), strict=True):
        count = held.get((step.body, step.outcome))
        more = {
            "missing": [{"what": each.text, "refuses": each.refuses} for each in lack(step)],
            "last_day": count.deadline.last_day if count else None,
            "window_over": count is not None and count.is_over,
        }
        shown.append(plain | more)
    return shown


def _show_steps(steps: Iterable[Transition]) -> list[dict[str, Any]]:
    return [
        {
            "body": step.body,
            "outcome": step.outcome,
            "leads_to": step.target,
            "clause": step.clause,
            "needs": [need.key for need in step.requires],
        }
        for step in steps
    ]


def show_view_request(request: ViewRequest) -> dict[str, Any]:
    """Return the request with its views as `ViewRequestSerializer` describes it."""
    return {
        "id": request.public_id,
        "body": request.body,
        "clause": request.clause,
        "what": request.what,
        "respond_by": request.respond_by,
        "asked_at": request.asked_at,
        "views": [
            {
                "text": view.text,
                "is_none": view.is_none,
                "is_remark": view.is_remark,
                "given_by": view.given_by,
                "document": view.document.public_id if view.document else None,
                "given_at": view.given_at,
                "recorded_at": view.recorded_at,
                "recorded_by": view.recorded_by,
            }
            for view in request.views.all()
        ],
    }


def show_deadline(count: Count) -> dict[str, Any]:
    """Return the deadline with its count as `DeadlineSerializer` describes it."""
    deadline = count.deadline
    return {
        "id": deadline.public_id,
        "matter": deadline.matter.public_id,
        "reference": deadline.matter.reference,
        "body": deadline.body,
        "outcome": deadline.outcome,
        "clause": deadline.clause,
        "trigger_on": deadline.trigger_on,
        "last_day": deadline.last_day,
        "working_days": deadline.working_days,
        "day": count.day,
        "left": count.left,
        "is_over": count.is_over,
    }


def show_waiting(waiting: Waiting) -> dict[str, Any]:
    """Return what waits as `WaitingSerializer` describes it."""
    return {
        "matter": show_matter(waiting.matter),
        "steps": _show_steps(waiting.steps),
        "view": show_view_request(waiting.view) if waiting.view else None,
        "duties": [show_deadline(duty) for duty in waiting.duties],
        "deadline": show_deadline(waiting.deadline) if waiting.deadline else None,
        "is_overdue": waiting.is_overdue,
    }
