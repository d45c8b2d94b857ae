"""A buyer of `pro`, with a good card or with one that fails from the first renewal on."""

import pytest

from polar_django.sandbox.models import Subscription
from tests.sandbox.conftest import FAILS_LATER, Shop


@pytest.fixture
def subscription(shop: Shop) -> Subscription:
    shop.buy(shop.pro)
    return Subscription.objects.get()


@pytest.fixture
def failing(shop: Shop) -> Subscription:
    shop.buy(shop.pro, FAILS_LATER)
    return Subscription.objects.get()
