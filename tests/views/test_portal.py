import pytest

from polar_django.billing import ensure_customer
from polar_django.exceptions import ProviderUnavailable

PORTAL = "/billing/portal/"


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_customer_goes_to_a_fresh_portal_session(service, ada, client, method):
    ensure_customer(ada)
    client.force_login(ada)
    first = getattr(client, method)(PORTAL)
    second = getattr(client, method)(PORTAL)
    assert first.status_code == 303
    assert first["Location"].startswith("https://pay.example/portal")
    assert first["Location"] != second["Location"]
    assert "no-store" in first["Cache-Control"]


def test_somebody_who_never_bought_is_led_to_the_offers(service, ada, client):
    client.force_login(ada)
    answer = client.get(PORTAL)
    assert (answer.status_code, answer["Location"]) == (303, "/pricing/")
    assert service.called("create_customer") == 0


def test_a_customer_is_not_told_that_they_never_bought(sandbox, ada, client, settings):
    ensure_customer(ada)
    client.force_login(ada)
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "API_VERSION": "1999-01"}
    assert client.get(PORTAL).status_code == 502


def test_a_visitor_signs_in_first(service, client):
    answer = client.get(PORTAL)
    assert (answer.status_code, answer["Location"]) == (
        302,
        "/accounts/login/?next=/billing/portal/",
    )


def test_who_may_not_manage_billing_is_refused(service, ada, client, settings):
    ensure_customer(ada)
    client.force_login(ada)
    settings.POLAR_DJANGO = {
        **settings.POLAR_DJANGO,
        "CAN_MANAGE_BILLING": lambda request, subscriber: False,
    }
    assert client.get(PORTAL).status_code == 403
    assert service.called("create_portal_session") == 0


def test_a_provider_that_is_down_gets_a_page(service, ada, client):
    ensure_customer(ada)
    client.force_login(ada)
    service.faults["create_portal_session"] = ProviderUnavailable("down")
    answer = client.get(PORTAL)
    assert answer.status_code == 503
    assert 'href="/billing/portal/"' in answer.content.decode()
