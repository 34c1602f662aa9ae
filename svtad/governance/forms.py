"""Forms of matters, decisions, notices and the calendar. A decision's fields come from the procedure's data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from svtad.governance.calendar import LISTS
from svtad.governance.models import Timing
from svtad.rulebook.procedures import Transition
from svtad.rulebook.procedures.machine import VIEWS
from svtad.rulebook.vocabulary import Body

#: Bodies whose determination may go against what was computed (rule 16): it is recorded, never stopped.
MAY_GO_AGAINST = (Body.PANEL, Body.SOS)
#: Who decides elsewhere: what they decided is recorded with its document, or not at all.
OUTSIDE_THE_PRODUCT = (Body.SOS, Body.AUTHORITY)

#: Boards that record what they decide: no clause wants minutes with it (our reading).
BOARDS_WITHOUT_MINUTES = (Body.TAB, Body.TAG, Body.PANEL)
NO_MINUTES = "No clause wants minutes with a board's decision (our reading). What is given is kept under its SHA-256."
#: What statements of a matter may name, by their keys, each with its words.
Options = Mapping[str, Sequence[tuple[str, str]]]
NO_OPTIONS: Options = {}
#: What a step may bring besides what it must: the days that TAB sets where 15.1 gives none.
MAY_BRING = {("WORK_OFF_PLAN", "APPROVE"): ("clock_start", "due")}


class MomentInput(forms.DateTimeInput):
    """A date and a time to the second, in London: two steps of one matter may be taken within a minute."""

    input_type = "datetime-local"

    def __init__(self, **attrs: Any) -> None:
        super().__init__(attrs={"step": "1", **attrs}, format="%Y-%m-%dT%H:%M:%S")


class DayInput(forms.DateInput):
    """A day."""

    input_type = "date"

    def __init__(self, **attrs: Any) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%d")


class DecisionForm(forms.Form):
    """What is recorded of one listed step of a procedure."""

    expected_state = forms.CharField(widget=forms.HiddenInput, required=False)
    decided_at = forms.DateTimeField(label="Decided", widget=MomentInput())
    notified_at = forms.DateTimeField(label="Notified", widget=MomentInput(), required=False)
    effective_at = forms.DateTimeField(
        label="In effect from",
        widget=MomentInput(),
        required=False,
        help_text="When empty: as decided, or as notified where the clause says so.",
    )
    meeting = forms.CharField(label="Meeting or reference", max_length=120, required=False)

    def __init__(
        self,
        *args: Any,
        procedure: str,
        step: Transition,
        severities: tuple[str, ...],
        options: Options = NO_OPTIONS,
        out_of_order: bool = False,
        **kwargs: Any,
    ) -> None:
        """Add the fields that `step` requires, and reasons for one recorded out of its order (rule 16).

        A document is required of those who do not act in the product. `options` is what statements of the matter may
        name (`registry.options_of`).
        """
        kwargs.setdefault("prefix", f"{step.body}-{step.outcome}".lower())
        super().__init__(*args, **kwargs)
        self.step = step
        if step.holds_from_notice:
            self.fields["notified_at"].required = True
            self.fields["notified_at"].help_text = f"It holds from then ({step.clause})."
        self.extra: tuple[str, ...] = tuple(
            need.key for need in step.requires if need.kind != "file" and need.key != "rationale"
        )
        for need in step.requires:
            if need.kind != "file" and need.key != "rationale":
                self.fields[need.key] = field_for(
                    need.kind, need.title, severities, choices=need.choices or options.get(need.key, ())
                )
        self.brings = MAY_BRING.get((procedure, step.outcome), ())
        if self.brings:
            self.fields |= brought()
        needs_reasons = out_of_order or any(need.key == "rationale" for need in step.requires)
        self.fields["rationale"] = forms.CharField(label="Reasons", widget=forms.Textarea, required=needs_reasons)
        document = next((need for need in step.requires if need.kind == "file"), None)
        self.fields["document"] = forms.FileField(
            label=document.title if document else "The document that records it",
            required=document is not None or step.body in OUTSIDE_THE_PRODUCT,
            help_text=NO_MINUTES if step.body in BOARDS_WITHOUT_MINUTES else "Kept unchanged under its SHA-256.",
        )
        if step.body in MAY_GO_AGAINST:
            self.fields["against_computed"] = forms.BooleanField(
                label="This goes against the computed result (marked wherever it is shown; needs reasons)",
                required=False,
            )

    def clean_due(self) -> dict[str, str]:
        """Read the dates by issue."""
        held = self.cleaned_data.get("due")
        return held if isinstance(held, dict) else due_dates(held)

    @property
    def given(self) -> dict[str, Any]:
        """Return the step's own statements by key, as JSON can hold them."""
        values = {key: self.cleaned_data.get(key) for key in self.extra}
        values |= {key: self.cleaned_data[key] for key in self.brings if self.cleaned_data.get(key)}
        return {key: value.isoformat() if isinstance(value, dt.date) else value for key, value in values.items()}


class CorrectionForm(DecisionForm):
    """What should have been recorded of a decision, and what was wrong with the record."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ask why, and take the document that is kept already where no other is given."""
        kwargs["prefix"] = "correction"
        initial = kwargs.get("initial") or {}
        if isinstance(initial.get("due"), dict):
            kwargs["initial"] = {**initial, "due": due_lines(initial["due"])}
        super().__init__(*args, **kwargs)
        self.fields["document"].required = False
        self.fields["document"].help_text = "Leave it empty to keep the document that is recorded."
        self.fields["reason"] = forms.CharField(label="What was wrong with the record", max_length=300)


class AskForm(forms.Form):
    """Whose view is asked, and by when."""

    def __init__(self, *args: Any, bodies: Sequence[str], **kwargs: Any) -> None:
        """Offer the bodies that the procedure consults now."""
        kwargs.setdefault("prefix", "ask")
        super().__init__(*args, **kwargs)
        self.fields["body"] = forms.ChoiceField(label="Body", choices=[(body, body) for body in bodies])
        self.fields["respond_by"] = forms.DateField(
            label="By",
            widget=DayInput(),
            required=False,
            help_text="A London day. Once past, “no view” can be recorded.",
        )


class ViewForm(forms.Form):
    """What a body said, or what one of its members remarked for themselves."""

    whose = forms.ChoiceField(
        label="This is",
        choices=[("view", "the view of the body"), ("remark", "a member's own remark, beside it")],
        required=False,
    )
    given_by = forms.CharField(
        label="Who gave it",
        max_length=200,
        required=False,
        help_text="For the body: its chair, or the meeting that agreed it. When empty: you.",
    )
    text = forms.CharField(label="View", widget=forms.Textarea, required=False)
    is_none = forms.BooleanField(label="No view was given by the date", required=False)
    given_at = forms.DateTimeField(label="Given", widget=MomentInput(), required=False, help_text="When empty: now.")
    document = forms.FileField(label="The document that records it", required=False)

    def __init__(self, *args: Any, only_remarks: bool = False, **kwargs: Any) -> None:
        """Offer a member who does not speak for the body only a remark of their own."""
        super().__init__(*args, **kwargs)
        if only_remarks:
            self.fields["text"].label = "Your remark"
            for name in ("whose", "given_by", "is_none"):
                del self.fields[name]


def brought() -> dict[str, forms.Field]:
    """Return the fields of what a step may bring (MAY_BRING)."""
    return {
        "clock_start": forms.DateField(
            label="The day from which the timescale of 15.1 runs",
            widget=DayInput(),
            required=False,
            help_text="Only where the phase has no certificate to count from.",
        ),
        "due": forms.CharField(
            label="Dates for Testing Issues that 15.1 gives none",
            widget=forms.Textarea,
            required=False,
            help_text="One a line: the issue's reference and the date, such as MOC-SIT-0012 2026-12-18.",
        ),
    }


def due_lines(due: Mapping[str, str]) -> str:
    """Return dates by issue as `due_dates` reads them."""
    return "\n".join(f"{reference} {day}" for reference, day in due.items())


def due_dates(text: object) -> dict[str, str]:
    """Read dates by issue, one a line. Raises ValidationError with the line that is none."""
    due: dict[str, str] = {}
    for line in str(text or "").splitlines():
        parts = line.replace(",", " ").split()
        if not parts:
            continue
        try:
            reference, day = parts
            due[reference] = dt.date.fromisoformat(day).isoformat()
        except ValueError as error:
            raise forms.ValidationError(f"“{line.strip()}” is not a reference and a date.") from error
    return due


class DaysField(forms.CharField):
    """A date for each thing by its reference, one a line."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> Any:
        """Read the lines. Raises ValidationError with the line that is none."""
        return due_dates(value)

    def prepare_value(self, value: Any) -> Any:
        """Write dates as they are read."""
        return due_lines(value) if isinstance(value, dict) else value


class ViewsWidget(forms.MultiWidget):
    """A view and words for each criterion, one under another."""

    def __init__(self, criteria: Sequence[tuple[str, str]]) -> None:
        """Draw a choice and a line of text for each criterion."""
        self.criteria = criteria
        widgets: list[forms.Widget] = []
        for name, _ in criteria:
            widgets.append(forms.Select(attrs={"aria-label": f"{name}: view"}, choices=_VIEW_CHOICES))
            widgets.append(forms.TextInput(attrs={"aria-label": f"{name}: in words", "maxlength": 2000}))
        super().__init__(widgets)

    def decompress(self, value: Any) -> list[Any]:
        """Return what is held for each criterion."""
        held = value if isinstance(value, dict) else {}
        said = (held.get(name) or {} for name, _ in self.criteria)
        return [part for each in said for part in (each.get("view", ""), each.get("words", ""))]

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Draw a line for each criterion: what it is called, the view, the words."""
        values = value if isinstance(value, list) else self.decompress(value)
        rows = []
        for place, (key, title) in enumerate(self.criteria):
            pair = [
                self.widgets[at].render(
                    f"{name}_{at}", values[at] if at < len(values) else "", {"id": f"id_{name}_{at}"}, renderer
                )
                for at in (2 * place, 2 * place + 1)
            ]
            rows.append((key, title, *pair))
        return format_html_join("", '<p><span class="code">{}</span> {}<br>{} {}</p>', rows)


class ViewsField(forms.MultiValueField):
    """A body's view criterion by criterion. Nothing chosen and nothing said: no view of it is recorded."""

    def __init__(self, *, criteria: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        """Ask for each criterion."""
        self.names = [name for name, _ in criteria]
        parts: list[forms.Field] = []
        for _ in criteria:
            parts.append(forms.ChoiceField(choices=_VIEW_CHOICES, required=False))
            parts.append(forms.CharField(max_length=2000, required=False))
        super().__init__(parts, require_all_fields=False, widget=ViewsWidget(criteria), **kwargs)

    def compress(self, data_list: Any) -> dict[str, dict[str, str]]:
        """Return the view and words of each criterion of which anything was said."""
        pairs = zip(self.names, data_list[::2], data_list[1::2], strict=True) if data_list else ()
        return {
            name: {"view": view or "NO_VIEW", "words": words} for name, view, words in pairs if view or words.strip()
        }


_VIEW_CHOICES = [("", "Not said"), *VIEWS]

#: What is listed of a report by a line of text: the report, the part of it, what the field is called.
_LISTED: tuple[tuple[str, str, str], ...] = (
    ("COMPLETION_REPORT", "ROW", "Rows of the Completion Report, each by its reference: a Testing Issue or a test"),
    ("COMPLETION_REPORT", "WORDS", "Words, gone wherever the Completion Report has them"),
    ("SIT_AUDIT_REPORT", "SECTION", "Sections of the SIT Auditor Report"),
    ("SIT_AUDIT_REPORT", "WORDS", "Words of the SIT Auditor Report"),
)

#: Where nothing is known of a report's sections, they are lines too.
_UNKNOWN = ("COMPLETION_REPORT", "SECTION", "Sections of the Completion Report")


class RedactionsWidget(forms.Widget):
    """The sections of a report, each to be ticked, with why; and lines for what is named otherwise."""

    def __init__(self, sections: Sequence[tuple[str, str]]) -> None:
        """Draw a line for each of `sections`: its key, and what it is called."""
        self.sections = sections
        self.listed = _LISTED if sections else (_UNKNOWN, *_LISTED)
        super().__init__()

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, str]]:
        """Read what was ticked and what was listed."""
        found = []
        for place, (key, title) in enumerate(self.sections):
            if data.get(f"{name}_{place}"):
                why = str(data.get(f"{name}_{place}_why", "")).strip()
                found.append(_redaction("COMPLETION_REPORT", "SECTION", key, why, title=title))
        for report, part, _ in self.listed:
            for line in str(data.get(f"{name}_{report}_{part}".lower(), "")).splitlines():
                which, _, why = (piece.strip() for piece in line.partition("|"))
                if which or why:
                    found.append(_redaction(report, part, which, why))
        return found

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Nothing ticked and nothing listed is an answer too: nothing is redacted."""
        return False

    def id_for_label(self, id_: str | None, index: str | None = None) -> str:
        """The label stands over many fields, and is none's."""
        return ""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Draw the sections and the lines."""
        held = {(each["report"], each["part"], each["which"]): each for each in value or () if isinstance(each, dict)}
        rows = []
        for place, (key, title) in enumerate(self.sections):
            kept = held.get(("COMPLETION_REPORT", "SECTION", key))
            rows.append((f"{name}_{place}", SafeString(" checked") if kept else "", title, (kept or {}).get("why", "")))
        lines = []
        for report, part, words in self.listed:
            of = [each for each in held.values() if (each["report"], each["part"]) == (report, part)]
            text = "\n".join(f"{each['which']} | {each['why']}" if each.get("why") else each["which"] for each in of)
            lines.append((f"{name}_{report}_{part}".lower(), words, text))
        drawn = format_html_join(
            "",
            '<div class="redaction"><label><input type="checkbox" name="{0}" value="yes"{1}> {2}</label>'
            '<input type="text" name="{0}_why" value="{3}" maxlength="500" aria-label="Why: {2}" placeholder="why">'
            "</div>",
            rows,
        )
        listed = format_html_join(
            "",
            '<p><label for="id_{0}">{1}</label><textarea name="{0}" id="id_{0}" rows="2">{2}</textarea></p>',
            lines,
        )
        return format_html('<div class="redactions">{}</div>{}', drawn, listed)


class RedactionsField(forms.Field):
    """What is redacted of the reports, and why; it may be nothing."""

    def __init__(self, *, sections: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        """Offer the sections of the report."""
        kwargs.setdefault("help_text", "A line each; what follows “|” says why. Leave all empty: nothing is redacted.")
        super().__init__(required=False, widget=RedactionsWidget(sections), **kwargs)


def _redaction(report: str, part: str, which: str, why: str, *, title: str = "") -> dict[str, str]:
    return {"report": report, "part": part, "which": which, "why": why} | ({"title": title} if title else {})


def field_for(
    kind: str, title: str, severities: tuple[str, ...], *, choices: Sequence[tuple[str, str]] = ()
) -> forms.Field:
    """Return the field of a statement of that kind, as a procedure requires it."""
    if kind in ("choices", "named"):
        return forms.MultipleChoiceField(label=title, choices=choices, widget=forms.CheckboxSelectMultiple)
    if kind == "days":
        return DaysField(
            label=title, help_text="One a line: the issue's reference and the date, such as MOC-SIT-0012 2026-12-18."
        )
    if kind == "views":
        return ViewsField(criteria=choices, label=title)
    if kind == "redactions":
        return RedactionsField(sections=choices, label=title)
    if kind == "severity":
        return forms.ChoiceField(label=title, choices=[("", "Choose"), *((each, each) for each in severities)])
    if kind == "date":
        return forms.DateField(label=title, widget=DayInput())
    if kind == "flag":
        return forms.BooleanField(label=title)
    return forms.CharField(label=title, widget=forms.Textarea)


class OverrideForm(forms.Form):
    """A correction of the published holiday list for one day."""

    day = forms.DateField(label="Day", widget=DayInput())
    is_working_day = forms.TypedChoiceField(
        label="That day is",
        choices=[("no", "not a Working Day"), ("yes", "a Working Day")],
        coerce=lambda value: value == "yes",
    )
    jurisdiction = forms.ChoiceField(label="Where", choices=list(LISTS.items()), initial="ENG")
    reason = forms.CharField(label="Reason", max_length=200)
    source = forms.CharField(label="Source", max_length=200, help_text="Where it was proclaimed or published.")


class MoveForm(forms.Form):
    """Why deadlines move to where the corrected calendar puts them."""

    reason = forms.CharField(
        label="Reason",
        max_length=200,
        help_text="Stands beside the new day: what was proclaimed, and where.",
    )


class TimingForm(forms.Form):
    """When a person is e-mailed what no clause demands."""

    timing = forms.ChoiceField(label="E-mail me what no clause demands", choices=Timing.choices)


class WithdrawForm(forms.Form):
    """Why a notice is taken back where it is not sent."""

    reason = forms.CharField(label="Reason", max_length=400)


class AddressForm(forms.Form):
    """The e-mail address of a recipient outside the product."""

    recipient = forms.ChoiceField(label="Recipient")
    email = forms.EmailField(
        label="E-mail address", required=False, max_length=254, help_text="Empty: notices to them go by hand."
    )
    source = forms.CharField(label="Source", max_length=200, help_text="Who gave the address, and when.")

    def __init__(self, *args: Any, recipients: dict[str, str], **kwargs: Any) -> None:
        """Offer those for whom an address may be set."""
        super().__init__(*args, **kwargs)
        self.fields["recipient"] = forms.ChoiceField(label="Recipient", choices=list(recipients.items()))


class ByHandForm(forms.Form):
    """How and when a notice was sent by hand, and the document that shows it."""

    how = forms.CharField(
        label="How it was sent", max_length=400, help_text="By letter, to whom, with which reference."
    )
    sent_at = forms.DateTimeField(label="Sent", widget=MomentInput())
    document = forms.FileField(label="The document that shows it", help_text="Kept unchanged under its SHA-256.")
