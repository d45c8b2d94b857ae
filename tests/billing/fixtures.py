"""A shop on the fake provider, for the tests of billing and of the views."""

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache

from tests.billing.fake_provider import FakeProvider, FakeService


def verify_example_com(subscriber):
    return subscriber.email.endswith("@verified.example")


@pytest.fixture
def service(db, settings, monkeypatch) -> FakeService:
    """The provider's server, selling what the plans below name; nothing is mirrored yet."""
    cache.clear()
    fresh = FakeService()
    monkeypatch.setattr(FakeProvider, "service", fresh)
    settings.POLAR_DJANGO = {
        "DEFAULT_PROVIDER": "fake",
        "PROVIDERS": {"fake": {"CLASS": "tests.billing.fake_provider.FakeProvider"}},
        "PLANS": {
            "pro": {"products": ["pro-monthly", "pro-yearly"]},
            "team": {"products": ["team"], "seats": 5, "min_seats": 2, "max_seats": 50},
        },
        "UPGRADE_URL": "/pricing/",
        "SUCCESS_URL": "/welcome/",
        "EMAIL_VERIFIED": verify_example_com,
    }
    fresh.sell("pro-monthly", benefit="pro")
    fresh.sell("pro-yearly", price=12000, benefit="pro", recurring_interval="year")
    fresh.sell("team", benefit="team")
    fresh.sell("secret-product")
    return fresh


@pytest.fixture
def ada(db):
    return get_user_model().objects.create_user("ada", "ada@verified.example", "secret")


@pytest.fixture
def eve(db):
    return get_user_model().objects.create_user("eve", "eve@unverified.example", "secret")
