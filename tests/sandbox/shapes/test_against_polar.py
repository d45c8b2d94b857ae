"""Every object the sandbox sends, against Polar's own description, SDK and recorded deliveries."""

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest
from polar.webhooks import PolarWebhookError

from polar_django.sandbox import delivery, shapes
from polar_django.sandbox.engine import catalog, customers, schedule, sessions, subscriptions
from polar_django.sandbox.models import (
    BenefitGrant,
    Customer,
    Organization,
    Subscription,
    WebhookAttempt,
    WebhookEndpoint,
    WebhookEvent,
)
from polar_django.sandbox.outcomes import Confirmation
from polar_django.signing import sign
from tests.sandbox.conftest import FAILS_LATER, Shop

SHARED = Path(__file__).resolve().parents[4] / "shared"
OPENAPI = SHARED / "spec" / "openapi" / "polar-2026-10.json"
RECORDED = SHARED / "corpus" / "webhooks.jsonl"
SDK_VERSIONS = ("v2026_04", "v2026_10", "v2027_01")

# Newer than the recording (source of August 2026): the SDK 1.0.2 requires them.
NOT_COMPARED = {"is_deletable", "start_timestamp", "end_timestamp", "seats", "units"}
# Only custom benefits have it.
NOT_COMPARED |= {"is_tax_applicable"}
# What differs by type, or is the project's own.
FREE_FORM = {"metadata", "customer_metadata", "properties", "previous_properties", "prices"}
FREE_FORM |= {"price", "product_price", "benefit", "benefits", "payment_processor_metadata"}
FREE_FORM |= {"discount", "billing_address", "customer_billing_address", "settings"}


@pytest.fixture
def life(shop: Shop) -> Confirmation:
    """Everything that can happen to a customer so far, so that every event was sent."""
    catalog.create_product(
        {
            "name": "Team",
            "recurring_interval": "year",
            "prices": [
                {
                    "amount_type": "seat_based",
                    "seat_tiers": {
                        "tiers": [{"min_seats": 1, "max_seats": None, "price_per_seat": 500}]
                    },
                }
            ],
        }
    )
    for benefit_type in ("feature_flag", "license_keys"):
        catalog.create_benefit({"type": benefit_type, "description": f"A {benefit_type}"})
    shop.open(shop.gift)
    schedule.advance(hours=25)
    result = shop.buy(shop.pro, FAILS_LATER, external_customer_id="u-1", country="FR")
    subscription = Subscription.objects.get()
    subscriptions.cancel_at_period_end(subscription)
    subscriptions.uncancel(subscription)
    schedule.advance(days=60)
    shop.buy(shop.ebook)
    customer = Customer.objects.get()
    customers.delete_member(customers.create_member(customer, {"email": "bob@example.com"}))
    customers.update_member(customer.members.get(role="owner"), {"name": "Boss"})
    shop.confirm(shop.open(shop.free), card=None)
    schedule.advance(days=31)
    customers.delete_customer(customer)
    return result


def sent() -> Iterator[tuple[str, dict[str, Any]]]:
    for event in WebhookEvent.objects.order_by("created_at"):
        yield event.type, json.loads(event.body or "{}")


@pytest.fixture(scope="module")
def check() -> Any:
    if not OPENAPI.exists():
        pytest.skip("Polar's OpenAPI file is not beside this checkout")
    components = json.loads(OPENAPI.read_text())["components"]

    def check(name: str, document: object) -> None:
        schema = {"$ref": f"#/components/schemas/{name}", "components": components}
        errors = list(jsonschema.Draft202012Validator(schema).iter_errors(document))
        assert not errors, (name, errors[0].json_path, errors[0].message)

    return check


def test_every_event_fits_polars_openapi(life: Confirmation, check: Any) -> None:
    kinds = set()
    for event_type, envelope in sent():
        words = event_type.replace(".", "_").split("_")
        check("Webhook" + "".join(word.capitalize() for word in words) + "Payload", envelope)
        kinds.add(event_type)

    assert {"subscription.past_due", "benefit_grant.cycled", "customer.deleted"} <= kinds
    assert len(kinds) > 25


def test_every_answer_fits_polars_openapi(life: Confirmation, check: Any) -> None:
    customer = customers.create_customer({"email": "ada@example.com"})
    session = sessions.create_customer_session({"customer_id": customer.id})
    endpoint = WebhookEndpoint.objects.get()
    # The file is older than this event.
    endpoint.events = [name for name in endpoint.events if name != "subscription.migrated"]

    check("CustomerSession", shapes.customer_session(session))
    check("CheckoutPublic", shapes.checkout_public(life.checkout))
    check("CheckoutPublicConfirmed", shapes.checkout_confirmed(life))
    check("WebhookEndpoint", shapes.webhook_endpoint(endpoint))
    check("Organization", shapes.organization(Organization.objects.get()))
    for grant in BenefitGrant.objects.all():
        check("BenefitGrant", shapes.benefit_grant(grant))


def test_a_delivery_fits_polars_openapi(life: Confirmation, check: Any) -> None:
    event = WebhookEvent.objects.latest("created_at")
    attempt = WebhookAttempt.objects.create(
        created_at=event.created_at, event=event, succeeded=False, http_code=500, response="No"
    )

    check("WebhookDelivery", shapes.webhook_delivery(attempt))


@pytest.mark.parametrize("version", SDK_VERSIONS)
def test_every_event_loads_in_the_official_sdk(life: Confirmation, version: str) -> None:
    sdk = import_module(f"polar.{version}.webhooks")
    secret = WebhookEndpoint.objects.get().secret
    loaded = 0
    for event in WebhookEvent.objects.all():
        envelope = json.loads(event.body or "{}")
        if envelope["data"].get("active_subscriptions"):
            # The SDK's own bug: it cannot load a state that has an active subscription.
            assert event.type == "customer.state_changed"
            continue
        _load(sdk, event, secret)
        loaded += 1
    assert loaded > 50


def test_the_sdks_bug_with_states_is_still_there(life: Confirmation) -> None:
    """When this fails, the exception above can go."""
    sdk = import_module("polar.v2026_10.webhooks")
    secret = WebhookEndpoint.objects.get().secret
    states = WebhookEvent.objects.filter(type="customer.state_changed")
    with_subscription = next(
        each for each in states if json.loads(each.body or "{}")["data"]["active_subscriptions"]
    )

    with pytest.raises(PolarWebhookError):
        _load(sdk, with_subscription, secret)


def _load(sdk: ModuleType, event: WebhookEvent, secret: str) -> object:
    body = (event.body or "").encode()
    now = delivery.timezone.now()
    headers = {
        "webhook-id": str(event.id),
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": sign(secret, message_id=str(event.id), timestamp=now, body=body),
    }
    return sdk.validate_event(body, headers, secret)


@pytest.mark.corpus
@pytest.mark.skipif(not RECORDED.exists(), reason="the recordings are not beside this checkout")
def test_every_event_has_the_keys_that_were_recorded(life: Confirmation) -> None:
    ours: dict[str, Any] = {}
    for event_type, envelope in sent():
        ours.setdefault(event_type, envelope["data"])
    differences: set[str] = set()
    compared = set()
    for line in RECORDED.read_text().splitlines():
        recorded = json.loads(line)
        if recorded["type"] in ours:
            theirs = json.loads(recorded["body"])["data"]
            compared.add(recorded["type"])
            differences |= set(_differences(recorded["type"], theirs, ours[recorded["type"]]))

    assert len(compared) > 20
    assert not differences, sorted(differences)


def _differences(path: str, theirs: Any, ours: Any) -> Iterator[str]:
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in theirs.keys() ^ (ours.keys() - NOT_COMPARED):
            if key not in NOT_COMPARED:
                yield f"{'missing' if key in theirs else 'extra'} {path}.{key}"
        for key in (theirs.keys() & ours.keys()) - FREE_FORM:
            yield from _differences(f"{path}.{key}", theirs[key], ours[key])
    elif isinstance(theirs, list) and isinstance(ours, list) and theirs and ours:
        yield from _differences(f"{path}[]", theirs[0], ours[0])
