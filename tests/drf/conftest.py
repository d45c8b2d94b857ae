import pytest
from django.core.cache import cache
from rest_framework.views import APIView

from tests.billing.fixtures import service  # noqa: F401
from tests.drf.shop import AUTHENTICATION


@pytest.fixture
def api(settings, monkeypatch):
    """The billing API, for tokens first and sessions second."""
    cache.clear()
    settings.ROOT_URLCONF = "tests.drf.shop"
    monkeypatch.setattr(APIView, "authentication_classes", AUTHENTICATION)
