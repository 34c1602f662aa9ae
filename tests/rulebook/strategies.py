"""Random facts for the comparison with the oracle: small, near the limits, and often odd."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st

from svtad.rulebook.edition import Edition
from svtad.rulebook.editions.svtad_1_23 import EDITION
from svtad.rulebook.facts import (
    DisputeFact,
    DmcFact,
    ExecutionEvidence,
    Facts,
    IssueFact,
    IssueLogFact,
    LeftCount,
    ProviderFact,
    TestCount,
)
from svtad.rulebook.vocabulary import (
    Cause,
    CertificateState,
    CountState,
    DisputeState,
    DmcState,
    EvidenceKind,
    EvidenceState,
    ExclusionState,
    IssueState,
    LeftReason,
    TestKind,
    WorkOffItemState,
    WorkOffPlanState,
)
from tests.rulebook.builders import (
    AS_AT,
    SHA,
    A,
    B,
    C,
    audited,
    certificate,
    decision,
    evidence,
    exclusion,
    issue,
    issues,
    item,
    parameter,
    plan,
    precursor,
    reports,
)

SMALL = {"1": 0, "2": 0, "3": 2, "4": 3, "5": 4}
"""Limits small enough that random cases are near them."""

SMALL_LIMITS: Edition = replace(
    EDITION,
    phase_kinds=tuple(
        replace(kind, limits=SMALL) if kind.key in ("SIT", "INTERFACE", "PIT", "SCT") else kind
        for kind in EDITION.phase_kinds
    ),
)

SEVERITIES = ("1", "2", "3", "4", "5")
THE_DCC = ProviderFact(id="dcc", name="DCC", is_dcc=True)
GONE = ProviderFact(id="gone", name="Gone", takes_part=False)


def mostly(usual, *rarely):
    """The usual value about three times in four."""
    return st.sampled_from((usual,) * (3 * max(1, len(rarely))) + rarely)


@st.composite
def odd_issue(draw, number: int, *, kind: str, release: str) -> IssueFact:
    """An issue of which anything may be unusual."""
    reason = draw(st.sampled_from((None, None, None, LeftReason.REJECTED, LeftReason.NOT_DCC_CAUSED)))
    state = draw(st.sampled_from(tuple(IssueState)))
    if reason is LeftReason.REJECTED:
        state = draw(mostly(IssueState.REJECTED, IssueState.IN_FIX))
    cause = draw(mostly(Cause.DCC_SYSTEM, Cause.DCC, Cause.UNSET, Cause.DEVICE))
    if reason is LeftReason.NOT_DCC_CAUSED:
        cause = draw(st.sampled_from((Cause.DEVICE, Cause.OTHER, Cause.DCC_SYSTEM)))
    left = reason and LeftCount(
        reason=reason, determination=draw(mostly("det-1", None)), reasons=draw(mostly("because", " "))
    )
    return issue(
        f"odd-{number:02}",
        draw(mostly("3", "4", "5", "2", None)),
        draw(mostly(A, B, None, "dcc", "gone")),
        release=draw(mostly(release, "IOC", "FOC")),
        kind=draw(mostly(kind, "PIT", "SCT")),
        cause=cause,
        state=state,
        left=left,
        eligible=draw(st.sampled_from((True, False, None))),
    )


@st.composite
def disputes_of(draw, rows: tuple[IssueFact, ...]) -> tuple[DisputeFact, ...]:
    """Up to five disputes, now and then two of one issue, some of them over."""
    chosen = draw(st.lists(st.sampled_from(rows), max_size=5)) if rows else []
    return tuple(
        DisputeFact(
            issue=one.id,
            participant_severity=draw(st.sampled_from(SEVERITIES)),
            state=draw(mostly(DisputeState.RAISED, DisputeState.WITHDRAWN, DisputeState.DECIDED)),
            matter=f"d-{number}",
        )
        for number, one in enumerate(chosen)
    )


@st.composite
def issue_facts(draw, base: Facts, limits: dict[str, int]) -> Facts:
    """Issues near the limits, odd ones among them, with disputes, exclusions, decisions and settings."""
    bulk: list[IssueFact] = []
    for provider in (A, B):
        for severity in ("3", "4", "5"):
            top = limits[severity]
            near = draw(st.one_of(st.integers(0, 1), st.integers(max(0, top - 2), top + 1)))
            carried = draw(st.integers(0, min(near, 2))) if base.release != "IOC" else 0
            bulk.extend(issues(near - carried, severity, provider, kind=base.phase_kind, release=base.release))
            bulk.extend(issues(carried, severity, provider, prefix="c", kind=base.phase_kind, release="IOC"))
    odd = [
        draw(odd_issue(number, kind=base.phase_kind, release=base.release)) for number in range(draw(st.integers(0, 3)))
    ]
    elsewhere = tuple(
        replace(draw(odd_issue(number, kind="SCT", release=base.release)), id=f"else-{number}")
        for number in range(draw(st.integers(0, 2)))
    )
    everything = (*bulk, *odd, *elsewhere)
    some = (
        st.lists(st.sampled_from(everything), max_size=3, unique_by=lambda one: one.id) if everything else st.just([])
    )
    names_dcc = any(one.provider == "dcc" for one in everything)
    asked = everything if base.phase_kind == "INTERFACE" else elsewhere
    return replace(
        base,
        providers=(*base.providers, GONE, *((THE_DCC,) if names_dcc or draw(st.booleans()) else ())),
        non_working_days=(),
        issues=(*bulk, *odd),
        considered_issues=elsewhere,
        exclusions=tuple(exclusion(one.id, draw(st.sampled_from(tuple(ExclusionState)))) for one in draw(some)),
        disputes=draw(disputes_of(everything)),
        count_decisions=tuple(
            decision(one.id, draw(mostly(CountState.COUNT, *CountState))) for one in asked if draw(mostly(True, False))
        ),
        parameters=(
            parameter("disputes.severities", draw(st.sampled_from(("between", "either", "any", None)))),
            parameter("carry_over.releases", draw(st.sampled_from(("all_earlier", "immediately_preceding")))),
        ),
    )


@st.composite
def counts_of_tests(draw) -> tuple[TestCount, ...]:
    """Cells of three DMCs and none, often near nine tenths."""
    cells = []
    for dmc in ("dmc-a", "dmc-b", "dmc-c", None):
        for kind in TestKind:
            planned = draw(st.sampled_from((0, 1, 10, 19, 20, 29, 30)))
            descoped = draw(st.integers(0, min(planned, 2)))
            executed = planned - descoped - draw(mostly(0, *range(1, 1 + min(1, planned - descoped))))
            failed = min(executed, draw(st.integers(0, 4)) if kind is TestKind.FUNCTIONAL else draw(mostly(0, 1)))
            passed = executed - failed
            on_exit = max(0, executed - draw(mostly(0, 1)))
            cells.append(
                TestCount(
                    dmc=dmc,
                    functional_group="Core",
                    kind=kind,
                    provider=None,
                    planned=planned,
                    descoped=descoped,
                    executed=executed,
                    passed=passed,
                    failed=failed,
                    not_run=planned - descoped - executed,
                    assured_passed=max(0, passed - draw(st.integers(0, 2))),
                    exit_executed=on_exit if kind is TestKind.REGRESSION else 0,
                    exit_passed=min(passed, on_exit) if kind is TestKind.REGRESSION else 0,
                )
            )
    return tuple(draw(st.lists(st.sampled_from(cells), unique=True)))


@st.composite
def paper_facts(draw, base: Facts) -> Facts:
    """Everything but the issues: tests, evidence, logs, plans, certificates, earlier phases."""
    evidence_held = draw(
        st.sampled_from((None, (10, 10, 0, 0), (10, 8, 2, 0), (10, 9, 0, 0), (10, 10, 0, 1), (0, 0, 0, 0)))
    )
    log = IssueLogFact(
        id="log",
        sha256=SHA,
        generated_at=AS_AT - timedelta(hours=draw(st.integers(0, 3))),
        issues=draw(mostly(12, 11)),
        intact=draw(mostly(True, False)),
    )
    open_ones = tuple(one for one in base.issues if one.state.is_open)
    missing = draw(mostly(0, 1))
    states = st.sampled_from(tuple(EvidenceState))
    papers = tuple(
        replace(
            one,
            state=draw(mostly(one.state, draw(states))),
            sha256=draw(mostly(SHA, None)),
            intact=draw(mostly(True, False)),
            matter=draw(mostly("tab-1", None)),
        )
        for one in (*reports(A, B, C), *audited(a=draw(mostly(True, False)), b=draw(mostly(True, False))))
        if draw(mostly(True, False))
    )
    extra = draw(
        st.sampled_from(((), (evidence(EvidenceKind.PROVIDER_REPORT, EvidenceState.FINAL, id="whole-phase"),)))
    )
    undone = tuple(
        item(one, draw(mostly(WorkOffItemState.RERUN_PASSED, *WorkOffItemState)))
        for one in issues(draw(st.integers(0, 2)), provider=draw(st.sampled_from((A, B))), kind="PIT", prefix="pit")
    )
    held = evidence_held and ExecutionEvidence(
        executed=evidence_held[0],
        with_evidence=evidence_held[1],
        no_file_needed=evidence_held[2],
        missing=evidence_held[0] - evidence_held[1] - evidence_held[2],
        hash_failed=evidence_held[3],
    )
    return replace(
        base,
        dmcs=tuple(
            DmcFact(
                id=dmc,
                name=dmc,
                state=draw(mostly(DmcState.SELECTED, DmcState.DESELECTED, DmcState.REINSTATED)),
                referral_open=draw(st.booleans()),
                sos_says_stop=draw(st.booleans()),
            )
            for dmc in ("dmc-a", "dmc-b", "dmc-c")
        ),
        test_counts=draw(counts_of_tests()),
        stage_exit_versions=draw(mostly("5.2", None)),
        execution_evidence=held,
        issue_log=draw(mostly(log, None)),
        issues_raised=draw(mostly(12, None)),
        last_execution_at=draw(st.sampled_from((None, AS_AT - timedelta(hours=2)))),
        last_issue_raised_at=draw(st.sampled_from((None, AS_AT - timedelta(hours=1)))),
        evidence=(*papers, *extra),
        certificates=tuple(
            certificate(provider, draw(mostly(CertificateState.ISSUED, *CertificateState)))
            for provider in (A, B, C)
            if draw(mostly(True, False))
        ),
        work_off_plans=(
            plan(
                *open_ones[missing:],
                state=draw(mostly(WorkOffPlanState.TAB_APPROVED, *WorkOffPlanState)),
                provider=draw(mostly(None, A)),
                sha256=draw(mostly(SHA, None)),
            ),
            plan(*open_ones[:1], id="second", state=draw(st.sampled_from(tuple(WorkOffPlanState)))),
        ),
        precursors=draw(mostly((precursor(*undone),), None)),
        parameters=(
            *base.parameters,
            parameter("pass_rate.assured_only", draw(mostly("no", "yes"))),
            parameter("regression.descope_allowed", draw(mostly("no", "yes"))),
        ),
    )
