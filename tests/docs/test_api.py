"""docs/api.md and docs/managing.md: their code runs, their tables are the code's."""

import re

import pytest
from django.urls import include, path, reverse
from rest_framework.settings import api_settings
from rest_framework.test import APIClient

from polar_django import urls as page_urls
from polar_django.billing import ensure_customer
from polar_django.billing.alternatives import proration_of
from polar_django.drf import urls as api_urls
from polar_django.drf.throttling import BillingThrottle
from polar_django.models import Product, Subscription
from tests.docs.blocks import ROOT, blocks
from tests.drf.test_changes import FAILS_LATER
from tests.entitlements.worlds import person

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
API = ROOT / "docs" / "api.md"
MANAGING = ROOT / "docs" / "managing.md"
urlpatterns = [
    path("api/billing/", include("polar_django.drf.urls")),
    path("billing/", include("polar_django.urls")),
    path("sandbox/", include("polar_django.sandbox.urls")),
]


def names_of(page, file):
    [block] = [each for each in blocks(page) if each.file == file]
    names = {}
    exec(compile(block.text, file, "exec"), names)
    return names


@pytest.fixture
def ada(db):
    return person("ada", email="ada@example.com")


@pytest.fixture
def buy(sandbox, ada):
    def buy(key, **body):
        sandbox.buy(key, customer_id=ensure_customer(ada).pk, **body)
        sandbox.deliver()
        return Subscription.objects.get()

    return buy


def test_the_example_changes_a_plan(buy, ada):
    change = names_of(API, "example.py")["change_to_yearly"]
    client = APIClient()
    client.default_format = "json"
    client.force_authenticate(ada)
    assert change(client, buy("pro-monthly").pk) == "Pro, yearly for 9000 usd"


def test_the_example_tells_of_a_refused_card(buy, ada):
    change = names_of(API, "example.py")["change_to_yearly"]
    client = APIClient()
    client.force_authenticate(ada)
    row = buy("pro-monthly", card=FAILS_LATER)
    assert change(client, row.pk) == "The card was refused; nothing has changed."


def test_the_addresses_of_the_example_are_ours():
    included = names_of(API, "urls.py")["urlpatterns"]
    assert [str(each.pattern) for each in included] == ["api/billing/"]
    assert included[0].url_patterns == api_urls.urlpatterns


def test_every_address_of_the_api_is_in_its_table():
    section = API.read_text("utf-8")
    for pattern in api_urls.urlpatterns:
        last = [part for part in str(pattern.pattern).split("/") if part and "<" not in part][-1]
        assert last in section, pattern


def test_the_limits_of_the_page_are_settings():
    rates = names_of(API, "settings.py")["REST_FRAMEWORK"]["DEFAULT_THROTTLE_RATES"]
    for rate in rates.values():
        assert BillingThrottle().parse_rate(rate)[0] > 0
    assert hasattr(api_settings, "DEFAULT_THROTTLE_RATES")


def test_every_page_for_managing_is_in_the_table():
    rows = re.findall(r"^\| `(manage/[^`]*)` \| `polar:([a-z-]+)` \|", MANAGING.read_text(), re.M)
    told = {name: address.replace("<id>", "x") for address, name in rows}
    ours = {each.name for each in page_urls.urlpatterns if "manage/" in str(each.pattern)}
    assert told.keys() == ours
    for name, address in told.items():
        assert reverse(f"polar:{name}", args=["x"] if "/x/" in address else []).endswith(address)


def test_the_rule_of_the_page_waits_with_what_is_cheaper(buy, settings):
    rule = names_of(MANAGING, "billing_rules.py")["proration"]
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "PRORATION": rule}
    row = buy("pro-monthly")
    assert proration_of(row, product=Product.objects.get(key="pro-yearly")) == "invoice"
    Subscription.objects.update(amount=50_000, seats=5)
    row.refresh_from_db()
    assert proration_of(row, product=Product.objects.get(key="pro-yearly")) == "next_period"
    assert [proration_of(row, seats=seats) for seats in (3, 7)] == ["next_period", "prorate"]
