"""What happened between the recordings, as far as they themselves tell it.

The recordings are a selection: an order in them is refunded that nobody is seen refunding, and a
buyer is asked for who is never seen buying. These actions are done here without being compared.
"""

from collections.abc import Callable, Mapping
from typing import Any

from polar_django.sandbox.engine import (
    catalog,
    checkouts,
    confirmation,
    customers,
    files,
    key_changes,
    plan_changes,
    refunds,
    seats,
    usage_events,
)
from polar_django.sandbox.models import (
    Benefit,
    Customer,
    Discount,
    File,
    LicenseKey,
    Order,
    Product,
    Subscription,
)
from tests.sandbox_fixtures import PAYS

__all__ = ["UNRECORDED"]

AMERICA = {
    "line1": "1 Market St",
    "postal_code": "94105",
    "city": "San Francisco",
    "state": "CA",
    "country": "US",
}


def _buy(name: str, external_id: str, email: str, buyer: str, **data: Any) -> None:
    product = Product.objects.get(name=name, is_archived=False)
    prices = {str(product.id): data.pop("prices")} if "prices" in data else None
    address = data.pop("address", None)
    opened = checkouts.create_checkout(
        {
            "products": [product.id],
            "external_customer_id": external_id,
            "customer_email": email,
            **({"prices": prices} if prices else {}),
            **data,
        }
    )
    body = {"customer_name": buyer, "confirmation_token_id": PAYS}
    confirmation.confirm_checkout(
        opened, {**body, **({"customer_billing_address": address} if address else {})}
    )


def _refund_the_rest() -> None:
    order = Order.objects.get(customer__external_id="user-200", product__name="Ebook 2")
    refunds.create_refund(
        {
            "order_id": order.id,
            "reason": "satisfaction_guarantee",
            "amount": order.refundable_amount,
            "revoke_benefits": True,
        }
    )


def _buy_at_a_price_of_ones_own() -> None:
    _know("user-202", "ines@example.com", "Ines")
    price = {"amount_type": "fixed", "price_amount": 777}
    _buy("Pro Monthly", "user-203", "jack@example.com", "Jack", prices=[price], address=AMERICA)


def _buy_metered() -> None:
    _try_to_seat_too_many()
    _buy("Metered", "user-303", "rita@example.com", "user-303", address=AMERICA)
    event = {"name": "api_call", "external_customer_id": "user-303", "metadata": {"units": 150}}
    usage_events.ingest([event])


def _delete_a_benefit() -> None:
    catalog.delete_benefit(Benefit.objects.get(description="Custom without note"))


def _buy_with_a_code() -> None:
    twenty = Discount.objects.get(code="TWENTY")
    nina = "user-207", "nina@example.com", "Nina"
    _buy("Pro Monthly", *nina, address=AMERICA, discount_id=twenty.id)


def _buy_monthly() -> None:
    _buy("Pro Monthly", "user-204", "kim@example.com", "Kim", address=AMERICA)


def _seat_somebody_at_once() -> None:
    source = Subscription.objects.get(customer__external_id="user-302")
    person = {"email": "seat2@example.com", "external_member_id": "m-2"}
    seats.assign_seat(source, {**person, "immediate_claim": True})


def _try_to_seat_too_many() -> None:
    team = Customer.objects.get(external_id="user-302")
    for number in (10, 11, 12):
        customers.create_member(team, {"email": f"s{number}@example.com"})


def _know(external_id: str, email: str, name: str | None) -> None:
    customers.create_customer({"external_id": external_id, "email": email, "name": name})


def _buy_a_download() -> None:
    for file in File.objects.filter(is_uploaded=False).order_by("-created_at")[:1]:
        files.complete_upload(file)
    _buy("Free Once", "user-400", "dl@example.com", "DL")


def _know_a_business() -> None:
    customers.create_customer(
        {
            "email": "mo@example.com",
            "external_id": "user-401",
            "name": "Mo",
            "billing_name": "Mo",
            "billing_address": AMERICA,
        }
    )


def _go_back_and_forth() -> None:
    """Two changes of plan, whose orders are recorded."""
    subscription = Subscription.objects.get(customer__external_id="user-201")
    for name in ("Pro Monthly", "Max Monthly"):
        product = Product.objects.get(name=name, is_archived=False)
        plan_changes.change_product(subscription, product.id, "invoice")


def _give_a_key_back() -> None:
    """Its grant was recorded, the request was not."""
    key_changes.update_key(LicenseKey.objects.get(status="disabled"), {"status": "granted"})


# By scenario and the position of the step in it: before that step.
UNRECORDED: Mapping[tuple[str, int], Callable[[], None]] = {
    ("refund.too_much", 0): _refund_the_rest,
    ("checkout.adhoc_subscription.after", 0): _buy_at_a_price_of_ones_own,
    ("metered.state", 0): _buy_metered,
    ("error.422", 0): _delete_a_benefit,
    ("checkout.paid_onetime", 0): lambda: _know("user-99", "erin@example.com", "Erin"),
    ("checkout.trial", 0): _buy_monthly,
    ("renewal.setup_purchase", 0): _buy_with_a_code,
    ("seats.claim", 0): _seat_somebody_at_once,
    ("member.api", 0): lambda: _know("user-403", "two@example.com", None),
    ("downloadables.portal", 0): _buy_a_download,
    ("checkout.trial_clean", 0): _know_a_business,
    ("subscription.update_product.next_period", 0): _go_back_and_forth,
    ("product.benefits.change_grants_existing", 0): _give_a_key_back,
}
