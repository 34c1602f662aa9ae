"""Jobs, files, matters and decisions as REST shows them, and what may be sent in about them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rest_framework import serializers

from svtad.governance.models import Deadline, Decision, Job, JobState, Matter, StoredFile, ViewRequest
from svtad.governance.queries import Waiting
from svtad.governance.queries.deadlines import Count, counts_of
from svtad.lib.clock import now
from svtad.lib.rest import DayField, MomentField, PlainJSONField, PublicIdField, StrictSerializer
from svtad.rulebook.procedures import PROCEDURES, Transition
from svtad.rulebook.vocabulary import Body

#: Whose view may be asked at all: bodies, and those whom procedures consult though they take no step of any.
CONSULTEES = list(
    dict.fromkeys(
        [
            *(body.value for body in Body),
            *sorted(str(each.body.value) for rules in PROCEDURES.values() for each in rules.consultations),
        ]
    )
)


class JobSerializer(serializers.Serializer[Any]):
    """A piece of long work: where it is, and what came of it."""

    id = serializers.CharField()
    kind = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=JobState.choices)
    progress_done = serializers.IntegerField()
    progress_total = serializers.IntegerField()
    progress_message = serializers.CharField()
    result = serializers.DictField(allow_null=True)
    error = serializers.CharField()
    recorded_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class JobFilter(StrictSerializer):
    """What a list of jobs may be narrowed by."""

    kind = serializers.CharField(max_length=40, required=False)
    state = serializers.ChoiceField(choices=JobState.choices, required=False)
    cursor = serializers.CharField(required=False)
    page_size = serializers.CharField(required=False)


class FileSerializer(serializers.Serializer[Any]):
    """A stored file. Its bytes are at `/files/{id}/content`."""

    id = serializers.CharField()
    name = serializers.CharField()
    media_type = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()
    purpose = serializers.CharField()
    recorded_at = serializers.DateTimeField()
    recorded_by = serializers.CharField()


class DocumentIn(StrictSerializer):
    """A document to keep, as a multipart form: minutes, a letter, a plan. Who may see the matter may see it."""

    file = serializers.FileField()
    matter = PublicIdField(
        required=False, help_text="The matter that it is for; without one it is for all those who govern."
    )


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
    supersedes = serializers.CharField(allow_null=True, help_text="The decision that this one corrects.")
    decided_at = serializers.DateTimeField()
    notified_at = serializers.DateTimeField(allow_null=True)
    effective_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    recorded_by = serializers.CharField()


class DecisionRowSerializer(DecisionSerializer):
    """A decision in the register, with what names its matter, and the correction that took its place."""

    reference = serializers.CharField()
    procedure = serializers.CharField()
    superseded_by = serializers.CharField(allow_null=True)


class DecisionFilter(StrictSerializer):
    """What the register of decisions may be narrowed by. Days are London days of when it was decided, both included."""

    body = serializers.ChoiceField(choices=[body.value for body in Body], required=False)
    procedure = serializers.ChoiceField(choices=sorted(PROCEDURES), required=False)
    clause = serializers.CharField(max_length=60, required=False)
    outcome = serializers.CharField(max_length=30, required=False)
    matter = PublicIdField(required=False)
    superseded = serializers.BooleanField(required=False, help_text="Of those corrected since, or of those that stand.")
    cursor = serializers.CharField(required=False)
    page_size = serializers.CharField(required=False)

    def get_fields(self) -> dict[str, Any]:
        """Return the fields with `from` and `to`, which no attribute can be called."""
        return super().get_fields() | {"from": DayField(required=False), "to": DayField(required=False)}


class StepSerializer(serializers.Serializer[Any]):
    """A step that the matter's procedure lists from its state, with what has to be given."""

    body = serializers.CharField()
    outcome = serializers.CharField()
    leads_to = serializers.CharField()
    clause = serializers.CharField()
    needs = serializers.ListField(child=serializers.CharField())


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


class ViewSerializer(serializers.Serializer[Any]):
    """What a body said."""

    text = serializers.CharField()
    is_none = serializers.BooleanField()
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


class MatterDetailSerializer(MatterSerializer):
    """A matter with its decisions, views and deadlines, and the steps that may follow."""

    decisions = DecisionSerializer(many=True)
    view_requests = ViewRequestSerializer(many=True)
    deadlines = DeadlineSerializer(many=True)
    steps = StepSerializer(many=True)


class WaitingSerializer(serializers.Serializer[Any]):
    """A matter that waits: for a step or a view of one of the caller's bodies, or for the steps of others."""

    matter = MatterSerializer()
    steps = StepSerializer(many=True)
    view = ViewRequestSerializer(allow_null=True)
    deadline = DeadlineSerializer(allow_null=True)
    is_overdue = serializers.BooleanField()


class ViewAskIn(StrictSerializer):
    """Whose view is asked, and by which London day."""

    body = serializers.ChoiceField(
        choices=CONSULTEES, help_text="A body, or others whom the procedure consults (PARTIES, STAKEHOLDERS)."
    )
    respond_by = DayField(required=False, allow_null=True, default=None)


class ViewIn(StrictSerializer):
    """What a body said, or that it gave no view by the date."""

    text = serializers.CharField(required=False, default="", allow_blank=True, max_length=20_000)
    is_none = serializers.BooleanField(required=False, default=False)
    given_at = MomentField(required=False, allow_null=True, default=None)
    document = PublicIdField(required=False, allow_null=True, default=None)


class MatterFilter(StrictSerializer):
    """What a list of matters may be narrowed by."""

    procedure = serializers.ChoiceField(choices=sorted(PROCEDURES), required=False)
    state = serializers.CharField(max_length=30, required=False)
    phase = PublicIdField(required=False)
    open = serializers.BooleanField(required=False, help_text="Of those not at rest, or of those at rest.")
    q = serializers.CharField(max_length=100, required=False, help_text="The reference, or words of the title.")
    cursor = serializers.CharField(required=False)
    page_size = serializers.CharField(required=False)


class OpenIn(StrictSerializer):
    """Something to put before a body under a procedure whose decisions are only recorded so far.

    What another resource opens (an exclusion, a certificate) is refused here, with where it is opened.
    """

    procedure = serializers.ChoiceField(choices=sorted(PROCEDURES))
    title = serializers.CharField(max_length=300)
    rationale = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=20_000, help_text="Needed where the clause wants it."
    )
    phase = PublicIdField(
        required=False,
        allow_null=True,
        default=None,
        help_text="The Test Phase it is about; where there is one, needed.",
    )
    organisation = serializers.CharField(
        max_length=24,
        required=False,
        allow_null=True,
        default=None,
        help_text="The code of the Testing Participant or Supplier Party that brings it, where one does; it sees it.",
    )
    opened_at = MomentField(required=False, allow_null=True, default=None)


class InboxFilter(StrictSerializer):
    """Which of what is open: what waits for the caller's bodies, or what they brought and others have to do."""

    list = serializers.ChoiceField(
        choices=["needs_you", "waits_for_others"], required=False, help_text="`needs_you` where nothing is said."
    )


class DecisionIn(StrictSerializer):
    """A decision to record. `document` is the id of a stored file; `data` holds what the step needs by key."""

    body = serializers.ChoiceField(choices=[body.value for body in Body])
    outcome = serializers.CharField(max_length=30)
    decided_at = MomentField()
    notified_at = MomentField(required=False, allow_null=True, default=None)
    effective_at = MomentField(required=False, allow_null=True, default=None)
    rationale = serializers.CharField(required=False, default="", allow_blank=True, max_length=20_000)
    meeting = serializers.CharField(required=False, default="", allow_blank=True, max_length=120)
    data = PlainJSONField(  # type: ignore[assignment]
        required=False, default=dict, help_text="An object: what the step needs, by key (see `steps` of the matter)."
    )
    document = PublicIdField(required=False, allow_null=True, default=None)
    against_computed = serializers.BooleanField(required=False, default=False)
    expected_state = serializers.CharField(
        required=False, max_length=30, help_text="The state you saw: refused (409) where it is another by now."
    )


class CorrectionIn(StrictSerializer):
    """What a body decided, where that was recorded wrongly, and what was wrong with the record."""

    outcome = serializers.CharField(max_length=30)
    decided_at = MomentField()
    notified_at = MomentField(required=False, allow_null=True, default=None)
    effective_at = MomentField(required=False, allow_null=True, default=None)
    rationale = serializers.CharField(required=False, default="", allow_blank=True, max_length=20_000)
    meeting = serializers.CharField(required=False, default="", allow_blank=True, max_length=120)
    data = PlainJSONField(required=False, default=dict)  # type: ignore[assignment]
    document = PublicIdField(
        required=False, allow_null=True, default=None, help_text="Without one, the recorded document stays."
    )
    against_computed = serializers.BooleanField(required=False, default=False)
    reason = serializers.CharField(max_length=300)


def show_job(job: Job) -> dict[str, Any]:
    """Return the job as `JobSerializer` describes it."""
    return {
        "id": job.public_id,
        "kind": job.kind,
        "title": job.title,
        "state": job.state,
        "progress_done": job.progress_done,
        "progress_total": job.progress_total,
        "progress_message": job.progress_message,
        "result": job.result,
        "error": job.error,
        "recorded_at": job.recorded_at,
        "finished_at": job.finished_at,
    }


def show_file(stored: StoredFile) -> dict[str, Any]:
    """Return the file as `FileSerializer` describes it."""
    return {
        "id": stored.public_id,
        "name": stored.name,
        "media_type": stored.media_type,
        "size": stored.size,
        "sha256": stored.sha256,
        "purpose": stored.purpose,
        "recorded_at": stored.recorded_at,
        "recorded_by": stored.recorded_by,
    }


def show_decision(decision: Decision, matter: Matter) -> dict[str, Any]:
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
        "supersedes": decision.supersedes.public_id if decision.supersedes else None,
        "decided_at": decision.decided_at,
        "notified_at": decision.notified_at,
        "effective_at": decision.effective_at,
        "recorded_at": decision.recorded_at,
        "recorded_by": decision.recorded_by,
    }


def show_decision_row(decision: Any) -> dict[str, Any]:
    """Return the decision, as `decisions_in` found it, as `DecisionRowSerializer` describes it."""
    matter = decision.matter
    return show_decision(decision, matter) | {
        "reference": matter.reference,
        "procedure": matter.procedure,
        "superseded_by": decision.superseded_by,
    }


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


def show_matter_whole(matter: Matter) -> dict[str, Any]:
    """Return the matter with its decisions and next steps, as `MatterDetailSerializer` describes it."""
    decisions = Decision.objects.filter(matter=matter).select_related("document", "supersedes").order_by("sequence")
    requests = ViewRequest.objects.filter(matter=matter).prefetch_related("views__document")
    counts = counts_of(Deadline.objects.filter(matter=matter, ended_at=None).select_related("matter"), now())
    return show_matter(matter) | {
        "decisions": [show_decision(decision, matter) for decision in decisions],
        "view_requests": [show_view_request(request) for request in requests],
        "deadlines": [show_deadline(count) for count in counts.values()],
        "steps": _show_steps(PROCEDURES[matter.procedure].transitions_from(matter.state)),
    }


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
        "deadline": show_deadline(waiting.deadline) if waiting.deadline else None,
        "is_overdue": waiting.is_overdue,
    }
