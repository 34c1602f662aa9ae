"""Every page that a role can reach by links: axe finds nothing, nothing scrolls sideways, no script fails."""

from __future__ import annotations

import re
from collections import deque

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]

#: Addresses that answer with a file, or with somebody else's pages.
NOT_PAGES = re.compile(r"/files/|/facts/|/file/|/errors/|[?&]as=csv|^/api/|^/static/|^//|^https?:")
_IDS = re.compile(r"/[A-Za-z0-9]{22}(?=/)|/[0-9a-f]{64}(?=/)")

#: Role, colour scheme and width; each reaches tens of pages. Together they are light and dark, wide and narrow.
SWEEPS = [("manager", "light", 1280), ("admin", "dark", 320), ("arden", "dark", 1280), ("dunmere", "light", 320)]
#: axe as it comes, and the rule of WCAG 2.2 on the size of targets, which it leaves off.
AXE = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}


def shape(path: str) -> str:
    """Return the path with its ids taken out: one page of each kind is looked at."""
    return _IDS.sub("/ID", path.partition("?")[0])


@pytest.mark.parametrize(("handle", "scheme", "width"), SWEEPS)
def test_every_page_that_a_role_reaches_is_accessible_and_does_not_scroll_sideways(
    demo, page, sign_in_as, live_server, handle, scheme, width
):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    sign_in_as(handle)
    todo, seen, wrong = deque(["/", f"/phases/{demo.public_id}/"]), set(), []
    while todo:
        path = todo.popleft()
        if shape(path) in seen or NOT_PAGES.search(path):
            continue
        seen.add(shape(path))
        answer = page.goto(f"{live_server.url}{path}")
        if page.locator("[hx-get]").count():
            page.wait_for_load_state("networkidle")
        wrong += [f"{path}: {fault}" for fault in faults(page, answer.status)]
        todo.extend(page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))"))
        todo = deque(link for link in todo if link.startswith("/"))
    assert not wrong, "\n".join(wrong)
    assert len(seen) >= {"manager": 35, "admin": 35, "arden": 20, "dunmere": 6}[handle], sorted(seen)


def faults(page, status):
    """Yield what is wrong with the page that is open."""
    if status != 200:
        yield f"answers {status}"
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if over > 0:
        yield f"scrolls {over} px sideways"
    for violation in Axe().run(page, options=AXE).response["violations"]:
        yield f"axe {violation['id']}: {violation['nodes'][0]['html'][:160]}"


def test_tab_reaches_the_controls_in_order_with_a_visible_outline(live_world, page, sign_in, visit):
    sign_in(page, live_world.person("test_manager"))
    visit(f"/phases/{live_world.sit.public_id}/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    tops, outlines = [], set()
    for _ in range(40):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            """() => { const at = document.activeElement, box = at.getBoundingClientRect();
            const over = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
            return [box.top + scrollY, getComputedStyle(at).outlineWidth, !!over && (at === over || at.contains(over) || over.contains(at))] }"""
        )
        tops.append(seen[0])
        outlines.add(seen[1])
        assert seen[2], "what has the focus is covered by something else"
    assert outlines == {"3px"}
    assert all(later >= earlier - 60 for earlier, later in zip(tops, tops[1:], strict=False)), tops


def test_the_page_prints_without_its_controls(live_world, page, sign_in, visit):
    sign_in(page, live_world.person("test_manager"))
    visit(f"/phases/{live_world.sit.public_id}/")
    page.emulate_media(media="print")
    assert not page.locator("header nav").is_visible()
    assert not page.get_by_role("button", name="Judge again").is_visible()
    assert page.locator("main table").first.is_visible()
    assert page.get_by_role("heading", level=1).is_visible()
