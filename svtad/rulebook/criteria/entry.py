"""Entry: 12.5(a) to (e), and the gate of 12.3."""

from __future__ import annotations

from dataclasses import replace

from svtad.rulebook.calendar import london_date
from svtad.rulebook.case import Case, Result, first_and_more, number
from svtad.rulebook.criteria.evidence import STANDS, good, in_words, items, lines, not_good, why_not
from svtad.rulebook.criteria.overlap import may_overlap, overlap_notes
from svtad.rulebook.facts import PrecursorPhase
from svtad.rulebook.findings import Blocker, EvidenceLine, Missing, ReadingUsed
from svtad.rulebook.vocabulary import ApprovalState, DocumentState, EvidenceKind, EvidenceState, Verdict


def plan_signed_off(case: Case) -> Result:
    """The test plan is signed off by the DCC.

    Every DCC Service Provider's current plan (9.1), in the version that is now before the DCC.
    """
    if not case.providers:
        missing = Missing(kind="fact", key="providers", text="No DCC Service Provider is recorded as taking part.")
        return Result(verdict=Verdict.CANNOT_EVALUATE, summary=missing.text, missing=(missing,))
    plans = items(case, EvidenceKind.TEST_PLAN)
    signed = (EvidenceState.SIGNED_OFF,)
    blockers = list(not_good(plans, signed))
    blockers.extend(
        Blocker(kind="provider", id=provider.id, reference=f"{provider.name}: test plan", text="is not there")
        for provider in case.providers
        if not any(plan.provider in (None, provider.id) for plan in plans)
    )
    return Result(
        verdict=Verdict.NOT_MET if blockers else Verdict.MET,
        summary=(
            f"Not signed off: {first_and_more(blocker.reference for blocker in blockers)}."
            if blockers
            else "Every test plan is signed off."
        ),
        numbers=(
            number("DCC Service Providers", len(case.providers)),
            number("Plans signed off", len(good(plans, signed))),
        ),
        blockers=tuple(blockers),
        evidence=lines(plans, signed),
    )


def precursor_certificates(case: Case) -> Result:
    """Test Completion Certificates for any precursor Test Phase are issued.

    The one exception is an overlap of SIT and SMETS1 Interface Testing that the TAG reviewed and the Panel agreed
    (5.7). A revoked certificate does not satisfy it.
    """
    order = f"precursors.{case.facts.phase_kind}"
    readings: tuple[ReadingUsed, ...] = (case.reading("precursors.recorded"), case.reading("overlap.only_5_7"))
    if case.is_answered(order):
        readings = (case.setting(order), *readings)
    precursors = case.facts.precursors
    if precursors is None:
        missing = case.missing_parameter(order)
        if case.is_answered(order):
            missing = Missing(kind="fact", key="precursors", text="Which Test Phases come before is not recorded.")
        return Result(verdict=Verdict.CANNOT_EVALUATE, summary=missing.text, missing=(missing,), readings=readings)
    day = london_date(case.facts.as_at)
    pairs = [(phase, may_overlap(case, phase.phase_kind)) for phase in precursors]
    agreed = case.entry.overlap is not None and case.entry.overlap.is_agreed_by(day)
    needed = [phase for phase, reached in pairs if not (reached and agreed)]
    excepted = [phase.title for phase, reached in pairs if reached and agreed]
    unknown = tuple(
        Missing(
            kind="fact",
            key=f"precursors.{phase.scope}.providers",
            text=f"Whose certificate {phase.title} needs is not recorded.",
        )
        for phase in needed
        if not phase.providers
    )
    pending = case.entry.overlap is not None and case.entry.overlap.is_pending
    blockers = tuple(
        replace(blocker, pending=pending and may_overlap(case, phase.phase_kind))
        for phase in needed
        for blocker in _uncertified(case, phase)
    )
    wanted = sum(len(phase.providers) for phase in needed)
    if blockers:
        verdict, summary = (
            Verdict.NOT_MET,
            f"No certificate in force: {first_and_more(blocker.reference for blocker in blockers)}.",
        )
    elif unknown:
        verdict, summary = Verdict.CANNOT_EVALUATE, unknown[0].text
    else:
        verdict, summary = Verdict.MET, f"{wanted} of {wanted} certificates are in force."
    notes: tuple[str, ...] = (f"Excepted by the agreed overlap (5.7): {first_and_more(excepted)}.",) if excepted else ()
    if any(reached for _, reached in pairs) and not agreed:
        notes = overlap_notes(case.entry.overlap)
    return Result(
        verdict=verdict,
        summary=summary,
        numbers=(
            number("Certificates needed", wanted),
            number("In force", wanted - len(blockers)),
        ),
        blockers=blockers,
        missing=unknown,
        readings=readings,
        notes=notes,
        awaiting=bool(blockers) and all(blocker.pending for blocker in blockers),
    )


def _uncertified(case: Case, phase: PrecursorPhase) -> list[Blocker]:
    held = {row.provider: row for row in phase.certificates}
    blockers = []
    for provider in phase.providers:
        reference = f"{phase.title}, {case.provider_names[provider]}"
        certificate = held.get(provider)
        if certificate is None:
            blockers.append(Blocker(kind="phase", id=phase.scope, reference=reference, text="has no certificate"))
        elif not certificate.state.is_in_force:
            blockers.append(
                Blocker(
                    kind="certificate",
                    id=certificate.id,
                    reference=reference,
                    text=f"(certificate {in_words(certificate.state)})",
                )
            )
    return blockers


def specification_prepared(case: Case) -> Result:
    """The test specification is prepared, including a Test Traceability Matrix.

    For SIT of IOC the matrix is not needed for entry.
    """
    specifications = items(case, EvidenceKind.TEST_SPECIFICATION)
    matrices = items(case, EvidenceKind.TTM)
    exempt = (case.facts.phase_kind, case.facts.release) == case.edition.ttm_exempt
    blockers: list[Blocker] = []
    for rows, name, needed in (
        (specifications, "Test specification", True),
        (matrices, "Test Traceability Matrix", not exempt),
    ):
        if needed and not good(rows, STANDS):
            reason = f"({why_not(rows[-1])})" if rows else "is not attached"
            blockers.append(Blocker(kind="evidence", id=rows[-1].id if rows else "", reference=name, text=reason))
    evidence: tuple[EvidenceLine, ...] = (*lines(specifications), *lines(matrices))
    return Result(
        verdict=Verdict.NOT_MET if blockers else Verdict.MET,
        summary=(
            " ".join(f"{blocker.reference} {blocker.text}." for blocker in blockers)
            if blockers
            else "The specification is prepared."
        ),
        blockers=tuple(blockers),
        readings=(case.reading("specification.ttm_only"),) if exempt else (),
        evidence=evidence,
    )


def resources_ready(case: Case) -> Result:
    """The required test resources are confirmed to be in place, secure and ready for testing.

    Test laboratories, SMETS1 Devices, tools, stubs, environments and data: each of the six, in all three respects.
    """
    confirmed = {row.item: row for row in case.entry.readiness}
    blockers = []
    for key, name in case.edition.readiness.items():
        row = confirmed.get(key)
        if row is None:
            blockers.append(Blocker(kind="readiness", id=key, reference=name, text="nothing is confirmed"))
            continue
        lacking = [
            words
            for words, holds in (("in place", row.in_place), ("secure", row.secure), ("ready", row.ready))
            if not holds
        ]
        if lacking:
            text = f"not confirmed to be {' or '.join(lacking)}"
            blockers.append(Blocker(kind="readiness", id=key, reference=name, text=text))
    total = len(case.edition.readiness)
    return Result(
        verdict=Verdict.NOT_MET if blockers else Verdict.MET,
        summary=f"{total - len(blockers)} of {total} kinds of test resource are in place, secure and ready.",
        numbers=(number("Kinds of resource", total), number("Ready", total - len(blockers))),
        blockers=tuple(blockers),
    )


def approval_to_proceed(case: Case) -> Result:
    """An approval to proceed certificate for the Test Phase has been issued by the DCC."""
    approval = case.entry.approval_to_proceed
    if approval is not None and approval.state is ApprovalState.ISSUED:
        return Result(verdict=Verdict.MET, summary=f"Issued: {approval.reference or approval.id}.")
    blockers = (
        ()
        if approval is None
        else (
            Blocker(kind="approval", id=approval.id, reference=approval.reference or "Approval", text="is not issued"),
        )
    )
    return Result(verdict=Verdict.NOT_MET, summary="No approval to proceed has been issued.", blockers=blockers)


def approach_document_approved(case: Case) -> Result:
    """Migration Testing and User Testing Services do not commence before their approach document is approved."""
    name = case.phase_kind.entry_document or ""
    held = case.entry.approach_document
    if held is None or held.document != name:
        blocker = Blocker(kind="document", id="", reference=name, text="no approved version is recorded")
        return _not_approved(blocker)
    version = f"{name} v{held.version}" if held.version else name
    if not held.state.is_approved:
        blocker = Blocker(
            kind="document",
            id=held.matter or held.document,
            reference=version,
            text=f"is {in_words(held.state)}, not approved",
            pending=held.state is DocumentState.SUBMITTED,
        )
    elif held.effective_on is not None and held.effective_on > london_date(case.facts.as_at):
        blocker = Blocker(
            kind="document",
            id=held.matter or held.document,
            reference=version,
            text=f"takes effect on {held.effective_on.isoformat()}",
        )
    else:
        return Result(verdict=Verdict.MET, summary=f"{version} is approved.", readings=(_document(case),))
    return replace(_not_approved(blocker), readings=(_document(case),))


def _document(case: Case) -> ReadingUsed:
    return case.reading("approach_document.in_effect")


def _not_approved(blocker: Blocker) -> Result:
    return Result(
        verdict=Verdict.NOT_MET,
        summary=f"{blocker.reference}: {blocker.text}.",
        blockers=(blocker,),
        awaiting=blocker.pending,
    )
