"""The page that asks of a kept judgement: would it change if …; what is the least; which decision decides it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from svtad.gates.policies import check_can_ask
from svtad.gates.queries.asking import KINDS, MOST, Asked, Question, provider_name, read_asked, written
from svtad.gates.queries.wording import shown_overall
from svtad.gates.views.checklist import STEP_TITLES
from svtad.gates.views.phase import visible_assessment, visible_scope
from svtad.governance.models import Matter
from svtad.lib.errors import InvalidInput
from svtad.parties.views.pages import PageRequest, page
from svtad.rulebook.fewest import Need
from svtad.rulebook.pending import Pending
from svtad.rulebook.vocabulary import Step
from svtad.rulebook.whatif import Change, ChangeKind, WhatIf

#: How many names of one need a page lists; all of them are asked with.
NAMED = 12


class AskForm(forms.Form):
    """One more change to ask about."""

    kind = forms.ChoiceField(label="What if", choices=[(kind.value, text) for kind, (text, _) in KINDS.items()])
    subject = forms.CharField(
        label="Which",
        max_length=200,
        help_text="The reference of the Testing Issue or test, or the name of the Device Model Combination.",
        widget=forms.TextInput(attrs={"list": "subjects", "autocomplete": "off"}),
    )
    value = forms.ChoiceField(label="To severity", required=False)

    def __init__(self, *args: Any, severities: Sequence[str], **kwargs: Any) -> None:
        """Offer the severities of the edition."""
        super().__init__(*args, **kwargs)
        choices = [("", "Does not matter"), *((each, each) for each in severities)]
        self.fields["value"] = forms.ChoiceField(
            label="To severity", required=False, choices=choices, help_text="Only where a severity is decided."
        )


@dataclass(frozen=True)
class NeedLine:
    """What a criterion lacks, the names of a choice of it, and the address that asks with them."""

    need: Need
    names: tuple[str, ...]
    more: int


@dataclass(frozen=True)
class PendingLine:
    """A matter before a body, where it is seen, and the address that asks for each of its ends."""

    row: Pending
    matter: Matter | None
    options: tuple[tuple[str, str, str], ...]


@page("GET")
def what_if(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Ask; `?change=` holds what is asked, again for each, so that a question can be sent to somebody."""
    found = visible_assessment(request, public_id)
    scope = visible_scope(request, found.scope.public_id)
    check_can_ask(request.actor)
    question = Question(found)
    texts = request.GET.getlist("change")
    refused: list[str] = []
    asked: list[Asked] = []
    answer: WhatIf | None = None
    form = AskForm(request.GET if "kind" in request.GET else None, severities=question.severities)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        texts = [*texts, written(Asked(ChangeKind(given["kind"]), given["subject"], given["value"]))]
    try:
        asked = read_asked(texts)
        answer = question.ask(question.read(asked)) if asked else None
    except InvalidInput as error:
        refused = [f"Change {each.row}: {each.message}" if each.row else each.message for each in error.errors]
    least = question.fewest()
    here = reverse("gates:what-if", args=[found.public_id])
    context = {
        "title": f"{scope.name}: what would change it",
        "scope": scope,
        "release": scope.release,
        "tab": "history",
        "assessment": found,
        "provider": provider_name(found),
        "step_title": STEP_TITLES[Step(found.step)],
        "asked": [
            (each, f"{here}?{urlencode([('change', text) for text in texts if text != written(each)])}")
            for each in asked
        ],
        "texts": texts,
        "refused": refused,
        "form": form,
        "answer": answer,
        "overall": (shown_overall(answer.before.findings), shown_overall(answer.after.findings)) if answer else None,
        "needs": [_need(question, need) for need in least.needs],
        "least": least,
        "all_of_it": _address(here, question, least.changes[:MOST]),
        "pending": _pending(request, question, here),
        "subjects": [*question.subjects("issue"), *question.subjects("test"), *question.subjects("dmc")],
        "synthetic": scope.is_synthetic,
    }
    return render(request, "gates/what_if.html", context, status=400 if refused or form.errors else 200)


def _need(question: Question, need: Need) -> NeedLine:
    names = tuple(question.name(change).subject for change in need.changes)
    return NeedLine(need, names[:NAMED], max(0, need.count - NAMED))


def _pending(request: PageRequest, question: Question, here: str) -> list[PendingLine]:
    rows = question.pending()
    seen = Matter.objects.visible_to(request.actor).filter(reference__in={row.matter for row in rows if row.matter})
    matters = {matter.reference: matter for matter in seen}
    return [
        PendingLine(
            row,
            matters.get(row.matter or ""),
            tuple(
                (option.text, option.verdict.value, _address(here, question, option.changes)) for option in row.options
            ),
        )
        for row in rows
    ]


def _address(here: str, question: Question, changes: Iterable[Change]) -> str:
    """Return the address that asks with these changes, "" where there are none."""
    asked = [("change", written(question.name(change))) for change in changes]
    return f"{here}?{urlencode(asked)}" if asked else ""
