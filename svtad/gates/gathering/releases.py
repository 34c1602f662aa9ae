"""Facts of a Capability Release (7.2, 7.3, 9.8), now or as at a past moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import QuerySet

from svtad.gates.gathering.rulings import Rulings
from svtad.gates.models import ReleaseMatter, RepeatDocument, TestCompletionCertificate
from svtad.gates.queries.phases import edition_for
from svtad.governance.models import Decision
from svtad.governance.queries.matters import decisions_at
from svtad.governing.models import DocumentVersion
from svtad.governing.queries import effective_days
from svtad.lib.errors import Refused
from svtad.rulebook.calendar import london_date
from svtad.rulebook.edition import Edition
from svtad.rulebook.facts import ChangedDocumentFact, InterfaceRepeatFact
from svtad.rulebook.release import ProductionReportFact, ReleaseFacts, ReleasePhaseFact
from svtad.rulebook.vocabulary import Body, CertificateState
from testphases.models import CapabilityRelease, ScopeStateChange, TestScope
from testphases.models.scopes import ScopeState


def gather_release(release: CapabilityRelease, *, moment: dt.datetime) -> ReleaseFacts:
    """Read what the readiness of `release` is judged by, as recorded by `moment` (aware).

    Raises Refused where no phase of it is set up, or no edition is held of what governs them.
    """
    scopes = list(_scopes(release, moment).filter(release=release))
    if not scopes:
        raise Refused("SVTAD 7.2", f"No Test Phase of {release} is set up: there is nothing to judge.")
    edition = _edition(release, scopes)
    first = _scopes(release, moment).filter(release__code=edition.releases[0], kind=edition.repeated_kind)
    repeated = release.code != edition.releases[0]
    return ReleaseFacts(
        document=edition.document,
        version=edition.version,
        programme=release.programme.code,
        release=release.code,
        as_at=moment,
        phases=_phases(scopes, moment),
        first_release_phases=_phases(list(first), moment) if repeated else (),
        repeat=repeat_at(release, moment) if repeated else None,
        production_report=_production_report(release, moment),
    )


def _scopes(release: CapabilityRelease, moment: dt.datetime) -> QuerySet[TestScope]:
    rows: QuerySet[TestScope] = TestScope.objects.filter(recorded_at__lte=moment).select_related(
        "release", "governed_by__document"
    )
    return rows.filter(release__programme_id=release.programme_id)


def _edition(release: CapabilityRelease, scopes: list[TestScope]) -> Edition:
    found = {edition.title: edition for scope in scopes if (edition := edition_for(scope)) is not None}
    held = [edition for edition in found.values() if release.code in edition.releases]
    if not held:
        raise Refused("SVTAD 7.2", f"No edition is held of what governs {release}, so nothing can be judged by it.")
    return held[-1]


def _phases(scopes: list[TestScope], moment: dt.datetime) -> tuple[ReleasePhaseFact, ...]:
    states = states_of(scopes, moment)
    complete = {pk: change for pk, change in states.items() if change.to_state == ScopeState.COMPLETE}
    against = _contradicted([scope for scope in scopes if scope.pk in complete], moment)
    revoked = _revoked(complete, moment)
    return tuple(
        ReleasePhaseFact(
            scope=scope.public_id,
            title=scope.name,
            phase_kind=scope.kind,
            state=states[scope.pk].to_state if scope.pk in states else ScopeState.PLANNED,
            complete_on=london_date(complete[scope.pk].occurred_at) if scope.pk in complete else None,
            contradicted=against.get(scope.public_id),
            revoked=revoked.get(scope.pk, ()),
        )
        for scope in sorted(scopes, key=lambda row: row.pk)
    )


def states_of(scopes: Iterable[TestScope], moment: dt.datetime) -> dict[int, ScopeStateChange]:
    """Return the last move of each scope that had made one by `moment`, by its primary key. One query."""
    rows = ScopeStateChange.objects.filter(scope__in=list(scopes), recorded_at__lte=moment).order_by("pk")
    return {row.scope_id: row for row in rows}


def _contradicted(scopes: list[TestScope], moment: dt.datetime) -> dict[str, str]:
    """Return by which matter the Panel had gone back on the completion of each phase, by its public id (13.16)."""
    if not scopes:
        return {}
    rows = decisions_at(moment).filter(
        matter__procedure="SIT_COMPLETION",
        matter__scope_id__in=[scope.public_id for scope in scopes],
        body=Body.PANEL,
        outcome__in=("CONFIRM", "NOT_MET"),
    )
    last: dict[str, Decision] = {
        row.matter.scope_id: row for row in rows.select_related("matter").order_by("recorded_at", "pk")
    }
    return {scope: row.matter.reference for scope, row in last.items() if row.outcome == "NOT_MET"}


def _revoked(scopes: Iterable[int], moment: dt.datetime) -> dict[int, tuple[str, ...]]:
    certificates = list(TestCompletionCertificate.objects.filter(scope__in=list(scopes), recorded_at__lte=moment))
    rulings = Rulings([row.matter_id for row in certificates], moment)
    found: dict[int, tuple[str, ...]] = {}
    for row in sorted(certificates, key=lambda each: each.number):
        state = CertificateState(rulings.state(row.matter_id))
        if not state.is_in_force and rulings.first(row.matter_id, "REVOKE") is not None:
            found[row.scope_id] = (*found.get(row.scope_id, ()), row.number)
    return found


def repeat_at(release: CapabilityRelease, moment: dt.datetime) -> InterfaceRepeatFact:
    """Return what had come of 7.3 for a release by `moment`: the direction, and the documents changed for it.

    Of several matters the first that was directed counts; where none was, the last one is named.
    """
    links = _matters(release, "INTERFACE_REPEAT", moment)
    rulings = Rulings([row.matter_id for row in links], moment)
    versions = _documents(release, moment)
    days = effective_days(versions, moment)
    named = [
        ChangedDocumentFact(document=row.document.code, version=row.version, effective_on=days.get(row.pk))
        for row in versions
    ]
    for link in links:
        directed = rulings.first_day(link.matter_id, "DIRECT")
        if directed is not None:
            return InterfaceRepeatFact(matter=link.matter.reference, directed_on=directed, documents=tuple(named))
    return InterfaceRepeatFact(matter=links[-1].matter.reference if links else None, documents=tuple(named))


def _documents(release: CapabilityRelease, moment: dt.datetime) -> list[DocumentVersion]:
    held = RepeatDocument.objects.held_at(moment).filter(release=release).select_related("version__document")
    return [row.version for row in held.order_by("version__document__code", "version__version")]


def _production_report(release: CapabilityRelease, moment: dt.datetime) -> ProductionReportFact | None:
    """Return the last report under 9.8 that had been recorded on a promotion of the release's code."""
    links = _matters(release, "CODE_PROMOTION", moment)
    rulings = Rulings([row.matter_id for row in links], moment)
    for link in reversed(links):
        reported = rulings.last(link.matter_id, "REPORT_FOR_PRODUCTION")
        if reported is not None:
            return ProductionReportFact(
                matter=link.matter.reference,
                reported_on=london_date(reported.decided_at),
                given_to=str(reported.data.get("given_to", "")),
            )
    return None


def _matters(release: CapabilityRelease, procedure: str, moment: dt.datetime) -> list[ReleaseMatter]:
    rows = ReleaseMatter.objects.filter(release=release, matter__procedure=procedure, recorded_at__lte=moment)
    return list(rows.select_related("matter").order_by("pk"))
