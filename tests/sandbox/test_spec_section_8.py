"""License keys as Polar checks them: what section 8 of spec/polar.md says."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from polar_django.sandbox import clock, errors
from polar_django.sandbox.engine import catalog, key_changes, license_checks
from polar_django.sandbox.models import ORGANIZATION_ID, LicenseKey
from tests.sandbox.conftest import Shop
from tests.sandbox_fixtures import SandboxInTests

BASES = ("/v1/license-keys", "/v1/customer-portal/license-keys")


def sell(product: Any, buy: Any, **properties: Any) -> LicenseKey:
    """A key of a one-time product, bought by u-1."""
    data = {"type": "license_keys", "description": "A key", "properties": properties}
    catalog.set_product_benefits(product, [catalog.create_benefit(data).id])
    buy(product, external_customer_id="u-1")
    return LicenseKey.objects.get()


@pytest.fixture
def key(shop: Shop) -> LicenseKey:
    limits = {"limit": 1, "enable_customer_admin": False}
    return sell(shop.ebook, shop.buy, activations=limits, limit_usage=10)


def body(key: LicenseKey, **more: Any) -> dict[str, Any]:
    return {"key": key.key, "organization_id": ORGANIZATION_ID, **more}


def test_a_key_is_a_uuid_in_capital_letters_with_or_without_a_prefix(shop: Shop) -> None:
    plain = sell(shop.ebook, shop.buy)

    assert plain.key == plain.key.upper()
    assert len(plain.key) == 36
    assert (plain.limit_activations, plain.limit_usage, plain.expires_at) == (None, None, None)


def test_checks_come_in_polars_order(key: LicenseKey) -> None:
    """Each wrong thing hides those after it."""
    activation = license_checks.activate_key(body(key, label="x", conditions={"v": 1}))
    asked: dict[str, Any] = {
        "activation_id": uuid4(),
        "benefit_id": uuid4(),
        "customer_id": uuid4(),
        "increment_usage": 11,
    }
    key_changes.update_key(key, {"status": "disabled", "expires_at": clock.now()})
    said: list[str] = []

    def hear(**right: Any) -> None:
        asked.update(right)
        with pytest.raises((errors.ResourceNotFound, errors.BadRequest)) as refused:
            license_checks.validate_key(body(key, **asked))
        said.append(refused.value.detail)

    hear()
    key_changes.update_key(key, {"status": "granted"})
    hear()
    key_changes.update_key(key, {"expires_at": None})
    hear()
    hear(activation_id=activation.id)
    hear(conditions={"v": 1})
    hear(benefit_id=key.benefit_id)
    hear(customer_id=key.customer_id)
    assert said == [
        "License key is no longer active.",
        "License key has expired.",
        "Not found",
        "License key does not match required conditions",
        "License key does not match given benefit.",
        "License key does not match given customer.",
        "License key only has 10 more usages.",
    ]
    asked["increment_usage"] = 10
    good = license_checks.validate_key(body(key, **asked))
    assert (good.key.usage, good.key.validations, good.activation) == (10, 1, activation)


def test_a_key_with_places_is_good_without_one(key: LicenseKey) -> None:
    validation = license_checks.validate_key(body(key))

    assert (validation.activation, validation.key.usage) == (None, 0)


def test_an_activation_without_conditions_asks_for_none(key: LicenseKey) -> None:
    activation = license_checks.activate_key(body(key, label="x"))
    asked = body(key, activation_id=activation.id, conditions={"v": 1})

    assert license_checks.validate_key(asked).activation == activation


def test_a_key_that_is_not_active_opens_no_place_but_frees_one(key: LicenseKey) -> None:
    activation = license_checks.activate_key(body(key, label="x"))
    key_changes.update_key(key, {"status": "disabled"})

    with pytest.raises(errors.NotPermitted, match="no longer active"):
        license_checks.activate_key(body(key, label="y"))
    license_checks.deactivate_key(body(key, activation_id=activation.id))

    assert not key.activations.filter(deleted_at=None).exists()


def test_a_key_that_lives_longer_than_the_calendar_never_ends(shop: Shop) -> None:
    expires = {"ttl": 2_000_000_000, "timeframe": "year"}

    assert sell(shop.ebook, shop.buy, expires=expires).expires_at is None


def test_only_what_is_sent_of_a_key_changes(key: LicenseKey) -> None:
    key_changes.update_key(key, {"usage": 4})
    changed = key_changes.update_key(key, {"limit_usage": None})

    assert (changed.usage, changed.limit_usage, changed.limit_activations) == (4, None, 1)


@pytest.mark.parametrize("base", BASES)
def test_every_refusal_has_polars_status_and_words(sandbox: SandboxInTests, base: str) -> None:
    api = sandbox.api
    if "portal" in base:
        # Programs on a customer's machine have no token.
        api = httpx.Client(base_url=api.base_url, transport=sandbox.transport)
    limits = {"limit": 1, "enable_customer_admin": False}
    data = {
        "type": "license_keys",
        "description": "A key",
        "properties": {"activations": limits, "limit_usage": 1},
    }
    benefit = sandbox.api.post("/v1/benefits/", json=data).json()
    ebook = f"/v1/products/{sandbox.product_ids['ebook']}/benefits"
    sandbox.api.post(ebook, json={"benefits": [benefit["id"]]})
    sandbox.buy("ebook", customer_email="ada@example.com")
    key = LicenseKey.objects.get()

    def ask(what: str, **more: Any) -> tuple[int, Any]:
        known = {"key": key.key, "organization_id": str(ORGANIZATION_ID)}
        answer = api.post(f"{base}/{what}", json={**known, **more})
        return answer.status_code, answer.json() if answer.content else None

    def said(name: str, text: str) -> dict[str, str]:
        return {"error": name, "detail": text}

    nothing = said("ResourceNotFound", "Not found")
    assert ask("validate", key="NOPE") == (404, nothing)
    assert ask("validate", organization_id=str(uuid4())) == (404, nothing)
    only = said("BadRequest", "License key only has 1 more usages.")
    assert ask("validate", increment_usage=2) == (400, only)
    assert ask("validate", increment_usage=-1)[0] == 422
    status, activation = ask("activate", label="laptop")
    assert (status, activation["license_key"]["id"]) == (200, str(key.id))
    full = said("NotPermitted", "License key activation limit already reached")
    assert ask("activate", label="laptop") == (403, full)
    assert ask("activate", label="laptop", key="NOPE") == (404, nothing)
    assert ask("deactivate", activation_id=activation["id"]) == (204, None)
    assert ask("deactivate", activation_id=activation["id"]) == (404, nothing)
    assert ask("validate", activation_id=activation["id"]) == (404, nothing)


@pytest.mark.parametrize("allowed", [True, False])
def test_the_portal_shows_places_where_the_seller_allows_it(
    sandbox: SandboxInTests, allowed: bool
) -> None:
    limits = {"limit": 1, "enable_customer_admin": allowed}
    data = {"type": "license_keys", "description": "A key", "properties": {"activations": limits}}
    benefit = sandbox.api.post("/v1/benefits/", json=data).json()
    ebook = f"/v1/products/{sandbox.product_ids['ebook']}/benefits"
    sandbox.api.post(ebook, json={"benefits": [benefit["id"]]})
    sandbox.buy("ebook", customer_email="ada@example.com", external_customer_id="u-1")
    key = LicenseKey.objects.get()
    license_checks.activate_key(body(key, label="laptop"))
    session = sandbox.api.post("/v1/customer-sessions/", json={"external_customer_id": "u-1"})
    headers = {"Authorization": f"Bearer {session.json()['token']}"}

    shown = sandbox.api.get(f"/v1/customer-portal/license-keys/{key.id}", headers=headers).json()

    assert [each["label"] for each in shown["activations"]] == (["laptop"] if allowed else [])
    assert shown["key"] == key.key
