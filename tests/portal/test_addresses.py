"""What an address may hold."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["/?q=a%00b", "/search/?q=%00", "/phases/a%00b/", "/issues/?state=%00&open=yes"])
def test_a_page_whose_address_holds_a_null_character_is_refused_and_says_so(client, address):
    response = client.get(address)
    assert response.status_code == 400
    assert "null character" in response.content.decode()


def test_rest_names_the_field_instead(client):
    assert client.get("/api/v1/issues?q=%00").status_code == 401
