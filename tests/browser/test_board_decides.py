"""A board decides in the product: a second factor, the papers, the record; then the proposer sees its clock."""

from __future__ import annotations

import datetime as dt
import re
from importlib import import_module

import pytest
from django.conf import settings
from playwright.sync_api import expect

from issues.models import ExclusionProposal
from svtad.governance.actions import add_paper, plan_meeting, put_on_agenda
from svtad.lib import clock
from svtad.parties import factors, sessions
from svtad.parties.actions import set_up_app
from svtad.parties.actors import actor_for
from tests.factories import MAKER, make_person
from tests.parties.codes import code_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "correct horse battery staple"
PAPER, MINUTES = b"%PDF-1.7 why the DCC asks for it", b"%PDF-1.7 minutes of TAG"


@pytest.fixture
def chair(live_world):
    """The chair of TAG, with an authenticator app, and the secret that its app holds."""
    person = make_person("tag_chair", live_world.house.tag, password=PASSWORD)
    secret, moment = factors.new_secret(), clock.now()
    code = code_of(secret, at=moment - dt.timedelta(seconds=30))
    set_up_app(person=person, secret=secret, code=code, by=actor_for(person, at=moment))
    return person, secret


@pytest.fixture
def meeting(live_world):
    """TAG's next meeting, with the exclusion on its agenda and the DCC's paper on it."""
    planned = plan_meeting(body="TAG", title="TAG 41", starts_at=clock.now() + dt.timedelta(days=7), by=MAKER)
    [item] = put_on_agenda(meeting=planned, matters=[live_world.matter], by=MAKER)
    add_paper(item=item, content=PAPER, name="why.pdf", title="Why it should be excluded", by=MAKER)
    return planned


def enter(page, person, secret="") -> None:
    page.get_by_label("E-mail address").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    if secret:
        page.get_by_label("The code your authenticator app shows now").fill(code_of(secret))
        page.get_by_role("button", name="Go on").click()


def an_hour_passes(page) -> None:
    """Let the credentials of the open session have been entered an hour ago."""
    key = next(each["value"] for each in page.context.cookies() if each["name"] == settings.SESSION_COOKIE_NAME)
    session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    session[sessions.ENTERED] = (clock.now() - dt.timedelta(hours=1)).timestamp()
    session.save()


@pytest.mark.clause("SVTAD 1.23", "13.20", "13.21")
def test_tag_rejects_an_exclusion_and_the_dcc_sees_its_five_working_days(
    live_world, chair, meeting, page, visit, tmp_path
):
    person, secret = chair
    minutes = tmp_path / "tag-minutes.pdf"
    minutes.write_bytes(MINUTES)
    reference = live_world.matter.reference

    visit("/sign-in/")
    enter(page, person, secret)
    page.get_by_role("navigation", name="Main").get_by_role("link", name=re.compile("Inbox")).click()
    needed = page.get_by_role("region", name="Needs you")
    needed.get_by_role("link", name=reference, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(reference)

    page.get_by_role("link", name="TAG 41").first.click()
    with page.expect_download() as paper:
        page.get_by_role("link", name="Why it should be excluded").click()
    assert paper.value.path().read_bytes() == PAPER
    page.get_by_role("link", name=reference, exact=True).first.click()

    an_hour_passes(page)
    page.get_by_text("Record TAG: reject").click()
    form = page.locator("form[action$='/TAG/REJECT/']")
    form.get_by_label("The document that records it").set_input_files(minutes)
    form.get_by_label("Reasons").fill("The impact on TAG's Testing Participants is material.")
    form.get_by_role("button", name="Record “reject”").click()
    expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text(f"Recorded on {reference}: TAG, reject.")).to_be_visible()
    with page.expect_download() as kept:
        page.get_by_role("link", name="tag-minutes.pdf").click()
    assert kept.value.path().read_bytes() == MINUTES, "the file went on through the confirmation"

    live_world.matter.refresh_from_db()
    assert live_world.matter.state == "TAG_REJECTED"
    assert ExclusionProposal.objects.get(matter=live_world.matter).issue == live_world.issue

    page.context.clear_cookies()
    manager = live_world.person("test_manager")
    manager.set_password(PASSWORD)
    manager.save(update_fields=["password"])
    visit("/sign-in/")
    enter(page, manager)
    visit("/inbox/")
    waiting = page.get_by_role("row").filter(has_text=reference)
    expect(waiting).to_contain_text("5 WD")
    waiting.get_by_role("link", name=reference, exact=True).click()
    expect(page.get_by_text(re.compile(r"Day \d of 5, last day \w{3} \d{1,2} \w{3} \d{4} 23:59")).first).to_be_visible()
    page.get_by_role("link", name="Go to what this is about").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(live_world.issue.reference)
    expect(page.get_by_text("TAG rejected").first).to_be_visible()
