"""The admin of a shop with a million customers and three million grants.

Left out unless asked for by name: `python3 -m tests -m size tests/admin`. `POLAR_TEST_SIZE` is the
number of customers.
"""

import os

import pytest
from django.contrib.admin import site
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from polar_django.health import measuring
from polar_django.models import (
    BenefitGrant,
    CheckoutSession,
    Customer,
    LicenseKey,
    Order,
    Refund,
    Seat,
    Subscription,
    Transition,
    UsageEvent,
    WebhookDelivery,
)
from polar_django.models.webhooks import Health
from tests.admin import crowd
from tests.admin.clicking import page

pytestmark = [
    pytest.mark.size,
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="needs PostgreSQL"),
]

SIZE = int(os.environ.get("POLAR_TEST_SIZE", "1000000"))
MILLISECONDS = 300
# A proxy is no table: the health page, which is measured by itself.
MODELS = [
    model
    for model in site._registry
    if model._meta.app_label == "polar_django" and not model._meta.proxy
]
# Each filter, among them states that hardly any row is in, which is where an index is missed.
FILTERED = [
    *((Customer, {"link": state}) for state in ("linked", "unclaimed", "deleted")),
    *((Customer, {"provider": name}) for name in ("polar", "other", "nobody")),
    *((Subscription, {"status": s}) for s in ("active", "canceled", "past_due", "paused")),
    (Subscription, {"status": "past_due", "provider": "polar"}),
    *((Order, {"status": status}) for status in ("paid", "pending", "void")),
    *((BenefitGrant, {"state": s}) for s in ("live", "waiting", "revoked", "expired")),
    *((BenefitGrant, {"provider": name}) for name in ("polar", "local")),
    *((CheckoutSession, {"status": status}) for status in ("expired", "failed", "open")),
    *((Refund, {"status": status}) for status in ("succeeded", "failed", "pending")),
    *((Seat, {"status": status}) for status in ("claimed", "pending")),
    *((LicenseKey, {"status": status}) for status in ("granted", "revoked")),
    *((WebhookDelivery, {"state": state}) for state in ("processed", "dead", "failed")),
    *((Transition, {"state": state}) for state in ("sent", "dead", "failed")),
    *((UsageEvent, {"state": state}) for state in ("sent", "dead", "failed")),
]
SEARCHED = [
    *(
        (model, term)
        for model in (Customer, Subscription, Order, BenefitGrant)
        for term in ("person77@example.com", "user77", "1077", "nobody@example.com")
    ),
    (Order, "ACME-77"),
    (WebhookDelivery, "order.paid"),
    (WebhookDelivery, "order.created"),
    (WebhookDelivery, "a3f390d8-8e4c-41f2-b47b-fa2f1b5f87db"),
    (Transition, "person77@example.com"),
]


def named(value):
    return getattr(value, "__name__", str(value))


@pytest.fixture(scope="module", autouse=True)
def _crowd(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        crowd.fill(SIZE)
        yield
        crowd.empty()


@pytest.fixture
def client(db):
    found = Client()
    found.force_login(get_user_model().objects.create_superuser("chief"))
    return found


def cost(client, address, query=None):
    """Milliseconds of database time (the best of three, others use this machine), and queries."""
    best = None
    for _ in range(3):
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address, query).status_code == 200
        took = sum(float(item["time"]) for item in captured) * 1000
        best = min(took, best) if best is not None else took
    return best, captured


def assert_quick(client, address, query=None, *, queries):
    took, captured = cost(client, address, query)
    slowest = max(captured, key=lambda item: float(item["time"]))
    print(f"\n{took:6.0f} ms {len(captured):3} queries {address} {query or ''}")
    assert took < MILLISECONDS, slowest["sql"]
    assert len(captured) <= queries


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_list_and_its_last_page(client, model):
    assert_quick(client, page(model), queries=6)
    if model._default_manager.all()[5000:5001].exists():
        assert_quick(client, page(model), {"p": 99}, queries=6)


@pytest.mark.parametrize(
    ("model", "query"), FILTERED, ids=lambda value: getattr(value, "__name__", str(value))
)
def test_a_filtered_list(client, model, query):
    assert_quick(client, page(model), query, queries=6)


@pytest.mark.parametrize(
    ("model", "term"), SEARCHED, ids=lambda value: getattr(value, "__name__", str(value))
)
def test_a_search(client, model, term):
    assert_quick(client, page(model), {"q": term}, queries=12)


def test_the_page_of_a_customer(client):
    for customer in Customer.objects.filter(provider="polar", subscriber__isnull=False)[:3]:
        assert_quick(client, page(Customer, "change", customer.pk), queries=28)


def test_all_that_is_a_customers(client):
    customer = Customer.objects.filter(subscriber__isnull=False).first()
    for model in (Subscription, Order, BenefitGrant):
        query = {"customer__id__exact": customer.pk}
        assert_quick(client, page(model), query, queries=6)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_the_page_of_a_row(client, model):
    row = model._default_manager.first()
    if row is not None:
        assert_quick(client, page(model, "change", row.pk), queries=28)


def test_the_health_page(client, monkeypatch):
    # The provider is not what is measured.
    monkeypatch.setattr(measuring, "reach_providers", tuple)
    assert_quick(client, page(Health), queries=18)
