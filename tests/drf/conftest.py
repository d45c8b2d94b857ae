import pytest
from django.core.cache import cache
from rest_framework.views import APIView

from tests.billing.fixtures import service  # noqa: F401
from tests.drf.shop import AUTHENTICATION


@pytest.fixture
def by_name(monkeypatch):
    """Users are known by a token first, and by their session second."""
    cache.clear()
    monkeypatch.setattr(APIView, "authentication_classes", AUTHENTICATION)


@pytest.fixture
def api(settings, by_name):
    """The billing API."""
    settings.ROOT_URLCONF = "tests.drf.shop"
