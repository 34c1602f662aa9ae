"""Signing in as each role, and what each finds; signing in wrongly, again and again."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from svtad.parties.actions import disable_person
from svtad.portal.demo.cast import PEOPLE
from tests.factories import MAKER, make_person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: What each role finds among its tabs, and what it does not.
TABS = {
    "test_manager": ({"Where we stand", "Phases", "Testing Issues", "Imports", "Reports"}, {"Administration"}),
    "registrar": ({"Decisions", "Audit trail", "Reports"}, {"Imports", "Administration"}),
    "administrator": ({"Administration", "Audit trail"}, {"Imports"}),
    "tab_member": ({"Phases", "Decisions", "Reports"}, {"Imports", "Audit trail"}),
    "tag_member": ({"Phases", "Decisions"}, {"Imports", "Audit trail"}),
    "panel_member": ({"Phases", "Decisions", "Reports"}, {"Imports", "Audit trail"}),
    "sit_auditor": ({"Phases", "Reports"}, {"Imports", "Administration"}),
    "provider_tester": ({"Phases", "Testing Issues", "Imports"}, {"Reports", "Work Off Plans", "Audit trail"}),
    "participant": ({"Testing Issues", "Decisions"}, {"Phases", "Reports", "Imports", "DMCs"}),
}


def test_each_role_signs_in_and_finds_its_own_tabs(demo, page, sign_in_as, live_server):
    seen = set()
    for handle, name, _, role in PEOPLE:
        if role not in TABS:
            continue
        sign_in_as(handle)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        tabs = set(page.locator("nav[aria-label=Main] a").all_inner_texts())
        wanted, unwanted = TABS[role]
        assert wanted <= tabs, (role, tabs)
        assert not unwanted & tabs, (role, tabs)
        page.get_by_text(name, exact=True).click()
        page.get_by_role("button", name="Sign out").click()
        expect(page).to_have_url(f"{live_server.url}/sign-in/")
        seen.add(role)
    assert seen == set(TABS)


PASSWORD = "correct horse battery staple"


@pytest.fixture
def person(live_world):
    return make_person("tab_member", live_world.house.tab, password=PASSWORD)


@pytest.fixture
def fill_in(page, live_server):
    def go(person, password, path="/sign-in/"):
        page.goto(f"{live_server.url}{path}")
        page.get_by_label("E-mail address").fill(person.email.upper())
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()

    return go


def test_a_wrong_password_says_no_more_than_that_and_ten_close_the_door(person, page, fill_in):
    fill_in(person, "not the password")
    expect(page.get_by_text("do not go together")).to_be_visible()
    for _ in range(9):
        fill_in(person, "not the password")
    expect(page.get_by_role("heading", name="Signing in is closed for a while")).to_be_visible()
    fill_in(person, PASSWORD)
    expect(page.get_by_role("heading", name="Signing in is closed for a while")).to_be_visible()


def test_a_page_asks_to_sign_in_and_then_opens(person, live_world, page, fill_in, live_server):
    path = f"/phases/{live_world.sit.public_id}/"
    fill_in(person, PASSWORD, path)
    expect(page).to_have_url(f"{live_server.url}{path}")


def test_a_disabled_person_is_out_at_once(person, page, fill_in, visit):
    fill_in(person, PASSWORD)
    visit("/phases/")
    expect(page.get_by_role("heading", level=1)).to_have_text("1 Test Phase")
    disable_person(person=person, reason="Has left.", by=MAKER)
    visit("/phases/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
