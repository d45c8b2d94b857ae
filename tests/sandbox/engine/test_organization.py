from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from polar_django.sandbox import errors
from polar_django.sandbox.engine import organization, rows
from polar_django.sandbox.engine.organization import (
    get_organization,
    has_feature,
    subscription_setting,
    update_organization,
)
from polar_django.sandbox.engine.work import Work, business_transaction
from polar_django.sandbox.models import ORGANIZATION_ID, Order, Organization, Subscription
from tests.sandbox.conftest import Ears, Shop


def test_a_change_is_told_and_the_rest_of_its_group_stays(ears: Ears) -> None:
    update_organization(
        {"name": "Acme", "subscription_settings": {"proration_behavior": "invoice"}}
    )

    data = ears.data("organization.updated")
    assert data["name"] == "Acme"
    assert data["proration_behavior"] == "invoice"
    assert data["subscription_settings"]["allow_multiple_subscriptions"] is False


def test_unknown_switches_are_ignored(db: None) -> None:
    update_organization({"feature_settings": {"no_such_thing": True, "wallets_enabled": True}})

    assert has_feature("wallets_enabled")
    assert "no_such_thing" not in get_organization().settings["feature_settings"]


def test_several_subscriptions_are_bought_once_that_is_allowed(shop: Shop) -> None:
    shop.buy(shop.pro)
    with pytest.raises(errors.AlreadyActiveSubscriptionError):
        shop.buy(shop.pro)

    update_organization({"subscription_settings": {"allow_multiple_subscriptions": True}})

    assert subscription_setting("allow_multiple_subscriptions") is True
    shop.buy(shop.pro)
    assert Subscription.objects.count() == 2


def test_the_organization_says_whether_tax_comes_on_top(shop: Shop) -> None:
    update_organization({"default_tax_behavior": "exclusive"})

    shop.buy(shop.pro, country="FR")

    assert Order.objects.get().total_amount == 1_200


def test_two_who_ask_first_get_the_same_one(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def after_another() -> Iterator[Work]:
        with business_transaction() as work:
            rows.create(Organization, id=ORGANIZATION_ID, name="Made by the other")
            yield work

    monkeypatch.setattr(organization, "business_transaction", after_another)

    assert get_organization().name == "Made by the other"
