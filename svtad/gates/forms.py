"""Forms of evidence, certificates and Work Off Plans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from svtad.gates.actions.evidence import AUDIT_ITEMS, FIRST_STATES, OF_EITHER, PER_PROVIDER, READINESS_ANSWERS
from svtad.gates.gathering.plans import ItemRow
from svtad.gates.models import EvidenceItem
from svtad.governing.models import DocumentVersion
from svtad.parties.models import Organisation
from svtad.rulebook.edition import Edition
from svtad.rulebook.vocabulary import EvidenceKind, EvidenceState, WorkOffItemState
from testphases.models import TestRun

#: What each kind of evidence is called.
KIND_TITLES: dict[str, str] = {
    EvidenceKind.TEST_PLAN: "Test plan (9.1)",
    EvidenceKind.TEST_SPECIFICATION: "Test specification (12.5(c))",
    EvidenceKind.TTM: "Test Traceability Matrix (11.1)",
    EvidenceKind.READINESS: "Readiness of test resources (12.5(d))",
    EvidenceKind.PROVIDER_REPORT: "Report of a DCC Service Provider (9.4)",
    EvidenceKind.ASSURANCE_REPORT: "DCC assurance report (9.5)",
    EvidenceKind.COMPLETION_REPORT: "Completion Report (9.7)",
    EvidenceKind.SIT_AUDIT_REPORT: "SIT Audit Report (19.4)",
    EvidenceKind.TEST_HEATMAP: "Test heatmap (Table 13.1 row 7)",
    EvidenceKind.ISSUE_LOG: "Testing Issue log (9.2)",
    EvidenceKind.TEST_RESULT: "Test result (12.6(d))",
    EvidenceKind.OTHER: "Other",
}
#: What the SIT Auditor answers, in our words.
AUDIT_WORDS: dict[str, str] = {
    "19.4(a)": "does the Test Traceability Matrix map the test scenarios to the Code requirements?",
    "19.4(b)": "do the planned tests map to the test scenarios, and test them adequately?",
    "19.4(c)": "were testing and assurance conducted in accordance with the SVTAD?",
    "19.4(d)": "has each Exit Criterion been met?",
    "19.4(e)": "are all open Testing Issues captured, and closed or in a Work Off Plan?",
    "19.4(f)": "are the open Testing Issues and their Work Off Plans acceptable, in the auditor's view?",
}
_USUAL = (EvidenceState.SUBMITTED, EvidenceState.ACCEPTED)


class EvidenceForm(forms.Form):
    """A file of one kind, whose it is, how far it has come, and what it states."""

    file = forms.FileField(label="File", help_text="Kept unchanged under its SHA-256.")
    occurred_at = forms.DateTimeField(
        label="Dated",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="When empty: now.",
    )
    note = forms.CharField(label="Note", widget=forms.Textarea, required=False)

    def __init__(self, *args: Any, kind: str, providers: Any, edition: Edition | None, **kwargs: Any) -> None:
        """Ask for what the kind needs: a provider, a state, the statements of 12.5(d) or 19.4."""
        super().__init__(*args, **kwargs)
        self.kind = EvidenceKind(kind)
        if self.kind in PER_PROVIDER | OF_EITHER:
            self.fields["provider"] = forms.ModelChoiceField(
                providers,
                label="Whose",
                to_field_name="public_id",
                required=self.kind in PER_PROVIDER,
                empty_label="Choose" if self.kind in PER_PROVIDER else "The whole phase",
            )
        states = FIRST_STATES.get(self.kind, _USUAL)
        if len(states) > 1:
            self.fields["state"] = forms.ChoiceField(
                label="It is",
                choices=[(state.value, state.replace("_", " ").capitalize()) for state in states],
                help_text="Only the DCC attaches something as signed off or accepted."
                if EvidenceState.ACCEPTED in states or EvidenceState.SIGNED_OFF in states
                else "",
            )
        self.resources = dict(edition.readiness) if edition and self.kind is EvidenceKind.READINESS else {}
        for key, title in self.resources.items():
            self.fields[f"readiness-{key}"] = forms.MultipleChoiceField(
                label=title,
                choices=[(answer, answer.replace("_", " ")) for answer in READINESS_ANSWERS],
                widget=forms.CheckboxSelectMultiple,
                required=False,
            )
        self.audit_items = AUDIT_ITEMS if self.kind is EvidenceKind.SIT_AUDIT_REPORT else ()
        for clause in self.audit_items:
            self.fields[f"audit-{clause}"] = forms.ChoiceField(
                label=f"{clause}: {AUDIT_WORDS[clause]}",
                choices=[("", "It does not say"), ("yes", "Confirmed"), ("no", "Not confirmed")],
                required=False,
            )

    @property
    def statements(self) -> dict[str, Any]:
        """Return what the document states, as the action takes it."""
        given: dict[str, Any] = {}
        for key in self.resources:
            held = self.cleaned_data[f"readiness-{key}"]
            given[key] = {answer: answer in held for answer in READINESS_ANSWERS}
        for clause in self.audit_items:
            answer = self.cleaned_data[f"audit-{clause}"]
            if answer:
                given[clause] = answer == "yes"
        return given


class ReviewForm(forms.Form):
    """The DCC's answer to a piece of evidence."""

    state = forms.ChoiceField(label="Answer")
    reasons = forms.CharField(label="Reasons", required=False, max_length=400, help_text="Needed when it is returned.")

    def __init__(self, *args: Any, answers: tuple[EvidenceState, ...], **kwargs: Any) -> None:
        """Offer the answers that the kind has."""
        super().__init__(*args, **kwargs)
        self.fields["state"].choices = [  # type: ignore[attr-defined]
            (answer.value, answer.replace("_", " ").capitalize()) for answer in answers
        ]


class WithdrawForm(forms.Form):
    """Why evidence is withdrawn."""

    reason = forms.CharField(label="Reason", max_length=400)


class ProviderForm(forms.Form):
    """The DCC Service Provider that a paper is about."""

    provider = forms.ModelChoiceField(
        Organisation.objects.none(), label="DCC Service Provider", to_field_name="public_id", required=False
    )

    def __init__(self, *args: Any, providers: Any, **kwargs: Any) -> None:
        """Offer who takes part."""
        super().__init__(*args, **kwargs)
        self.fields["provider"].queryset = providers  # type: ignore[attr-defined]


class PlanItemForm(forms.Form):
    """A step of one item of a Work Off Plan."""

    state = forms.ChoiceField(label="It is now")
    run = forms.ModelChoiceField(
        TestRun.objects.none(), label="Run that passed", to_field_name="run_key", required=False, empty_label="None"
    )
    note = forms.CharField(label="Note", max_length=400, required=False)

    def __init__(self, *args: Any, states: tuple[str, ...], runs: Any, **kwargs: Any) -> None:
        """Offer the states that may follow, and the passed runs that the issue is linked to."""
        super().__init__(*args, **kwargs)
        words = {
            WorkOffItemState.OPEN: "open again",
            WorkOffItemState.CLOSED: "closed",
            WorkOffItemState.RERUN_PASSED: "re-run with success",
        }
        self.fields["state"].choices = [  # type: ignore[attr-defined]
            (state, words[WorkOffItemState(state)]) for state in states
        ]
        self.fields["run"].queryset = runs  # type: ignore[attr-defined]
        self.fields["run"].label_from_instance = _run_words  # type: ignore[attr-defined]


class CorrectionPlanForm(forms.Form):
    """A correction plan for a Work Off Plan: since when one is aware, the document, and new days by issue (15.2)."""

    aware_on = forms.DateField(
        label="Whoever is responsible became aware on",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    document = forms.FileField(label="The correction plan", help_text="Kept unchanged under its SHA-256.")
    rationale = forms.CharField(label="Why the days will not be met", widget=forms.Textarea, required=False)

    def __init__(self, *args: Any, rows: Sequence[ItemRow], **kwargs: Any) -> None:
        """Ask for a new day for each item that is not done; at least one is needed."""
        super().__init__(*args, **kwargs)
        self.rows = rows
        for row in rows:
            issue = row.item.issue
            was = f"{row.due:%-d %B %Y}" if row.due else "no day"
            self.fields[f"due-{issue.public_id}"] = forms.DateField(
                label=f"{issue.reference}, severity {row.item.severity or 'not determined'}: new day",
                widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
                required=False,
                help_text=f"Until now: {was}{', which is over' if row.overdue else ''}. Empty: it stays.",
            )

    def clean(self) -> dict[str, Any]:
        """Want at least one new day."""
        given = super().clean() or {}
        if not self.errors and not self.due:
            raise forms.ValidationError("Propose a new day for at least one Testing Issue.")
        return given

    @property
    def due(self) -> dict[str, str]:
        """Return the new days by the reference of the Testing Issue, as ISO dates."""
        named = ((row.item.issue.reference, f"due-{row.item.issue.public_id}") for row in self.rows)
        return {reference: self.cleaned_data[key].isoformat() for reference, key in named if self.cleaned_data.get(key)}


def _run_words(run: TestRun) -> str:
    return f"{run.planned_test.definition.external_id}, {run.occurred_at:%d %b %Y %H:%M} UTC"


class ReasonForm(forms.Form):
    """A reason."""

    reason = forms.CharField(label="Reason", max_length=300)


class ReleaseMoveForm(forms.Form):
    """A Capability Release moved on (7.2, 9.8)."""

    to_state = forms.CharField(widget=forms.HiddenInput())
    reason = forms.CharField(label="Note", required=False, max_length=400)


class ChangeForm(forms.Form):
    """A change proposed to the DCC User Interface (7.3)."""

    change = forms.CharField(label="The change proposed to the DCC User Interface", widget=forms.Textarea)


class PromotionForm(forms.Form):
    """A promotion of a release's code (9.4, 9.8)."""

    title = forms.CharField(label="What is promoted, and to where", max_length=300)


class RepeatDocumentForm(forms.Form):
    """A document version that was changed for a repeated Interface Testing (7.3)."""

    version = forms.ModelChoiceField(
        DocumentVersion.objects.none(), label="Document version", to_field_name="public_id", empty_label="Choose"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the versions that are entered."""
        super().__init__(*args, **kwargs)
        versions = DocumentVersion.objects.select_related("document").order_by("document__code", "version")
        self.fields["version"].queryset = versions  # type: ignore[attr-defined]


class AnswerForm(forms.Form):
    """Whether a criterion of an approach document is met (12.3)."""

    met = forms.ChoiceField(label="It is", choices=[("yes", "met"), ("no", "not met")])
    reasons = forms.CharField(label="What shows it, or what is wanting", max_length=400)
    evidence = forms.ChoiceField(label="Evidence", required=False)

    def __init__(self, *args: Any, items: Sequence[EvidenceItem], **kwargs: Any) -> None:
        """Offer the evidence of the phase that stands."""
        super().__init__(*args, **kwargs)
        choices = [(item.public_id, f"{KIND_TITLES[item.kind]}: {item.file.name}") for item in items]
        self.fields["evidence"].choices = [("", "None attached"), *choices]  # type: ignore[attr-defined]
