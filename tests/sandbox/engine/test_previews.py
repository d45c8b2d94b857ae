import pytest

from polar_django.sandbox.models import Order, Subscription, WebhookEvent


@pytest.fixture
def subscription(sandbox) -> Subscription:
    sandbox.buy("pro-monthly")
    sandbox.advance(days=10)
    return Subscription.objects.get()


def preview(sandbox, subscription, **change):
    return sandbox.api.post(f"/v1/subscriptions/{subscription.pk}/change-preview", json=change)


def change(sandbox, subscription, **change):
    return sandbox.api.patch(f"/v1/subscriptions/{subscription.pk}", json=change)


def test_nothing_of_a_preview_stays(sandbox, subscription):
    orders, events = Order.objects.count(), WebhookEvent.objects.count()
    yearly = sandbox.product_ids["pro-yearly"]
    assert preview(sandbox, subscription, product_id=yearly).status_code == 200
    assert Subscription.objects.get().product_id == subscription.product_id
    assert (Order.objects.count(), WebhookEvent.objects.count()) == (orders, events)


def test_a_preview_says_what_the_change_then_costs(sandbox, subscription):
    asked = {"product_id": sandbox.product_ids["pro-yearly"], "proration_behavior": "invoice"}
    said = preview(sandbox, subscription, **asked).json()
    assert change(sandbox, subscription, **asked).status_code == 200
    order = Order.objects.order_by("created_at").last()
    assert said["due_amount"] == pytest.approx(order.total_amount, abs=1)
    assert said["prorations"][0]["amount"] < 0 < said["prorations"][1]["amount"]
    assert said["proration_amount"] == said["subtotal_amount"]


def test_a_change_that_waits_costs_nothing_now(sandbox, subscription):
    yearly = sandbox.product_ids["pro-yearly"]
    said = preview(sandbox, subscription, product_id=yearly, proration_behavior="next_period")
    assert said.json()["due_amount"] == 0
    assert said.json()["prorations"] == []


def test_seats_are_previewed_too_and_refused_alike(sandbox):
    sandbox.buy("team", seats=3)
    subscription = Subscription.objects.get()
    said = preview(sandbox, subscription, seats=5, proration_behavior="prorate").json()
    assert said["total_amount"] == pytest.approx(3000, abs=1)
    assert preview(sandbox, subscription, seats=0).status_code == 422


def test_what_cannot_be_changed_cannot_be_previewed(sandbox, subscription):
    sandbox.api.delete(f"/v1/subscriptions/{subscription.pk}")
    yearly = sandbox.product_ids["pro-yearly"]
    refused = preview(sandbox, subscription, product_id=yearly)
    assert (refused.status_code, refused.json()["error"]) == (403, "AlreadyCanceledSubscription")
