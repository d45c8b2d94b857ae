"""The fixture that everybody's tests stand on: app and sandbox in one process, on one thread."""

from typing import Any

import pytest

from polar_django.models import BenefitGrant, Customer, Product, Subscription
from tests.sandbox_fixtures import DECLINES, FAILS_LATER, NotPaid, SandboxInTests


def test_the_mirror_knows_the_catalogue_from_the_start(sandbox: SandboxInTests) -> None:
    assert {each.key: each.id for each in Product.objects.all()} == sandbox.product_ids


def test_a_purchase_reaches_the_mirror_when_it_is_delivered(sandbox: SandboxInTests) -> None:
    sandbox.buy("pro-monthly", customer_email="ada@example.com", external_customer_id="7")
    assert not Subscription.objects.exists()
    counts = sandbox.deliver()
    assert (counts.failed, counts.skipped) == (0, 0)
    (bought,) = Subscription.objects.all()
    assert bought.status == "active"
    assert Customer.objects.get(pk=bought.customer_id).external_id == "7"
    assert BenefitGrant.objects.active().count() == 2


def test_a_month_passes(sandbox: SandboxInTests) -> None:
    sandbox.buy("pro-monthly", customer_email="ada@example.com")
    sandbox.deliver()
    before = Subscription.objects.get().current_period_end
    sandbox.advance(days=32)
    assert Subscription.objects.get().current_period_end > before


def test_a_card_that_fails_later_does(sandbox: SandboxInTests) -> None:
    sandbox.buy("pro-monthly", card=FAILS_LATER, customer_email="ada@example.com")
    sandbox.advance(days=32)
    assert Subscription.objects.get().status == "past_due"
    assert not BenefitGrant.objects.active().exists()


def test_a_refused_card_raises(sandbox: SandboxInTests) -> None:
    with pytest.raises(NotPaid) as refused:
        sandbox.buy("ebook", card=DECLINES, customer_email="ada@example.com")
    assert refused.value.status == 400
    assert refused.value.body["error"] == "PaymentError"


def test_a_delivery_can_be_doubled_on_purpose(sandbox: SandboxInTests) -> None:
    sandbox.chaos(duplicate=1)
    sandbox.buy("pro-monthly", customer_email="ada@example.com")
    sandbox.deliver()
    assert Subscription.objects.get().status == "active"
    newest = sandbox.deliveries(limit=1)[0]
    assert [attempt["status"] for attempt in newest["attempts"]] == [202, 202]


def test_the_apps_own_client_reaches_the_sandbox(sandbox: SandboxInTests, ada: Any) -> None:
    from_app = sandbox.app_provider().create_customer(
        external_id=str(ada.pk), email=ada.email, name="Ada"
    )
    (made,) = sandbox.api.get("/v1/customers/").json()["items"]
    assert made["external_id"] == str(ada.pk)
    assert from_app.answered_at is not None
