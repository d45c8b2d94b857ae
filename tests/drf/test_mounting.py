"""The API wherever a project puts it, and as a browser sees it."""

import pytest
from django.urls import include, path
from django.utils import timezone
from rest_framework.versioning import URLPathVersioning
from rest_framework.views import APIView

from polar_django.models import Customer, LicenseKey, Seat
from polar_django.snapshots import SubscriptionSnapshot
from tests.drf.shop import client_of
from tests.drf.test_whose import MINE, OF_AN_ID
from tests.entitlements.worlds import order, person
from tests.entitlements.worlds import subscription as subscribe

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("by_name", "service")]

urlpatterns = [
    path("billing/", include("polar_django.urls")),
    path("api/<str:version>/billing/", include("polar_django.drf.urls")),
]


@pytest.fixture
def ada(db):
    return person("ada", email="ada@verified.example")


@pytest.fixture
def mine(ada, service):
    """The ids of what Ada has."""
    of_fake = {"provider": "fake", "synced_at": timezone.now()}
    bought = subscribe(ada, provider="fake", pk="sub-ada")
    service.put(SubscriptionSnapshot(id="sub-ada", customer_id="customer-ada", status="active"))
    customer = Customer.objects.create(pk="customer-ada", subscriber=ada, **of_fake)
    return {
        "subscription": bought.pk,
        "order": order(ada, provider="fake").pk,
        "seat": Seat.objects.create(pk="seat-ada", subscription=bought, **of_fake).pk,
        "key": LicenseKey.objects.create(pk="key-ada", customer=customer, **of_fake).pk,
    }


@pytest.mark.parametrize(("method", "route"), [*MINE, *OF_AN_ID, ("get", "plans/")])
def test_a_version_in_the_path_is_no_concern_of_ours(
    method, route, ada, mine, settings, monkeypatch
):
    settings.ROOT_URLCONF = __name__
    monkeypatch.setattr(APIView, "versioning_class", URLPathVersioning)
    answer = getattr(client_of(ada), method)(f"/api/v1/billing/{route.format(**mine)}")
    assert answer.status_code < 500, answer.content


@pytest.mark.parametrize(("method", "route"), [*MINE, *OF_AN_ID, ("get", "plans/")])
def test_the_page_that_a_browser_gets_is_one(method, route, ada, mine, settings):
    settings.ROOT_URLCONF = "tests.drf.shop"
    address = f"/api/billing/{route.format(**mine)}"
    for verb in ("get", method, "options"):
        answer = getattr(client_of(ada), verb)(address, headers={"Accept": "text/html"})
        assert answer.status_code < 500, answer.content
        assert answer["Content-Type"].startswith("text/html")
