"""Every page of ours, tried with what is another's: answered as what does not exist."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone

from polar_django import urls
from polar_django.exceptions import ConfigurationError
from polar_django.models import CheckoutSession, Seat, Subscription
from tests.entitlements.worlds import order, person
from tests.entitlements.worlds import subscription as subscribe

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("service")]

FORMS = {"seat-revoke", "seat-resend", "uncancel", "resume", "keep", "invoice"}
PAGES = {"change", "change-seats", "cancel", "pause", "end"}
# What stands in these addresses is nobody's.
OTHERS = {"webhook", "checkout", "seat-claim"}
UNKNOWN = ["nothing", "x" * 300, "\x00", "sub\x00", "💩"]


@pytest.fixture
def anothers(ada):
    """By address: the id of something of Ada's."""
    of_fake = {"provider": "fake", "synced_at": timezone.now()}
    bought = subscribe(ada, provider="fake", seats=3)
    Seat.objects.create(pk="seat-ada", subscription=bought, status="pending", **of_fake)
    ids = dict.fromkeys(FORMS | PAGES, bought.pk)
    return {
        **ids,
        "seat-revoke": "seat-ada",
        "seat-resend": "seat-ada",
        "invoice": order(ada, provider="fake").pk,
    }


@pytest.fixture
def eve(client):
    client.force_login(person("eve"))
    return client


def tries(name):
    return ["post"] if name in FORMS else ["get", "post"]


def test_every_address_is_tried():
    named = {each.name for each in urls.urlpatterns if each.name and "<" in str(each.pattern)}
    assert named - OTHERS == FORMS | PAGES


@pytest.mark.parametrize("name", sorted(FORMS | PAGES))
def test_anothers_is_answered_as_what_does_not_exist(name, anothers, eve, service):
    for method in tries(name):
        said = {"to": "3" if name == "change-seats" else "pro-yearly"}
        real = getattr(eve, method)(reverse(f"polar:{name}", args=[anothers[name]]), said)
        assert real.status_code == 404
        for unknown in UNKNOWN:
            made_up = getattr(eve, method)(reverse(f"polar:{name}", args=[unknown]), said)
            assert (made_up.status_code, unknown) == (404, unknown)
    assert service.calls == []
    row = Subscription.objects.get()
    assert (row.cancel_at_period_end, row.pending_update, row.seats) == (False, None, 3)


@pytest.mark.parametrize("name", sorted(FORMS | PAGES))
def test_a_visitor_is_asked_to_sign_in(name, anothers, client, service):
    for method in tries(name):
        answer = getattr(client, method)(reverse(f"polar:{name}", args=[anothers[name]]))
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/login/")
    assert service.calls == []


@pytest.mark.parametrize("name", sorted(FORMS))
def test_who_has_to_sign_in_amid_a_form_comes_back_to_the_page_it_stood_on(name, anothers, client):
    asked = client.post(reverse(f"polar:{name}", args=[anothers[name]]), {"next": "/report/"})
    page = reverse("polar:seats" if name.startswith("seat") else "polar:manage")
    assert parse_qs(urlsplit(asked["Location"]).query)["next"] == [page]


@pytest.mark.parametrize("name", sorted(FORMS))
def test_the_way_to_try_again_is_a_page(name, anothers, ada, client, settings):
    def misconfigured(request, subscriber):
        raise ConfigurationError("of the project's own")

    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "CAN_MANAGE_BILLING": misconfigured}
    client.force_login(ada)
    shown = client.post(reverse(f"polar:{name}", args=[anothers[name]]))
    page = reverse("polar:seats" if name.startswith("seat") else "polar:manage")
    assert shown.status_code == 503
    assert f'<a href="{page}">Try again</a>' in shown.content.decode()


@pytest.mark.parametrize("name", sorted(FORMS | PAGES))
def test_who_may_not_manage_billing_is_told_so(name, anothers, ada, client, settings, service):
    settings.POLAR_DJANGO = {
        **settings.POLAR_DJANGO,
        "CAN_MANAGE_BILLING": lambda request, subscriber: False,
    }
    client.force_login(ada)
    for method in tries(name):
        answer = getattr(client, method)(reverse(f"polar:{name}", args=[anothers[name]]))
        assert answer.status_code == 403
    assert client.get(reverse("polar:manage")).status_code == 403
    assert service.calls == []


@pytest.mark.parametrize("name", sorted(FORMS))
def test_nothing_is_done_by_following_a_link(name, anothers, ada, client, service):
    client.force_login(ada)
    assert client.get(reverse(f"polar:{name}", args=[anothers[name]])).status_code == 405
    assert service.calls == []


@pytest.mark.parametrize("name", sorted(FORMS | PAGES))
def test_no_other_site_can_have_it_done(name, anothers, ada, client, service):
    client.handler.enforce_csrf_checks = True
    client.force_login(ada)
    answer = client.post(reverse(f"polar:{name}", args=[anothers[name]]), {"to": "pro-yearly"})
    assert answer.status_code == 403
    assert service.calls == []


def test_the_page_shows_nothing_of_others(anothers, eve):
    shown = eve.get(reverse("polar:manage"))
    assert "You have no subscription." in shown.content.decode()
    for key in anothers.values():
        assert key not in shown.content.decode()


def test_anothers_checkout_tells_nothing(ada, eve):
    session = CheckoutSession.objects.create(
        pk="checkout-ada", provider="fake", synced_at=timezone.now(), subscriber=ada
    )
    for name in ("return", "status"):
        address = reverse(f"polar:{name}")
        real = eve.get(address, {"checkout_id": session.pk})
        not_there = eve.get(address, {"checkout_id": "nothing"})
        assert real.status_code == not_there.status_code == 404, name
