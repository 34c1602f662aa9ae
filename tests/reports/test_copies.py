"""Copies for the Parties (13.15(b), 13.17): two lists, only the Panel's applied, and given on its direction alone."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from pypdf import PdfReader

from reports.actions import (
    bring_copy,
    direct_copies,
    open_copies,
    propose_redactions,
    provide_copies,
    request_completion_report,
    request_copies,
)
from reports.contents import completion_report
from reports.rendering.pages import report_html
from svtad.gates.models import FiledReport, PartyCopies, SharedCopy
from svtad.gates.queries.copies import PARTY_COPY, Given, Lists, given, lists_of, told
from svtad.governance.actions import record_decision, run_job_now, store_file
from svtad.governance.files import read_file
from svtad.governance.models import Decision, Delivery, Job, Matter, Notice, StoredFile
from svtad.lib.clock import now
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.parties.actors import Actor
from tests.factories import MAKER, at, decide, make_house
from tests.gates.world import Phase, make_phase, paper
from tests.reports.reading import everything_in, squeezed, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_of_this_test")]


@dataclass
class World:
    """A SIT whose Completion Report was made here and whose package was sent; the lists are begun."""

    phase: Phase
    matter: Matter
    package: Decision
    report: FiledReport
    copies: PartyCopies
    actors: dict[str, Actor] = field(default_factory=dict)

    @property
    def manager(self) -> Actor:
        return self.phase.house.actor("test_manager")

    @property
    def panel(self) -> Actor:
        return self.phase.house.actor("panel_chair")

    @property
    def supplier(self) -> Actor:
        return self.phase.house.actor("participant")

    def lists(self) -> Lists:
        return lists_of([self.copies])[0]

    def propose(self, *entries: dict[str, str], by: Actor | None = None, **more: Any) -> Decision:
        return propose_redactions(copies=self.fresh(), entries=entries, by=by or self.manager, **more)

    def direct(self, *entries: dict[str, str], by: Actor | None = None, **more: Any) -> Decision:
        return direct_copies(copies=self.fresh(), entries=entries, by=by or self.panel, **more)

    def make(self) -> bytes:
        """Run the job that the direction queued, and return the copy of the Completion Report."""
        job = Job.objects.filter(kind=PARTY_COPY).latest("pk")
        run_job_now(job)
        copy = self.lists().copy_of("COMPLETION_REPORT")
        assert copy is not None, Job.objects.get(pk=job.pk).error
        return read_file(copy.file)

    def share(self, by: Actor | None = None) -> Decision:
        return provide_copies(copies=self.fresh(), by=by or self.manager)

    def fresh(self) -> PartyCopies:
        return PartyCopies.objects.select_related("scope", "matter__audience", "report__file", "audit__file").get(
            pk=self.copies.pk
        )

    def given_to(self, actor: Actor) -> list[Given]:
        return told(given(actor))


def section(key: str, why: str = "It names a product.") -> dict[str, str]:
    return {"report": "COMPLETION_REPORT", "part": "SECTION", "which": key, "why": why}


def words(text: str, *, report: str = "COMPLETION_REPORT") -> dict[str, str]:
    return {"report": report, "part": "WORDS", "which": text, "why": "A person's name."}


def of_audit(text: str) -> dict[str, str]:
    return {"report": "SIT_AUDIT_REPORT", "part": "SECTION", "which": text, "why": "A supplier's figures."}


def packaged(phase: Phase) -> World:
    """Have the report made, attach what goes with the package, send it, and begin the lists."""
    phase.reports()
    audit = _pdf_of("The auditor saw it.")
    phase.attach("SIT_AUDIT_REPORT", statements={f"19.4({letter})": True for letter in "abcdef"}, file=audit)
    phase.assess("PANEL")
    run_job_now(request_completion_report(scope=phase.scope, by=phase.house.actor("test_manager")))
    report = FiledReport.objects.latest("pk")
    phase.attach("COMPLETION_REPORT", file=report.file)
    matter = phase.completion_matter()
    package = decide(matter, "DCC", "SEND_PACKAGE", moment=at(days=9), document=paper("package.pdf"))
    for role in ("participant", "panel_chair", "test_manager", "registrar", "tag_member", "tab_member", "sit_auditor"):
        phase.house.actor(role)
    copies = open_copies(scope=phase.scope, package=package, report=report, by=phase.house.actor("test_manager"))
    return World(phase, matter, package, report, copies)


def _pdf_of(text: str) -> StoredFile:
    from weasyprint import HTML

    content = HTML(string=f"<p>{text}</p>").write_pdf()
    return store_file(
        content=content, name="audit.pdf", media_type="application/pdf", purpose="evidence",
        audience=paper("any.pdf").audience, by=MAKER, at=at(days=5),
    )  # fmt: skip


@pytest.fixture(scope="class")
def lent(lend) -> World:
    return lend(make_house, make_phase, packaged)


@pytest.fixture
def world(lent, db) -> World:
    return lent


@pytest.mark.clause("SVTAD 1.23", "13.15(b)", "13.17")
def test_the_dcc_proposes_4_and_7_the_panel_specifies_7_and_the_partys_pdf_shows_4_and_nothing_of_7(world):
    world.propose(section("tests"), section("workoff"))
    assert [each.title for each in world.lists().proposed] == [
        "4 Tests planned, run, passed and failed", "7 Work Off Plans",
    ]  # fmt: skip
    direction = world.direct(section("workoff", ""))
    content = world.make()
    assert world.given_to(world.supplier) == []
    world.share()
    [completion, audit] = sorted(world.given_to(world.supplier), key=lambda each: each.words)
    assert (completion.words, audit.words) == ("Completion Report", "SIT Auditor Report")
    seen = StoredFile.objects.visible_to(world.supplier)
    assert completion.shared.file in seen
    assert read_file(completion.shared.file) == content
    assert world.report.file not in seen
    text = squeezed(text_of(PdfReader(io.BytesIO(content))))
    assert squeezed("4 Tests planned, run, passed and failed") in text
    assert squeezed("Functional tests by functional group") in text
    said = f"Redacted by direction of the Panel under 13.17 ({world.copies.matter.reference}, decision "
    assert squeezed(f"{said}{direction.sequence}") in text
    whole = squeezed(text_of(PdfReader(io.BytesIO(read_file(world.report.file)))))
    for gone in ("All open Testing Issues go in a Work Off Plan", "7 Work Off Plans"):
        assert squeezed(gone) in whole
        assert squeezed(gone) not in text
    assert not list(PdfReader(io.BytesIO(content)).attachments.get("facts.json", []))


@pytest.mark.clause("SVTAD 1.23", "13.17")
def test_each_party_is_told_with_the_copy_and_nothing_of_either_list(world):
    world.propose(section("tests", "QZXJ7Canary proposed"))
    world.direct(section("workoff", "QZXJ7Canary specified"))
    world.make()
    world.share()
    [notice] = Notice.objects.filter(clause="13.17")
    assert notice.attachment is not None
    assert notice.attachment.name.endswith("copy for the Parties.pdf")
    told_to = {each.person.public_id for each in Delivery.objects.filter(notice=notice, person__isnull=False)}
    assert world.supplier.actor_id in told_to
    assert "Canary" not in f"{notice.text}{notice.what}"
    assert notice.attachment in StoredFile.objects.visible_to(world.supplier)


@pytest.mark.clause("SVTAD 1.23", "13.17")
def test_an_empty_list_is_a_direction_too_and_the_copy_has_everything(world):
    world.propose(section("workoff"))
    world.direct()
    content = world.make()
    reader = PdfReader(io.BytesIO(content))
    assert {"facts.json", "findings.json", "lists.xlsx"} <= set(reader.attachments)
    text = text_of(reader)
    assert "The Panel specified nothing to be redacted" in " ".join(text.split())
    assert "Redacted by direction" not in text


@pytest.mark.clause("SVTAD 1.23", "13.17")
def test_the_panel_directs_before_any_proposal_and_what_was_missing_is_marked(world):
    direction = world.direct(section("workoff", ""))
    assert any("The list of the sections" in text for text in direction.missing)
    assert not any("The package" in text for text in direction.missing)
    world.propose(section("tests"))
    assert [each.which for each in world.lists().specified] == ["workoff"], "the DCC's list changes nothing of it"
    world.make()
    world.share()
    assert world.given_to(world.supplier)


@pytest.mark.clause("SVTAD 1.23", "13.17")
def test_a_direction_before_the_package_is_recorded_and_marked(lent_bare):
    copies = open_copies(scope=lent_bare.scope, by=lent_bare.house.actor("panel_secretary"))
    direction = direct_copies(copies=copies, entries=[], by=lent_bare.house.actor("panel_secretary"))
    assert any("The package" in text for text in direction.missing)
    assert not Job.objects.filter(kind=PARTY_COPY).exists(), "there is no report to make a copy from"
    with pytest.raises(Refused, match="not brought yet"):
        provide_copies(copies=copies, by=lent_bare.house.actor("test_manager"))


@pytest.fixture
def lent_bare(lend_bare, db) -> Phase:
    lend_bare.house.actor("panel_secretary")
    return lend_bare


@pytest.fixture(scope="class")
def lend_bare(lend) -> Phase:
    return lend(make_house, make_phase)


@pytest.mark.clause("SVTAD 1.23", "13.17")
def test_a_new_direction_withdraws_the_copies_and_new_ones_replace_them(world):
    world.direct(section("workoff", ""))
    first = world.make()
    world.share()
    world.direct(section("workoff", ""), section("tests", ""))
    [old] = [each for each in world.given_to(world.supplier) if each.words == "Completion Report"]
    assert (old.stands, old.state) == (False, "withdrawn: the Panel directed anew")
    second = world.make()
    world.share()
    new, kept = [each for each in world.given_to(world.supplier) if each.words == "Completion Report"]
    assert (new.state, kept.state) == ("as the Panel directed", "replaced by a later copy")
    assert kept.replaced_by == new.shared
    assert (read_file(new.shared.file), read_file(kept.shared.file)) == (second, first)
    assert "Functional tests by functional group" in " ".join(text_of(PdfReader(io.BytesIO(first))).split())
    assert "Functional tests by functional group" not in " ".join(text_of(PdfReader(io.BytesIO(second))).split())


@pytest.mark.clause("SVTAD 1.23", "13.16-loop", "13.17")
def test_each_package_keeps_lists_of_its_own(world):
    world.direct(section("workoff", ""))
    record_decision(
        matter=world.matter, body="PANEL", outcome="NOT_MET", decided_at=at(days=10), rationale="See the criteria.",
        data={"criteria": ["12.6(a)"]}, against_computed=True, by=MAKER, at=at(days=10),
    )  # fmt: skip
    decide(world.matter, "PANEL", "DIRECT", moment=at(days=11), rationale="Go on.")
    package = decide(world.matter, "DCC", "SEND_PACKAGE", moment=at(days=12), document=paper("second.pdf"))
    later = open_copies(scope=world.phase.scope, package=package, report=world.report, by=world.manager)
    assert later.pk != world.copies.pk
    direct_copies(copies=later, entries=[section("tests", "")], by=world.panel)
    held = {each.copies.pk: [entry.which for entry in each.specified] for each in lists_of([world.copies, later])}
    assert held == {world.copies.pk: ["workoff"], later.pk: ["tests"]}
    again = open_copies(scope=world.phase.scope, package=package, report=world.report, by=world.panel)
    assert again.pk == later.pk


@pytest.mark.clause("SVTAD 1.23", "13.17")
def test_nothing_is_shared_without_a_direction_or_before_the_copy_is_made(world):
    with pytest.raises(Refused, match="has not directed"):
        world.share()
    with pytest.raises(Refused, match="not a step"):
        decide(world.copies.matter, "DCC", "SHARE", moment=at(days=20), document=paper("own.pdf"))
    world.direct(section("workoff", ""))
    with pytest.raises(Refused, match="not made yet"):
        world.share()
    world.make()
    matter = Matter.objects.get(pk=world.copies.matter_id)
    with pytest.raises(Refused, match="nothing else"):
        record_decision(
            matter=matter, body="DCC", outcome="SHARE", decided_at=world.lists().direction.decided_at,
            document=paper("own.pdf"), by=world.manager,
        )  # fmt: skip
    assert not SharedCopy.objects.exists()
    world.share()
    with pytest.raises(Refused, match="have these copies"):
        world.share()
    with pytest.raises(Refused, match="copies are made"):
        request_copies(copies=world.fresh(), by=world.manager)


@pytest.mark.clause("SVTAD 1.23", "13.15(b)", "13.17")
@pytest.mark.parametrize(
    ("entry", "match"),
    [
        (section("no-such"), "no section"),
        (section("workoff", ""), "Say why"),
        (words("ab"), "too short"),
        ({"report": "SIT_AUDIT_REPORT", "part": "ROW", "which": "TI-1", "why": "x"}, "named as a section"),
        ({"report": "OTHER", "part": "SECTION", "which": "tests", "why": "x"}, "one of"),
        ({"part": "SECTION", "which": "tests"}, "are wanted"),
    ],
)
def test_a_line_that_names_nothing_or_gives_no_reason_is_turned_away(world, entry, match):
    with pytest.raises(InvalidInput, match=match):
        world.propose(entry)
    assert not world.copies.matter.decisions.exists()


@pytest.mark.clause("SVTAD 1.23", "13.15(b)", "13.17")
def test_who_proposes_directs_and_shares(world):
    house = world.phase.house
    for role in ("tab_chair", "tag_chair", "sit_auditor", "participant", "panel_member", "provider_tester"):
        with pytest.raises(ActionDenied):
            world.propose(section("workoff"), by=house.actor(role))
        with pytest.raises(ActionDenied):
            world.direct(by=house.actor(role))
        with pytest.raises(ActionDenied):
            open_copies(scope=world.phase.scope, by=house.actor(role))
    with pytest.raises(ActionDenied):
        world.propose(section("workoff"), by=world.panel)
    with pytest.raises(ActionDenied):
        world.direct(by=world.manager)
    registrar = house.actor("registrar")
    world.propose(section("workoff"), by=registrar)
    with pytest.raises(ActionDenied):
        world.direct(by=registrar)
    world.direct(by=world.panel)
    world.make()
    with pytest.raises(ActionDenied):
        world.share(by=world.panel)
    world.share(by=registrar)


@pytest.mark.clause("SVTAD 1.23", "13.17")
def test_rows_and_words_are_gone_wherever_the_report_has_them(world):
    whole = squeezed(text_of(PdfReader(io.BytesIO(read_file(world.report.file)))))
    name = world.phase.house.beta.name
    assert squeezed(name) in whole
    world.direct(words(name.upper()), words("no such words"))
    content = world.make()
    assert name.casefold() not in everything_in(content).casefold()
    found = world.lists().found
    assert found[name.upper()] > 1
    assert found["no such words"] == 0
    assert "[redactedunder13.17]" in squeezed(text_of(PdfReader(io.BytesIO(content))))
    assert list(PdfReader(io.BytesIO(content)).attachments) == []


@pytest.mark.clause("SVTAD 1.23", "13.17")
def test_the_auditors_report_is_given_whole_unless_the_panel_specified_something_of_it(world):
    world.direct()
    world.make()
    world.share()
    [audit] = [each for each in world.given_to(world.supplier) if each.words == "SIT Auditor Report"]
    assert audit.shared.file.sha256 == world.copies.audit.file.sha256
    world.direct(of_audit("Section 3"), words("Gasworks", report="SIT_AUDIT_REPORT"))
    world.make()
    with pytest.raises(Refused, match="was not brought yet"):
        world.share()
    for file, match in (
        (world.copies.audit.file, "whole report"), (_pdf_of("About Gasworks."), "still be extracted"),
        (paper("no.pdf"), "no PDF"),
    ):  # fmt: skip
        with pytest.raises(InvalidInput, match=match):
            bring_copy(copies=world.fresh(), report="SIT_AUDIT_REPORT", file=file, by=world.manager)
    with pytest.raises(Refused, match="is made here"):
        bring_copy(copies=world.fresh(), report="COMPLETION_REPORT", file=_pdf_of("x"), by=world.manager)
    brought = bring_copy(copies=world.fresh(), report="SIT_AUDIT_REPORT", file=_pdf_of("Redacted."), by=world.manager)
    assert brought.pages == 1
    world.share()
    stands = [each for each in world.given_to(world.supplier) if each.stands and each.words == "SIT Auditor Report"]
    assert [each.shared.file.sha256 for each in stands] == [brought.file.sha256]


@pytest.mark.clause("SVTAD 1.23", "13.17")
def test_the_job_run_again_files_once_and_makes_the_same_bytes(world):
    world.direct(section("workoff", ""))
    first = world.make()
    job = Job.objects.filter(kind=PARTY_COPY).latest("pk")
    from reports.actions import produce_party_copy

    again = produce_party_copy(job=job, progress=lambda *_: None, hold=lambda: None)
    assert [each["sha256"] for each in again["copies"]] == [each.file.sha256 for each in world.lists().standing]
    assert len(world.lists().made) == 1
    world.direct(section("workoff", ""), decided_at=world.lists().direction.decided_at)
    assert world.make() != first, "it cites another decision"


@pytest.mark.clause("SVTAD 1.23", "13.15(b)", "13.17")
def test_copies_of_a_report_that_was_not_made_here_are_brought(world):
    elsewhere = open_copies(scope=world.phase.scope, package=world.package, by=world.manager)
    direct_copies(copies=elsewhere, entries=[section("anything", ""), words("Gasworks")], by=world.panel)
    file = _pdf_of("Without it.")
    bring_copy(copies=elsewhere, report="COMPLETION_REPORT", file=file, by=world.manager)
    provide_copies(copies=elsewhere, by=world.manager)
    [completion] = [each for each in world.given_to(world.supplier) if each.words == "Completion Report"]
    assert completion.shared.file.sha256 == file.sha256


@pytest.mark.clause("SVTAD 1.23", "13.15(b)", "13.15(c)", "13.16", "13.16-loop")
def test_the_report_tells_each_round_before_the_panel_and_what_the_next_one_did(world):
    views = {"12.6(a)": {"view": "NOT_MET", "words": "Gas meters."}}
    decide(world.matter, "DCC", "REVIEW_WITH_TAG", moment=at(days=9), views=views)
    said = record_decision(
        matter=world.matter, body="PANEL", outcome="NOT_MET", decided_at=at(days=10), rationale="See the criteria.",
        data={"criteria": ["12.6(a)"]}, against_computed=True, by=MAKER, at=at(days=10),
    )  # fmt: skip
    decide(world.matter, "PANEL", "DIRECT", moment=at(days=11), rationale="Address gas meters.")
    decide(world.matter, "DCC", "SEND_PACKAGE", moment=at(days=12), document=paper("second.pdf"))
    report = completion_report(world.report.assessment, made_at=now())
    assert report.rounds is not None
    first, second = report.rounds.rounds
    assert first.determined is not None
    assert first.determined.reference == f"{world.matter.reference}, decision {said.sequence}"
    assert first.determined.marks == ("against the computed result",)
    [answer] = first.criteria
    assert (answer.name, answer.tag, answer.tag_next) == ("12.6(a)", "not met: Gas meters.", "not asked yet")
    assert answer.outcome == "the Panel has not determined again"
    assert [each.sent.document for each in second.packages] == ["second.pdf"]
    html = " ".join(report_html(report).split())
    for words_there in ("Address gas meters.", "what the next round did about them", "Gas meters.", "second.pdf"):
        assert words_there in html
    assert completion_report(world.report.assessment, made_at=at(days=7)).rounds is None, "as it stood then"
    assert "had not been put before the Panel" in report_html(replace(report, rounds=None))
