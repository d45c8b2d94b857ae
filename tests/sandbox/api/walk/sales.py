"""What is bought: checkouts, links, subscriptions, orders, refunds."""

from typing import Any

from tests.sandbox.api.walk.step import UNREADABLE, WRONG, Step, Steps
from tests.sandbox.api.walk.world import ADDRESS, MISSING, World
from tests.sandbox_fixtures import DECLINES, PAYS


def _pay(w: World, card: str) -> object:
    return w.polar.checkouts.client_confirm(
        w.checkout(customer_email="ada@example.com").client_secret,
        confirmation_token_id=card,
        customer_name="Ada",
        customer_billing_address=ADDRESS,
    )


def _invoice(w: World) -> object:
    order = w.new_order()
    w.polar.orders.update(order.id, billing_name="Ada Ltd")
    w.polar.orders.generate_invoice(order.id)
    return w.polar.orders.invoice(order.id)


def _twice_refunded(w: World) -> object:
    order = w.new_order()
    body: Any = {"order_id": order.id, "reason": "other", "amount": order.net_amount}
    w.polar.refunds.create(**body)
    return w.polar.refunds.create(**body)


def _free(w: World) -> object:
    product = w.product(amount=0, interval="month")
    return w.polar.subscriptions.create(product_id=product.id, customer_id=w.customer().id)


def _revoked_twice(w: World) -> object:
    subscription = w.new_subscription()
    w.polar.subscriptions.revoke(subscription.id)
    return w.polar.subscriptions.revoke(subscription.id)


SALES: Steps = {
    "checkouts.create": Step(
        World.checkout, lambda w: w.polar.checkouts.create(products=[MISSING]), 422
    ),
    "checkouts.get": Step(
        lambda w: w.polar.checkouts.get(w.checkout().id),
        lambda w: w.polar.checkouts.get(MISSING),
        404,
    ),
    "checkouts.list": Step(
        lambda w: w.polar.checkouts.list(status="open"),
        lambda w: w.polar.checkouts.list(customer_id=WRONG),
        422,
    ),
    "checkouts.update": Step(
        lambda w: w.polar.checkouts.update(w.checkout().id, metadata={"a": "b"}),
        lambda w: w.polar.checkouts.update(w.subscription.checkout_id, metadata={"a": "b"}),
        403,
    ),
    "checkouts.client_get": Step(
        lambda w: w.polar.checkouts.client_get(w.checkout().client_secret),
        lambda w: w.polar.checkouts.client_get("polar_c_of_nobody"),
        404,
    ),
    "checkouts.client_update": Step(
        lambda w: w.polar.checkouts.client_update(w.checkout().client_secret, customer_name="Ada"),
        lambda w: w.polar.checkouts.client_update(
            w.checkout().client_secret, product_id=w.products["team"]
        ),
        422,
    ),
    "checkouts.client_confirm": Step(lambda w: _pay(w, PAYS), lambda w: _pay(w, DECLINES), 400),
    "checkout_links.create": Step(
        lambda w: w.link,
        lambda w: w.polar.checkout_links.create(payment_processor="stripe", products=[MISSING]),
        422,
    ),
    "checkout_links.get": Step(
        lambda w: w.polar.checkout_links.get(w.link.id),
        lambda w: w.polar.checkout_links.get(MISSING),
        404,
    ),
    "checkout_links.list": Step(
        lambda w: w.polar.checkout_links.list(product_id=w.products["ebook"]),
        lambda w: w.polar.checkout_links.list(product_id=WRONG),
        422,
    ),
    "checkout_links.update": Step(
        lambda w: w.polar.checkout_links.update(w.link.id, label="Books"),
        lambda w: w.polar.checkout_links.update(MISSING, label="Books"),
        404,
    ),
    "checkout_links.delete": Step(
        lambda w: w.polar.checkout_links.delete(w.link.id),
        lambda w: w.polar.checkout_links.delete(MISSING),
        404,
    ),
    "subscriptions.create": Step(
        _free,
        lambda w: w.polar.subscriptions.create(
            product_id=w.products["pro-monthly"], customer_id=w.ada.id
        ),
        422,
    ),
    "subscriptions.get": Step(
        lambda w: w.polar.subscriptions.get(w.subscription.id),
        lambda w: w.polar.subscriptions.get(MISSING),
        404,
    ),
    "subscriptions.list": Step(
        lambda w: w.polar.subscriptions.list(customer_id=w.ada.id, active=True).items[0],
        lambda w: w.polar.subscriptions.list(product_id=WRONG),
        422,
    ),
    "subscriptions.export": Step(
        lambda w: w.polar.subscriptions.export(columns=["email", "seats"]),
        lambda w: w.polar.subscriptions.export(timezone="Mars/Olympus"),
        422,
    ),
    "subscriptions.update": Step(
        lambda w: w.polar.subscriptions.update(
            w.new_subscription().id, product_id=w.products["pro-yearly"]
        ),
        lambda w: w.polar.subscriptions.update(w.subscription.id, product_id=w.products["ebook"]),
        422,
    ),
    "subscriptions.revoke": Step(
        lambda w: w.polar.subscriptions.revoke(w.new_subscription().id), _revoked_twice, 403
    ),
    "orders.list": Step(
        lambda w: w.polar.orders.list(customer_id=w.ada.id, status="paid").items[0],
        lambda w: w.polar.orders.list(checkout_id=WRONG),
        422,
    ),
    "orders.get": Step(
        lambda w: w.polar.orders.get(w.order.id), lambda w: w.polar.orders.get(MISSING), 404
    ),
    "orders.update": Step(
        lambda w: w.polar.orders.update(w.order.id, billing_name="Ada Ltd"),
        lambda w: w.polar.orders.update(MISSING, billing_name="Ada Ltd"),
        404,
    ),
    "orders.export": Step(
        lambda w: w.polar.orders.export(status="paid"),
        lambda w: w.polar.orders.export(timezone="Mars/Olympus"),
        422,
    ),
    "orders.receipt": Step(
        lambda w: w.polar.orders.receipt(w.order.id).url,
        lambda w: w.polar.orders.receipt(MISSING),
        404,
    ),
    "orders.generate_invoice": Step(
        lambda w: w.polar.orders.generate_invoice(w.order.id),
        lambda w: w.polar.orders.generate_invoice(w.draft().id),
        409,
    ),
    "orders.invoice": Step(
        _invoice, lambda w: w.polar.orders.invoice(w.new_order().id), UNREADABLE
    ),
    "orders.create": Step(
        World.draft,
        lambda w: w.polar.orders.create(customer_id=MISSING, product_id=w.products["ebook"]),
        422,
    ),
    "orders.finalize": Step(
        lambda w: w.polar.orders.finalize(w.draft().id),
        lambda w: w.polar.orders.finalize(w.order.id),
        412,
    ),
    "refunds.create": Step(
        lambda w: w.polar.refunds.create(order_id=w.new_order().id, reason="other", amount=500),
        _twice_refunded,
        403,
    ),
    "refunds.list": Step(
        lambda w: w.polar.refunds.list(succeeded=True),
        lambda w: w.polar.refunds.list(id=WRONG),
        422,
    ),
}
