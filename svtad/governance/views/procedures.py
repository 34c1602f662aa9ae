"""The procedures themselves: what each clause says, who acts in which order, the diagram, and what may be referred."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.utils.safestring import SafeString

from svtad.governance.models import Matter
from svtad.governance.registry import RECORD_ONLY
from svtad.parties.views.lists import csv_response
from svtad.parties.views.pages import PageRequest, page
from svtad.rulebook.procedures import DETERMINING, PROCEDURES, Procedure, Referral, Transition
from svtad.rulebook.procedures import wording as words
from svtad.rulebook.procedures.drawing import svg
from svtad.rulebook.procedures.listing import directed_otherwise, grouped, referrals


@dataclass(frozen=True)
class Line:
    """One procedure in the list of all: whom it passes through, and whether its decisions take effect here."""

    rules: Procedure

    @property
    def proposer(self) -> str:
        """Return who proposes."""
        return words.capital(words.who(self.rules.proposer))

    @property
    def deciders(self) -> str:
        """Return who decides, in order."""
        return words.deciders(self.rules)

    @property
    def referral(self) -> str:
        """Return to whom it may be referred, if at all, each once."""
        return words.capital(", ".join(dict.fromkeys(words.who(row.to) for row in self.rules.referrals)))


@dataclass(frozen=True)
class Step:
    """One listed step in words."""

    step: Transition

    @property
    def source(self) -> str:
        """Return the state that it leaves."""
        return words.state_words(self.step.source)

    @property
    def target(self) -> str:
        """Return the state that it leads to."""
        return words.state_words(self.step.target)

    @property
    def who(self) -> str:
        """Return who takes it, and whether it may or shall."""
        return f"{words.capital(words.who(self.step.body))} {self.step.duty}"

    @property
    def outcome(self) -> str:
        """Return what is recorded."""
        return words.capital(words.outcome_words(self.step.outcome))

    @property
    def decision(self) -> str:
        """Return whose decision it is."""
        return words.outcome_of(self.step.body, self.step.outcome)

    @property
    def needs(self) -> list[str]:
        """Return what has to be given with it, and until when."""
        within = [words.capital(self.step.within.text)] if self.step.within else []
        return [*(need.title for need in self.step.requires), *within]


@dataclass(frozen=True)
class ReferralLine:
    """One row of the referral matrix in words."""

    rules: Procedure
    row: Referral

    @property
    def by(self) -> str:
        """Return who refers."""
        return words.capital(words.who(self.row.by))

    @property
    def to(self) -> str:
        """Return to whom."""
        return words.capital(words.who(self.row.to))

    @property
    def window(self) -> str:
        """Return the window, or that none is stated."""
        return words.capital(self.row.within.text) if self.row.within else "None stated"

    @property
    def citation(self) -> str:
        """Return the clause with its document."""
        return self.rules.cite(self.row.clause)

    @property
    def sentence(self) -> str:
        """Return all of it in a sentence."""
        return words.referral(self.row)


@page("GET")
def procedures(request: PageRequest) -> HttpResponseBase:
    """Every procedure by subject."""
    groups = [(words.GROUPS[group], [Line(each) for each in held]) for group, held in grouped(PROCEDURES.values())]
    context = {"title": "Procedures", "groups": groups, "count": len(PROCEDURES), "record_only": RECORD_ONLY}
    return render(request, "governance/procedures.html", context)


@page("GET")
def referral_matrix(request: PageRequest) -> HttpResponseBase:
    """Who may or shall refer what to whom, within what, and what holds meanwhile; `?as=csv` sends the same as CSV."""
    rows = [ReferralLine(rules, row) for rules, row in referrals(PROCEDURES.values())]
    if request.GET.get("as") == "csv":
        return csv_response(
            "referrals.csv",
            ("Clause", "Procedure", "Who", "To", "Duty", "Window", "While pending", "Said to be final", "Needs"),
            (
                (
                    each.citation,
                    each.rules.title,
                    each.by,
                    each.to,
                    each.row.duty,
                    each.window,
                    each.row.while_pending,
                    "yes" if each.row.said_final else "no",
                    "; ".join(need.title for need in each.row.requires),
                )
                for each in rows
            ),
        )
    directed = [
        (rules, Step(step), rules.cite(step.clause), words.capital(words.who(body)))
        for rules, step, body in directed_otherwise(PROCEDURES.values())
    ]
    context = {"title": "Referrals", "rows": rows, "directed": directed}
    return render(request, "governance/procedure_referrals.html", context)


@page("GET")
def procedure(request: PageRequest, key: str) -> HttpResponseBase:
    """One procedure: its clause in our words, who acts, what holds meanwhile, the diagram, and every listed step."""
    rules = PROCEDURES.get(key)
    if rules is None:
        raise Http404
    matters = Matter.objects.visible_to(request.actor).filter(procedure=rules.key)
    context = {
        "title": rules.title,
        "rules": rules,
        "group": words.GROUPS[rules.group],
        "proposer": words.capital(words.who(rules.proposer)),
        "deciders": words.deciders(rules),
        "asked": [(words.capital(words.who(each.body)), each) for each in rules.consultations],
        "wanted": [words.act_wanted(each) for each in rules.acts_wanted],
        "redacted": words.redacted(rules),
        "told": [words.notice(each) for each in rules.notices],
        "referred": [ReferralLine(rules, row) for row in rules.referrals],
        "directed": [(Step(step), words.who(body)) for _, step, body in directed_otherwise([rules])],
        "final_steps": [Step(step) for step in rules.transitions if step.said_final],
        "attached": _attached(rules),
        "steps": [Step(step) for step in rules.transitions],
        "initial": words.state_words(rules.initial),
        "at_rest": [words.state_words(state) for state in rules.final],
        "determining": any(step.body in DETERMINING for step in rules.transitions),
        "record_only": rules.key in RECORD_ONLY,
        "matters": matters.count(),
        # The drawing escapes what it writes, and nothing in it comes from anybody's input.
        "drawing": SafeString(svg(rules)),
    }
    return render(request, "governance/procedure.html", context)


def _attached(rules: Procedure) -> dict[str, list[str]]:
    """Return which document is attached to what: {its title: the outcomes}."""
    found: dict[str, list[str]] = {}
    for body, outcome, title in words.attachments(rules):
        to = "its opening" if outcome == "OPEN" else words.outcome_of(body, outcome)
        found.setdefault(title, []).append(to)
    return found
