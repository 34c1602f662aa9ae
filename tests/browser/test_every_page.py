"""Every page that a role can reach by links: axe finds nothing, nothing scrolls sideways, no script fails."""

from __future__ import annotations

import re
from collections import deque
from itertools import pairwise

import pytest
from axe_playwright_python.sync_playwright import Axe

from svtad.parties.models import Person
from svtad.portal.demo.cast import DEMO_DOMAIN

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]

#: Addresses that answer with a file, or with somebody else's pages.
NOT_PAGES = re.compile(
    r"/files/|/facts/|/file/|/errors/|[?&]as=(?:log-)?(?:csv|xlsx)|/in-the-way/|^/api/|^/static/|^//|^https?:"
)
_IDS = re.compile(r"/[A-Za-z0-9]{22}(?=/)|/[0-9a-f]{64}(?=/)")

#: Role, colour scheme, width, and how many of the pages it reaches are looked at: 1 is all, 2 is every second one.
#: Pages are taken by kind; a kind that was looked at in the same colours and width is not looked at again.
SWEEPS = [
    ("manager", "light", 1280, 1),
    ("manager", "dark", 320, 2),
    ("arden", "dark", 1280, 1),
    ("admin", "dark", 320, 1),
    ("dunmere", "light", 320, 1),
]
#: What the suite looks at; the soak looks at all of it.
SAMPLE = [("manager", "light", 1280, 4), ("arden", "dark", 320, 2)]
#: How many kinds of pages each of them reaches at least.
LEAST = {"manager": 35, "admin": 35, "arden": 20, "dunmere": 6}
#: axe as it comes, and the rule of WCAG 2.2 on the size of targets, which it leaves off.
AXE = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}


def shape(path: str) -> str:
    """Return the path with its ids taken out: one page of each kind is looked at."""
    return _IDS.sub("/ID", path.partition("?")[0])


@pytest.mark.parametrize(
    "sweeps", [pytest.param(SAMPLE, id="sample"), pytest.param(SWEEPS, id="all", marks=pytest.mark.soak)]
)
def test_every_page_is_accessible_and_does_not_scroll_sideways(demo, browser, sign_in, live_server, sweeps):
    looked_at, wrong, reached = set(), [], {}
    for handle, scheme, width, every in sweeps:
        context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900}, locale="en-GB")
        page = context.new_page()
        troubles = listen(page)
        sign_in(page, Person.objects.get(email=f"{handle}@{DEMO_DOMAIN}"))
        todo, seen = deque(["/"]), set()
        while todo:
            path = todo.popleft()
            kind = shape(path)
            if kind in seen or NOT_PAGES.search(path):
                continue
            seen.add(kind)
            answer = page.goto(f"{live_server.url}{path}")
            if page.locator("[hx-get]").count():
                page.wait_for_load_state("networkidle")
            if (kind, scheme, width) not in looked_at and len(seen) % every == 0:
                looked_at.add((kind, scheme, width))
                wrong += [f"{handle} {scheme} {width} {path}: {fault}" for fault in faults(page, answer.status)]
            links = page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))")
            # A place within a page is that page.
            todo.extend(link.partition("#")[0] for link in links if link.startswith("/"))
        wrong += [f"{handle}: {trouble}" for trouble in troubles]
        reached[handle] = len(seen)
        context.close()
    assert not wrong, "\n".join(wrong)
    assert all(reached[handle] >= LEAST[handle] for handle in reached), reached
    assert len(looked_at) >= (90 if sweeps == SWEEPS else 20), len(looked_at)


def listen(page):
    """Return the list into which everything goes that the page's scripts or its policy complain of."""
    troubles = []
    page.on("pageerror", lambda error: troubles.append(f"script error: {error}"))
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    return troubles


def faults(page, status):
    """Yield what is wrong with the page that is open."""
    if status != 200:
        yield f"answers {status}"
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if over > 0:
        yield f"scrolls {over} px sideways"
    for violation in Axe().run(page, options=AXE).response["violations"]:
        yield f"axe {violation['id']}: {violation['nodes'][0]['html'][:160]}"


#: Where what has the focus stands, how wide its outline is, and whether anything covers it.
FOCUSED = """() => {
    const at = document.activeElement, box = at.getBoundingClientRect();
    const over = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    const free = !!over && (at === over || at.contains(over) || over.contains(at));
    return [box.top + scrollY, getComputedStyle(at).outlineWidth, free];
}"""


def test_tab_reaches_the_controls_in_order_with_a_visible_outline(live_world, page, sign_in, visit):
    sign_in(page, live_world.person("test_manager"))
    visit(f"/phases/{live_world.sit.public_id}/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    tops, outlines = [], set()
    for _ in range(40):
        page.keyboard.press("Tab")
        seen = page.evaluate(FOCUSED)
        tops.append(seen[0])
        outlines.add(seen[1])
        assert seen[2], "what has the focus is covered by something else"
    assert outlines == {"3px"}
    assert all(later >= earlier - 60 for earlier, later in pairwise(tops)), tops


def test_the_page_prints_without_its_controls(live_world, page, sign_in, visit):
    sign_in(page, live_world.person("test_manager"))
    visit(f"/phases/{live_world.sit.public_id}/")
    page.emulate_media(media="print")
    assert not page.locator("header nav").is_visible()
    assert not page.get_by_role("button", name="Judge again").is_visible()
    assert page.locator("main table").first.is_visible()
    assert page.get_by_role("heading", level=1).is_visible()
