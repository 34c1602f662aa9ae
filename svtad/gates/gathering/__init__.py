"""From rows to the rulebook's facts: one consistent snapshot of a scope, now or as at a past moment."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from svtad.gates.gathering.entry import entered_criteria
from svtad.gates.gathering.files import Files
from svtad.gates.gathering.outstanding import Outstanding, outstanding_facts
from svtad.gates.gathering.papers import Papers, Timescale, paper_facts
from svtad.gates.gathering.related import related_scopes
from svtad.gates.gathering.snapshot import consistent_snapshot, judging
from svtad.gates.gathering.testing import Testing, testing_facts
from svtad.gates.models import Assessment
from svtad.gates.queries.phases import edition_for, phase_kind_for, precursor_kinds
from svtad.gates.queries.staleness import pending_changes
from svtad.governance.calendar import non_working_days
from svtad.governing.queries import parameters_at
from svtad.lib import clock
from svtad.lib.errors import Refused
from svtad.parties.models import Organisation, OrganisationKind
from svtad.rulebook.edition import Edition
from svtad.rulebook.facts import Facts, ParameterFact, ProviderFact, facts_sha256
from svtad.rulebook.relevance import relevant_facts
from svtad.rulebook.vocabulary import Step
from testphases.models import ScopeParticipation, TestScope

__all__ = [
    "Gathered",
    "consistent_snapshot",
    "gather",
    "gather_with_changes",
    "has_changed",
    "judging",
]

#: The first year whose non-working days go into the facts. The last is two years after the moment judged. Neither
#: hangs on a certificate: issuing one must not change the facts of the next provider's.
_FIRST_YEAR = 2018


@dataclass(frozen=True)
class Gathered:
    """Facts, and the ids of the changes (`FactsChanged`) that were pending in the same snapshot: these it covers."""

    facts: Facts
    edition: Edition
    covered: tuple[int, ...]


def gather(scope: TestScope, *, as_at: dt.datetime | None, at: dt.datetime | None = None) -> Facts:
    """Read the facts of `scope` as recorded by `as_at` (aware; None is the present) in one consistent snapshot.

    Identifiers in the facts are public ids; matters and determinations are named by their human references.
    The number of queries does not grow with what is stored. `at` is the present moment, by default the
    clock's. Raises Refused where no edition is held for the scope's governing document or its kind of phase.
    """
    return gather_with_changes(scope, as_at=as_at, at=at).facts


def gather_with_changes(scope: TestScope, *, as_at: dt.datetime | None, at: dt.datetime | None = None) -> Gathered:
    """Read the facts as `gather` does, and the pending changes that they already show."""
    with consistent_snapshot():
        # The first query fixes the snapshot; only then is it said what "now" is, so that nothing in it is later.
        fresh = TestScope.objects.select_related("release__programme", "governed_by__document", "provider").get(
            pk=scope.pk
        )
        moment = as_at or at or clock.now()
        covered = pending_changes(fresh)
        return Gathered(facts=_facts(fresh, as_at=as_at, moment=moment), edition=_edition(fresh), covered=covered)


def has_changed(assessment: Assessment) -> bool:
    """Return whether a judgement made now would rest on other facts than `assessment` did: gathers anew."""
    gathered = gather_with_changes(assessment.scope, as_at=None)
    relevant = relevant_facts(
        gathered.facts,
        edition=gathered.edition,
        step=Step(assessment.step),
        provider=assessment.provider_id_text or None,
    )
    return facts_sha256(relevant) != assessment.facts_sha256


def _edition(scope: TestScope) -> Edition:
    edition = edition_for(scope)
    if edition is None:
        raise Refused("", f"No edition of {scope.governed_by} is held, so nothing can be judged by it.")
    return edition


def _facts(scope: TestScope, *, as_at: dt.datetime | None, moment: dt.datetime) -> Facts:
    edition = _edition(scope)
    kind = phase_kind_for(scope)
    if kind is None or scope.release.code not in edition.releases:
        raise Refused("", f"{scope.governed_by} knows no {scope.kind} of the Capability Release {scope.release.code}.")
    parameters = _parameters(scope, edition=edition, moment=moment)
    timescale = _timescale(edition, parameters, moment)
    settings = {row.key: row.value for row in parameters}
    related = related_scopes(scope, kind=kind, before=precursor_kinds(scope.kind, edition=edition, settings=settings))
    files = Files(moment)
    testing = testing_facts(scope, as_at=as_at, moment=moment)
    outstanding = outstanding_facts(related, kind=kind, as_at=as_at, files=files)
    criteria_version, entered = entered_criteria(scope, kind=kind, moment=moment)
    papers = paper_facts(related, kind=kind, timescale=timescale, moment=moment, files=files)
    return Facts(
        document=edition.document,
        version=edition.version,
        programme=scope.release.programme.code,
        release=scope.release.code,
        phase_kind=scope.kind,
        scope=scope.public_id,
        as_at=moment,
        title=scope.name,
        watermark=testing.watermark,
        providers=_providers(scope, testing=testing, outstanding=outstanding, papers=papers, moment=moment),
        dmcs=testing.dmcs,
        test_counts=testing.counts,
        test_rows=testing.rows,
        stage_exit_versions=testing.exit_versions,
        issues=outstanding.issues,
        exclusions=outstanding.exclusions,
        disputes=outstanding.disputes,
        considered_issues=outstanding.considered,
        count_decisions=outstanding.count_decisions,
        execution_evidence=testing.evidence,
        issue_log=outstanding.log,
        issues_raised=outstanding.raised,
        last_issue_raised_at=outstanding.last_raised_at,
        last_execution_at=testing.last_execution_at,
        evidence=papers.evidence,
        certificates=papers.certificates,
        work_off_plans=papers.work_off_plans,
        precursors=papers.precursors,
        entry=papers.entry,
        criteria_version=criteria_version,
        entered_criteria=entered,
        parameters=parameters,
        non_working_days=timescale.non_working_days,
    )


def _parameters(scope: TestScope, *, edition: Edition, moment: dt.datetime) -> tuple[ParameterFact, ...]:
    """Return what was set of what the edition leaves open, recorded by and in effect at the moment."""
    held = parameters_at(scope.governed_by, moment)
    return tuple(
        ParameterFact(
            key=spec.key,
            value=_written(row["value"]),
            source=row["source"],
            approver=row["approver"],
            effective_from=row["effective_from"],
        )
        for spec in edition.parameters
        if (row := held.get(spec.key)) is not None
    )


def _written(value: Any) -> str | None:
    """Spell a stored parameter as the rulebook reads it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _timescale(edition: Edition, parameters: tuple[ParameterFact, ...], moment: dt.datetime) -> Timescale:
    values = {row.key: row.value for row in parameters if row.value is not None}

    def setting(key: str) -> str:
        return values.get(key) or edition.parameter(key).default or ""

    first, last = dt.date(_FIRST_YEAR, 1, 1), dt.date(moment.year + 2, 12, 31)
    days = non_working_days(first=first, last=last, moment=moment, jurisdiction=setting("working_days.jurisdiction"))
    return Timescale(
        edition=edition,
        non_working_days=days,
        count_trigger_day=setting("working_days.counting") == "trigger_day_is_first",
    )


def _providers(
    scope: TestScope, *, testing: Testing, outstanding: Outstanding, papers: Papers, moment: dt.datetime
) -> tuple[ProviderFact, ...]:
    """Return who takes part, and beside them whoever still answers for an issue, a test or a paper."""
    held = ScopeParticipation.objects.held_at(moment).filter(scope=scope)
    taking_part = {
        public_id: ProviderFact(id=public_id, name=name, is_dcc=kind == OrganisationKind.DCC)
        for public_id, name, kind in held.values_list(
            "organisation__public_id", "organisation__name", "organisation__kind"
        )
    }
    named = {*testing.providers, *papers.providers, *outstanding.providers}
    for phase in papers.precursors or ():
        named.update(phase.providers)
    others = Organisation.objects.filter(public_id__in=named - set(taking_part))
    answering = {
        public_id: ProviderFact(id=public_id, name=name, is_dcc=kind == OrganisationKind.DCC, takes_part=False)
        for public_id, name, kind in others.values_list("public_id", "name", "kind")
    }
    return tuple({**answering, **taking_part}.values())
