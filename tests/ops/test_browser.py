"""The fixtures give a real browser that watches the content policy."""

from __future__ import annotations

import pytest
from django.http import HttpResponse

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_page_of_the_api_draws_in_chromium_with_nothing_blocked(live_server, page):
    page.goto(f"{live_server.url}/api/docs")
    page.get_by_role("heading", name="SVTAD").wait_for()
    assert page.evaluate("document.querySelectorAll('.swagger-ui').length") > 0


def test_a_page_that_breaks_the_content_policy_is_noticed(live_server, page, watch, monkeypatch):
    from svtad.config import urls

    def inline(request):
        return HttpResponse("<script>document.title = 'ran'</script>")

    pattern = next(pattern for pattern in urls.urlpatterns if getattr(pattern, "name", "") == "healthz")
    monkeypatch.setattr(pattern, "callback", inline)
    page.goto(f"{live_server.url}/healthz")
    assert page.title() == ""
    assert any("Content Security Policy" in trouble for trouble in watch.troubles)
    watch.troubles.clear()
