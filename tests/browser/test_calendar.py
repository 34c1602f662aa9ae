"""The calendar in a browser: its address made, fetched and revoked; months gone through by keyboard; on paper."""

from __future__ import annotations

import pytest
from django.test import Client

from svtad.governance.models import Deadline
from svtad.lib.clock import now
from tests.factories import decide
from tests.lib.icalendar_reader import read

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_person_makes_the_address_of_their_calendar_and_revokes_it(live_world, live_server, page, sign_in, visit):
    decide(live_world.matter, "TAG", "REJECT", moment=now())
    deadline = Deadline.objects.get(matter=live_world.matter, ended_at=None)
    sign_in(page, live_world.person("test_manager"))
    visit("/account/")
    page.get_by_role("button", name="Make the address").click()
    address = page.locator("#address").inner_text()
    assert address.startswith(f"{live_server.url}/calendar/feed/")
    assert page.get_by_role("link", name="Open in a calendar").get_attribute("href").startswith("webcal://")
    path = address.removeprefix(live_server.url)
    [event] = read(Client().get(path).content).all("VEVENT")
    assert event["DTSTART"] == f"{deadline.last_day:%Y%m%d}"
    page.get_by_role("link", name="Back to my account").click()
    assert address not in page.content()
    page.get_by_role("button", name="Revoke it").click()
    assert page.get_by_text("The address of your calendar has ended.").is_visible()
    assert Client().get(path).status_code == 404


def test_months_are_gone_through_by_keyboard_and_print_without_their_controls(live_world, page, sign_in, visit):
    decide(live_world.matter, "TAG", "REJECT", moment=now())
    deadline = Deadline.objects.get(matter=live_world.matter, ended_at=None)
    sign_in(page, live_world.person("test_manager"))
    visit("/governance/calendar/?month=2020-04")
    page.get_by_role("link", name="May 2020").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="May 2020").wait_for()
    visit(f"/governance/calendar/?month={deadline.last_day:%Y-%m}")
    region = page.get_by_role("region", name=f"{deadline.last_day:%B %Y}")
    region.focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('table.month') !== null")
    page.emulate_media(media="print")
    assert not page.get_by_role("button", name="Show").is_visible()
    assert region.get_by_text(live_world.matter.reference).first.is_visible()
