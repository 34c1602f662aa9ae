"""Keys, the look, and the same pages with no JavaScript at all."""

from __future__ import annotations

import pytest
from django.conf import settings
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_keys_go_to_search_to_tabs_to_rows_and_to_their_own_list(live_world, page, sign_in, visit, live_server):
    sign_in(page, live_world.person("test_manager"))
    visit("/")
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.locator("#search").blur()
    page.keyboard.press("g")
    page.keyboard.press("p")
    expect(page).to_have_url(f"{live_server.url}/phases/?release={live_world.sit.release.public_id}")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="MOC SIT")).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("g")
    page.keyboard.press("h")
    expect(page.get_by_role("heading", level=1)).to_contain_text("MOC: SIT")


def test_keys_can_be_turned_off(live_world, page, sign_in, visit):
    sign_in(page, live_world.person("test_manager"))
    visit("/keys/")
    page.locator("main").get_by_role("button", name="Turn keys off").click()
    expect(page.get_by_text("Off in this browser.")).to_be_visible()
    page.keyboard.press("/")
    expect(page.locator("#search")).not_to_be_focused()


def test_the_look_follows_the_system_until_it_is_chosen(live_world, page, sign_in, visit):
    def canvas() -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    sign_in(page, live_world.person("test_manager"))
    page.emulate_media(color_scheme="dark")
    visit("/account/")
    dark = canvas()
    page.emulate_media(color_scheme="light")
    light = canvas()
    assert dark != light
    page.locator("main").get_by_role("button", name="Dark").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert canvas() == dark


@pytest.mark.clause("SVTAD 1.23", "13.20")
def test_a_decision_is_recorded_with_its_document_without_javascript(
    live_world, browser, client, live_server, tmp_path
):
    minutes = tmp_path / "tag-minutes.pdf"
    minutes.write_bytes(b"%PDF-1.7 minutes of TAG")
    client.force_login(live_world.person("registrar"))
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    page = context.new_page()
    page.goto(f"{live_server.url}/governance/matters/{live_world.matter.public_id}/")
    page.get_by_text("Record TAG: agree").click()
    form = page.locator("form[action$='/TAG/AGREE/']")
    form.get_by_label("The document that records it").set_input_files(minutes)
    form.get_by_label("Meeting").fill("TAG 7")
    form.get_by_role("button", name="Record “agree”").click()
    expect(page.get_by_text("TAG, agree.")).to_be_visible()
    expect(page.get_by_text("TAG: agree")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="tag-minutes.pdf").click()
    assert download.value.path().read_bytes() == minutes.read_bytes()
    live_world.matter.refresh_from_db()
    assert live_world.matter.state == "TAG_AGREED"
    page.goto(f"{live_server.url}/issues/{live_world.issue.public_id}/")
    expect(page.get_by_text("It does not count there")).to_be_visible()
    context.close()
