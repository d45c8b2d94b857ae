from typing import Any
from uuid import uuid4

import pytest

from polar_django.sandbox import errors
from polar_django.sandbox.engine import (
    catalog,
    key_changes,
    license_checks,
    license_keys,
    schedule,
    subscriptions,
)
from polar_django.sandbox.models import (
    ORGANIZATION_ID,
    Benefit,
    BenefitGrant,
    LicenseKey,
    Subscription,
)
from tests.sandbox.conftest import Ears, Shop

PROPERTIES: dict[str, Any] = {
    "prefix": "acme",
    "expires": {"ttl": 1, "timeframe": "month"},
    "activations": {"limit": 2, "enable_customer_admin": True},
    "limit_usage": 10,
}


@pytest.fixture
def benefit(shop: Shop) -> Benefit:
    data = {"type": "license_keys", "description": "A key", "properties": PROPERTIES}
    return catalog.create_benefit(data)


@pytest.fixture
def key(shop: Shop, benefit: Benefit) -> LicenseKey:
    """Of a one-time purchase: it expires after a month."""
    catalog.set_product_benefits(shop.ebook, [benefit.id])
    shop.buy(shop.ebook)
    return LicenseKey.objects.get()


@pytest.fixture
def subscribed(shop: Shop, benefit: Benefit) -> LicenseKey:
    catalog.set_product_benefits(shop.pro, [benefit.id])
    shop.buy(shop.pro)
    return LicenseKey.objects.get()


def body(key: LicenseKey, **more: Any) -> dict[str, Any]:
    return {"key": key.key, "organization_id": ORGANIZATION_ID, **more}


def activate(key: LicenseKey, **more: Any) -> Any:
    return license_checks.activate_key(body(key, label="laptop", **more))


def test_a_grant_makes_a_key_and_says_only_its_end(key: LicenseKey, ears: Ears) -> None:
    grant = BenefitGrant.objects.get()
    assert key.key.startswith("ACME-")
    assert grant.properties == {"license_key_id": str(key.id), "display_key": key.display_key}
    assert key.display_key == f"****-{key.key[-6:]}"
    assert (key.limit_activations, key.limit_usage) == (2, 10)


def test_only_the_key_of_a_one_time_purchase_expires(
    key: LicenseKey, shop: Shop, benefit: Benefit
) -> None:
    assert key.expires_at is not None
    catalog.set_product_benefits(shop.pro, [benefit.id])
    shop.buy(shop.pro)
    assert LicenseKey.objects.latest("created_at").expires_at is None


def test_validating_counts_and_uses(key: LicenseKey) -> None:
    license_checks.validate_key(body(key, increment_usage=4))
    key.refresh_from_db()
    assert (key.validations, key.usage) == (1, 4)
    assert key.last_validated_at is not None

    with pytest.raises(errors.BadRequest, match="only has 6 more usages"):
        license_checks.validate_key(body(key, increment_usage=7))
    key.refresh_from_db()
    assert (key.validations, key.usage) == (1, 4)


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": "NOPE"},
        {"organization_id": uuid4()},
        {"activation_id": uuid4()},
        {"benefit_id": uuid4()},
        {"customer_id": uuid4()},
    ],
)
def test_a_key_is_good_for_what_it_is_for(key: LicenseKey, wrong: dict[str, Any]) -> None:
    with pytest.raises(errors.ResourceNotFound):
        license_checks.validate_key({**body(key), **wrong})


def test_an_activation_is_bound_to_its_conditions(key: LicenseKey) -> None:
    activation = activate(key, conditions={"version": 1})

    with pytest.raises(errors.ResourceNotFound, match="required conditions"):
        license_checks.validate_key(body(key, activation_id=activation.id))
    good = body(key, activation_id=activation.id, conditions={"version": 1})
    assert license_checks.validate_key(good).activation == activation


def test_every_activation_takes_a_place_and_gives_it_back(key: LicenseKey) -> None:
    first = activate(key)
    activate(key)

    with pytest.raises(errors.NotPermitted, match="limit already reached"):
        activate(key)
    license_checks.deactivate_key(body(key, activation_id=first.id))
    activate(key)
    with pytest.raises(errors.ResourceNotFound):
        license_checks.deactivate_key(body(key, activation_id=first.id))


def test_a_key_without_places_cannot_be_activated(key: LicenseKey) -> None:
    key_changes.update_key(key, {"limit_activations": None})

    with pytest.raises(errors.NotPermitted, match="does not support activations"):
        activate(key)


def test_a_key_ends_with_its_time(key: LicenseKey) -> None:
    schedule.advance(days=32)

    with pytest.raises(errors.ResourceNotFound, match="has expired"):
        license_checks.validate_key(body(key))
    with pytest.raises(errors.NotPermitted, match="has expired"):
        activate(key)


def test_a_key_ends_with_its_subscription(subscribed: LicenseKey) -> None:
    subscriptions.revoke(Subscription.objects.get())

    with pytest.raises(errors.ResourceNotFound, match="no longer active"):
        license_checks.validate_key(body(subscribed))


def test_a_grant_that_comes_back_has_the_same_key(subscribed: LicenseKey, ears: Ears) -> None:
    ears.events()

    key_changes.update_key(subscribed, {"status": "revoked"})
    assert ears.types() == ["benefit_grant.revoked", "customer.state_changed"]
    key_changes.update_key(subscribed, {"status": "granted"})
    assert ears.types() == ["benefit_grant.created", "customer.state_changed"]

    again = LicenseKey.objects.get()
    assert (again.key, again.status) == (subscribed.key, "granted")


def test_a_disabled_key_stays_disabled(subscribed: LicenseKey, shop: Shop, ears: Ears) -> None:
    ears.events()
    key_changes.update_key(subscribed, {"status": "disabled"})
    assert ears.types() == []

    catalog.set_product_benefits(shop.pro, [])
    catalog.set_product_benefits(shop.pro, [subscribed.benefit_id])

    assert LicenseKey.objects.get().status == "disabled"


def test_new_limits_reach_the_keys_that_are_out(
    subscribed: LicenseKey, benefit: Benefit, ears: Ears
) -> None:
    ears.events()

    catalog.update_benefit(benefit, {"description": "Another word"})
    assert ears.types() == ["benefit.updated"]
    catalog.update_benefit(benefit, {"properties": {"limit_usage": 99}})

    assert ears.types() == ["benefit.updated", "benefit_grant.updated", "customer.state_changed"]
    assert LicenseKey.objects.get().limit_usage == 99


def test_rotating_changes_the_text_only(key: LicenseKey, ears: Ears) -> None:
    old = key.key
    ears.events()

    rotated = license_keys.rotate_key(key)

    assert (rotated.id, rotated.key == old) == (key.id, False)
    assert ears.types() == []
    key_changes.update_key(rotated, {"status": "revoked"})
    with pytest.raises(errors.RotateNotPermitted):
        license_keys.rotate_key(rotated)
