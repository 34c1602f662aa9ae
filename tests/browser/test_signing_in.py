"""Signing in as each role, and what each finds; wrongly, again and again; with a code and with a passkey."""

from __future__ import annotations

import datetime as dt
from importlib import import_module

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from playwright.sync_api import expect

from svtad.lib import clock
from svtad.parties import sessions
from svtad.parties.actions import answer_deputyship, disable_person, issue_token, name_deputy
from svtad.parties.models import Person
from tests.browser.test_every_page import faults
from tests.factories import MAKER, make_person
from tests.parties.codes import code_of

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


def test_each_role_signs_in_and_finds_its_own_tabs(live_world, page, fill_in, live_server):
    for role, (wanted, unwanted) in TABS.items():
        person = make_person(role, live_world.house.home_of(role), password=PASSWORD)
        fill_in(person, PASSWORD)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        tabs = set(page.locator("nav[aria-label=Main] a").all_inner_texts())
        assert wanted <= tabs, (role, tabs)
        assert not unwanted & tabs, (role, tabs)
        page.get_by_text(person.name, exact=True).click()
        page.get_by_role("button", name="Sign out").click()
        expect(page).to_have_url(f"{live_server.url}/sign-in/")


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


# --- second factors -----------------------------------------------------------------------------------


@pytest.fixture
def authenticator(page):
    """`authenticator(verifies=True)`: give the browser a security key of its own, and take the former away."""
    link = page.context.new_cdp_session(page)
    link.send("WebAuthn.enable")
    held: list[str] = []

    def give(*, verifies: bool = True) -> None:
        for former in held:
            link.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": former})
        held.clear()
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": verifies,
            "automaticPresenceSimulation": True,
        }
        held.append(link.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"])

    return give


@pytest.fixture
def session_of(page):
    """The session of the page that is open, as the product keeps it."""

    def read():
        key = next(each["value"] for each in page.context.cookies() if each["name"] == settings.SESSION_COOKIE_NAME)
        return import_module(settings.SESSION_ENGINE).SessionStore(key)

    return read


def sign_out(page):
    page.locator("header details.menu.right > summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Sign in").wait_for()


def add_passkey(page, visit, name="My desk"):
    visit("/account/")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("What to call it").fill(name)
    page.get_by_role("button", name="Make the passkey").click()


def test_a_passkey_is_made_signs_in_alone_and_signs_what_needs_it(
    person, page, fill_in, visit, authenticator, session_of, live_server
):
    authenticator()
    fill_in(person, PASSWORD)
    add_passkey(page, visit)
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    visit("/account/")
    expect(page.get_by_role("rowheader", name="Passkey: My desk")).to_be_visible()

    sign_out(page)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(f"{live_server.url}/")
    assert session_of()[sessions.FACTORS] == ["passkey"]
    assert Person.objects.get(pk=session_of()["_auth_user_id"]) == person

    session = session_of()
    session[sessions.ENTERED] = (clock.now() - dt.timedelta(hours=1)).timestamp()
    session.save()
    visit("/account/")
    page.get_by_label("Days it lives").fill("7")
    page.get_by_role("button", name="Issue a token").click()
    expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name=f"A token for {person.name}")).to_be_visible()
    expires = person.auth_token_set.get().expiry
    assert abs(expires - clock.now() - dt.timedelta(days=7)) < dt.timedelta(minutes=5), "what was sent went on"


def test_a_passkey_is_the_second_factor_after_a_password(person, page, fill_in, visit, authenticator, session_of):
    authenticator()
    fill_in(person, PASSWORD)
    add_passkey(page, visit)
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    sign_out(page)
    fill_in(person, PASSWORD, "/account/")
    expect(page.get_by_role("heading", name="Your second factor")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(person.name)
    assert session_of()[sessions.FACTORS] == ["password", "passkey"]


def test_a_key_that_does_not_check_who_holds_it_opens_nothing(person, page, fill_in, visit, authenticator):
    authenticator(verifies=False)
    fill_in(person, PASSWORD)
    add_passkey(page, visit)
    expect(page.get_by_text("No passkey was used")).to_be_visible()
    authenticator()
    sign_out(page)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("No passkey was used")).to_be_visible()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_passkey_that_was_taken_away_opens_nothing(person, page, fill_in, visit, authenticator):
    authenticator()
    fill_in(person, PASSWORD)
    add_passkey(page, visit)
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    sign_out(page)
    Authenticator.objects.all().delete()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("does not open anything here")).to_be_visible()


def test_an_authenticator_app_is_set_up_from_the_page_and_its_code_asked_for(person, page, fill_in, visit):
    fill_in(person, PASSWORD)
    visit("/account/")
    page.get_by_role("link", name="Set up an authenticator app").click()
    expect(page.get_by_role("img", name="The secret as a QR code")).to_be_visible()
    secret = page.locator("p:has-text('Secret:') .code").inner_text()
    page.get_by_label("The code it shows now").fill("000000")
    page.get_by_role("button", name="Set it up").click()
    expect(page.get_by_text("not the code the app shows now")).to_be_visible()
    page.get_by_label("The code it shows now").fill(code_of(secret))
    page.get_by_role("button", name="Set it up").click()
    expect(page.locator("ol.recovery li")).to_have_count(10)
    codes = page.locator("ol.recovery li").all_inner_texts()
    sign_out(page)
    fill_in(person, PASSWORD, "/account/")
    next_code = code_of(secret, at=clock.now() + dt.timedelta(seconds=30))  # each is taken once
    page.get_by_label("The code your authenticator app shows now").fill(next_code)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(person.name)
    sign_out(page)
    fill_in(person, PASSWORD)
    page.get_by_label("The code your authenticator app shows now").fill(codes[0])
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()


def test_a_deputy_chooses_to_act_and_every_page_says_so(person, live_world, page, fill_in, visit):
    member = live_world.person("administrator")
    today = clock.london_date(clock.now())
    made = name_deputy(
        membership=member.memberships.get(), deputy=person, starts_on=today, ends_on=today, reason="Leave", by=MAKER
    )
    answer_deputyship(deputyship=made, confirm=True, by=MAKER)
    fill_in(person, PASSWORD)
    expect(page.get_by_text(f"You are the deputy of {member}")).to_be_visible()
    visit("/account/")
    page.get_by_role("button", name=f"Act for {member}").click()
    expect(page.get_by_role("note").filter(has_text=f"You act as {person} for {member}")).to_be_visible()
    visit("/people/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("people")
    page.get_by_role("button", name="Act as yourself").click()
    assert visit("/people/") == 403
    page.get_by_role("link", name="Why may I not, and who may?").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Who may administer people")
    expect(page.get_by_role("row").filter(has_text=f"{person} for {member}")).to_be_visible()


LOOKS = [("light", 1280), ("dark", 320)]


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_the_pages_of_access_are_accessible_and_do_not_scroll_sideways(
    live_world, page, fill_in, live_server, scheme, width
):
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    wrong: list[str] = []

    def look(what, status=200):
        page.wait_for_load_state()
        wrong.extend(f"{what}: {fault}" for fault in faults(page, status))

    def open_(path, status=200):
        answer = page.goto(f"{live_server.url}{path}")
        look(path, 200 if answer.status == status else answer.status)

    open_("/sign-in/")
    admin = make_person("administrator", live_world.house.dcc, password=PASSWORD)
    registrar, member = live_world.person("registrar"), live_world.person("tag_member")
    issue_token(person=registrar, by=MAKER)
    today = clock.london_date(clock.now())
    name_deputy(
        membership=member.memberships.get(), deputy=registrar, starts_on=today, ends_on=today, reason="Leave", by=MAKER
    )
    fill_in(admin, PASSWORD)
    for path in (
        "/account/",
        "/account/password/",
        "/account/passkey/",
        "/administration/",
        "/people/",
        f"/people/{registrar.public_id}/",
        "/people/rules/",
        "/people/deputies/",
        f"/people/memberships/{member.memberships.get().public_id}/deputy/",
        f"/people/who/?body=TAG&procedure=EXCLUSION&person={registrar.public_id}",
        "/account/app/",
    ):
        open_(path)
    secret = page.locator("p:has-text('Secret:') .code").inner_text()
    page.get_by_label("The code it shows now").fill(code_of(secret, at=clock.now() - dt.timedelta(seconds=30)))
    page.get_by_role("button", name="Set it up").click()
    look("recovery codes")
    key = next(each["value"] for each in page.context.cookies() if each["name"] == settings.SESSION_COOKIE_NAME)
    session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    session[sessions.ENTERED] = 0
    session.save()
    open_("/account/passkey/", 403)
    page.context.clear_cookies()
    fill_in(admin, PASSWORD)
    look("second factor")
    assert not wrong, "\n".join(wrong)
