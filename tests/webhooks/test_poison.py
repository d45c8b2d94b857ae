"""Bodies that are signed and absurd: stored, settled, and never a crash or a lost neighbour."""

import json

import pytest

from polar_django.models import Customer, Order, Subscription, WebhookDelivery
from polar_django.webhooks import on, processing
from tests.webhooks.deliveries import body_of, post, stored, subscription_body

pytestmark = pytest.mark.django_db


def nested(depth: int) -> bytes:
    marker = json.dumps("here")
    body = subscription_body("sub_deep", metadata="here")
    return body.replace(marker.encode(), b'{"a":' * depth + b"1" + b"}" * depth)


@pytest.mark.parametrize("depth", [50, 500, 900, 940, 960, 980, 990, 1000, 2000, 100_000])
def test_however_deep_a_body_is_nested_it_is_settled_and_its_neighbour_written(
    client, handlers, depth
):
    assert post(client, nested(depth)).status_code == 202
    assert post(client, subscription_body("sub_good")).status_code == 202
    progress = processing.drain()
    assert progress.claimed == 2
    assert progress.processed + progress.failed == 2
    assert Subscription.objects.filter(pk="sub_good").exists()
    assert not WebhookDelivery.objects.filter(state="processing").exists()


ABSURD = [
    None,
    True,
    "",
    "\0",
    "x" * 300,
    "NaN",
    "2026-13-45T99:99:99Z",
    "0000-00-00",
    10**30,
    -(2**63) - 1,
    2**63 - 1,
    10**4000,
    1.5e308,
    [],
    [[]],
    {},
    {"id": "x" * 300},
    {"id": None},
    [{"id": "\0"}, 7, None],
]
KINDS = {
    "subscription.updated": "current_period_end amount seats status customer_id customer product "
    "discount currency metadata prices meters modified_at pending_update",
    "order.updated": "net_amount total_amount paid status billing_reason customer_id product "
    "metadata seats description invoice_number subscription",
    "customer.updated": "external_id email name metadata deleted_at",
    "customer.state_changed": "active_subscriptions granted_benefits active_meters external_id",
    "benefit_grant.updated": "customer_id member_id benefit error properties granted_at "
    "is_granted is_revoked member customer",
    "product.updated": "prices benefits name description metadata recurring_interval_count",
    "checkout.updated": "amount expires_at url customer_id discount metadata",
    "customer_seat.claimed": "member customer_email status claimed_at",
    "discount.updated": "amount amounts basis_points code ends_at",
}


@pytest.mark.parametrize("type", KINDS)
def test_whatever_stands_where_a_value_should_be_the_object_is_mirrored(handlers, type):
    on("*")(print)
    bodies = [
        body_of(type, id=f"id_{name}_{number}", **{name: absurd})
        for name in KINDS[type].split()
        for number, absurd in enumerate(ABSURD)
    ]
    for body in bodies:
        stored(body)
    while (progress := processing.drain()).claimed:
        assert progress.failed == 0
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"processed"}


def test_numbers_of_any_size_are_kept_as_they_came_or_left_out(handlers):
    stored(body_of("order.updated", id="order_1", total_amount=10**30, net_amount=2**63 - 1))
    stored(body_of("customer.updated", id="cus_1", metadata={"n": 10**4000}))
    assert processing.drain().failed == 0
    order = Order.objects.get()
    # What no column holds is reckoned from the rest, as where it is missing.
    assert (order.total_amount, order.net_amount) == (2**63 - 1, 2**63 - 1)
    assert Customer.objects.get(pk="cus_1").metadata == {"n": 10**4000}
