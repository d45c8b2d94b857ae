"""Not one delivery arrives, neither of any object's making nor of its change: reconcile heals all.

Judged by the sandbox's own lists, read without the mirror's code.
"""

import pytest

from polar_django import models
from tests.mirror.losses import customer, differences, lose_deliveries, mend

pytestmark = pytest.mark.usefixtures("waits")

# Of each list: its table, and columns that have the provider's names.
KINDS = {
    "meters": (models.Meter, ("name",)),
    "benefits": (models.Benefit, ("description",)),
    "products": (models.Product, ("name", "is_archived")),
    "discounts": (models.Discount, ("name",)),
    "customers": (models.Customer, ("email", "name")),
    "members": (models.Member, ("email", "role", "customer_id")),
    "checkouts": (models.CheckoutSession, ("status", "customer_id")),
    "subscriptions": (models.Subscription, ("status", "amount", "cancel_at_period_end")),
    "orders": (models.Order, ("status", "total_amount", "refunded_amount")),
    "refunds": (models.Refund, ("status", "amount")),
    "benefit-grants": (models.BenefitGrant, ("is_granted", "is_revoked", "customer_id")),
    "license-keys": (models.LicenseKey, ("status", "usage", "display_key")),
    "customer-meters": (models.CustomerMeter, ("consumed_units", "balance")),
}
COUNT = {
    "name": "Calls",
    "filter": {
        "conjunction": "and",
        "clauses": [{"property": "name", "operator": "eq", "value": "call"}],
    },
    "aggregation": {"func": "count"},
}


@pytest.fixture
def call(bare_sandbox):
    def call(method, path, **body):
        options = {"json": body} if body else {}
        answer = bare_sandbox.api.request(method, path, **options)
        assert answer.is_success, (path, answer.text)
        return answer.json() if answer.content else None

    return call


def all_that_is(call):
    """What the provider has, by kind and id: the columns of `KINDS`."""
    found = {}
    for kind, (_, columns) in KINDS.items():
        items = call("GET", f"/v1/{kind}/?limit=100")["items"]
        found[kind] = {item["id"]: tuple(item[name] for name in columns) for item in items}
    found["customer-seats"] = {
        seat["id"]: (seat["status"], seat["member_id"])
        for item in call("GET", "/v1/subscriptions/?limit=100")["items"]
        if item["seats"]
        for seat in call("GET", f"/v1/customer-seats?subscription_id={item['id']}")["seats"]
    }
    return found


def all_that_is_mirrored():
    tables = {**KINDS, "customer-seats": (models.Seat, ("status", "member_id"))}
    return {
        kind: {row[0]: row[1:] for row in table.objects.values_list("pk", *columns)}
        for kind, (table, columns) in tables.items()
    }


def test_all_kinds_are_healed_to_the_last_row(bare_sandbox, call):
    bare_sandbox.seed()
    products = bare_sandbox.product_ids
    meter = call("POST", "/v1/meters/", **COUNT)
    key = call("POST", "/v1/benefits/", type="license_keys", description="A key", properties={})
    call("POST", f"/v1/products/{products['ebook']}/benefits", benefits=[key["id"]])
    discount = call(
        "POST", "/v1/discounts/",
        name="Autumn", type="percentage", basis_points=1000, duration="once",
    )  # fmt: skip
    ada = customer(bare_sandbox, "ada", external_id="user-1")
    bare_sandbox.buy("pro-monthly", customer_id=ada)
    bare_sandbox.buy("ebook", customer_id=ada)
    team = customer(bare_sandbox, "team")
    bare_sandbox.buy("team", customer_id=team, seats=3)
    [of_team] = call("GET", f"/v1/subscriptions/?customer_id={team}")["items"]
    seat = call(
        "POST", "/v1/customer-seats",
        subscription_id=of_team["id"], email="bob@example.com", immediate_claim=True,
    )  # fmt: skip
    used = {"name": "call", "external_customer_id": "user-1"}
    call("POST", "/v1/events/ingest", events=[used])
    ebook = next(
        order for order in call("GET", f"/v1/orders/?customer_id={ada}")["items"]
        if order["product_id"] == products["ebook"]
    )  # fmt: skip
    call("POST", "/v1/refunds/", order_id=ebook["id"], reason="other", amount=500)
    lose_deliveries()

    mend()
    made = all_that_is(call)
    assert all(made.values()), {kind for kind, rows in made.items() if not rows}
    assert all_that_is_mirrored() == made

    call("PATCH", f"/v1/meters/{meter['id']}", name="API calls")
    call("PATCH", f"/v1/benefits/{key['id']}", type="license_keys", description="The key")
    call("PATCH", f"/v1/products/{products['pro-yearly']}", name="Pro, by the year")
    call("PATCH", f"/v1/discounts/{discount['id']}", name="Winter")
    call("PATCH", f"/v1/customers/{ada}", name="Ada")
    [of_ada] = call("GET", f"/v1/subscriptions/?customer_id={ada}")["items"]
    call("PATCH", f"/v1/subscriptions/{of_ada['id']}", cancel_at_period_end=True)
    call("DELETE", f"/v1/customer-seats/{seat['id']}")
    call("POST", "/v1/refunds/", order_id=ebook["id"], reason="other", amount=200)
    [license_key] = call("GET", "/v1/license-keys/")["items"]
    call("PATCH", f"/v1/license-keys/{license_key['id']}", usage=7)
    call("POST", "/v1/events/ingest", events=[used, used])
    call("POST", "/v1/checkouts/", products=[products["pro-monthly"]], customer_id=ada)
    bare_sandbox.advance(days=1, deliver=False)
    lose_deliveries()
    changed = all_that_is(call)
    untouched = {kind for kind in changed if changed[kind] == made[kind]}
    assert untouched <= {"members"}, untouched

    assert all_that_is_mirrored() != changed
    mend()
    assert all_that_is_mirrored() == changed
    assert differences() == {}
