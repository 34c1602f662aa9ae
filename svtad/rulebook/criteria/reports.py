"""Reports and certificates: 12.6(i) and Table 13.1 row 8."""

from __future__ import annotations

from svtad.rulebook.case import Case, Result, number
from svtad.rulebook.criteria.evidence import STANDS, good, in_words, items, lines, why_not
from svtad.rulebook.facts import EvidenceFact, ProviderFact
from svtad.rulebook.findings import Blocker, Missing
from svtad.rulebook.vocabulary import CertificateState, EvidenceKind, EvidenceState, Step, Verdict, combine

APPROVED = (EvidenceState.APPROVED, EvidenceState.SHARED_WITH_TAG)
"""The states of an assurance report that the TAB approved (9.6)."""


def reports_and_certificates_sit(case: Case) -> Result:
    """The reports of clauses 9.4 and 9.5 have been produced and the Test Completion Certificates have been issued.

    One report and one certificate for each DCC Service Provider; in SIT the TAB has approved the DCC assurance report
    as well (Table 13.1 row 8).
    """
    return _reports_and_certificates(case, approval=case.once(assurance_report_approved))


def reports_and_certificates_pit(case: Case) -> Result:
    """The reports of clauses 9.4 and 9.5 have been produced and the Test Completion Certificates have been issued.

    One report and one certificate for each DCC Service Provider.
    """
    return _reports_and_certificates(case, approval=None)


def _reports_and_certificates(case: Case, *, approval: Result | None) -> Result:
    if not case.providers:
        return _no_providers()
    blockers = _missing_reports(case)
    verdicts = [Verdict.NOT_MET if blockers else Verdict.MET]
    reports = items(case, EvidenceKind.PROVIDER_REPORT)
    assurance = items(case, EvidenceKind.ASSURANCE_REPORT)
    numbers = [
        number("DCC Service Providers", len(case.providers)),
        number("Reports of 9.4", _covered(case, good(reports))),
        number("Assurance reports of 9.5", _covered(case, good(assurance))),
    ]
    if approval is not None:
        verdicts.append(approval.verdict)
        blockers.extend(approval.blockers)
    if case.step is not Step.CERTIFICATES:
        uncertified = _missing_certificates(case)
        verdicts.append(Verdict.NOT_MET if uncertified else Verdict.MET)
        blockers.extend(uncertified)
        numbers.append(number("Certificates in force", len(case.providers) - len(uncertified)))
    verdict = combine(verdicts)
    return Result(
        verdict=verdict,
        summary=_summary(case, blockers),
        numbers=tuple(numbers),
        limit="one of each for every DCC Service Provider",
        blockers=tuple(blockers),
        readings=(case.reading("steps"), case.reading("certificates.per_provider")),
        evidence=(*lines(reports), *lines(assurance)),
        awaiting=verdict is Verdict.NOT_MET and all(blocker.pending for blocker in blockers),
    )


def _summary(case: Case, blockers: list[Blocker]) -> str:
    if blockers:
        return f"Missing: {'; '.join(_by_what(blockers))}."
    if case.step is Step.CERTIFICATES:
        return "The reports have been produced; certificates are not looked at in this step."
    return "The reports have been produced and every certificate is in force."


def _by_what(blockers: list[Blocker]) -> list[str]:
    """What is missing, in the order in which it is looked for: named where it is one provider's, else counted."""
    groups: dict[str, list[Blocker]] = {}
    for blocker in blockers:
        groups.setdefault(blocker.reference.rpartition(": ")[2], []).append(blocker)
    return [
        f"{rows[0].reference} {rows[0].text}" if len(rows) == 1 else f"{what} of {len(rows)} DCC Service Providers"
        for what, rows in groups.items()
    ]


def _no_providers() -> Result:
    missing = Missing(kind="fact", key="providers", text="No DCC Service Provider is recorded as taking part.")
    return Result(verdict=Verdict.CANNOT_EVALUATE, summary=missing.text, missing=(missing,))


def _of(rows: tuple[EvidenceFact, ...], provider: ProviderFact) -> tuple[EvidenceFact, ...]:
    """The evidence that covers a provider: its own, or that of the whole phase."""
    return tuple(row for row in rows if row.provider in (None, provider.id))


def _covered(case: Case, rows: tuple[EvidenceFact, ...]) -> int:
    return sum(bool(_of(rows, provider)) for provider in case.providers)


def _missing_reports(case: Case) -> list[Blocker]:
    blockers = []
    for kind, name in (
        (EvidenceKind.PROVIDER_REPORT, "9.4 report"),
        (EvidenceKind.ASSURANCE_REPORT, "9.5 assurance report"),
    ):
        rows = items(case, kind)
        for provider in case.providers:
            own = _of(rows, provider)
            if not good(own, STANDS):
                reason = f"({why_not(own[-1])})" if own else "(not produced)"
                blockers.append(
                    Blocker(
                        kind="evidence" if own else "provider",
                        id=own[-1].id if own else provider.id,
                        reference=f"{provider.name}: {name}",
                        text=reason,
                    )
                )
    return blockers


def _missing_certificates(case: Case) -> list[Blocker]:
    held = {row.provider: row for row in case.facts.certificates}
    blockers = []
    for provider in case.providers:
        certificate = held.get(provider.id)
        if certificate is None:
            blockers.append(
                Blocker(
                    kind="provider",
                    id=provider.id,
                    reference=f"{provider.name}: certificate",
                    text="(none)",
                )
            )
        elif not certificate.state.is_in_force:
            blockers.append(
                Blocker(
                    kind="certificate",
                    id=certificate.id,
                    reference=f"{provider.name}: certificate",
                    text=f"({in_words(certificate.state)})",
                    pending=certificate.state is not CertificateState.REVOKED,
                )
            )
    return blockers


def assurance_report_approved(case: Case) -> Result:
    """The TAB has approved the DCC assurance report of clause 9.6.

    Its evidence, the issue of the SIT Completion Report for the Panel, comes later and is attached then.
    """
    if not case.providers:
        return _no_providers()
    rows = items(case, EvidenceKind.ASSURANCE_REPORT)
    blockers = []
    for provider in case.providers:
        own = _of(rows, provider)
        approved = [row for row in good(own, APPROVED) if row.matter]
        if not approved:
            blockers.append(_unapproved(provider, own))
    completion = good(items(case, EvidenceKind.COMPLETION_REPORT))
    return Result(
        verdict=Verdict.NOT_MET if blockers else Verdict.MET,
        summary=(
            f"The TAB has not approved it for {len(blockers)} of {len(case.providers)} DCC Service Providers."
            if blockers
            else "The TAB approved the DCC assurance report."
        ),
        blockers=tuple(blockers),
        evidence=(*lines(rows, APPROVED), *lines(completion)),
        notes=() if completion else ("The SIT Completion Report, its evidence, is to follow.",),
        awaiting=bool(blockers) and all(blocker.pending for blocker in blockers),
    )


def _unapproved(provider: ProviderFact, own: tuple[EvidenceFact, ...]) -> Blocker:
    if not own:
        return Blocker(
            kind="provider", id=provider.id, reference=f"{provider.name}: TAB approval", text="(no assurance report)"
        )
    last = own[-1]
    approved = last.is_stored and last.state in APPROVED
    return Blocker(
        kind="evidence",
        id=last.id,
        reference=f"{provider.name}: TAB approval",
        text="(no decision of the TAB is recorded)" if approved else f"({why_not(last)})",
        pending=last.is_stored and last.state is EvidenceState.PRESENTED,
    )
